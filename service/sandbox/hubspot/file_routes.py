"""The portal's files: one multipart upload each. HubSpot's own guide to its files API; not in the contract.

https://developers.hubspot.com/docs/api-reference/2026-03/files/guide
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from service.sandbox.hubspot.front import Call, Front, Reply, need_scope
from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.refusals import bad_input

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

_FIELDS = {"fileName", "folderId", "folderPath", "charsetHunch", "options"}
_ACCESS = {"PUBLIC_INDEXABLE", "PUBLIC_NOT_INDEXABLE", "PRIVATE", "HIDDEN_INDEXABLE", "HIDDEN_NOT_INDEXABLE",
           "HIDDEN_PRIVATE", "HIDDEN_SENSITIVE", "SENSITIVE"}  # fmt: skip
_OPTIONS = {"access", "ttl", "overwrite", "duplicateValidationStrategy", "duplicateValidationScope"}


def add_file_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """`POST /files/2026-03/files`."""
    front = Front(hubspot)

    def upload(call: Call) -> Reply:
        need_scope(call, frozenset({"files"}))
        form, files = call.body if isinstance(call.body, tuple) else ({}, {})
        check_form(form, files)
        options = json.loads(form["options"])
        content: bytes = files["file"]
        name, folder = form.get("fileName", "unnamed"), form.get("folderPath") or form["folderId"]
        known = next((each for each in call.portal.files if (each["name"], each["path"]) == (name, folder)), None)
        if known is not None and not options.get("overwrite"):
            name = f"{name} (1)"
            known = None
        now = stamp(call.portal.clock.now())
        file_id = call.portal.next_id()
        if known is not None:
            # Whether the replaced file keeps its id is said nowhere.
            file_id = known["id"] if hubspot.settings.overwritten_file_keeps_id else file_id
            call.portal.files.remove(known)
        said: dict[str, Any] = {
            "id": file_id, "name": name, "path": folder, "access": options["access"], "archived": False,
            "size": len(content), "fileMd5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "createdAt": known["createdAt"] if known else now, "updatedAt": now,
        }  # fmt: skip
        call.portal.files.append(said)
        return 201, said

    routes.post("/files/2026-03/files", endpoint="upload file")(front.portal(upload))


def check_form(form: dict[str, str], files: dict[str, bytes]) -> None:
    """One file, one folder, options that say who may see it. Raises Refusal 400."""
    if set(files) != {"file"} or not files["file"]:
        raise bad_input("there must be one file")
    for name in form:
        if name not in _FIELDS:
            raise bad_input(f"unknown field {name}")
    if ("folderId" in form) == ("folderPath" in form):
        raise bad_input("exactly one of folderId and folderPath must be provided")
    try:
        options = json.loads(form.get("options", ""))
    except ValueError as error:
        raise bad_input("options is not JSON") from error
    if not isinstance(options, dict) or set(options) - _OPTIONS or options.get("access") not in _ACCESS:
        raise bad_input("options must have an access and nothing unknown")
