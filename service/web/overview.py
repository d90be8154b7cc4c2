"""What is connected and what needs a person, derived from rows. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.ids import PortalId, RealmId
from service.invoicing.preflight import WARN_BEFORE
from service.store.connections import LIVE, Connection
from service.store.credentials import KEYS_WRONG, LIMITED, REVOKED, Standing
from service.store.preflights import Preflight

# More callbacks than this are not counted for the first page.
MOST = 100
_TROUBLES = {LIMITED: "limited", KEYS_WRONG: "keys wrong"}


@dataclass(frozen=True, slots=True)
class Access:
    """How a vendor lets us in; `ends_at` None: not known.

    "good", "ends soon", "ended", "absent", "limited" (not granted for all) or "keys wrong" (our app's own).
    """

    kind: str
    ends_at: datetime | None = None

    @property
    def is_bad(self) -> bool:
        """Whether work stands still because of it."""
        return self.kind in ("ended", "absent", "limited")


@dataclass(frozen=True, slots=True)
class RealmView:
    """A QuickBooks company of a portal, as the pages show it."""

    realm_id: RealmId
    name: str
    state: str
    access: Access
    findings: int | None


@dataclass(frozen=True, slots=True)
class PortalView:
    """A HubSpot portal and its QuickBooks companies."""

    portal_id: PortalId
    access: Access
    realms: tuple[RealmView, ...]


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing for a person: what it is, what it means, where to go."""

    severity: str
    title: str
    meaning: str
    link: str
    label: str


def derive_access(standing: Standing | None, now: datetime) -> Access:
    """How one access stands; Intuit's ends after 100 idle days, and five years after consent in any case."""
    if standing is None:
        return Access("absent")
    if standing.state == REVOKED:
        return Access("ended")
    if standing.state in _TROUBLES:
        return Access(_TROUBLES[standing.state])
    ends = [each for each in (standing.refresh_expires_at, standing.hard_expires_at) if each is not None]
    ends_at = min(ends, default=None)
    if ends_at is None or ends_at - now > WARN_BEFORE:
        return Access("good", ends_at)
    return Access("ends soon" if ends_at > now else "ended", ends_at)


def derive_portals(
    standings: Sequence[Standing],
    connections: Sequence[Connection],
    name_of: Callable[[RealmId], str],
    preflights: Mapping[tuple[PortalId, RealmId], Preflight],
    now: datetime,
) -> list[PortalView]:
    """Every portal that is connected on either side."""
    access = {(each.vendor, each.owner_id): derive_access(each, now) for each in standings}
    absent = Access("absent")
    ids = {PortalId(int(owner)) for vendor, owner in access if vendor == "hubspot"}
    ids |= {each.portal_id for each in connections}

    def view(pair: Connection) -> RealmView:
        realm = pair.realm_id
        checked = preflights.get((pair.portal_id, realm))
        count = None if checked is None or checked.checked_at is None else sum(f.needs_person for f in checked.findings)
        return RealmView(realm, name_of(realm), pair.state, access.get(("quickbooks", realm), absent), count)

    return [
        PortalView(
            portal_id,
            access.get(("hubspot", str(portal_id)), absent),
            tuple(view(each) for each in connections if each.portal_id == portal_id),
        )
        for portal_id in sorted(ids)
    ]


def derive_concerns(
    portals: Sequence[PortalView],
    parked: int,
    failed: int,
    days: int,
    reviews: int = 0,
    out_of_step: int = 0,
    closed: int = 0,
) -> list[Concern]:
    """What needs a person, the worst first. `closed`: how many stored accesses no key of ours opens."""
    found = [*_key_concerns(closed), *(each for portal in portals for each in _portal_concerns(portal))]
    if parked:
        found.append(
            Concern(
                "error",
                f"{_count(parked, 'callback')} parked",
                "They go on by themselves as soon as the access is back.",
                "/callbacks?show=parked",
                "See them",
            )
        )
    if failed:
        found.append(
            Concern(
                "warning",
                f"{_count(failed, 'callback')} failed in the last {days} days",
                "Each says what to change; afterwards it can be replayed.",
                "/callbacks?show=failed",
                "See them",
            )
        )
    if reviews:
        found.append(
            Concern(
                "warning",
                f"{_count(reviews, 'invoice')} made in QuickBooks may belong to a deal",
                "Which one is not plain: choose it, or say that there is none.",
                "/invoices",
                "Choose",
            )
        )
    if out_of_step:
        found.append(
            Concern(
                "warning",
                f"{_count(out_of_step, 'record')} not in step",
                "They failed, or it is not plain which ones are the same. Each says what to do.",
                "/sync",
                "See them",
            )
        )
    return sorted(found, key=lambda each: each.severity != "error")


def company_name(document: Mapping[str, Any] | None) -> str:
    """The company's name out of the kept settings; empty when it is not known."""
    try:
        return str(json.loads(str((document or {})["settings"]))["company_name"])
    except (KeyError, TypeError, ValueError):
        return ""


def _key_concerns(closed: int) -> list[Concern]:
    if not closed:
        return []
    title = f"{closed} stored {'access' if closed == 1 else 'accesses'} cannot be opened"
    meaning = "The key they were sealed with is not in ENCRYPTION_KEYS. Callbacks wait, each until its deadline."
    return [Concern("error", title, meaning, "/connections", "See them")]


def _portal_concerns(portal: PortalView) -> list[Concern]:
    name, link = f"HubSpot portal {portal.portal_id}", f"/hubspot/connect?portal={portal.portal_id}"
    found = _access_concerns(name, portal.access, link)
    if not portal.realms:
        meaning = "Its callbacks are answered with a failure until a company is connected."
        where = f"/quickbooks/connect?portal={portal.portal_id}"
        found.append(Concern("warning", f"{name} has no QuickBooks company", meaning, where, "Connect QuickBooks"))
    for realm in portal.realms:
        known = f"QuickBooks company {realm.name or realm.realm_id}"
        where = f"/quickbooks/connect?portal={portal.portal_id}&realm={realm.realm_id}"
        found += _access_concerns(known, realm.access, where)
        place = f"/preflight/{portal.portal_id}/{realm.realm_id}"
        if realm.state != LIVE:
            meaning = "Callbacks are kept and no work is started until somebody resumes it."
            found.append(Concern("warning", f"{known} is paused", meaning, "/connections", "Resume"))
        if realm.findings:
            title = f"{known}: preflight has {_count(realm.findings, 'finding')}"
            found.append(Concern("warning", title, "Each says what it means and how to fix it.", place, "Read"))
    return found


def _access_concerns(name: str, access: Access, link: str) -> list[Concern]:
    if access.kind == "keys wrong":
        meaning = "The vendor does not take our app's own client id or secret. Callbacks wait, each until its deadline."
        return [Concern("error", f"{name}: no access can be renewed", meaning, "/connections", "See it")]
    if access.kind == "limited":
        meaning = "Callbacks that are done cannot be told; they are parked until it is granted."
        return [Concern("error", f"{name}: permissions are missing", meaning, link, "Reconnect")]
    if access.is_bad:
        meaning = "No call is possible; callbacks are parked until somebody reconnects."
        return [Concern("error", f"{name}: access has ended", meaning, link, "Reconnect")]
    if access.kind == "ends soon":
        meaning = f"After {access.ends_at:%Y-%m-%d} no call is possible. Reconnecting before that interrupts nothing."
        return [Concern("warning", f"{name}: access ends soon", meaning, link, "Reconnect")]
    return []


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} or more {noun}s" if number >= MOST else f"{number} {noun}s"
