"""A file for HubSpot: one form with its name, its folder and who may see it."""

from __future__ import annotations

import json

from urllib3 import encode_multipart_formdata

# A form may have any boundary that is in none of its parts; a fixed one makes equal uploads equal.
_BOUNDARY = "hubspot-quickbooks-invoices-5f2b7c1e9a"


# https://developers.hubspot.com/docs/api-reference/2026-03/files/guide
def encode_upload(name: str, folder: str, content: bytes) -> tuple[bytes, str]:
    """The body and its content type.

    PRIVATE: nobody sees it without a signed address. `overwrite`: a repeated upload takes the place of the first.
    """
    options = json.dumps({"access": "PRIVATE", "overwrite": True})
    fields: list[tuple[str, str | tuple[str, bytes, str]]] = [
        ("fileName", name),
        ("folderPath", folder),
        ("options", options),
        ("file", (name, content, "application/pdf")),
    ]
    return encode_multipart_formdata(fields, _BOUNDARY)
