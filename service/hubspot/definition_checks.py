"""Whether a definition agrees with itself and with what the service promises.

Shapes are known to be right here (`definition_schemas`). Every check answers all it finds, as
`path: what is wrong`, so that an operator repairs a file in one go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.hubspot.deals import STANDARD_PROPERTIES
from service.hubspot.definition_schemas import LANGUAGES
from service.hubspot.properties import DEAL_PROPERTIES

PUBLIC_URL = "{PUBLIC_URL}"
_MENTION = re.compile(r"{{\s*(\w+)\s*}}")
# What a workflow of each kind can send along; other kinds have no properties that we know.
_PROPERTIES = {"DEAL": STANDARD_PROPERTIES | {each.name for each in DEAL_PROPERTIES}}


@dataclass(frozen=True, slots=True)
class Promise:
    """What the service does for an action: the inputs it reads, the outputs and error codes it gives.

    `inputs`: name to the values it takes, None where any text may come. `error_codes`: all that
    `errorCode` can be. `object_types`: what a workflow with it may run on.
    """

    inputs: Mapping[str, frozenset[str] | None]
    outputs: Collection[str]
    error_codes: Collection[str]
    object_types: Collection[str] = ("DEAL",)


def check_definition(action: str, definition: Mapping[str, Any], promise: Promise) -> list[str]:
    """All that does not agree, in the order of the file; empty when everything does."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _check_addresses(action, definition),
        lambda: _compare("objectTypes", definition["objectTypes"], promise.object_types, "the action's object types"),
        lambda: _check_properties(definition),
        lambda: _check_inputs(definition["inputFields"], promise),
        lambda: _check_dependencies(definition),
        lambda: _check_outputs(definition["outputFields"], promise),
        lambda: _check_rules(definition, promise),
        lambda: _check_labels(definition),
    )
    return [problem for check in checks for problem in check()]


def _check_addresses(action: str, definition: Mapping[str, Any]) -> Iterator[str]:
    wanted = f"{PUBLIC_URL}/hubspot/actions/{action}"
    if definition["actionUrl"] != wanted:
        yield f"actionUrl: must be {wanted}, after the file's name"
    for name, kind in _types(definition["inputFields"]):
        url = kind.get("optionsUrl")
        if url is not None and not re.fullmatch(re.escape(PUBLIC_URL) + r"/hubspot/options/[a-z-]+", url):
            yield f"inputFields.{name}.optionsUrl: must be {PUBLIC_URL}/hubspot/options/ and a field"


def _check_properties(definition: Mapping[str, Any]) -> Iterator[str]:
    asked = definition["objectRequestOptions"]["properties"]
    for object_type in definition["objectTypes"]:
        for name in asked:
            if name not in _PROPERTIES.get(object_type, ()):
                yield f"objectRequestOptions.properties: {object_type} has no property {name}"


def _check_inputs(inputs: list[dict[str, Any]], promise: Promise) -> Iterator[str]:
    yield from _compare("inputFields", [name for name, _ in _types(inputs)], promise.inputs, "the action's inputs")
    for name, kind in _types(inputs):
        options = [option["value"] for option in kind["options"]]
        chosen = bool(options or kind.get("optionsUrl") or kind.get("referencedObjectType"))
        if (kind["type"] == "enumeration") != chosen:
            yield f"inputFields.{name}: options or an optionsUrl go with the type enumeration, and only with it"
        values = promise.inputs.get(name)
        if options or values is not None:
            yield from _compare(f"inputFields.{name}.options", options, values or (), "the values the action takes")


def _check_dependencies(definition: Mapping[str, Any]) -> Iterator[str]:
    inputs = dict(_types(definition["inputFields"]))
    for place, dependency in enumerate(definition["inputFieldDependencies"]):
        path, controlling = f"inputFieldDependencies.{place}", dependency["controllingFieldName"]
        for name in (controlling, *dependency["dependentFieldNames"]):
            if name not in inputs:
                yield f"{path}: there is no input {name}"
        if controlling in dependency["dependentFieldNames"]:
            yield f"{path}: {controlling} depends on itself"
        if (dependency["dependencyType"] == "CONDITIONAL_SINGLE_FIELD") != ("controllingFieldValue" in dependency):
            yield f"{path}: controllingFieldValue goes with CONDITIONAL_SINGLE_FIELD, and only with it"


