"""The lists behind the dropdowns, read again when they are old or somebody found them so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from service.errors import CannotInvoice, ServiceError
from service.ids import PortalId, RealmId
from service.logs import log
from service.quickbooks.lists import LISTS, get_list
from service.store.connections import LIVE
from service.store.option_lists import Entry, portal_owner, realm_owner
from service.workflows.services import Services

LOG = logging.getLogger("service.options")
OLDEST = timedelta(days=1)
# After a failure; a reconnect is noticed by the preflight, which wants the lists anew.
REST = timedelta(minutes=2)
# What was refused is refused again, until the access is another: then the preflight wants the lists anew.
REFUSED = timedelta(days=1)
PORTAL_LISTS = ("association-labels",)


def refresh_options(services: Services) -> int:
    """Read again what is due of everybody who is connected; returns how many lists that were."""
    now, lists, done = services.clock.now(), services.option_lists, 0
    readers = _readers(services)
    for owner, name in lists.due(now, OLDEST):
        read = readers.get(owner)
        if read is None or not lists.claim(owner, name, services.clock.now(), REST):
            continue  # nobody's any more, or another worker is at it
        try:
            entries = read(name)
        except ServiceError as error:
            if isinstance(error, CannotInvoice):
                lists.rest(owner, name, services.clock.now() + REFUSED)
            log(LOG, "list not read", level=logging.WARNING, owner=owner, list=name, reason=type(error).__name__)
            continue
        changed = lists.replace(owner, name, entries, services.clock.now())
        log(LOG, "list read", owner=owner, list=name, entries=len(entries), changed=changed)
        done += 1
    return done


def want_options(services: Services, portal_id: PortalId, realm_id: RealmId) -> None:
    """Have everything read anew: the connection is new, or was changed."""
    now = services.clock.now()
    services.option_lists.want(realm_owner(realm_id), LISTS, now, rested=True)
    services.option_lists.want(portal_owner(portal_id), PORTAL_LISTS, now, rested=True)


def _readers(services: Services) -> dict[str, Callable[[str], list[Entry]]]:
    """How to read the lists of every realm and portal that has a live connection."""
    found: dict[str, Callable[[str], list[Entry]]] = {}
    for each in services.connections.all():
        if each.state == LIVE:
            found[realm_owner(each.realm_id)] = partial(_realm_entries, services, each.realm_id)
            found[portal_owner(each.portal_id)] = partial(_label_entries, services, each.portal_id)
    return found


def _realm_entries(services: Services, realm_id: RealmId, name: str) -> list[Entry]:
    listed = get_list(services.quickbooks, realm_id, name)
    return [Entry(each.id, each.name, each.description) for each in listed]


def _label_entries(services: Services, portal_id: PortalId, _name: str) -> list[Entry]:
    """Labels of contacts and companies on deals; types without a label are no choice."""
    found = []
    for object_type, what in (("contacts", "Contact"), ("companies", "Company")):
        for each in services.hubspot.association_labels(portal_id, "deals", object_type):
            if each.label:
                found.append(Entry(f"{object_type}:{each.type_id}", each.label, f"{what} of the deal"))
    return found
