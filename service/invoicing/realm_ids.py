"""Ids that say whose they are: two QuickBooks companies both have terms "3", and they are not the same.

A dropdown that shows the lists of several companies together gives each entry such a value; a step that
was set up with one company, and every property, has the plain id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from service.errors import InputInvalid
from service.ids import RealmId

_QUALIFIED = re.compile(r"qbo:([0-9]{1,20}):([A-Za-z0-9]{1,20})", re.ASCII)


def qualify_id(realm_id: RealmId, value: str) -> str:
    """The value of a dropdown's entry, with its company."""
    return f"qbo:{realm_id}:{value}"


def read_plain_ids(given: Mapping[str, str], realm_id: RealmId) -> dict[str, str]:
    """The inputs with the company's own ids. Raises: InputInvalid, naming what belongs to another company."""
    read = {name: _QUALIFIED.fullmatch(text.strip()) for name, text in given.items()}
    wrong = [name for name, found in read.items() if found and found[1] != realm_id]
    if wrong:
        raise InputInvalid(
            f"{' and '.join(wrong)} of the action {'is' if len(wrong) == 1 else 'are'} from another QuickBooks company "
            "than the one it works in: choose again what stands there with this company's name."
        )
    return {name: found[2] if (found := read[name]) else text for name, text in given.items()}
