"""The definition HubSpot shows, the schema that reads it and the outputs we send say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service import errors
from service.app import ACTIONS
from service.invoicing.inputs import CreateInvoiceSchema
from service.invoicing.invoice import OUTPUT_NAMES

FOLDER = Path(__file__).parent.parent / "action_definitions"


def definition() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "create-invoice.json").read_text())
    return found


def test_every_action_has_its_definition() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == ACTIONS


def test_inputs_are_those_the_schema_reads() -> None:
    named = [field["typeDefinition"]["name"] for field in definition()["inputFields"]]
    assert sorted(named) == sorted(str(field.data_key) for field in CreateInvoiceSchema().fields.values())


def test_outputs_are_those_we_send() -> None:
    assert tuple(field["typeDefinition"]["name"] for field in definition()["outputFields"]) == OUTPUT_NAMES


def test_every_error_code_has_an_execution_rule() -> None:
    told: set[str] = set()
    for rule in definition()["executionRules"]:
        codes = rule["conditions"]["errorCode"]
        told |= {codes} if isinstance(codes, str) else set(codes)
    leaves = {errors.CannotInvoice.code, *(leaf.code for leaf in errors.CannotInvoice.__subclasses__())}
    assert told == leaves


def test_everything_has_its_label_in_every_language() -> None:
    made = definition()
    names = {field["typeDefinition"]["name"] for field in made["inputFields"]}
    assert tuple(made["labels"]) == ("en", "fr", "de", "ja", "es", "pt-br", "nl")
    for labels in made["labels"].values():
        assert set(labels["inputFieldLabels"]) == set(labels["inputFieldDescriptions"]) == names
        assert set(labels["outputFieldLabels"]) == set(OUTPUT_NAMES)
        assert set(labels["executionRules"]) == {rule["labelName"] for rule in made["executionRules"]}


def test_no_language_was_left_in_english() -> None:
    labels = definition()["labels"]
    english = list(texts(labels["en"]))
    for language in set(labels) - {"en"}:
        alike = [text for text, same in zip(texts(labels[language]), english, strict=True) if text == same]
        assert alike == [], language


def test_every_language_shows_the_same_values() -> None:
    labels = definition()["labels"]
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
