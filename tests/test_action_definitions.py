"""The definition HubSpot shows, the schema that reads it and the outputs we send say the same, for every action."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import CannotInvoice
from service.invoicing.actions import ACTIONS, ALWAYS, all_refusals
from service.invoicing.invoice import OUTPUT_NAMES
from service.workflows.actions import work_of

FOLDER = Path(__file__).parent.parent / "action_definitions"
every_action = pytest.mark.parametrize("action", ACTIONS)


def definition(action: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{action}.json").read_text())
    return found


def test_every_action_has_its_definition() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ACTIONS)


@every_action
def test_every_action_has_its_workflow(action: str) -> None:
    assert list(inspect.signature(work_of(action)).parameters) == ["services", "callback"]


@every_action
def test_inputs_are_those_the_schema_reads(action: str) -> None:
    named = [field["typeDefinition"]["name"] for field in definition(action)["inputFields"]]
    assert sorted(named) == sorted(str(field.data_key) for field in ACTIONS[action].schema().fields.values())


# Product page: every input that can come from a property may. What cannot, and why:
FIXED = {
    "billToLabel": "the number that HubSpot gave an association label of this portal, which no property holds",
}


@every_action
def test_every_input_may_come_from_a_property(action: str) -> None:
    for field in definition(action)["inputFields"]:
        name = field["typeDefinition"]["name"]
        may = ["STATIC_VALUE"] if name in FIXED else ["STATIC_VALUE", "OBJECT_PROPERTY"]
        assert field["supportedValueTypes"] == may, name


@every_action
def test_no_dropdown_waits_for_another_input(action: str) -> None:
    """SINGLE_FIELD greys an input out until the other has a value: a portal with one company chooses none."""
    assert definition(action)["inputFieldDependencies"] == []


@every_action
def test_outputs_are_those_we_send(action: str) -> None:
    named = [field["typeDefinition"]["name"] for field in definition(action)["outputFields"]]
    assert sorted(named) == sorted(ACTIONS[action].outputs)
    assert set(named) >= {"errorCode", "errorMessage"}


def test_create_invoice_has_the_outputs_it_always_had() -> None:
    assert ACTIONS["create-invoice"].outputs == OUTPUT_NAMES


@every_action
def test_every_error_code_has_an_execution_rule(action: str) -> None:
    told: list[str] = []
    for rule in definition(action)["executionRules"]:
        codes = rule["conditions"]["errorCode"]
        told += [codes] if isinstance(codes, str) else codes
    assert sorted(told) == sorted(ACTIONS[action].error_codes)


def test_every_reason_belongs_to_an_action() -> None:
    known = ALWAYS.union(*(each.refusals for each in ACTIONS.values()))
    assert all_refusals() - known == set()
    assert CannotInvoice in ALWAYS


@every_action
def test_everything_has_its_label_in_every_language(action: str) -> None:
    made = definition(action)
    names = {field["typeDefinition"]["name"] for field in made["inputFields"]}
    assert tuple(made["labels"]) == ("en", "fr", "de", "ja", "es", "pt-br", "nl")
    for labels in made["labels"].values():
        assert set(labels["inputFieldLabels"]) == set(labels["inputFieldDescriptions"]) == names
        assert set(labels["outputFieldLabels"]) == set(ACTIONS[action].outputs)
        assert set(labels["executionRules"]) == {rule["labelName"] for rule in made["executionRules"]}


@every_action
def test_no_language_was_left_in_english(action: str) -> None:
    labels = definition(action)["labels"]
    english = list(texts(labels["en"]))
    for language in set(labels) - {"en"}:
        alike = [text for text, same in zip(texts(labels[language]), english, strict=True) if text == same]
        assert alike == [], language


@every_action
def test_every_language_shows_the_same_values(action: str) -> None:
    labels = definition(action)["labels"]
    for language in labels:
        for text, english in zip(texts(labels[language]), texts(labels["en"]), strict=True):
            assert re.findall(r"{{ ?(\w+) ?}}", text) == re.findall(r"{{ ?(\w+) ?}}", english), text


def texts(labels: Any) -> Iterator[str]:
    """Every text of a language, in the order of its keys."""
    if isinstance(labels, str):
        yield labels
    else:
        for key in sorted(labels):
            yield from texts(labels[key])
