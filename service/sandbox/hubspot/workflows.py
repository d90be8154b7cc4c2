"""A small workflow editor's other half: enrolling, waiting, branching, telling. Product page, first paragraph."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.sandbox.hubspot.callbacks import Callback
from service.sandbox.hubspot.enrolling import enroll
from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.object_types import ObjectType, find_type
from service.sandbox.hubspot.portal import Change, Portal
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import bad_input

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

FIRST_ID = 555_000_201
STEPS: dict[str, dict[str, type]] = {
    "action": {"action": str, "inputs": dict},
    "wait_until": {"wait_until": dict},
    "branch": {"branch": dict},
    "send_email": {"send_email": dict},
    "post_to_slack": {"post_to_slack": dict},
}
CONDITION: dict[str, type] = {"property": str, "in": list, "equals": str, "is_known": bool, "greater_than": int}
BRANCH: dict[str, type] = {**CONDITION, "output": str, "then": list, "else": list}


@dataclass(slots=True)
class Workflow:
    """What happens to an enrolled object, one step after another."""

    id: int
    portal: Portal
    name: str
    object_type: ObjectType
    steps: list[dict[str, Any]]
    trigger: dict[str, Any] | None
    re_enroll: bool


@dataclass(slots=True)
class Enrolment:
    """One object on its way through a workflow."""

    id: int
    workflow: Workflow
    object_id: str
    todo: deque[dict[str, Any]]
    state: str = "running"
    waits_for: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    callbacks: list[str] = field(default_factory=list)
    steps_done: list[str] = field(default_factory=list)


class Workflows:
    """All workflows and their enrolments, and what they sent. The caller holds HubSpot's lock."""

    def __init__(self, hubspot: HubSpot) -> None:
        self._hubspot = hubspot
        self._known: dict[int, Workflow] = {}
        self._enrolments: list[Enrolment] = []
        self._waiting: list[Enrolment] = []
        self._sent: list[dict[str, Any]] = []

    def define(self, portal: Portal, body: dict[str, Any]) -> Workflow:
        """A workflow from its JSON. Raises Refusal 400."""
        wanted: dict[str, type] = {"portal_id": int, "name": str, "object_type": str, "steps": list,
                                   "trigger": dict, "re_enroll": bool}  # fmt: skip
        check_keys(body, wanted, "workflow")
        kind = find_type(body.get("object_type", "deals"))
        if kind is None or not body.get("steps"):
            raise bad_input("workflow needs steps, and an object type that exists")
        trigger = body.get("trigger")
        if trigger is not None:
            check_keys(trigger, {**CONDITION, "filters": list}, "trigger")
            for each in trigger.get("filters", []):
                check_keys(each, CONDITION, "filter")
            if "property" not in trigger:
                raise bad_input("trigger needs a property")
        steps = number_steps(body["steps"], 1)[0]
        id = FIRST_ID + len(self._known)
        made = Workflow(id, portal, body.get("name", f"Workflow {id}"), kind, steps, trigger, True)
        made.re_enroll = body.get("re_enroll", True)
        self._known[id] = made
        return made

    def get(self, workflow_id: int) -> Workflow | None:
        """The workflow of that id."""
        return self._known.get(workflow_id)

    def enroll(self, workflow: Workflow, object_id: str) -> Enrolment:
        """Start the workflow for an object."""
        enrolment = Enrolment(next(self._hubspot.enrollments), workflow, object_id, deque(workflow.steps))
        self._enrolments.append(enrolment)
        self._go_on(enrolment)
        return enrolment

    def notice(self, change: Change) -> None:
        """A property changed: who waits for it goes on, who is triggered by it begins."""
        if change.kind != "propertyChange" or not self._known:
            return
        for waiting in list(self._waiting):
            if waiting.object_id == change.object_id and waiting.waits_for == change.property:
                self._go_on(waiting)
        for workflow in list(self._known.values()):
            trigger = workflow.trigger
            if trigger is None or workflow.portal.id != change.portal_id or workflow.object_type != change.object_type:
                continue
            if trigger["property"] == change.property and self._triggers(workflow, trigger, change):
                before = [each for each in self._of(workflow) if each.object_id == change.object_id]
                if not any(each.state != "done" for each in before) and (workflow.re_enroll or not before):
                    self.enroll(workflow, change.object_id)

    def sent(self, portal_id: int | None = None) -> list[dict[str, Any]]:
        """The e-mails and Slack messages nobody really got."""
        return [each for each in self._sent if portal_id in (None, each["portal_id"])]

    def to_json(self, portal_id: int | None = None) -> list[dict[str, Any]]:
        """The workflows with their enrolments."""
        return [
            {
                "workflow_id": workflow.id,
                "portal_id": workflow.portal.id,
                "name": workflow.name,
                "trigger": workflow.trigger,
                "enrolments": [_enrolment_json(each) for each in self._of(workflow)],
            }
            for workflow in self._known.values()
            if portal_id in (None, workflow.portal.id)
        ]

    def _of(self, workflow: Workflow) -> list[Enrolment]:
        return [each for each in self._enrolments if each.workflow is workflow]

    def _go_on(self, enrolment: Enrolment) -> None:
        """Do steps until one has to wait."""
        if enrolment in self._waiting:
            self._waiting.remove(enrolment)
        enrolment.state, enrolment.waits_for = "running", None
        while enrolment.todo:
            step = enrolment.todo[0]
            kind = next(name for name in STEPS if name in step)
            if kind == "wait_until" and not self._holds(enrolment, step["wait_until"]):
                enrolment.state, enrolment.waits_for = "waiting", step["wait_until"]["property"]
                self._waiting.append(enrolment)
                return
            enrolment.todo.popleft()
            enrolment.steps_done.append(kind)
            if kind == "action":
                enrolment.state = "in_action"
                self._start_action(enrolment, step)
                return
            if kind == "branch":
                side = "then" if self._holds(enrolment, step["branch"]) else "else"
                enrolment.todo.extendleft(reversed(step["branch"].get(side, [])))
            elif kind in ("send_email", "post_to_slack"):
                self._tell(enrolment, kind, step[kind])
        enrolment.state = "done"

    def _start_action(self, enrolment: Enrolment, step: dict[str, Any]) -> None:
        workflow = enrolment.workflow
        callback = enroll(
            self._hubspot,
            workflow.portal,
            workflow.object_type,
            enrolment.object_id,
            step["action"],
            step.get("inputs", {}),
            workflow_id=workflow.id,
            enrollment_id=enrolment.id,
            action_id=step["action_id"],
            outputs=enrolment.outputs,
            when_ended=lambda ended: self._action_ended(enrolment, ended),
        )
        enrolment.callbacks.append(callback.id)

    def _action_ended(self, enrolment: Enrolment, callback: Callback) -> None:
        """A later step sees the outputs of the last action, and of any by `action.name`."""
        kept = {name: value for name, value in enrolment.outputs.items() if "." in name}
        fresh = {name: str(value) for name, value in callback.outputs.items()}
        enrolment.outputs = kept | {f"{callback.action}.{name}": value for name, value in fresh.items()} | fresh
        self._go_on(enrolment)

    def _triggers(self, workflow: Workflow, trigger: dict[str, Any], change: Change) -> bool:
        """The property has just taken a value that is meant, and the other filters hold as well."""
        known = workflow.portal.find(workflow.object_type, change.object_id)
        held = known.properties if known else {}
        return fits(change.value or None, trigger) and all(
            fits(held.get(each["property"]) or None, each) for each in trigger.get("filters", [])
        )

    def _holds(self, enrolment: Enrolment, condition: dict[str, Any]) -> bool:
        if "output" in condition:
            value = enrolment.outputs.get(condition["output"]) or None
        else:
            value = self._property(enrolment, condition["property"])
        return fits(value, condition)

    def _property(self, enrolment: Enrolment, name: str) -> str | None:
        known = enrolment.workflow.portal.find(enrolment.workflow.object_type, enrolment.object_id)
        return known.properties.get(name) or None if known else None

    def _tell(self, enrolment: Enrolment, kind: str, said: dict[str, str]) -> None:
        portal = enrolment.workflow.portal
        filled = {name: re.sub(r"{{\s*([\w.-]+)\s*}}", lambda found: self._fill(enrolment, found[1]), text)
                  for name, text in said.items()}  # fmt: skip
        self._sent.append(
            {
                "kind": {"send_email": "email", "post_to_slack": "slack"}[kind],
                "portal_id": portal.id,
                "workflow_id": enrolment.workflow.id,
                "object_id": enrolment.object_id,
                "at": stamp(portal.clock.now()),
                **filled,
            }
        )

    def _fill(self, enrolment: Enrolment, name: str) -> str:
        """The value of {{property}}, {{output.name}} or {{contact.property}}; nothing when there is none."""
        if name.startswith("output."):
            return enrolment.outputs.get(name.removeprefix("output."), "")
        portal, kind = enrolment.workflow.portal, enrolment.workflow.object_type
        if name.startswith("contact."):
            for contact_id in portal.associations.of(kind.name, enrolment.object_id, "contacts"):
                return portal.objects["contacts"][contact_id].properties.get(name.removeprefix("contact.")) or ""
            return ""
        return self._property(enrolment, name) or ""


