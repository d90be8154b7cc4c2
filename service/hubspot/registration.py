"""What registering our actions would change at HubSpot, and whether that is allowed. Pure.

Workflows in use keep their steps when an action changes, so that nothing may disappear under
them: an input, an option, an output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.errors import ConfigError
from service.hubspot.definitions import ActionDefinition
from service.hubspot.normal_form import normalise

# Sent back to HubSpot only when an action is made: a PATCH takes neither.
_ONLY_WHEN_CREATED = ("functions", "archivedAt")
_ORDERED = ("inputFields", "outputFields", "executionRules")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where HubSpot has something else; None where there is nothing."""

    path: str
    registered: Any
    wanted: Any

    @property
    def key(self) -> str:
        """The part of the definition that HubSpot has to be sent."""
        return self.path.partition(".")[0].partition(" ")[0]


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """What has to be done for one action.

    `breaks`: why it must not be done. `changes`: the keys to send, with their new values.
    """

    action: str
    definition_id: str | None
    revision_id: str | None
    published: bool
    differences: tuple[Difference, ...]
    breaks: tuple[str, ...]
    functions: tuple[str, ...]
    changes: dict[str, Any]

    @property
    def step(self) -> str:
        """`create`, `update`, `refuse` or `nothing`."""
        if self.breaks:
            return "refuse"
        if self.definition_id is None:
            return "create"
        return "update" if self.differences else "nothing"


def plan_action(
    definition: ActionDefinition, registered: Iterable[Mapping[str, Any]], *, publish: bool = False
) -> ActionPlan:
    """Compare one action with what the app has. `publish` False leaves it published or not, as it is.

    Raises: ConfigError when several registered actions could be this one.
    """
    known = find_registered(definition, list(registered))
    before = {} if known is None else normalise(known)
    published = bool(before.get("published", False))
    body = {**definition.body, "published": publish or published}
    after = normalise(body)
    differences = tuple(compare(before, after))
    changed = {each.key for each in differences}
    changes = {k: v for k, v in body.items() if k in changed and k not in _ONLY_WHEN_CREATED}
    return ActionPlan(
        action=definition.action,
        definition_id=None if known is None else str(known.get("id")),
        revision_id=None if known is None else str(known.get("revisionId")),
        published=bool(after.get("published", False)),
        differences=() if known is None else differences,
        breaks=() if known is None else tuple(list_breaks(before, after)),
        functions=() if known is None else tuple(_list_functions(known)),
        changes=body if known is None else changes,
    )


def find_registered(definition: ActionDefinition, registered: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The registered action that is ours: by its address, else by the end of it, else by its English name."""
    url, ending = definition.body["actionUrl"], f"/hubspot/actions/{definition.action}"
    name = definition.body["labels"]["en"]["actionName"]
    for known in (
        [each for each in registered if each.get("actionUrl") == url],
        [each for each in registered if str(each.get("actionUrl", "")).endswith(ending)],
        [each for each in registered if _english_name(each) == name],
    ):
        if len(known) > 1:
            listed = "; ".join(f"{each.get('id')} at {each.get('actionUrl')}" for each in known)
            raise ConfigError(
                [f"several registered actions could be {definition.action} ({listed}): archive the others"]
            )
        if known:
            return known[0]
    return None


def compare(registered: Mapping[str, Any], wanted: Mapping[str, Any], path: str = "") -> Iterator[Difference]:
    """Where two definitions in normal form differ, in the order of what is wanted."""
    for key in (*wanted, *(key for key in registered if key not in wanted)):
        here = f"{path}.{key}" if path else key
        before, after = registered.get(key), wanted.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from compare(before, after, here)
            if _is_ordered(here) and set(before) == set(after) and list(before) != list(after):
                yield Difference(f"{here} (order)", list(before), list(after))
        elif before != after:
            yield Difference(here, before, after)


def list_breaks(registered: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """What a workflow in use would lose: a reason each, for the operator."""
    inputs = wanted.get("inputFields", {})
    for name, before in registered.get("inputFields", {}).items():
        after = inputs.get(name)
        if after is None:
            yield f"input {name} is removed or renamed: workflows that set it would lose their choice"
        else:
            yield from _list_input_breaks(name, before, after)
    for name, after in inputs.items():
        if name not in registered.get("inputFields", {}) and after.get("isRequired"):
            yield f"input {name} is new and required: workflows in use have no value for it"
    for name in registered.get("outputFields", {}):
        if name not in wanted.get("outputFields", {}):
            yield f"output {name} is removed: later steps of workflows may use it"
    # No object types means all of them.
    if wanted.get("objectTypes"):
        for object_type in registered.get("objectTypes") or ("any other object",):
            if object_type not in wanted["objectTypes"]:
                yield f"the action is no longer offered for {object_type}: workflows for it may use it"


def _list_input_breaks(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if after.get("isRequired") and not before.get("isRequired"):
        yield f"input {name} becomes required: workflows in use may have no value for it"
    if after.get("type") != before.get("type"):
        yield f"input {name} changes its type from {before.get('type')} to {after.get('type')}"
    for kind in before.get("supportedValueTypes", []):
        if kind not in after.get("supportedValueTypes", []):
            yield f"input {name} no longer takes {kind}, which workflows may use"
    for value in before.get("options", {}):
        if value not in after.get("options", {}):
            yield f"input {name} loses the option {value}, which workflows may have chosen"


def _is_ordered(path: str) -> bool:
    return path in _ORDERED or path.endswith(".options")


def _english_name(registered: Mapping[str, Any]) -> Any:
    labels = registered.get("labels")
    english = labels.get("en") if isinstance(labels, dict) else None
    return english.get("actionName") if isinstance(english, dict) else None


def _list_functions(registered: Mapping[str, Any]) -> Iterator[str]:
    """Snippets that HubSpot runs around our routes; none is ours."""
    for each in registered.get("functions") or []:
        yield str(each.get("functionType")) if isinstance(each, dict) else str(each)
