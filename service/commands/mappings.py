"""Commands about mappings: take one out as a file, try one on chosen records, apply one."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from service.clock import SystemClock
from service.commands.sync import ACTOR, find_object, open_sync
from service.config import load_config
from service.errors import InputInvalid
from service.store.schema import migrate
from service.sync.mapping import Mapping, find_problems
from service.sync.mapping_file import export_mapping, parse_mapping
from service.wiring import make_command_services, open_stores
from service.workflows.preview_mapping import Preview, know_properties, preview_mapping


def show_mapping(arguments: argparse.Namespace) -> int:
    """The mapping that is applied, as a file."""
    stores = open_sync()
    known = find_object(stores, arguments, arguments.object)
    return print_mapping(known.fields)


def apply_mapping(arguments: argparse.Namespace) -> int:
    """Check a mapping against the portal's properties, and keep records in step by it from now on."""
    document = read_file(arguments.file)
    stores = open_stores(load_config())
    migrate(stores.database)
    services = make_command_services(stores)
    known = find_object(stores, arguments, arguments.object)
    properties = know_properties(services, known.portal_id, known.name)
    mapping = parse_mapping(document, properties)
    applied = stores.sync_changes.apply_mapping(known, mapping, ACTOR, SystemClock().now(), properties)
    print(f"version {applied.fields.version} of the mapping of {applied.name} is applied; all are compared anew")
    return 0


def test_mapping(arguments: argparse.Namespace) -> int:
    """What a mapping would do to chosen records; nothing is written. 1 when it could not be applied."""
    document = read_file(arguments.file) if arguments.file else None
    stores = open_stores(load_config())
    migrate(stores.database)
    services = make_command_services(stores)
    known = find_object(stores, arguments, arguments.object)
    properties = know_properties(services, known.portal_id, known.name)
    mapping = parse_mapping(document, properties) if document is not None else known.fields
    problems = find_problems(mapping, properties)
    previews = [] if problems else preview_mapping(services, known, mapping, arguments.record)
    return print_previews(mapping, problems, previews, as_json=arguments.json)


def print_mapping(mapping: Mapping) -> int:
    """A mapping as its file."""
    print(json.dumps(export_mapping(mapping), indent=2, ensure_ascii=False))
    return 0


def print_previews(mapping: Mapping, problems: list[str], previews: list[Preview], *, as_json: bool) -> int:
    """Why a mapping cannot be applied, or both sides before and after; the exit status."""
    if as_json:
        print(json.dumps({"problems": problems, "records": [asdict(each) for each in previews]}, indent=2))
        return 1 if problems else 0
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    for each in previews:
        pairing = mapping.pairing
        print(f"{pairing.name} {each.object_id}, {pairing.entity.lower()} {each.entity_id or 'to be created'}")
        for one in mapping.fields:
            here, there = one.hubspot, one.quickbooks
            print(
                f"  {here}: {_change(each.hubspot_before, each.hubspot_after, here)}   "
                f"{there}: {_change(each.quickbooks_before, each.quickbooks_after, there)}"
            )
        for problem in each.problems:
            print(f"  cannot cross over: {problem}")
    return 1 if problems else 0


def _change(before: dict[str, str | None], after: dict[str, str | None], name: str) -> str:
    old, new = before.get(name), after.get(name)
    return repr(old) if old == new else f"{old!r} -> {new!r}"


def read_file(path: str) -> Any:
    """The JSON in a file, or on standard input for "-". Raises: InputInvalid."""
    try:
        return json.loads(Path(path).read_text() if path != "-" else sys.stdin.read())
    except OSError as error:
        raise InputInvalid(f"{path} cannot be read.") from error
    except ValueError as error:
        raise InputInvalid(f"{path} is no JSON.") from error
