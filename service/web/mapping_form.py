"""What somebody asks of a mapping on its page: try it on some records, or check and apply it."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from service.errors import InputInvalid
from service.sync.mapping_file import parse_mapping

MOST_TRIED = 20


def read_mapping_request() -> tuple[Any, tuple[str, ...] | None]:
    """The file, and the records to try it on; None: apply it. What the portal allows is not known here.

    Raises: InputInvalid.
    """
    document = read_json("document")
    parse_mapping(document)
    if request.form.get("act") != "try":
        return document, None
    records = tuple(dict.fromkeys(request.form.get("records", "").replace(",", " ").split()))
    if not 0 < len(records) <= MOST_TRIED or any(not is_id(each) for each in records):
        raise InputInvalid(f"Say one to {MOST_TRIED} ids of HubSpot's records. Nothing was changed.")
    return document, records


def read_json(name: str) -> Any:
    """A form's field that holds JSON. Raises: InputInvalid."""
    try:
        return json.loads(request.form.get(name, ""))
    except ValueError as error:
        raise InputInvalid(f"What was sent as {name} is no JSON: {error}. Nothing was changed.") from error


def is_id(text: str) -> bool:
    """Whether it could be a record's id on either side."""
    return text.isascii() and text.isdecimal() and len(text) < 25