def fits(value: str | None, condition: dict[str, Any]) -> bool:
    """Whether a value is what the condition asks for."""
    if "is_known" in condition:
        return (value is not None) is bool(condition["is_known"])
    if "greater_than" in condition:
        try:
            return float(value or "nan") > float(condition["greater_than"])
        except ValueError:
            return False
    return value in ([condition["equals"]] if "equals" in condition else condition.get("in", []))


def number_steps(steps: list[Any], first: int) -> tuple[list[dict[str, Any]], int]:
    """The steps, checked, every action with its number in the workflow. Raises Refusal 400."""
    numbered = []
    for step in steps:
        kind = next((name for name in STEPS if isinstance(step, dict) and name in step), None)
        if kind is None:
            raise bad_input(f"workflow step {step}")
        check_keys(step, STEPS[kind], "step")
        step = {**step}
        if kind == "action":
            step["action_id"] = first
            first += 1
        elif kind == "branch":
            branch = {**step["branch"]}
            check_keys(branch, BRANCH, "branch")
            for side in ("then", "else"):
                branch[side], first = number_steps(branch.get(side, []), first)
            step["branch"] = branch
        elif kind == "wait_until":
            check_keys(step["wait_until"], CONDITION, "wait_until")
        else:
            wanted = {"send_email": ("to", "subject", "text"), "post_to_slack": ("channel", "text")}[kind]
            check_keys(step[kind], dict.fromkeys(wanted, str), kind)
        numbered.append(step)
    return numbered, first


def _enrolment_json(enrolment: Enrolment) -> dict[str, Any]:
    return {
        "enrollment_id": enrolment.id,
        "object_id": enrolment.object_id,
        "state": enrolment.state,
        "waits_for": enrolment.waits_for,
        "outputs": enrolment.outputs,
        "callbacks": enrolment.callbacks,
        "steps_done": enrolment.steps_done,
    }
