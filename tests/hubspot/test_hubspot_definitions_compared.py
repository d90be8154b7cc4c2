"""What HubSpot answers is compared with what we want; nothing that workflows use may disappear."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from service.actions import FOLDER, list_promises
from service.errors import ConfigError
from service.hubspot.definitions import ActionDefinition, read_definitions
from service.hubspot.registration import ActionPlan, plan_action

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def ours() -> ActionDefinition:
    found = read_definitions(FOLDER, list_promises(), "https://invoice.example.com")
    (definition,) = [each for each in found if each.action == "create-invoice"]
    return definition


def as_hubspot_answers(body: dict[str, Any]) -> dict[str, Any]:
    """The same definition, told as HubSpot tells it: more keys, other orders, numbers for object types."""
    said = copy.deepcopy(body) | {"id": "10646377", "revisionId": "4", "archivedAt": None, "functions": []}
    said["objectTypes"] = ["0-3", "0-14"]
    said["objectRequestOptions"]["properties"].reverse()
    said["supportedClients"] = [{"client": "WORKFLOWS"}]
    for field in said["inputFields"]:
        kind = field["typeDefinition"]
        field["supportedValueTypes"].reverse()
        field["automationFieldType"] = None
        kind |= {"label": None, "description": "", "helpText": None, "schema": None, "useChirp": False}
        kind |= {"externalOptions": "optionsUrl" in kind, "referencedObjectType": None}
        kind["options"] = [
            {**option, "description": "", "doubleData": None, "hidden": False, "readOnly": False}
            for option in reversed(kind["options"])
        ]
    for rule in said["executionRules"]:
        codes = rule["conditions"]["errorCode"]
        rule["conditions"]["errorCode"] = [codes] if isinstance(codes, str) else sorted(codes)
    said["labels"] = {language.upper(): said["labels"][language] for language in reversed(said["labels"])}
    return said


def plan(ours: ActionDefinition, change: Change, *, publish: bool = False) -> ActionPlan:
    """The plan where HubSpot has what `change` makes of ours."""
    registered = as_hubspot_answers(ours.body)
    change(registered)
    return plan_action(ours, [registered], publish=publish)


def the_field(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in definition["inputFields"] if each["typeDefinition"]["name"] == name)


def test_hubspots_way_of_saying_the_same_is_no_difference(ours: ActionDefinition) -> None:
    made = plan(ours, lambda d: None)
    assert (made.step, made.differences, made.changes) == ("nothing", (), {})
    assert (made.definition_id, made.revision_id) == ("10646377", "4")


def test_what_is_missing_is_created_unpublished_and_whole(ours: ActionDefinition) -> None:
    made = plan_action(ours, [])
    assert (made.step, made.changes) == ("create", ours.body)
    assert plan_action(ours, [], publish=True).changes == {**ours.body, "published": True}


def test_publishing_is_a_change_and_unpublishing_never_one(ours: ActionDefinition) -> None:
    made = plan(ours, lambda d: None, publish=True)
    assert (made.step, made.changes) == ("update", {"published": True})
    assert plan(ours, lambda d: d.update(published=True)).step == "nothing"
    assert plan(ours, lambda d: d.update(published=True), publish=True).step == "nothing"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d.update(actionUrl="https://old.example.com/hubspot/actions/create-invoice"), "actionUrl"),
        (lambda d: d["labels"]["DE"].update(actionName="Alt"), "labels.de.actionName"),
        (lambda d: d["labels"].pop("JA"), "labels.ja"),
        (lambda d: d["inputFields"].reverse(), "inputFields (order)"),
        (lambda d: d["inputFields"].remove(the_field(d, "termId")), "inputFields.termId"),
        (lambda d: the_field(d, "termId")["typeDefinition"].update(fieldType="radio"), "inputFields.termId.fieldType"),
        (lambda d: d["outputFields"].pop(), "outputFields.errorMessage"),
        (lambda d: d["executionRules"].pop(0), "executionRules.notConnected"),
        (lambda d: d["executionRules"].reverse(), "executionRules (order)"),
        (lambda d: d["objectRequestOptions"].update(properties=["amount"]), "objectRequestOptions"),
        (
            lambda d: d["inputFieldDependencies"].append(
                {
                    "dependencyType": "SINGLE_FIELD",
                    "controllingFieldName": "realmId",
                    "dependentFieldNames": ["termId"],
                }
            ),
            "inputFieldDependencies",
        ),
    ],
)
def test_only_what_differs_is_sent(ours: ActionDefinition, change: Change, path: str) -> None:
    made = plan(ours, change)
    assert made.step == "update"
    assert path in [each.path for each in made.differences]
    (key,) = made.changes
    assert key == path.partition(".")[0].partition(" ")[0]
    assert made.changes[key] == ours.body[key]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda d: d["inputFields"].append(
                {"isRequired": False, "supportedValueTypes": ["STATIC_VALUE"], "typeDefinition": {"name": "memo"}}
            ),
            "input memo is removed or renamed",
        ),
        (lambda d: the_field(d, "dueDate")["typeDefinition"].update(type="datetime"), "input dueDate changes its type"),
        (
            lambda d: the_field(d, "billToLabel").update(supportedValueTypes=["STATIC_VALUE", "OBJECT_PROPERTY"]),
            "input billToLabel no longer takes OBJECT_PROPERTY",
        ),
        (
            lambda d: the_field(d, "billTo")["typeDefinition"]["options"].append({"value": "owner", "label": "Owner"}),
            "input billTo loses the option owner",
        ),
        (
            lambda d: d["outputFields"].append({"typeDefinition": {"name": "total", "type": "number"}}),
            "output total is removed",
        ),
        (lambda d: d.update(objectTypes=["DEAL", "0-14", "0-1"]), "the action is no longer offered for CONTACT"),
        (lambda d: d.update(objectTypes=[]), "the action is no longer offered for any other object"),
    ],
)
def test_what_workflows_use_may_not_disappear(ours: ActionDefinition, change: Change, reason: str) -> None:
    made = plan(ours, change)
    assert made.step == "refuse"
    assert [each for each in made.breaks if each.startswith(reason)], made.breaks


def test_an_input_may_not_become_required(ours: ActionDefinition) -> None:
    registered = as_hubspot_answers(ours.body)
    the_field(ours.body, "termId")["isRequired"] = True
    (reason,) = plan_action(ours, [registered]).breaks
    assert reason.startswith("input termId becomes required")
    registered["inputFields"].remove(the_field(registered, "termId"))
    (reason,) = plan_action(ours, [registered]).breaks
    assert reason.startswith("input termId is new and required")


def test_ours_is_found_by_address_then_by_its_end_then_by_name(ours: ActionDefinition) -> None:
    exact = as_hubspot_answers(ours.body)
    moved = as_hubspot_answers(ours.body) | {
        "id": "2",
        "actionUrl": "https://old.example/hubspot/actions/create-invoice",
    }
    named = as_hubspot_answers({**ours.body, "labels": {"en": ours.body["labels"]["en"]}})
    named |= {"id": "3", "actionUrl": "https://old.example/run", "labels": {"en": ours.body["labels"]["en"]}}
    other = {"id": "4", "actionUrl": "https://x.example/", "labels": {"en": {"actionName": "Another"}}}
    assert plan_action(ours, [other, named, moved, exact]).definition_id == "10646377"
    assert plan_action(ours, [other, named, moved]).definition_id == "2"
    assert plan_action(ours, [other, named]).definition_id == "3"
    assert plan_action(ours, [other]).definition_id is None
    with pytest.raises(ConfigError, match=r"several registered actions could be create-invoice \(2 at .*; 5 at"):
        plan_action(ours, [moved, {**moved, "id": "5"}])


def test_functions_that_are_not_ours_are_told(ours: ActionDefinition) -> None:
    made = plan(ours, lambda d: d.update(functions=[{"functionType": "PRE_ACTION_EXECUTION", "id": "1"}]))
    assert (made.step, made.functions) == ("nothing", ("PRE_ACTION_EXECUTION",))
