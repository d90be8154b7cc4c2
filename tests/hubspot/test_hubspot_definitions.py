"""The definitions' files are read strictly, and every promise they must agree with is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.actions import FOLDER, list_promises
from service.errors import ConfigError
from service.hubspot.definition_schemas import LANGUAGES
from service.hubspot.definitions import read_definitions

URL = "https://invoice.example.com"
Change = Callable[[dict[str, Any]], Any]


OURS = {"create-invoice": list_promises()["create-invoice"]}


def field(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in definition["inputFields"] if each["typeDefinition"]["name"] == name)


def place(definition: dict[str, Any], name: str, number: int) -> dict[str, Any]:
    """An input, moved to where its problems are told by number."""
    found = field(definition, name)
    definition["inputFields"].remove(found)
    definition["inputFields"].insert(number, found)
    return found


def rule(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in definition["executionRules"] if each["labelName"] == name)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Change], list[str]]:
    """Read a copy of our definition after a change; answers all problems."""

    def read_changed(change: Change) -> list[str]:
        definition = json.loads((FOLDER / "create-invoice.json").read_text())
        change(definition)
        (tmp_path / "create-invoice.json").write_text(json.dumps(definition))
        try:
            read_definitions(tmp_path, OURS, URL)
        except ConfigError as error:
            return error.problems
        return []

    return read_changed


def test_ours_are_complete_and_have_the_services_address() -> None:
    found = {each.action: each for each in read_definitions(FOLDER, list_promises(), URL)}
    assert set(found) == set(list_promises())
    assert "{PUBLIC_URL}" not in json.dumps([each.body for each in found.values()])
    ours = found["create-invoice"]
    assert ours.body["actionUrl"] == f"{URL}/hubspot/actions/create-invoice"
    urls = [each["typeDefinition"].get("optionsUrl") for each in ours.body["inputFields"]]
    assert {url for url in urls if url} >= {f"{URL}/hubspot/options/companies", f"{URL}/hubspot/options/terms"}
    assert tuple(ours.body["labels"]) == LANGUAGES


# One case for each check: what is altered in a copy of the file, and the problem that must be named.
CASES: list[tuple[Change, str]] = [
    # Shape
    (lambda d: d.update(isPublished=True), "isPublished: unknown field"),
    (lambda d: d.update(published=True), "published: must be equal to false"),
    (lambda d: d.update(functions=[{"functionType": "PRE_ACTION_EXECUTION"}]), "functions: length must be 0"),
    (lambda d: d.update(archivedAt=1), "archivedAt: must be equal to none"),
    (lambda d: d.pop("executionRules"), "executionRules: missing data for required field"),
    (lambda d: field(d, "billTo").update(isRequired="no"), "inputFields.1.isRequired: not a valid boolean"),
    (lambda d: field(d, "billTo")["typeDefinition"].update(type="ENUMERATION"), "inputFields.1.typeDefinition.type"),
    (lambda d: field(d, "billTo")["typeDefinition"].update(fieldType="list"), "inputFields.1.typeDefinition.fieldType"),
    (lambda d: field(d, "billTo")["typeDefinition"].pop("options"), "inputFields.1.typeDefinition.options: missing"),
    (lambda d: field(d, "billTo")["typeDefinition"].update(help="x"), "inputFields.1.typeDefinition.help: unknown"),
    (lambda d: place(d, "dueDate", 1).update(supportedValueTypes=["ANY"]), "inputFields.1.supportedValueTypes.0"),
    (lambda d: place(d, "dueDate", 1).update(supportedValueTypes=[]), "inputFields.1.supportedValueTypes: shorter"),
    (lambda d: d["executionRules"][0].update(conditions={"errorCode": [1]}), "executionRules.0.conditions.errorCode"),
    (lambda d: d["labels"]["de"].update(actionName=" "), "labels.de.actionName: must not be empty"),
    (lambda d: d["labels"].update(it=d["labels"]["en"]), "labels.it: must be one of en, fr, de, ja, es, pt-br, nl"),
    (lambda d: d["labels"]["ja"]["inputFieldLabels"].update(termId=""), "labels.ja.inputFieldLabels.termId"),
    # Addresses
    (lambda d: d.update(actionUrl="https://x.example/hubspot/actions/create-invoice"), "actionUrl: must be {PUBLIC_U"),
    (lambda d: d.update(actionUrl="{PUBLIC_URL}/hubspot/actions/other"), "actionUrl: must be {PUBLIC_URL}/hubspot/act"),
    (lambda d: field(d, "termId")["typeDefinition"].update(optionsUrl="/terms"), "inputFields.termId.optionsUrl: must"),
    # Properties
    (lambda d: d["objectRequestOptions"]["properties"].append("dealnam"), "DEAL has no property dealnam"),
    (lambda d: d["objectRequestOptions"]["properties"].append("qbo_total"), "DEAL has no property qbo_total"),
    (lambda d: d.update(objectTypes=["UNICORN"]), "objectTypes: UNICORN is not among"),
    # Inputs are those the action reads, with the values it takes
    (lambda d: d["inputFields"].remove(field(d, "termId")), "inputFields: termId is missing (the action's inputs"),
    (lambda d: field(d, "termId")["typeDefinition"].update(name="terms"), "inputFields: terms is not among the action"),
    (lambda d: d["inputFields"].append(field(d, "dueDate")), "inputFields: dueDate is there 2 times"),
    (
        lambda d: field(d, "billTo")["typeDefinition"]["options"].pop(1),
        "inputFields.billTo.options: primary_company is",
    ),
    (
        lambda d: field(d, "billTo")["typeDefinition"]["options"].append({"value": "nobody", "label": "Nobody"}),
        "inputFields.billTo.options: nobody is not among the values the action takes",
    ),
    (
        lambda d: field(d, "billTo")["typeDefinition"]["options"][0].update(label="Contact"),
        "inputFields.billTo.options.primary_contact: the label is not the one of labels.en",
    ),
    (lambda d: field(d, "termId")["typeDefinition"].pop("optionsUrl"), "inputFields.termId: options or an optionsUrl"),
    (lambda d: field(d, "dueDate")["typeDefinition"].update(type="enumeration"), "inputFields.dueDate: options or an"),
    # Dependencies
    (
        lambda d: d["inputFieldDependencies"].append(
            {"dependencyType": "SINGLE_FIELD", "controllingFieldName": "x", "dependentFieldNames": ["termId"]}
        ),
        "inputFieldDependencies.0: there is no input x",
    ),
    (
        lambda d: d["inputFieldDependencies"].append(
            {"dependencyType": "SINGLE_FIELD", "controllingFieldName": "termId", "dependentFieldNames": ["termId"]}
        ),
        "inputFieldDependencies.0: termId depends on itself",
    ),
    (
        lambda d: d["inputFieldDependencies"].append(
            {
                "dependencyType": "CONDITIONAL_SINGLE_FIELD",
                "controllingFieldName": "billTo",
                "dependentFieldNames": ["termId"],
            }
        ),
        "inputFieldDependencies.0: controllingFieldValue goes with",
    ),
    # Outputs and error codes
    (lambda d: d["outputFields"].pop(0), "outputFields: invoiceId is missing (the action's outputs"),
    (lambda d: d["outputFields"][0]["typeDefinition"].update(name="id"), "outputFields: id is not among"),
    (lambda d: rule(d, "deal").update(conditions={"errorCode": "X"}), "executionRules: DEAL_NOT_FOUND is missing"),
    (lambda d: rule(d, "deal").update(conditions={"errorCode": "X"}), "executionRules: X is not among the error codes"),
    (lambda d: rule(d, "deal")["conditions"].update(other="x"), "executionRules.deal: there is no output other"),
    (
        lambda d: rule(d, "service")["conditions"]["errorCode"].append("DEAL_NOT_FOUND"),
        "executionRules: DEAL_NOT_FOUND is there 2 times",
    ),
    (lambda d: d["executionRules"].append(rule(d, "deal")), "executionRules: deal is there 2 times"),
    # Mentions
    (
        lambda d: d["labels"]["nl"].update(actionCardContent="Factuur voor {{klant}}"),
        "labels.nl.actionCardContent: mentions klant, which is no input",
    ),
    (
        lambda d: d["labels"]["es"]["executionRules"].update(deal="{{ mensaje }}"),
        "labels.es.executionRules.deal: mentions mensaje, which is no output",
    ),
]


@pytest.mark.parametrize(("change", "problem"), CASES, ids=[problem[:60] for _, problem in CASES])
def test_an_altered_copy_is_refused(read: Callable[[Change], list[str]], change: Change, problem: str) -> None:
    found = read(change)
    assert [each for each in found if problem in each], found
    assert all("/create-invoice.json: " in each for each in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_its_label_in_every_language(read: Callable[[Change], list[str]], language: str) -> None:
    assert [p for p in read(lambda d: d["labels"].pop(language)) if f"labels: {language} is missing" in p]
    for table, name in (
        ("inputFieldLabels", "termId"),
        ("inputFieldDescriptions", "dueDate"),
        ("inputFieldOptionLabels", "billTo"),
        ("outputFieldLabels", "invoiceLink"),
        ("executionRules", "refused"),
    ):
        (problem,) = read(lambda d, table=table, name=name: d["labels"][language][table].pop(name))
        assert f"labels.{language}.{table}: {name} is missing" in problem
        (problem,) = read(
            lambda d, table=table: d["labels"][language][table].update(
                other={"x": "x"} if table == "inputFieldOptionLabels" else "x"
            )
        )
        assert f"labels.{language}.{table}: other is not among" in problem
    (problem,) = read(lambda d: d["labels"][language]["inputFieldOptionLabels"]["billTo"].pop("primary_contact"))
    assert f"labels.{language}.inputFieldOptionLabels.billTo: primary_contact is missing" in problem


def test_all_problems_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    definition = json.loads((FOLDER / "create-invoice.json").read_text())
    definition["actionUrl"] = "x"
    del definition["labels"]["fr"]["inputFieldLabels"]["billTo"]
    (tmp_path / "create-invoice.json").write_text(json.dumps(definition))
    (tmp_path / "create-estimate.json").write_text("{}")
    (tmp_path / "broken.json").write_text('{"a": 1, "a": 2}')
    with pytest.raises(ConfigError) as raised:
        read_definitions(tmp_path, OURS | {"void-invoice": OURS["create-invoice"]}, URL)
    named = [problem.removeprefix(f"{tmp_path.name}/").split(".json")[0] for problem in raised.value.problems]
    assert named == ["void-invoice", "broken", "create-estimate", "create-invoice", "create-invoice"]