def _check_outputs(outputs: list[dict[str, Any]], promise: Promise) -> Iterator[str]:
    yield from _compare("outputFields", [name for name, _ in _types(outputs)], promise.outputs, "the action's outputs")


def _check_rules(definition: Mapping[str, Any], promise: Promise) -> Iterator[str]:
    outputs = dict(_types(definition["outputFields"]))
    told: list[str] = []
    for rule in definition["executionRules"]:
        for output in rule["conditions"]:
            if output not in outputs:
                yield f"executionRules.{rule['labelName']}: there is no output {output}"
        codes = rule["conditions"].get("errorCode", [])
        told += [codes] if isinstance(codes, str) else codes
    yield from _compare("executionRules", told, promise.error_codes, "the error codes of service/errors.py")
    yield from _repeated("executionRules", [rule["labelName"] for rule in definition["executionRules"]])


def _check_labels(definition: Mapping[str, Any]) -> Iterator[str]:
    inputs, outputs = dict(_types(definition["inputFields"])), dict(_types(definition["outputFields"]))
    rules = {rule["labelName"] for rule in definition["executionRules"]}
    options = {name: [each["value"] for each in kind["options"]] for name, kind in inputs.items() if kind["options"]}
    labels = definition["labels"]
    yield from _compare("labels", labels, LANGUAGES, "the languages of the service")
    english = labels.get("en", {}).get("inputFieldOptionLabels", {})
    for name, kind in inputs.items():
        for option in kind["options"]:
            if option["label"] != english.get(name, {}).get(option["value"], option["label"]):
                yield f"inputFields.{name}.options.{option['value']}: the label is not the one of labels.en"
    for language, said in labels.items():
        path = f"labels.{language}"
        for key in ("inputFieldLabels", "inputFieldDescriptions"):
            yield from _compare(f"{path}.{key}", said[key], inputs, "the inputs")
        yield from _compare(f"{path}.inputFieldOptionLabels", said["inputFieldOptionLabels"], options, "the dropdowns")
        for name, values in options.items():
            shown = said["inputFieldOptionLabels"].get(name, dict.fromkeys(values))
            yield from _compare(f"{path}.inputFieldOptionLabels.{name}", shown, values, "the options")
        yield from _compare(f"{path}.outputFieldLabels", said["outputFieldLabels"], outputs, "the outputs")
        yield from _compare(f"{path}.executionRules", said["executionRules"], rules, "the execution rules")
        yield from _check_mentions(f"{path}.actionCardContent", said["actionCardContent"], inputs, "input")
        for name, text in said["executionRules"].items():
            yield from _check_mentions(f"{path}.executionRules.{name}", text, outputs, "output")


def _check_mentions(path: str, text: str, known: Collection[str], what: str) -> Iterator[str]:
    """Names between double braces, which HubSpot replaces by values."""
    for name in _MENTION.findall(text):
        if name not in known:
            yield f"{path}: mentions {name}, which is no {what}"


def _types(listed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and type definition of each field."""
    return ((field["typeDefinition"]["name"], field["typeDefinition"]) for field in listed)


def _compare(path: str, given: Iterable[str], wanted: Collection[str], what: str) -> Iterator[str]:
    """The names of one place must be those of another, each once."""
    listed = list(given)
    yield from _repeated(path, listed)
    for name in wanted:
        if name not in listed:
            yield f"{path}: {name} is missing ({what} have it)"
    for name in dict.fromkeys(listed):
        if name not in wanted:
            yield f"{path}: {name} is not among {what}"


def _repeated(path: str, names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{path}: {name} is there {names.count(name)} times"
