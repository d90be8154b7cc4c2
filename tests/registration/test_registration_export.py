"""`actions export` writes a whole developer project, and every file keeps to its written schema."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from service.actions import FOLDER
from service.hubspot import scopes
from service.hubspot.properties import DEAL_PROPERTIES
from service.sandbox.hubspot.tokens import SCOPES
from service.sync.mapping import default_mapping

SCHEMAS = Path(__file__).parent / "schemas"
URL = "https://invoice.example.com"
PLAIN = {
    "hsproject.json": "hsproject",
    "src/app/app-hsmeta.json": "app",
    "src/app/webhooks/webhooks-hsmeta.json": "webhooks",
} | {f"src/app/workflow-actions/{path.stem}-hsmeta.json": "workflow-action" for path in FOLDER.glob("*.json")}
CARD = {"src/app/cards/deal-invoices-hsmeta.json": "card", "src/app/cards/package.json": "package"}


def check(document: Any, schema: str) -> None:
    fastjsonschema.compile(json.loads((SCHEMAS / f"{schema}.json").read_text()))(document)


def written(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def export(run: Any, tmp_path: Path) -> Callable[..., Path]:
    def export_project(*options: str) -> Path:
        ran = run("actions", "export", "project", *options)
        assert ran.status == 0, ran.err
        return tmp_path / "project"

    return export_project


def config(folder: Path, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / path).read_text())["config"]
    return found


def test_every_file_keeps_to_its_schema(export: Callable[..., Path]) -> None:
    files = written(export())
    assert sorted(files) == sorted(PLAIN)
    for path, schema in PLAIN.items():
        check(json.loads(files[path]), schema)


def test_with_the_card_every_file_keeps_to_its_schema(export: Callable[..., Path]) -> None:
    files = written(export("--card"))
    source = files.pop("src/app/cards/DealInvoices.tsx")
    assert sorted(files) == sorted(PLAIN | CARD)
    for path, schema in (PLAIN | CARD).items():
        check(json.loads(files[path]), schema)
    entrypoint = json.loads(files["src/app/cards/deal-invoices-hsmeta.json"])["config"]["entrypoint"]
    assert entrypoint == "/app/cards/DealInvoices.tsx"
    assert 'from "@hubspot/ui-extensions/crm"' in source
    shown = set(re.findall(r'"(qbo_\w+)"', source))
    assert len(shown) == 8
    assert shown <= {each.name for each in DEAL_PROPERTIES}


@pytest.mark.parametrize(
    ("schema", "path", "value"),
    [
        ("hsproject", "platformVersion", "2025.2"),
        ("app", "config.auth.redirectUrls.0", "http://127.0.0.1:8000/hubspot/oauth/callback"),
        ("app", "config.auth.requiredScopes", ["oauth"]),
        ("app", "config.distribution", "public"),
        ("workflow-action", "config.published", True),
        ("workflow-action", "config.isPublished", None),
        ("workflow-action", "config.inputFields.0.typeDefinition.type", "ENUMERATION"),
        ("workflow-action", "config.labels.it", {}),
        ("workflow-action", "config.labels.de.actionName", ""),
        ("webhooks", "config.settings.maxConcurrentRequests", 1),
        ("webhooks", "config.subscriptions.crmObjects.0.subscriptionType", "contact.propertyChange"),
        ("card", "config.entrypoint", "DealInvoices.tsx"),
        ("card", "uid", "deal-invoices"),
    ],
)
def test_the_schemas_refuse_what_is_wrong(export: Callable[..., Path], schema: str, path: str, value: Any) -> None:
    file = next(each for each, kind in (PLAIN | CARD).items() if kind == schema)
    document = json.loads((export("--card") / file).read_text())
    check(document, schema)
    wrong = copy.deepcopy(document)
    *parents, last = path.split(".")
    place: Any = wrong
    for name in parents:
        place = place[int(name)] if name.isdigit() else place[name]
    place[int(last) if last.isdigit() else last] = value
    with pytest.raises(fastjsonschema.JsonSchemaException):
        check(wrong, schema)


def test_the_addresses_are_this_services(export: Callable[..., Path]) -> None:
    folder = export()
    app, webhooks = config(folder, "src/app/app-hsmeta.json"), config(folder, "src/app/webhooks/webhooks-hsmeta.json")
    action = config(folder, "src/app/workflow-actions/create-invoice-hsmeta.json")
    assert app["auth"]["redirectUrls"] == [f"{URL}/hubspot/oauth/callback"]
    assert app["permittedUrls"]["fetch"] == [URL]
    assert webhooks["settings"]["targetUrl"] == f"{URL}/hubspot/webhooks"
    assert action["actionUrl"] == f"{URL}/hubspot/actions/create-invoice"
    assert "{PUBLIC_URL}" not in "".join(written(folder).values())


def test_the_uids_never_change(export: Callable[..., Path]) -> None:
    found = {path: json.loads(text).get("uid") for path, text in written(export("--card")).items() if "hsmeta" in path}
    assert found == {
        "src/app/app-hsmeta.json": "qbo_invoices_app",
        "src/app/webhooks/webhooks-hsmeta.json": "webhooks",
        "src/app/cards/deal-invoices-hsmeta.json": "deal_invoices_card",
    } | {
        f"src/app/workflow-actions/{path.stem}-hsmeta.json": f"{path.stem.replace('-', '_')}_action"
        for path in FOLDER.glob("*.json")
    }


def test_the_action_says_the_same_as_its_file(export: Callable[..., Path]) -> None:
    action = config(export(), "src/app/workflow-actions/create-invoice-hsmeta.json")
    ours = json.loads((FOLDER / "create-invoice.json").read_text().replace("{PUBLIC_URL}", URL))
    assert action.pop("isPublished") is False
    assert action.pop("supportedClients") == [{"client": "WORKFLOWS"}]
    assert action == {k: v for k, v in ours.items() if k not in ("published", "archivedAt", "functions")}


def test_published_when_asked(export: Callable[..., Path]) -> None:
    assert config(export("--publish"), "src/app/workflow-actions/create-invoice-hsmeta.json")["isPublished"] is True


def test_the_scopes_are_those_the_service_asks_for_and_hubspot_knows(export: Callable[..., Path]) -> None:
    auth = config(export(), "src/app/app-hsmeta.json")["auth"]
    assert auth["requiredScopes"] == list(scopes.REQUIRED)
    assert auth["optionalScopes"] == list(scopes.OPTIONAL)
    assert set(auth["requiredScopes"] + auth["optionalScopes"]) <= set(SCOPES)


def test_webhooks_that_keep_records_in_step_are_turned_on(export: Callable[..., Path]) -> None:
    subscriptions = config(export(), "src/app/webhooks/webhooks-hsmeta.json")["subscriptions"]
    listed = [each for kind in subscriptions.values() for each in kind]
    assert all(each["active"] for each in listed)
    changes = {(e["objectType"], e["propertyName"]) for e in listed if e["subscriptionType"] == "object.propertyChange"}
    for name, kind in (("contacts", "contact"), ("companies", "company"), ("products", "product")):
        assert {(kind, each) for each in default_mapping(name).properties} == {e for e in changes if e[0] == kind}
    assert {"contact.deletion", "contact.merge", "contact.privacyDeletion", "product.deletion"} <= {
        each["subscriptionType"] for each in listed
    }


def test_no_file_is_overwritten_unasked(run: Any, export: Callable[..., Path], tmp_path: Path) -> None:
    folder = export("--card")
    before = written(folder)
    (folder / "src/app/app-hsmeta.json").write_text("mine")
    (folder / "README.md").write_text("mine")
    refused = run("actions", "export", "project")
    assert (refused.status, "is not empty" in refused.err) == (1, True)
    assert (folder / "src/app/app-hsmeta.json").read_text() == "mine"
    again = run("actions", "export", "project", "--overwrite")
    assert again.status == 0
    assert "deal-invoices-hsmeta.json is not written by this export" in again.err
    assert written(folder) == before | {"README.md": "mine"}
    (tmp_path / "file").write_text("mine")
    assert "is a file" in run("actions", "export", "file", "--overwrite").err
    assert "cannot be written" in run("actions", "export", "file/below", "--overwrite").err


def test_an_address_hubspot_cannot_reach_is_warned_of(run: Any) -> None:
    ran = run("actions", "export", "project", PUBLIC_URL="http://127.0.0.1:8000", HUBSPOT_APP_ID=None)
    assert ran.status == 0
    assert "warning: HubSpot will not take http://127.0.0.1:8000" in ran.err
