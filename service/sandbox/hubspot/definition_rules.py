"""What a workflow action's definition must look like. Contract 1.3."""

from __future__ import annotations

import re
from typing import Any

from service.sandbox.hubspot.object_types import find_type
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import bad_input

KEYS: dict[str, type] = {
    "actionUrl": str, "published": bool, "archivedAt": object, "objectTypes": list, "objectRequestOptions": dict,
    "inputFields": list, "inputFieldDependencies": list, "outputFields": list, "executionRules": list,
    "labels": dict, "functions": list,
}  # fmt: skip
REQUIRED = ("actionUrl", "functions", "inputFields", "labels", "objectTypes", "published")
PATCHABLE = {key: kind for key, kind in KEYS.items() if key not in ("functions", "archivedAt")}
INPUT_TYPES = {
    "bool", "date", "datetime", "enumeration", "json", "number", "object_coordinates", "phone_number", "string",
}  # fmt: skip
OUTPUT_TYPES = INPUT_TYPES | {"currency_number"}
FIELD_TYPES = {
    "booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number", "phonenumber", "radio",
    "select", "text", "textarea",
}  # fmt: skip
VALUE_TYPES = {"STATIC_VALUE", "OBJECT_PROPERTY"}
LANGUAGES = {"en", "fr", "de", "ja", "es", "pt-br", "nl"}
FIELD: dict[str, type] = {
    "name": str, "type": str, "fieldType": str, "options": list, "optionsUrl": str, "referencedObjectType": str,
    "label": str, "description": str, "helpText": str, "externalOptions": bool, "externalOptionsReferenceType": str,
    "schema": object, "useChirp": bool,
}  # fmt: skip
LABELS: dict[str, type] = {
    "actionName": str, "actionDescription": str, "actionCardContent": str, "appDisplayName": str,
    "inputFieldLabels": dict, "inputFieldDescriptions": dict, "inputFieldOptionLabels": dict,
    "outputFieldLabels": dict, "executionRules": dict,
}  # fmt: skip
OPTION: dict[str, type] = {
    "label": str, "value": str, "description": str, "displayOrder": int, "hidden": bool, "doubleData": object,
    "readOnly": bool,
}  # fmt: skip
DEPENDENCY: dict[str, type] = {
    "dependencyType": str, "controllingFieldName": str, "dependentFieldNames": list, "controllingFieldValue": str,
}  # fmt: skip
FUNCTION_TYPES = {"PRE_ACTION_EXECUTION", "POST_ACTION_EXECUTION", "PRE_FETCH_OPTIONS", "POST_FETCH_OPTIONS"}


def check_definition(body: Any) -> None:
    """The whole definition. Raises Refusal 400 with the first thing wrong."""
    check_keys(body, KEYS, "definition")
    missing = [key for key in REQUIRED if key not in body]
    _need(not missing, f"definition needs {', '.join(missing)}")
    _check_url(body["actionUrl"])
    for name in body["objectTypes"]:
        _need(isinstance(name, str) and find_type(name) is not None, f"objectTypes {name!r}")
    check_keys(body.get("objectRequestOptions", {}), {"properties": list}, "objectRequestOptions")
    inputs = {field["name"]: field for field in map(_check_input, body["inputFields"])}
    _need(len(inputs) == len(body["inputFields"]), "two inputs with one name")
    outputs = [_check_output(field) for field in body.get("outputFields", [])]
    _need(len(set(outputs)) == len(outputs), "two outputs with one name")
    for dependency in body.get("inputFieldDependencies", []):
        _check_dependency(dependency, inputs)
    rules = [_check_rule(rule, outputs) for rule in body.get("executionRules", [])]
    _check_labels(body["labels"], inputs, outputs, rules)
    for function in body["functions"]:
        check_keys(function, {"functionType": str, "functionSource": str, "id": str}, "function")
        _need(function.get("functionType") in FUNCTION_TYPES, f"functionType {function.get('functionType')}")


def _need(right: bool, message: str) -> None:
    if not right:
        raise bad_input(message)


def _check_url(url: str) -> None:
    _need(re.match(r"https://[^/\s]+\.|http://(127\.0\.0\.1|localhost)[:/]", url) is not None, f"actionUrl {url}")


