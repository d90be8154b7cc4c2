"""The workflow actions as their files define them: one JSON file each, as HubSpot wants it.

Labels are in the file for every language; the address of this service is not: `{PUBLIC_URL}`
stands for it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import BodyMalformed, ConfigError
from service.hubspot.definition_checks import PUBLIC_URL, Promise, check_definition
from service.hubspot.definition_schemas import check_shape
from service.hubspot.strict_json import parse_object


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """One workflow action: its name in our addresses, and the body HubSpot is sent."""

    action: str
    body: dict[str, Any]


def read_definitions(folder: Path, promises: Mapping[str, Promise], public_url: str) -> list[ActionDefinition]:
    """Every definition of the folder, checked, with the service's address filled in.

    Raises: ConfigError naming all problems of all files.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    problems = [f"{folder.name}/{action}.json is missing" for action in promises if action not in files]
    found = []
    for action, path in files.items():
        definition, wrong = _read(path, promises.get(action))
        problems += [f"{folder.name}/{path.name}: {problem}" for problem in wrong]
        if not wrong:
            found.append(ActionDefinition(action, fill_addresses(definition, public_url)))
    if problems:
        raise ConfigError(problems)
    return found


def fill_addresses(definition: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """The definition with the service's own address in `actionUrl` and every `optionsUrl`."""
    filled = copy.deepcopy(dict(definition))
    filled["actionUrl"] = filled["actionUrl"].replace(PUBLIC_URL, public_url, 1)
    for field in filled["inputFields"]:
        kind = field["typeDefinition"]
        if "optionsUrl" in kind:
            kind["optionsUrl"] = kind["optionsUrl"].replace(PUBLIC_URL, public_url, 1)
    return filled


def _read(path: Path, promise: Promise | None) -> tuple[dict[str, Any], list[str]]:
    """The content of one file, and what is wrong with it."""
    try:
        document = parse_object(path.read_bytes())
    except OSError as error:
        return {}, [f"cannot be read ({error.strerror})"]
    except BodyMalformed as error:
        return {}, [error.sentence.replace("The body", "the file", 1)]
    if promise is None:
        return document, ["no workflow of the service has this name"]
    # The checks read what the schemas have seen to be there.
    return document, check_shape(document) or check_definition(path.stem, document, promise)
