"""Find the contact who gets the invoices of a company: its customer is born with that address.

Afterwards the address is QuickBooks' own, like the name that a person's customer was given: nothing of a contact is
kept in step with a company's customer, and nothing is ever taken away from it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from service.errors import RefusedByHubSpot
from service.hubspot.contacts import choose_contact
from service.logs import log
from service.store.sync_settings import SyncObject
from service.sync.fields import find_field, fit, write_entity
from service.sync.values import Kind, Unusable, is_email, read_value
from service.workflows.services import Services

LOG = logging.getLogger("service.sync")
_FROM = (("email", "PrimaryEmailAddr.Address"), ("firstname", "GivenName"), ("lastname", "FamilyName"))


def find_bill_to(services: Services, known: SyncObject, company_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What a new customer says of its company's primary contact, by company; absent where nobody has an address.

    Two calls for a hundred companies; where the portal lets nobody see its contacts, there are none.
    Raises: NotConnected, TryLater.
    """
    if known.name != "companies" or not company_ids:
        return {}
    names = [name for name, _ in _FROM]
    try:
        belonging = services.hubspot.read_associations(known.portal_id, "companies", "contacts", company_ids)
        chosen = {key: contact for key, each in belonging.items() if (contact := choose_contact(each))}
        people = services.hubspot.read_objects(known.portal_id, "contacts", chosen.values(), names) if chosen else {}
    except RefusedByHubSpot as error:
        log(LOG, "contacts of companies not seen", level=logging.WARNING, status=error.status)
        return {}
    found = {key: _describe(known, people[contact].properties) for key, contact in chosen.items() if contact in people}
    return {key: each for key, each in found.items() if "PrimaryEmailAddr" in each}


def _describe(known: SyncObject, person: Mapping[str, str | None]) -> dict[str, Any]:
    values: dict[str, str | None] = {}
    for name, path in _FROM:
        field = find_field(known.pairing.entity, path)
        value = read_value(Kind.EMAIL if name == "email" else Kind.TEXT, person.get(name))
        if field is None or value is None or (name == "email" and not is_email(value)):
            continue
        try:
            values[path] = fit(field, value)
        except Unusable:
            continue  # an address longer than QuickBooks takes: the company's customer has none
    return write_entity(known.pairing.entity, {}, values)
