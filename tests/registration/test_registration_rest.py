"""`actions register` and `actions diff` over HTTP, with either credential."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.actions import FOLDER
from service.sandbox.serve import InThread
from tests.harness import environment

KEY = "sandbox-developer-key"
CREDENTIALS = [("developer_key", "developer-key", "bearer"), ("bearer", "bearer", "developer-key")]
EVERY = sorted(path.stem for path in FOLDER.glob("*.json"))


def of_create_invoice(ran: Any) -> dict[str, Any]:
    """What a command said of one action, in JSON."""
    (found,) = [each for each in ran.json if each["action"] == "create-invoice"]
    told: dict[str, Any] = found
    return told


@pytest.mark.parametrize(("taken", "kind", "other"), CREDENTIALS)
def test_registered_once_then_nothing_differs(run: Any, hubspot_side: Any, taken: str, kind: str, other: str) -> None:
    hubspot_side.switch(definitions_credential=taken)
    before = run("actions", "diff", "--credential", kind)
    assert (before.status, before.out.splitlines()) == (1, [f"+ {each} (not there): create" for each in EVERY])
    made = run("actions", "register", "--credential", kind)
    assert (made.status, made.err) == (0, "")
    hubspot_side.switch(definitions_credential="either")
    ids = {action: hubspot_side.definition(action)["id"] for action in EVERY}
    hubspot_side.switch(definitions_credential=taken)
    for action in EVERY:
        assert f"{action}: definition {ids[action]}, revision 1, created, not published" in made.out
    after = run("actions", "diff", "--credential", kind)
    nothing = [f"= {each} (definition {ids[each]}, revision 1): nothing" for each in EVERY]
    assert (after.status, after.out.splitlines()) == (0, nothing)
    again = run("actions", "register", "--credential", kind)
    assert again.status == 0
    assert "revision 1, nothing differs" in again.out
    hubspot_side.switch(definitions_credential="either")
    assert hubspot_side.revisions() == 1
    assert hubspot_side.refusals() == []


@pytest.mark.parametrize(("taken", "kind", "other"), CREDENTIALS)
def test_the_wrong_kind_of_credential_is_told_to_try_the_other(
    run: Any, hubspot_side: Any, taken: str, kind: str, other: str
) -> None:
    hubspot_side.switch(definitions_credential=taken)
    for command in ("diff", "register"):
        ran = run("actions", command, "--credential", other)
        assert ran.status == 1
        assert f"try the other kind with `--credential {kind}`" in ran.err
        assert KEY not in ran.out + ran.err
    hubspot_side.switch(definitions_credential="either")
    assert hubspot_side.definitions() == []


def test_what_hubspot_holds_is_what_the_file_says(run: Any, hubspot_side: Any) -> None:
    run("actions", "register")
    definition = hubspot_side.definition()
    assert definition["actionUrl"] == "https://invoice.example.com/hubspot/actions/create-invoice"
    assert sorted(definition["labels"]) == ["de", "en", "es", "fr", "ja", "nl", "pt-br"]
    assert definition["labels"]["de"]["actionName"] == "QuickBooks-Rechnung erstellen"
    assert definition["published"] is False


def test_publishing_is_asked_for_and_then_stays(run: Any, hubspot_side: Any) -> None:
    assert ", published" in run("actions", "register", "--publish").out
    assert run("actions", "diff").status == 0
    assert "nothing differs, published" in run("actions", "register").out
    hubspot_side.change(published=False)
    assert run("actions", "diff").status == 0
    published = run("actions", "diff", "--publish")
    assert (published.status, "~ published: false -> true" in published.out) == (1, True)
    assert "changed published, published" in run("actions", "register", "--publish").out
    assert hubspot_side.definition()["published"] is True
    labels = hubspot_side.definition()["labels"]
    labels["fr"]["actionName"] = "Ancien"
    hubspot_side.change(labels=labels)
    changed = run("actions", "register")
    assert (changed.status, changed.err) == (0, "")
    assert "changed labels, published" in changed.out


def test_only_what_differs_is_changed(run: Any, hubspot_side: Any) -> None:
    run("actions", "register", PUBLIC_URL="https://old.example.com")
    labels = hubspot_side.definition()["labels"]
    labels["de"]["actionName"] = "Alt"
    del labels["nl"]
    hubspot_side.change(labels=labels)
    diff = run("actions", "diff")
    assert diff.status == 1
    definition_id = hubspot_side.definition()["id"]
    lines = diff.out.splitlines()
    first = lines.index(f"~ create-invoice (definition {definition_id}, revision 2): update")
    after = [place for place, line in enumerate(lines) if place > first and not line.startswith(" ")]
    lines = lines[first : min(after, default=len(lines))]
    old, new = (f'"https://{host}.example.com/hubspot/actions/create-invoice"' for host in ("old", "invoice"))
    assert f"    ~ actionUrl: {old} -> {new}" in lines
    assert '    ~ labels.de.actionName: "Alt" -> "QuickBooks-Rechnung erstellen"' in lines
    assert any(line.startswith('    + labels.nl: {"actionName": "QuickBooks-factuur maken"') for line in lines)
    told = of_create_invoice(run("actions", "diff", "--json"))
    assert (told["step"], told["definition_id"], told["breaks"]) == ("update", definition_id, [])
    assert {"path": "labels.de.actionName", "registered": "Alt", "wanted": "QuickBooks-Rechnung erstellen"} in told[
        "differences"
    ]
    done = of_create_invoice(run("actions", "register", "--json"))
    assert done["changed"] == ["actionUrl", "inputFields", "labels"]
    assert (done["revision_id"], done["kept_otherwise"]) == ("3", [])
    assert run("actions", "diff").status == 0


def an_input(name: str, options: list[dict[str, Any]]) -> dict[str, Any]:
    kind = {"name": name, "type": "enumeration", "fieldType": "select", "options": options}
    return {"isRequired": False, "supportedValueTypes": ["STATIC_VALUE"], "typeDefinition": kind}


def with_input(definition: dict[str, Any]) -> dict[str, Any]:
    """As a later version registered it, with an input this one does not have."""
    labels = copy.deepcopy(definition["labels"])
    for said in labels.values():
        said["inputFieldLabels"]["memo"] = "Memo"
    options = [{"value": "x", "label": "X"}]
    return {"inputFields": [*definition["inputFields"], an_input("memo", options)], "labels": labels}


def with_option(definition: dict[str, Any]) -> dict[str, Any]:
    """As a later version registered it, with an option this one does not have."""
    inputs = copy.deepcopy(definition["inputFields"])
    (bill_to,) = (each for each in inputs if each["typeDefinition"]["name"] == "billTo")
    bill_to["typeDefinition"]["options"].append({"value": "owner", "label": "Owner"})
    return {"inputFields": inputs}


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (with_input, "refused: input memo is removed or renamed"),
        (with_option, "refused: input billTo loses the option owner"),
    ],
)
def test_what_would_break_workflows_is_refused_and_nothing_changed(
    run: Any, hubspot_side: Any, later: Callable[[dict[str, Any]], dict[str, Any]], reason: str
) -> None:
    run("actions", "register")
    hubspot_side.change(**later(hubspot_side.definition()))
    for command in ("diff", "register"):
        ran = run("actions", command)
        assert ran.status == 1
        assert reason in ran.out
        assert "publish a second action instead" in ran.out
    told = of_create_invoice(run("actions", "register", "--json"))
    assert (told["step"], len(told["breaks"])) == ("refuse", 1)
    assert hubspot_side.revisions() == 2


def test_every_missing_setting_is_named_before_anything_is_sent(run: Any, sandbox: InThread) -> None:
    ran = run(
        *("actions", "register"),
        HUBSPOT_APP_ID=None,
        HUBSPOT_DEVELOPER_API_KEY=None,
        HUBSPOT_API_URL="https://api.hubapi.com",
        PUBLIC_URL="http://127.0.0.1:8000",
    )
    assert ran.status == 1
    assert [line.partition(" is ")[0] for line in ran.err.splitlines()] == [
        "error: HUBSPOT_APP_ID",
        "error: HUBSPOT_DEVELOPER_API_KEY",
        "error: PUBLIC_URL",
    ]
    ran = run("actions", "register", "--credential", "bearer", HUBSPOT_CLIENT_SECRET=None)
    assert (ran.status, "HUBSPOT_CLIENT_SECRET" in ran.err) == (1, True)


def test_a_wrong_app_id_is_named(run: Any) -> None:
    ran = run("actions", "diff", HUBSPOT_APP_ID="700002")
    assert (ran.status, "check HUBSPOT_APP_ID" in ran.err) == (1, True)


def test_a_create_whose_answer_is_lost_is_not_repeated_blindly(run: Any, hubspot_side: Any) -> None:
    hubspot_side.trouble(kind="lose_answer", method="POST", path="/automation/actions/")
    lost = run("actions", "register")
    assert lost.status == 1
    assert "run `actions diff` to see whether the action was created" in lost.err
    assert f"= {EVERY[0]} (definition" in run("actions", "diff").out
    again = run("actions", "register")
    assert (again.status, again.out.startswith(f"{EVERY[0]}: ")) == (0, True)
    assert "revision 1, nothing differs" in again.out.splitlines()[0]
    assert len(hubspot_side.definitions()) == len(EVERY)


@pytest.mark.parametrize("status", [500, 429])
def test_a_hubspot_that_cannot_answer_is_told_in_one_sentence(run: Any, hubspot_side: Any, status: int) -> None:
    hubspot_side.trouble(kind="status", status=status, path="/automation/actions/")
    ran = run("actions", "register")
    assert (ran.status, ran.out) == (1, "")
    assert f"HTTP {status}" in ran.err
    assert hubspot_side.definitions() == []


def test_the_developer_key_is_printed_nowhere(run: Any, sandbox: InThread, tmp_path: Path) -> None:
    canary = "canary-5c1d7e"
    settings = environment("sqlite:///never.sqlite", sandbox.url) | {"HUBSPOT_DEVELOPER_API_KEY": canary}
    settings |= {"LOG_LEVEL": "DEBUG", "PATH": os.environ["PATH"], "PYTHONPATH": str(FOLDER.parent)}
    dead = settings | {"HUBSPOT_API_URL": "http://127.0.0.1:9"}
    for given in (settings, dead):
        ran = subprocess.run(
            [sys.executable, "-m", "service", "actions", "register"],
            env=given,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 1
        assert ran.stderr.count("error: ") == 1
        assert canary not in ran.stdout + ran.stderr
    assert not any(canary in path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
