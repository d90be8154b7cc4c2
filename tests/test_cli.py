"""The commands: what they print, where problems go, and what the exit status means."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.cli import main
from service.clock import SystemClock
from service.ids import CallbackId, CustomerId, Mark, PortalId, RealmId, RequestId
from service.quickbooks.settings import parse_settings
from service.sandbox.serve import InThread
from service.store.callbacks import FAIL_CONTINUE, SUCCESS, Arrival, Callbacks
from service.store.connections import Connections
from service.store.credentials import Credentials
from service.store.database import Database
from service.store.due import Due
from service.store.locks import Locks
from service.store.reservations import Reservation, Reservations
from service.store.settings import SettingsCache
from service.store.vault import Vault
from tests.commanding import Said
from tests.databases import Databases
from tests.harness import environment

KEY = "0123456789abcdef0123456789abcdef"
PORTAL, REALM = PortalId(20000001), RealmId("9341450000000001")
ROOT = Path(__file__).parents[1]
ADD = ["connections", "add", "--portal", "7", "--realm", "77"]
TOKENS = ["--hubspot-refresh-token", "canary-h", "--quickbooks-refresh-token", "canary-q"]


@pytest.fixture
def url(cheap_databases: Databases) -> Iterator[str]:
    made = cheap_databases.fresh("sqlite")
    yield made
    cheap_databases.drop(made)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url, 4)
    yield opened
    opened.close()


@pytest.fixture
def run(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Said]]:
    """Run a command in this process, in an empty directory, with its settings in `.env`."""
    settings = {**environment(url, "http://127.0.0.1:1"), "SECRET_KEY": KEY, "ENCRYPTION_KEYS": KEY}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    before = Path.cwd()
    os.chdir(tmp_path)

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        try:
            status = main(arguments)
        except SystemExit as left:  # argparse
            status = int(left.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    yield call
    os.chdir(before)


def process(directory: Path, *arguments: str, **settings: str) -> Said:
    """Run a command as operators do."""
    given = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **settings}
    ran = subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=directory,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Said(ran.returncode, ran.stdout, ran.stderr)


def receive(database: Database, callback_id: str, portal_id: int = PORTAL, state: str = "received") -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    callbacks = Callbacks(database)
    callbacks.receive(
        Arrival(
            portal_id=PortalId(portal_id),
            callback_id=CallbackId(callback_id),
            action="create-invoice",
            object_type="DEAL",
            object_id=callback_id.replace("ap-", "90"),
            realm_id=REALM,
            inputs={"dueInDays": "30"},
            context={},
            body_hash="0" * 64,
            received_at=now,
            deadline_at=now + timedelta(days=6),
            expires_at=now + timedelta(days=7),
        )
    )
    if state == "received":
        return
    Due(database).start(now, lambda *_: 99, 99, lambda *_: None)
    row = callbacks.find(PortalId(portal_id), CallbackId(callback_id))
    assert row is not None
    if state in (SUCCESS, FAIL_CONTINUE):
        error = ("NO_AMOUNT", "The deal has no amount: give it one.") if state == FAIL_CONTINUE else None
        with database.write() as tx:
            callbacks.settle(tx, row, state, {"invoiceNumber": "1044"} if error is None else {}, now, error)
        callbacks.complete(row, "completed", now)
    elif state == "waiting":
        callbacks.postpone(row, now + timedelta(hours=1), "QuickBooks rests", now)
    elif state == "parked":
        callbacks.park(row, "Reconnect quickbooks.", now)


# --- understood or not


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["nothing"], ["connections"], ["callbacks"], ["callbacks", "show"]),
        ["callbacks", "list", "--state", "x"],
        *(["callbacks", "list", "--limit", "x"], ADD, ["connections", "pause"], ["config"], ["migrate", "--force"]),
        *([*ADD[:3], "x", *ADD[4:], *TOKENS],),
    ],
)
def test_what_is_not_understood_ends_with_2(arguments: list[str], run: Callable[..., Said]) -> None:
    said = run(*arguments)
    assert said.status == 2
    assert said.out == ""
    assert "usage" in said.err


@pytest.mark.parametrize("arguments", [["--help"], ["callbacks", "--help"], ["connections", "add", "--help"]])
def test_help_names_the_commands(arguments: list[str], run: Callable[..., Said]) -> None:
    said = run(*arguments)
    assert (said.status, said.err) == (0, "")
    assert "usage" in said.out


def test_the_fixed_commands_exist(run: Callable[..., Said]) -> None:
    shown = run("--help").out
    for name in ("migrate", "worker", "web", "demo", "sandbox", "properties", "connections", "callbacks", "config"):
        assert name in shown


# --- settings


def test_config_check_names_all_problems_on_standard_error(tmp_path: Path) -> None:
    said = process(tmp_path, "config", "check", PUBLIC_URL="x", PORT="y")
    assert (said.status, said.out) == (1, "")
    lines = said.err.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("error: ") for line in lines)
    assert not (tmp_path / "instance").exists()


def test_config_check_is_content_and_writes_nothing(run: Callable[..., Said], tmp_path: Path) -> None:
    said = run("config", "check")
    assert (said.status, said.err) == (0, "")
    assert "/hubspot/actions/" in said.out
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize("command", [["web"], ["worker"]])
def test_what_cannot_start_says_why(command: list[str], run: Callable[..., Said], tmp_path: Path) -> None:
    with (tmp_path / ".env").open("a") as settings:
        settings.write("HUBSPOT_CLIENT_ID=\n")
    said = run(*command)
    assert said.status == 1
    assert said.err == "error: HUBSPOT_CLIENT_ID is not set: copy it from the vendor's app page\n"


def test_a_database_that_is_away_says_so(run: Callable[..., Said], tmp_path: Path) -> None:
    with (tmp_path / ".env").open("a") as settings:
        settings.write("DATABASE_URL=postgresql://nobody:canary@127.0.0.1:1/none\n")
    for command in (["callbacks", "list"], ["migrate"], ["connections", "list"]):
        said = run(*command)
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("error: the database does not work")
        assert "DATABASE_URL" in said.err
        assert "canary" not in said.err


def test_migrate_says_whether_it_did_something(databases: Databases, run: Callable[..., Said], tmp_path: Path) -> None:
    url = databases.empty("sqlite")
    with (tmp_path / ".env").open("a") as settings:
        settings.write(f"DATABASE_URL={url}\n")
    first, second = run("migrate"), run("migrate")
    assert (first.status, first.out) == (0, "migrated\n")
    assert (second.status, second.out) == (0, "nothing to migrate\n")
    databases.drop(url)


# --- connections


def test_connections_add_works_before_anything_else_ran(tmp_path: Path) -> None:
    added = process(tmp_path, *ADD, *TOKENS)
    assert (added.status, added.out, added.err) == (0, "connected portal 7 and realm 77\n", "")
    database = Database(f"sqlite:///{tmp_path}/instance/service.sqlite", 2)
    assert [(c.portal_id, c.realm_id, c.state) for c in Connections(database).all()] == [(7, "77", "live")]
    database.close()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "instance").iterdir())
    assert b"canary" not in stored


def test_connections_through_their_life(run: Callable[..., Said], database: Database) -> None:
    assert run("connections", "list").out.startswith("no connections")
    assert run("connections", "list", "--json").json == []
    assert run(*ADD, *TOKENS).status == 0
    assert run("connections", "list", "--json").json == [
        {"portal_id": 7, "realm_id": "77", "state": "live", "hubspot": "live", "quickbooks": "live"}
    ]
    receive(database, "ap-1", 7, "parked")
    with database.write() as tx:
        tx.exec_driver_sql("UPDATE callbacks SET realm_id = '77'")
    again = run(*ADD, *TOKENS)
    assert again.out == "connected portal 7 and realm 77; 1 callbacks go on\n"
    for command, state in (("pause", "paused"), ("resume", "live")):
        said = run("connections", command, "--portal", "7", "--realm", "77")
        assert (said.status, said.out, said.err) == (0, f"portal 7 and realm 77: {state}\n", "")
    said = run("connections", "remove", "--portal", "7", "--realm", "77")
    assert (said.status, said.out) == (0, "portal 7 and realm 77: removed\n")
    assert "QuickBooks could not be told" in said.err, "nothing answers at this address"
    assert "HubSpot could not be told" in said.err
    for command in ("pause", "resume", "remove"):
        said = run("connections", command, "--portal", "7", "--realm", "77")
        assert (said.status, said.out) == (1, "")
        assert "connections list" in said.err
    assert run("connections", "list", "--json").json == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--portal", "0", "--realm", "77", *TOKENS],
        ["--portal", "-7", "--realm", "77", *TOKENS],
        ["--portal", "7", "--realm", "x", *TOKENS],
        ["--portal", "7", "--realm", "٣", *TOKENS],
        ["--portal", "7", "--realm", "", *TOKENS],
        ["--portal", "7", "--realm", "77", "--hubspot-refresh-token", " ", "--quickbooks-refresh-token", "x"],
        ["--portal", str(2**63), "--realm", "77", *TOKENS],
    ],
)
def test_a_connection_that_cannot_be_is_not_made(
    arguments: list[str], run: Callable[..., Said], database: Database
) -> None:
    said = run("connections", "add", *arguments)
    assert (said.status, said.out) == (2, "")
    assert "error: " in said.err
    assert Connections(database).all() == []
    assert Credentials(database, Vault([KEY]), Locks(database)).all() == []


def test_the_tokens_that_are_added_are_the_ones_used(run: Callable[..., Said], database: Database) -> None:
    run(*ADD, *TOKENS)
    kept = Credentials(database, Vault([KEY]), Locks(database))
    found = kept.find("hubspot", "7"), kept.find("quickbooks", "77")
    assert [each.refresh_token for each in found if each] == ["canary-h", "canary-q"]


def test_a_list_with_another_key_says_so(run: Callable[..., Said], tmp_path: Path) -> None:
    run(*ADD, *TOKENS)
    with (tmp_path / ".env").open("a") as settings:
        settings.write("ENCRYPTION_KEYS=another-key-of-32-characters-0000\n")
    said = run("connections", "list")
    assert (said.status, said.out) == (1, "")
    assert "ENCRYPTION_KEYS" in said.err


# --- callbacks


def test_the_list_of_callbacks(run: Callable[..., Said], database: Database) -> None:
    assert run("callbacks", "list").out == "no callbacks\n"
    assert run("callbacks", "list", "--json").json == []
    for number, state in enumerate((SUCCESS, FAIL_CONTINUE, "waiting", "parked", "received"), 1):
        receive(database, f"ap-{number}", state=state)
    lines = run("callbacks", "list").out.splitlines()
    assert len(lines) == 5
    for text in ("1044", "NO_AMOUNT", "QuickBooks rests", "Reconnect quickbooks."):
        assert sum(text in line for line in lines) == 1
    shown = run("callbacks", "list", "--json", "--state", "parked").json
    assert [each["callback_id"] for each in shown] == ["ap-4"]
    assert len(run("callbacks", "list", "--json", "--limit", "2").json) == 2
    assert run("callbacks", "list", "--json", "--portal", "7").json == []


def test_a_callback_is_shown_with_all_that_explains_it(run: Callable[..., Said], database: Database) -> None:
    receive(database, "ap-1", state="waiting")
    now = datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)
    made = Reservation(
        PORTAL, CallbackId("ap-1"), 1, REALM, "Invoice", RequestId("r-1"), Mark("[hs:x]"), CustomerId("58"),
        b'{"Line":"canary-body"}', "open", now, False,
    )  # fmt: skip
    Reservations(database).reserve(made)
    document = run("callbacks", "show", "ap-1", "--json").json
    assert (document["state"], document["note"], document["inputs"]) == (
        "waiting",
        "QuickBooks rests",
        {"dueInDays": "30"},
    )
    assert document["reservations"][0]["request_id"] == "r-1"
    assert [line.split("  ", 1)[1].split(":")[0] for line in document["timeline"]] == [
        "received",
        "postponed",
        "reserved, generation 1, request id r-1",
    ]
    plain = run("callbacks", "show", "ap-1").out
    for text in ("state: waiting", "note: QuickBooks rests", "timeline:", "reservations:", "r-1"):
        assert text in plain
    assert "canary-body" not in plain


def test_a_callback_that_two_portals_have_needs_its_portal(run: Callable[..., Said], database: Database) -> None:
    receive(database, "ap-1")
    receive(database, "ap-1", 7)
    for command in ("show", "replay"):
        said = run("callbacks", command, "ap-1")
        assert (said.status, said.out) == (1, "")
        assert "--portal" in said.err
    assert run("callbacks", "show", "ap-1", "--portal", "7", "--json").json["portal_id"] == 7


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_callback_says_where_to_look(command: str, run: Callable[..., Said]) -> None:
    for more in ([], ["--portal", "7"]):
        said = run("callbacks", command, "nothing", *more)
        assert (said.status, said.out) == (1, "")
        assert "callbacks list" in said.err


@pytest.mark.parametrize(
    ("state", "status"), [(FAIL_CONTINUE, 0), ("waiting", 0), ("parked", 0), (SUCCESS, 1), ("received", 1)]
)
def test_replay_is_for_what_failed_or_waits(
    state: str, status: int, run: Callable[..., Said], database: Database
) -> None:
    receive(database, "ap-1", state=state)
    said = run("callbacks", "replay", "ap-1")
    assert said.status == status
    assert bool(said.out) is not bool(said.err)
    row = Callbacks(database).find(PORTAL, CallbackId("ap-1"))
    assert row is not None
    if status == 0:
        assert row.state == "received"
        assert abs(row.due_at - SystemClock().now()) < timedelta(minutes=1)
        assert "replayed" in run("callbacks", "show", "ap-1").out
    else:
        assert said.err.startswith("error: not replayed: it ")
        assert row.outcome == (SUCCESS if state == SUCCESS else None)


@pytest.mark.thorough
def test_a_reader_who_has_enough_is_no_error(url: str, tmp_path: Path) -> None:
    database = Database(url, 2)
    for number in range(60):
        receive(database, f"ap-{number}")
    database.close()
    command = f"{sys.executable} -m service callbacks list --json --limit 5000 | head -c 10"
    given = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "DATABASE_URL": url}
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=tmp_path,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


# --- with a vendor


def test_properties_ensure(sandbox: InThread, run: Callable[..., Said], tmp_path: Path) -> None:
    with (tmp_path / ".env").open("a") as settings:
        settings.write(f"HUBSPOT_API_URL={sandbox.url}\n")
    portals = sandbox.world.hubspot.credentials()["portals"]
    token = {int(key): value for key, value in portals.items()}[PORTAL]["refresh_token"]
    add = ["connections", "add", "--portal", str(PORTAL), "--realm", REALM]
    run(*add, "--hubspot-refresh-token", token, "--quickbooks-refresh-token", "x")
    first, second = run("properties", "ensure"), run("properties", "ensure")
    assert (first.status, first.err) == (0, "")
    for said, text in ((first, "created"), (second, "nothing to do")):
        assert said.out
        assert all(line.startswith(f"portal {PORTAL}") and text in line for line in said.out.splitlines())


def settle_in(sandbox: InThread, tmp_path: Path) -> dict[str, dict[str, str]]:
    """Let the commands talk to the sandbox; returns its refresh tokens."""
    with (tmp_path / ".env").open("a") as settings:
        settings.write(f"HUBSPOT_API_URL={sandbox.url}\nQUICKBOOKS_API_URL={sandbox.url}\n")
        settings.write(f"QUICKBOOKS_DISCOVERY_URL={sandbox.url}/.well-known/openid_configuration\n")
    portals = {str(key): value for key, value in sandbox.world.hubspot.credentials()["portals"].items()}
    realms = sandbox.world.quickbooks.credentials()["realms"]
    return {
        "hubspot": {each: str(portals[each]["refresh_token"]) for each in portals},
        "quickbooks": {each: str(realms[each]["refresh_token"]) for each in realms},
    }


def test_a_token_of_another_portal_is_refused(
    sandbox: InThread, run: Callable[..., Said], tmp_path: Path, database: Database
) -> None:
    given = settle_in(sandbox, tmp_path)
    add = ["connections", "add", "--portal", str(PORTAL), "--realm", REALM, "--quickbooks-refresh-token", "x"]
    said = run(*add, "--hubspot-refresh-token", given["hubspot"]["20000002"])
    assert (said.status, said.out) == (1, "")
    assert "portal 20000002: give the one of portal 20000001" in said.err
    assert Connections(database).all() == []
    assert run("connections", "list", "--json").json == []
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM credentials").scalar() == 0

    sandbox.world.hubspot.settings.tokens_tell_portal = False
    assert run(*add, "--hubspot-refresh-token", given["hubspot"][str(PORTAL)]).status == 0


def test_removing_the_last_pair_gives_both_accesses_back(
    sandbox: InThread, run: Callable[..., Said], tmp_path: Path, database: Database
) -> None:
    given, realms = settle_in(sandbox, tmp_path), [REALM, "9341450000000003"]
    for realm in realms:
        tokens = given["hubspot"][str(PORTAL)], given["quickbooks"][realm]
        pair = ["--portal", str(PORTAL), "--realm", realm]
        tokens_given = ["--hubspot-refresh-token", tokens[0], "--quickbooks-refresh-token", tokens[1]]
        assert run("connections", "add", *pair, *tokens_given).status == 0

    def revoked() -> list[str]:
        return [each["path"] for each in sandbox.world.tape.requests() if each["path"].endswith("/revoke")]

    assert run("connections", "remove", "--portal", str(PORTAL), "--realm", realms[0]).err == ""
    assert revoked() == ["/v2/oauth2/tokens/revoke"], "the portal has another company"
    assert run("connections", "remove", "--portal", str(PORTAL), "--realm", realms[1]).err == ""
    assert sorted(revoked()[1:]) == ["/oauth/2026-03/token/revoke", "/v2/oauth2/tokens/revoke"]
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM credentials").scalar() == 0


def test_invoices_preview(sandbox: InThread, run: Callable[..., Said], tmp_path: Path) -> None:
    with (tmp_path / ".env").open("a") as settings:
        settings.write(f"HUBSPOT_API_URL={sandbox.url}\nQUICKBOOKS_API_URL={sandbox.url}\n")
        settings.write(f"QUICKBOOKS_DISCOVERY_URL={sandbox.url}/.well-known/openid_configuration\n")
    portals = {int(key): value for key, value in sandbox.world.hubspot.credentials()["portals"].items()}
    realms = sandbox.world.quickbooks.credentials()["realms"]
    stories = sandbox.world.hubspot.stories[PORTAL]
    assert run("invoices", "preview", "1").status == 2
    add = ["connections", "add", "--portal", str(PORTAL), "--realm", REALM]
    tokens = portals[PORTAL]["refresh_token"], realms[REALM]["refresh_token"]
    run(*add, "--hubspot-refresh-token", tokens[0], "--quickbooks-refresh-token", tokens[1])

    said = run("invoices", "preview", str(stories["three-lines"]), "--json", "--inputs", '{"taxCodeId": "exempt"}')
    assert (said.status, said.json["total"], said.json["body"]["Line"][0]["Amount"]) == (0, "440.00", 275)
    told = run("invoices", "preview", str(stories["three-lines"]))
    assert "total     440.00 USD before tax" in told.out
    chosen = '{"parentCustomer": "chosen", "parentCustomerId": "2"}'
    new = run("invoices", "preview", str(stories["new-customer"]), "--inputs", chosen).out
    assert "below     (2): chosen in the action" in new
    assert new.index("new customer") < new.index('"ParentRef"') < new.index("body")
    refused = run("invoices", "preview", str(stories["no-lines"]))
    assert (refused.status, "NO_LINE_ITEMS" in refused.out) == (1, True)
    for wrong in (["x"], ["1", "--inputs", "[]"], ["1", "--portal", "5"]):
        assert run("invoices", "preview", *wrong).status == 2


def test_tax_codes_that_do_not_fit_the_company(run: Callable[..., Said], database: Database) -> None:
    """As soon as a worker has read how the company taxes; before that nobody knows."""
    run(*ADD, *TOKENS)
    change = ["connections", "set", "--portal", "7", "--realm", "77", "--tax-codes"]
    assert run(*change, '{"0": "exempt"}').status == 0
    settings = parse_settings({"Country": "GB"}, {"TaxPrefs": {"UsingSalesTax": True}})
    SettingsCache(database).keep("realm", "77", {"settings": settings.to_json()}, SystemClock().now())
    said = run(*change, '{"0": "exempt"}')
    assert said.status == 2
    assert "'0' leads to exempt" in said.err
    assert run(*change, '{"0": "exempt", "exempt": "5"}').status == 0


def test_tax_codes_of_a_connection(run: Callable[..., Said]) -> None:
    run(*ADD, *TOKENS)
    change = ["connections", "set", "--portal", "7", "--realm", "77"]
    assert run(*change, "--tax-codes", '{"20": "3", "Zero": "exempt"}').status == 0
    for wrong in ('{"20": 3}', '{"20": "VAT"}', "[]", "x"):
        assert run(*change, "--tax-codes", wrong).status == 2
    assert run(*change).status == 2


def test_income_account_of_a_connection(run: Callable[..., Said]) -> None:
    run(*ADD, *TOKENS)
    change = ["connections", "set", "--portal", "7", "--realm", "77", "--income-account"]
    assert run(*change, "79").out == "portal 7 and realm 77: income account 79\n"
    assert run(*change, "Sales").status == 2


def test_number_templates_of_a_connection(run: Callable[..., Said]) -> None:
    run(*ADD, *TOKENS)
    change = ["connections", "set", "--portal", "7", "--realm", "77", "--number-templates"]
    assert run(*change, '{"By year": "{year}-{deal}"}').status == 0
    for wrong in ('{"By year": "{years}"}', '{"Fixed": "17"}', '{"No text": 1}', "[]", "x"):
        assert run(*change, wrong).status == 2


def test_invoices_adopt(sandbox: InThread, run: Callable[..., Said], tmp_path: Path) -> None:
    with (tmp_path / ".env").open("a") as settings:
        settings.write(f"HUBSPOT_API_URL={sandbox.url}\nQUICKBOOKS_API_URL={sandbox.url}\n")
        settings.write(f"QUICKBOOKS_DISCOVERY_URL={sandbox.url}/.well-known/openid_configuration\n")
    portals = {int(key): value for key, value in sandbox.world.hubspot.credentials()["portals"].items()}
    realms = sandbox.world.quickbooks.credentials()["realms"]
    add = ["connections", "add", "--portal", str(PORTAL), "--realm", REALM]
    tokens = portals[PORTAL]["refresh_token"], realms[REALM]["refresh_token"]
    run(*add, "--hubspot-refresh-token", tokens[0], "--quickbooks-refresh-token", tokens[1])
    deal = str(sandbox.world.hubspot.stories[PORTAL]["one-line"])

    assert run("invoices", "list") == (0, "none\n", "")
    unknown = run("invoices", "adopt", "no such", "--deal", deal)
    assert (unknown.status, "there is no invoice" in unknown.err) == (1, True)
    # Made by a person long ago; nobody has heard of it yet.
    gone = run("invoices", "adopt", "1037", "--deal", "404")
    assert (gone.status, "no deal 404" in gone.err) == (1, True)
    done = run("invoices", "adopt", "1037", "--deal", deal, "--realm", REALM)
    assert (done.status, done.err) == (0, "")
    assert f"invoice 1037 belongs to deal {deal}" in done.out
    again = run("invoices", "adopt", "1037", "--deal", deal)
    assert (again.status, f"belongs to deal {deal} already" in again.err) == (1, True)
    (row,) = run("invoices", "list", "--state", "adopted", "--json").json
    assert (row["number"], row["deal_id"], row["reason"]) == ("1037", deal, "chosen by a person")
