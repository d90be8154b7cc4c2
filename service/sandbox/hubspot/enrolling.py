"""Starting a workflow action for an object: the callback's id and body as HubSpot sends them. Contract 1.6."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service.sandbox.hubspot.callbacks import Callback
from service.sandbox.hubspot.deliveries import deliver
from service.sandbox.hubspot.moments import day_milliseconds, milliseconds, parse_stamp, stamp
from service.sandbox.hubspot.object_types import ObjectType
from service.sandbox.hubspot.portal import Portal
from service.sandbox.hubspot.tokens import APP_ID

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

BY_HAND = 555000111  # the workflow a single action started by hand is said to be in
_RUNS = uuid.UUID("8d9f6e1c-3b5a-4c0e-9a52-5d1f2f0b7c11")


def enroll(
    hubspot: HubSpot,
    portal: Portal,
    object_type: ObjectType,
    object_id: str,
    action: str,
    inputs: dict[str, Any],
    *,
    test_run: bool = False,
    workflow_id: int = BY_HAND,
    enrollment_id: int | None = None,
    action_id: int = 1,
    outputs: dict[str, str] | None = None,
    when_ended: Callable[[Callback], None] | None = None,
) -> Callback:
    """Make a callback and send it. The caller holds HubSpot's lock."""
    number = next(hubspot.enrollments) if enrollment_id is None else enrollment_id
    values = input_values(portal, object_type, object_id, inputs, outputs or {})
    if test_run:
        # Contract 1.6: an editor test run has a plain UUID.
        callback_id = str(uuid.uuid5(_RUNS, f"{portal.id}-{number}"))
    else:
        callback_id = f"ap-{portal.id}-{number}-{action_id}-0"
    said = _body(hubspot, portal, object_type, object_id, action, values, test_run, workflow_id, number, action_id)
    callback = Callback(
        callback_id,
        portal.id,
        object_type.title,
        object_id,
        action,
        values,
        f"{hubspot.settings.actions_url}/hubspot/actions/{action}",
        encode({"callbackId": callback_id, **said}),
        stamp(hubspot.clock.now()),
        test_run=test_run,
        workflow_id=None if test_run else workflow_id,
        enrollment_id=None if test_run else number,
        when_ended=when_ended,
    )
    hubspot.callbacks.add(callback)
    deliver(hubspot, callback)
    return callback


def encode(said: Any) -> bytes:
    """JSON as HubSpot sends it: no spaces, UTF-8 not escaped."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def changed_body(callback: Callback, inputs: dict[str, str]) -> bytes:
    """The callback's body with other inputs: a second delivery that differs from the first."""
    said = json.loads(callback.body)
    said["inputFields"] = said["fields"] = inputs
    if "typedInputs" in said:
        said["typedInputs"] = _typed(inputs)
    return encode(said)


def input_values(
    portal: Portal, object_type: ObjectType, object_id: str, inputs: dict[str, Any], outputs: dict[str, str]
) -> dict[str, str]:
    """The inputs as sent: a text as it is, {"property": name} and {"output": name} as their values.

    All are strings; an empty one is absent. Contract 1.6: dates are epoch milliseconds.
    """
    values: dict[str, str] = {}
    for name, given in inputs.items():
        if isinstance(given, dict):
            value = outputs.get(given.get("output", "")) or _property(portal, object_type, object_id, given)
        else:
            value = given
        if value not in (None, ""):
            values[name] = str(value)
    return values


def _property(portal: Portal, object_type: ObjectType, object_id: str, given: dict[str, str]) -> str | None:
    known = portal.find(object_type, object_id)
    name = given.get("property", "")
    value = known.properties.get(name) if known else None
    definition = portal.definition(object_type, name)
    if not value or definition is None:
        return None
    if definition.type == "date":
        return day_milliseconds(value)
    return str(milliseconds(parse_stamp(value))) if definition.type == "datetime" else value


def _typed(values: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value, "type": "STRING"} for name, value in values.items()}


def _body(
    hubspot: HubSpot,
    portal: Portal,
    object_type: ObjectType,
    object_id: str,
    action: str,
    values: dict[str, str],
    test_run: bool,
    workflow_id: int,
    number: int,
    action_id: int,
) -> dict[str, Any]:
    definition_id, revision, properties = hubspot.definitions.for_action(action)
    index = None if test_run else {"enrollmentId": number, "actionExecutionIndex": 0}
    version = 0 if test_run else revision
    said: dict[str, Any] = {
        "origin": {
            "portalId": portal.id,
            "userId": None,
            "actionDefinitionId": definition_id or APP_ID,
            "actionDefinitionVersion": version,
            "actionExecutionIndexIdentifier": index,
            "extensionDefinitionVersionId": version,
            "extensionDefinitionId": definition_id or APP_ID,
        }
    }
    if not test_run:
        said["context"] = {
            "workflowId": workflow_id,
            "actionId": action_id,
            "actionExecutionIndexIdentifier": index,
            "source": "WORKFLOWS",
        }
    said["object"] = {"objectId": int(object_id), "objectType": object_type.title}
    wanted = properties or hubspot.settings.object_properties
    if wanted and not test_run:
        known = portal.find(object_type, object_id)
        said["object"]["properties"] = {name: known.properties.get(name) if known else None for name in wanted}
    said |= {"fields": values, "inputFields": values}
    return said if test_run else said | {"typedInputs": _typed(values)}