def _check_input(field: Any) -> dict[str, Any]:
    wanted = {"isRequired": bool, "supportedValueTypes": list, "typeDefinition": dict, "automationFieldType": str}
    check_keys(field, wanted, "inputField")
    kind: dict[str, Any] = field.get("typeDefinition", {})
    check_keys(kind, FIELD, "typeDefinition")
    for key in ("name", "type", "options"):
        _need(key in kind, f"typeDefinition {kind.get('name')} needs {key}")
    name = kind["name"]
    _need(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None, f"input name {name!r}")
    _need("isRequired" in field, f"input {name} needs isRequired")
    values = field.get("supportedValueTypes", [])
    _need(bool(values) and set(values) <= VALUE_TYPES, f"input {name}: supportedValueTypes {values}")
    _check_kind(kind, INPUT_TYPES)
    for option in kind["options"]:
        check_keys(option, OPTION, f"option of {name}")
        _need("label" in option and "value" in option, f"option of {name} needs label and value")
    referenced = kind.get("referencedObjectType")
    _need(referenced in (None, "OWNER"), f"input {name}: referencedObjectType {referenced}")
    chosen = kind["options"] or kind.get("optionsUrl") or referenced
    _need((kind["type"] == "enumeration") == bool(chosen), f"input {name}: options go with enumerations")
    if "optionsUrl" in kind:
        _check_url(kind["optionsUrl"])
    return kind


def _check_output(field: Any) -> str:
    check_keys(field, {"typeDefinition": dict}, "outputField")
    kind = field.get("typeDefinition", {})
    check_keys(kind, FIELD, "typeDefinition")
    _need("name" in kind and "type" in kind, "output needs name and type")
    _check_kind(kind, OUTPUT_TYPES)
    return str(kind["name"])


def _check_kind(kind: dict[str, Any], types: set[str]) -> None:
    _need(kind["type"] in types, f"{kind['name']}: type {kind['type']}")
    _need(kind.get("fieldType", "text") in FIELD_TYPES, f"{kind['name']}: fieldType {kind.get('fieldType')}")


def _check_dependency(dependency: Any, inputs: dict[str, dict[str, Any]]) -> None:
    check_keys(dependency, DEPENDENCY, "inputFieldDependency")
    kind, controlling = dependency.get("dependencyType"), dependency.get("controllingFieldName")
    _need(kind in ("SINGLE_FIELD", "CONDITIONAL_SINGLE_FIELD"), f"dependencyType {kind}")
    dependents = dependency.get("dependentFieldNames", [])
    for name in [controlling, *dependents]:
        _need(name in inputs, f"dependency on input {name}")
    _need(bool(dependents) and controlling not in dependents, f"dependents of {controlling}")
    if kind == "CONDITIONAL_SINGLE_FIELD":
        value, options = dependency.get("controllingFieldValue"), inputs[controlling]["options"]
        known = not options or value in [option["value"] for option in options]
        _need(value is not None and known, f"controllingFieldValue {value} of {controlling}")


def _check_rule(rule: Any, outputs: list[str]) -> str:
    check_keys(rule, {"labelName": str, "conditions": dict}, "executionRule")
    _need("labelName" in rule and bool(rule.get("conditions")), "executionRule needs labelName and conditions")
    for name, value in rule["conditions"].items():
        _need(name in outputs, f"executionRule {rule['labelName']}: output {name}")
        values = value if isinstance(value, list) else [value]
        _need(bool(values) and all(isinstance(each, str) for each in values), f"condition on {name}: {value}")
    return str(rule["labelName"])


def _check_labels(
    labels: dict[str, Any], inputs: dict[str, dict[str, Any]], outputs: list[str], rules: list[str]
) -> None:
    _need("en" in labels and set(labels) <= LANGUAGES, f"labels in {sorted(labels)}")
    for language, said in labels.items():
        where = f"labels.{language}"
        check_keys(said, LABELS, where)
        _need(bool(said.get("actionName")), f"{where} needs actionName")
        shown = said.get("inputFieldLabels", {})
        _need(set(shown) == set(inputs), f"{where}.inputFieldLabels {sorted(set(shown) ^ set(inputs))}")
        for key, known in (("inputFieldDescriptions", set(inputs)), ("outputFieldLabels", set(outputs))):
            unknown = set(said.get(key, {})) - known
            _need(not unknown, f"{where}.{key} of unknown {sorted(unknown)}")
        for name, options in said.get("inputFieldOptionLabels", {}).items():
            _need(name in inputs, f"{where}.inputFieldOptionLabels of unknown {name}")
            unknown = set(options) - {option["value"] for option in inputs[name]["options"]}
            _need(not unknown, f"{where}.inputFieldOptionLabels.{name} {sorted(unknown)}")
        missing = set(rules) - set(said.get("executionRules", {}))
        _need(not missing, f"{where}.executionRules {sorted(missing)}")
        for mentioned in re.findall(r"{{\s*(\w+)\s*}}", said.get("actionCardContent", "")):
            _need(mentioned in inputs, f"{where}.actionCardContent mentions {mentioned}")
        for text in said.get("executionRules", {}).values():
            for mentioned in re.findall(r"{{\s*(\w+)\s*}}", text):
                _need(mentioned in outputs, f"{where}.executionRules mention {mentioned}")
