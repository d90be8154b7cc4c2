"""The workflow actions that this service defines, and, when asked, what HubSpot has of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from service.errors import ServiceError
from service.web.desk import Desk

if TYPE_CHECKING:
    from service.hubspot.definitions import ActionDefinition
    from service.hubspot.registration import ActionPlan


@dataclass(frozen=True, slots=True)
class ActionView:
    """One action as the page shows it; labels in English."""

    action: str
    name: str
    description: str
    address: str
    object_types: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]
    languages: tuple[str, ...]


def add_actions(routes: Blueprint, desk: Desk) -> None:
    """GET /actions"""

    @routes.get("/actions")
    def list_actions() -> str:
        plans: dict[str, ActionPlan] = {}
        problem = ""
        asked = "compare" in request.args
        if asked:
            try:
                plans = {each.action: each for each in desk.compare_actions()}
            except ServiceError as error:
                problem = error.sentence
        views = [_view(each) for each in desk.list_actions()]
        return render_template("actions.html", actions=views, plans=plans, asked=asked, problem=problem)


def _view(definition: ActionDefinition) -> ActionView:
    body = definition.body
    labels = body.get("labels", {}).get("en", {})
    names = labels.get("inputFieldLabels", {})
    inputs = [each["typeDefinition"]["name"] for each in body.get("inputFields", ())]
    return ActionView(
        action=definition.action,
        name=str(labels.get("actionName") or definition.action),
        description=str(labels.get("actionDescription") or ""),
        address=str(body.get("actionUrl", "")),
        object_types=tuple(str(each) for each in body.get("objectTypes", ())),
        inputs=tuple((name, str(names.get(name, name))) for name in inputs),
        outputs=tuple(str(each["typeDefinition"]["name"]) for each in body.get("outputFields", ())),
        languages=tuple(sorted(body.get("labels", {}))),
    )
