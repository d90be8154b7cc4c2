"""Commands about workflow actions: register them, show what that would change, write a project."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from service.actions import load_actions, open_registry
from service.config import load_config
from service.errors import ConfigError
from service.hubspot.normal_form import normalise
from service.hubspot.project import render_project
from service.hubspot.registration import ActionPlan, Difference, compare, plan_action
from service.hubspot.registry import Credential, Registry
from service.wire import Wire

LONGEST_VALUE = 72
_MARKS = {"create": "+", "update": "~", "refuse": "!", "nothing": "="}


def diff_actions(arguments: argparse.Namespace) -> int:
    """Show what `register` would do. 0: nothing; 1: something."""
    _, plans = _plan(arguments)
    _show(plans, as_json=arguments.json)
    return 0 if all(plan.step == "nothing" for plan in plans) else 1


def register_actions(arguments: argparse.Namespace) -> int:
    """Create what is missing, change what differs; all of it or, where a workflow would break, nothing."""
    registry, plans = _plan(arguments)
    refused = [plan for plan in plans if plan.step == "refuse"]
    if refused:
        _show(refused, as_json=arguments.json)
        return 1
    done = [_carry_out(registry, plan) for plan in plans]
    if arguments.json:
        print(json.dumps(done, indent=2, ensure_ascii=False))
    else:
        for each in done:
            print(_tell_done(each))
    different = [each for each in done if each["kept_otherwise"]]
    for each in different:
        paths = ", ".join(each["kept_otherwise"])
        print(
            f"error: {each['action']}: HubSpot took the change but answers something else at {paths}", file=sys.stderr
        )
    return 1 if different else 0


def export_project(arguments: argparse.Namespace) -> int:
    """Write the developer project; touches no file that is not part of it."""
    config = load_config(vendors=False, create=False)
    files = render_project(load_actions(config), config.public_url, card=arguments.card, publish=arguments.publish)
    folder = Path(arguments.directory)
    _check_folder(folder, overwrite=arguments.overwrite)
    for path, text in files.items():
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigError([f"{target} cannot be written ({error.strerror})"]) from error
        print(target)
    if not config.public_url.startswith("https://"):
        print(
            f"warning: HubSpot will not take {config.public_url}: set PUBLIC_URL to an https address", file=sys.stderr
        )
    known = {folder / path for path in files}
    for other in sorted(path for path in (folder / "src").rglob("*-hsmeta.json") if path not in known):
        print(f"warning: {other} is not written by this export and stays part of the project", file=sys.stderr)
    print(f"next: cd {folder} && hs project validate && hs project upload", file=sys.stderr)
    return 0


def _plan(arguments: argparse.Namespace) -> tuple[Registry, list[ActionPlan]]:
    """Compare all our actions with what the app has. Raises: ConfigError, TryLater, RefusedByHubSpot."""
    config = load_config(vendors=False, create=False)
    definitions = load_actions(config)
    registry = open_registry(config, Credential(arguments.credential), Wire())
    registered = registry.list_definitions()
    return registry, [plan_action(each, registered, publish=arguments.publish) for each in definitions]


def _carry_out(registry: Registry, plan: ActionPlan) -> dict[str, Any]:
    """Do what is planned for one action, and compare HubSpot's answer with what it was sent."""
    answer: dict[str, Any] = {"id": plan.definition_id, "revisionId": plan.revision_id}
    left: list[Difference] = []
    if plan.step == "create":
        answer = registry.create_definition(plan.changes)
        left = list(compare(normalise(answer), normalise(plan.changes)))
    elif plan.step == "update":
        answer = registry.change_definition(str(plan.definition_id), plan.changes)
        left = [each for each in compare(normalise(answer), normalise(plan.changes)) if each.key in plan.changes]
    return {
        "action": plan.action,
        "step": plan.step,
        "definition_id": answer.get("id"),
        "revision_id": answer.get("revisionId"),
        "published": plan.published,
        "changed": sorted(plan.changes) if plan.step == "update" else [],
        "kept_otherwise": [each.path for each in left],
    }


def _tell_done(done: dict[str, Any]) -> str:
    about = f"{done['action']}: definition {done['definition_id']}, revision {done['revision_id']}"
    state = "published" if done["published"] else "not published: `--publish` shows it to customers"
    steps = {"create": "created", "update": f"changed {', '.join(done['changed'])}", "nothing": "nothing differs"}
    return f"{about}, {steps[done['step']]}, {state}"


def _show(plans: list[ActionPlan], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_describe(plan) for plan in plans], indent=2, ensure_ascii=False))
        return
    for plan in plans:
        where = f"definition {plan.definition_id}, revision {plan.revision_id}" if plan.definition_id else "not there"
        print(f"{_MARKS[plan.step]} {plan.action} ({where}): {plan.step}")
        for each in plan.differences:
            print(f"    {_tell_difference(each)}")
        for reason in plan.breaks:
            print(f"  refused: {reason}")
        if plan.breaks:
            print("  workflows in use keep the action they have: publish a second action instead, under a new name")
        if plan.functions:
            print(f"  note: has functions that are not ours: {', '.join(plan.functions)}; remove them in HubSpot")


def _tell_difference(each: Difference) -> str:
    if each.registered is None:
        return f"+ {each.path}: {_short(each.wanted)}"
    if each.wanted is None:
        return f"- {each.path}: {_short(each.registered)}"
    return f"~ {each.path}: {_short(each.registered)} -> {_short(each.wanted)}"


def _describe(plan: ActionPlan) -> dict[str, Any]:
    return {
        "action": plan.action,
        "step": plan.step,
        "definition_id": plan.definition_id,
        "revision_id": plan.revision_id,
        "differences": [
            {"path": each.path, "registered": each.registered, "wanted": each.wanted} for each in plan.differences
        ],
        "breaks": list(plan.breaks),
        "functions": list(plan.functions),
    }


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raises: ConfigError when something could be lost."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError([f"{folder} is a file: name a directory"])
    if folder.exists() and any(folder.iterdir()) and not overwrite:
        raise ConfigError([f"{folder} is not empty: name another directory, or add --overwrite"])
