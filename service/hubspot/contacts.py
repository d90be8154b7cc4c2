"""Which of a deal's contacts an invoice goes to, and what is read of a contact."""

from __future__ import annotations

from collections.abc import Iterable

from service.hubspot.answers import Association
from service.ids import ObjectId

OBJECT_TYPE = "contacts"

# https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide
PROPERTIES = (
    "email",
    "firstname",
    "lastname",
    "company",
    "phone",
    "address",
    "city",
    "state",
    "zip",
    "country",
)
# The label HubSpot gives to the first among several, and portals use for contacts too.
PRIMARY_LABELS = frozenset(("primary", "primary contact"))


def choose_contact(contacts: Iterable[Association], label: str | None = None) -> ObjectId | None:
    """The contact with a label of the portal's own; without a label the primary one, else the oldest.

    Among equals the lowest id, so that the same deal always gives the same contact. None: there is none.
    """
    known = list(contacts)
    if label is not None:
        return choose_lowest(each for each in known if _has_label(each, frozenset((label.strip().casefold(),))))
    primary = choose_lowest(each for each in known if _has_label(each, PRIMARY_LABELS))
    return primary if primary is not None else choose_lowest(known)


def choose_lowest(objects: Iterable[Association]) -> ObjectId | None:
    """The object that was created first; None when there is none."""
    ids = sorted((each.object_id for each in objects), key=lambda each: (len(each), each))
    return ObjectId(ids[0]) if ids else None


def _has_label(association: Association, labels: frozenset[str]) -> bool:
    return any(each.label is not None and each.label.strip().casefold() in labels for each in association.types)
