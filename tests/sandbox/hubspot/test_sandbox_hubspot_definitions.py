"""Registering workflow actions over REST. Contract 1.1 to 1.4, 1.10."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hubspot_caller import Caller, Receiver, wait_for

PATH = "/automation/actions/2026-03/700001"
KEY = "?hapikey=sandbox-developer-key"
GOOD: dict[str, Any] = {
    "actionUrl": "https://invoice.example.com/hubspot/actions/create-invoice",
    "published": False,
    "archivedAt": None,
    "objectTypes": ["DEAL"],
    "objectRequestOptions": {"properties": ["dealname", "amount"]},
    "inputFields": [
        {
            "isRequired": True,
            "supportedValueTypes": ["STATIC_VALUE"],
            "typeDefinition": {
                "name": "billTo",
                "type": "enumeration",
                "fieldType": "select",
                "options": [{"value": "contact", "label": "Contact", "displayOrder": 0}],
            },
        },
        {
            "isRequired": False,
            "supportedValueTypes": ["STATIC_VALUE"],
            "typeDefinition": {"name": "termId", "type": "enumeration", "fieldType": "select", "options": [],
                               "optionsUrl": "https://invoice.example.com/hubspot/options/terms"},
        },
        {
            "isRequired": False,
            "supportedValueTypes": ["STATIC_VALUE", "OBJECT_PROPERTY"],
            "typeDefinition": {"name": "dueDate", "type": "date", "fieldType": "date", "options": []},
        },
    ],
    "inputFieldDependencies": [
        {"dependencyType": "SINGLE_FIELD", "controllingFieldName": "billTo", "dependentFieldNames": ["termId"]}
    ],
    "outputFields": [
        {"typeDefinition": {"name": "invoiceNumber", "type": "string", "fieldType": "text"}},
        {"typeDefinition": {"name": "errorCode", "type": "string", "fieldType": "text"}},
    ],
    "executionRules": [{"labelName": "noCustomer", "conditions": {"errorCode": ["NO_CUSTOMER"]}}],
    "labels": {
        "en": {
            "actionName": "Create QuickBooks invoice",
            "actionCardContent": "Create invoice for {{billTo}}",
            "inputFieldLabels": {"billTo": "Bill to", "termId": "Terms", "dueDate": "Due date"},
            "inputFieldOptionLabels": {"billTo": {"contact": "Contact"}},
            "outputFieldLabels": {"invoiceNumber": "Invoice number"},
            "executionRules": {"noCustomer": "No billing recipient: {{errorCode}}"},
        }
    },
    "functions": [],
}  # fmt: skip


def test_created_read_changed_archived(hubspot: Caller) -> None:
    made = hubspot.http.post(PATH + KEY, json=GOOD)
    assert made.status_code == 201
    assert isinstance(made.json["id"], str)
    assert made.json["revisionId"] == "1"
    one = f"{PATH}/{made.json['id']}"
    assert hubspot.http.get(PATH + KEY).json["results"] == [made.json]
    assert hubspot.http.patch(one + KEY, json={"published": True}).json["revisionId"] == "2"
    revisions = hubspot.http.get(f"{one}/revisions{KEY}").json["results"]
    assert [each["definition"]["published"] for each in revisions] == [False, True]
    assert hubspot.http.patch(one + KEY, json={"functions": []}).status_code == 400
    assert hubspot.http.post(f"{one}/requires-object{KEY}", json={"requiresObject": True}).status_code == 204
    assert hubspot.http.get(f"{one}/requires-object{KEY}").json == {"requiresObject": True}
    function = f"{one}/functions/PRE_FETCH_OPTIONS/termId{KEY}"
    assert hubspot.http.put(function, json={"source": "x"}).status_code == 415
    assert hubspot.http.put(function, data="exports.main = 1", content_type="text/plain").status_code == 200
    assert hubspot.http.get(one + KEY).json["functions"] == [{"functionType": "PRE_FETCH_OPTIONS", "id": "termId"}]
    assert hubspot.http.delete(function).status_code == 204
    assert hubspot.http.delete(one + KEY).status_code == 204
    assert hubspot.http.get(one + KEY).status_code == 404
    assert hubspot.http.get(f"/automation/actions/2026-03/1{KEY}").status_code == 404


@pytest.mark.parametrize(("told_all", "told"), [(False, {"billTo"}), (True, {"billTo", "dueDate"})])
def test_a_dropdown_is_told_the_inputs_it_depends_on(
    told_all: bool, told: set[str], hubspot: Caller, receiver: Receiver
) -> None:
    """Contract 1.9; that no others come is unverified."""
    assert hubspot.http.post(PATH + KEY, json=GOOD).status_code == 201
    hubspot.world.hubspot.settings.options_told_all_inputs = told_all
    receiver.always = (200, {}, {"options": []})
    hubspot.control(
        "options", {"field": "terms", "inputs": {"billTo": "contact", "dueDate": {"property": "closedate"}}}
    )
    sent = receiver.received[0]["json"]
    assert (sent["inputFieldName"], set(sent["inputFields"])) == ("termId", told)
    assert sent["inputFields"]["billTo"] == {"type": "STATIC_VALUE", "value": "contact"}
    if told_all:
        assert sent["inputFields"]["dueDate"] == {"type": "OBJECT_PROPERTY", "propertyName": "closedate"}


def test_which_credential_is_taken_is_switchable(hubspot: Caller) -> None:
    client = {"client_id": "sandbox-hubspot-client", "client_secret": "sandbox-hubspot-secret"}
    form = {**client, "grant_type": "client_credentials", "scope": "developers-read"}
    text = hubspot.http.post("/oauth/2026-03/token", data=form).json["access_token"]
    bearer = {"Authorization": f"Bearer {text}"}
    assert hubspot.http.get(PATH, headers=bearer).status_code == 200
    assert hubspot.http.post(PATH, headers=bearer, json=GOOD).status_code == 403
    assert hubspot.http.get(PATH).status_code == 401
    assert hubspot.get(PATH).status_code == 403
    hubspot.world.hubspot.settings.definitions_credential = "developer_key"
    refused = hubspot.http.get(PATH, headers=bearer)
    assert refused.status_code == 403
    assert "hapikey" in refused.json["message"]
    hubspot.world.hubspot.settings.definitions_credential = "bearer"
    assert hubspot.http.get(PATH + KEY).status_code == 401
    assert hubspot.http.get(PATH, headers=bearer).status_code == 200


def put(definition: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place: Any = definition
    for name in parents:
        place = place[int(name)] if name.isdigit() else place[name]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("functions", ...),
        ("published", "false"),
        ("isPublished", True),
        ("actionUrl", "http://invoice.example.com/x"),
        ("objectTypes", ["UNICORN"]),
        ("inputFields.0.typeDefinition.options", ...),
        ("inputFields.0.typeDefinition.options", []),
        ("inputFields.0.typeDefinition.options.0.value", 1),
        ("inputFields.0.typeDefinition.fieldType", "dropdown"),
        ("inputFields.0.typeDefinition.type", "ENUMERATION"),
        ("inputFields.0.supportedValueTypes", ["OUTPUT_FROM_PREVIOUS_ACTION"]),
        ("inputFields.0.isRequired", ...),
        ("inputFields.2.typeDefinition.name", "billTo"),
        ("inputFields.2.typeDefinition.referencedObjectType", "DEAL"),
        ("inputFieldDependencies.0.controllingFieldName", "other"),
        ("inputFieldDependencies.0.dependencyType", "DOUBLE"),
        ("outputFields.0.typeDefinition.type", "money"),
        ("executionRules.0.labelName", "other"),
        ("executionRules.0.conditions", {"other": "x"}),
        ("executionRules.0.conditions", {"errorCode": [1]}),
        ("labels.en", ...),
        ("labels.it", {"actionName": "x"}),
        ("labels.de", {"actionName": "Rechnung", "inputFieldLabels": {"billTo": "An"}}),
        ("labels.en.actionName", ...),
        ("labels.en.inputFieldLabels.dueDate", ...),
        ("labels.en.inputFieldLabels.other", "x"),
        ("labels.en.inputFieldOptionLabels.billTo.other", "x"),
        ("labels.en.actionCardContent", "{{other}}"),
    ],
)
def test_a_definition_that_breaks_the_description_is_refused(hubspot: Caller, path: str, value: Any) -> None:
    definition = copy.deepcopy(GOOD)
    put(definition, path, value)
    assert hubspot.http.post(PATH + KEY, json=definition).status_code == 400
    assert len(hubspot.refusals) == 1


def test_a_registered_action_is_sent_as_it_asks(hubspot: Caller, receiver: Receiver) -> None:
    made = hubspot.http.post(PATH + KEY, json=GOOD).json
    hubspot.http.patch(f"{PATH}/{made['id']}{KEY}", json={"published": True})
    hubspot.control("enroll", {"deal_id": hubspot.story("one-line"), "action": "create-invoice"})
    wait_for(lambda: receiver.received)
    said = receiver.received[0]["json"]
    assert said["origin"]["actionDefinitionId"] == int(made["id"])
    assert said["origin"]["actionDefinitionVersion"] == 2
    assert said["object"]["properties"] == {"dealname": "Fountain for Amy's aviary", "amount": "275"}
