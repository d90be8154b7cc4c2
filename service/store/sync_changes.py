"""What an operator decides about the sync, by page or command: done, and written into the audit trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from service.errors import InputInvalid
from service.store.audit import Audit
from service.store.database import Database
from service.store.sync import SyncTables
from service.store.sync_links import ENDED, FAILED, LEFT_OUT, REVIEW, WAITING, SyncLink
from service.store.sync_settings import OFF, ON, SyncObject
from service.sync.direction import CUSTOMER_PAIRINGS, Direction, Side
from service.sync.filters import Filter
from service.sync.mapping import KnownHubSpotProperty, Mapping, find_problems


class SyncChanges:
    """Every decision; `actor` is who took it, as the trail names him."""

    def __init__(self, database: Database) -> None:
        self.tables, self._audit = SyncTables(database), Audit(database)

    def turn_on(self, known: SyncObject, actor: str, now: datetime) -> SyncObject:
        """Keep an object in step from now on; after it was off, everything is compared anew.

        Raises: InputInvalid when customers follow another object already.
        """
        if known.name in CUSTOMER_PAIRINGS:
            other = next(iter(CUSTOMER_PAIRINGS - {known.name}))
            if self.tables.settings.find(known.portal_id, known.realm_id, other).state == ON:
                raise InputInvalid(f"Customers are kept in step with {other}: turn {other} off first.")
        wanted = replace(known, state=ON)
        self.tables.settings.keep(wanted, now)
        if known.state == ON:
            self.tables.settings.poll_soon(wanted, now)
        else:
            # Merges and deletions made while it was off are in no change data: only a pass sees them.
            wanted = self.tables.settings.begin(wanted, now)
        self._note(wanted, actor, "sync turned on", now, f"direction {wanted.direction}, winner {wanted.winner}")
        return wanted

    def turn_off(self, known: SyncObject, actor: str, now: datetime) -> SyncObject:
        """Nothing is asked or written for the object any more; what is there stays."""
        wanted = replace(known, state=OFF)
        self.tables.settings.keep(wanted, now)
        self.tables.candidates.clear(wanted)
        self._note(wanted, actor, "sync turned off", now)
        return wanted

    def set_rules(
        self,
        known: SyncObject,
        actor: str,
        now: datetime,
        *,
        direction: Direction | None = None,
        winner: Side | None = None,
        deactivates: bool | None = None,
        chosen: Filter | None = None,
    ) -> SyncObject:
        """Change how an object is kept in step; what is None stays. Another direction or filter compares anew."""
        wanted = replace(
            known,
            direction=direction or known.direction,
            winner=winner or known.winner,
            deactivates=known.deactivates if deactivates is None else deactivates,
            filter=chosen or known.filter,
        )
        if wanted == known:
            return known
        self.tables.settings.keep(wanted, now)
        if wanted.state == ON and (wanted.direction, wanted.filter) != (known.direction, known.filter):
            wanted = self.tables.settings.begin(wanted, now)
        said = f"direction {wanted.direction}, winner {wanted.winner}, deactivates {wanted.deactivates}"
        self._note(wanted, actor, "sync changed", now, said)
        return wanted

    def run(self, known: SyncObject, actor: str, now: datetime) -> SyncObject:
        """Compare everything anew. Raises: InputInvalid when it is off."""
        if known.state != ON:
            raise InputInvalid(f"The sync of {known.name} is off: turn it on.")
        begun = self.tables.settings.begin(known, now)
        self._note(known, actor, "sync run", now)
        return begun

    def delete(self, known: SyncObject, actor: str, now: datetime) -> None:
        """Forget links and settings; no record of either side is touched."""
        self.tables.settings.forget(known)
        self._note(known, actor, "sync deleted", now)

    def apply_mapping(
        self,
        known: SyncObject,
        mapping: Mapping,
        actor: str,
        now: datetime,
        properties: dict[str, KnownHubSpotProperty] | None = None,
    ) -> SyncObject:
        """Another mapping from now on. Raises: InputInvalid with every reason why it cannot be."""
        problems = find_problems(mapping, properties)
        if mapping.pairing.name != known.name:
            problems.append(f"it is a mapping of {mapping.pairing.name}, not of {known.name}")
        if problems:
            raise InputInvalid("The mapping cannot be applied. " + "; ".join(problems) + ".")
        applied = self.tables.settings.apply_mapping(known, mapping, actor, now)
        self._note(known, actor, "mapping applied", now, f"version {applied.fields.version}")
        return applied

    def replay(
        self, known: SyncObject, actor: str, now: datetime, *, link_id: int | None = None, code: str | None = None
    ) -> int:
        """Try again what failed or waits: one, all of one code, or all; returns how many."""
        count = self.tables.links.replay(known, now, link_id=link_id, code=code)
        if count:
            self._note(known, actor, "records replayed", now, f"{count} {code or ''}".strip())
        return count

    def choose(self, known: SyncObject, link: SyncLink, chosen: str, actor: str, now: datetime) -> None:
        """A person says which record of the other side it is. Raises: InputInvalid."""
        links = self.tables.links
        _check_review(link)
        if link.object_id is not None:
            half, pair = links.by_entities(known, [chosen]).get(chosen), replace(link, entity_id=chosen)
        else:
            half, pair = links.by_objects(known, [chosen]).get(chosen), replace(link, object_id=chosen)
        if half is not None and half.holds:
            state = "was left out or has ended" if half.state == ENDED else "is in step with another record already"
            raise InputInvalid(f"{chosen} {state}: choose another one.")
        if half is not None:
            links.drop(half)
        self._decide(known, pair, "chosen", f"is {chosen}", actor, now)

    def create_anew(self, known: SyncObject, link: SyncLink, actor: str, now: datetime) -> None:
        """A person says that it is nobody the other side has. Raises: InputInvalid."""
        _check_review(link)
        direction = known.rules.direction
        if not (direction.reaches_quickbooks if link.object_id is not None else direction.reaches_hubspot):
            raise InputInvalid("Nothing is created there while values flow the other way only: change the direction.")
        self._decide(known, replace(link, code="CREATE_ANEW"), "to be created", "is nobody there is", actor, now)

    def leave_out(self, known: SyncObject, link: SyncLink, actor: str, now: datetime) -> None:
        """A person says that it is not to be kept in step. Raises: InputInvalid."""
        if link.state not in (REVIEW, FAILED, WAITING):
            raise InputInvalid("Only what waits for a person can be left out.")
        sentence = "A person decided to leave it out: it can be brought back."
        ended = replace(link, state=ENDED, code=LEFT_OUT, sentence=sentence, due_at=None, candidates=())
        self.tables.links.keep(known, [ended], now)
        self.tables.links.note(known, ended, "left out", f"by {actor}", now)
        self._note(known, actor, "record left out", now, f"record {link.id}")

    def bring_back(self, known: SyncObject, link: SyncLink, actor: str, now: datetime) -> None:
        """A person takes it back that it is left out: what changed meanwhile crosses over. Raises: InputInvalid."""
        if (link.state, link.code) != (ENDED, LEFT_OUT):
            raise InputInvalid("Only what a person has left out can be brought back.")
        sentence = "A person has brought it back; it is compared now."
        back = replace(link, state=WAITING, code="BROUGHT_BACK", sentence=sentence, due_at=now)
        self.tables.links.keep(known, [back], now)
        self.tables.links.note(known, back, "brought back", f"by {actor}", now)
        self._note(known, actor, "record brought back", now, f"record {link.id}")

    def _decide(self, known: SyncObject, link: SyncLink, event: str, detail: str, actor: str, now: datetime) -> None:
        code = link.code if link.code == "CREATE_ANEW" else "CHOSEN"
        # The candidates stay until a worker has found the chosen one: an id may be mistyped.
        decided = replace(link, state=WAITING, code=code, sentence="A person has decided; it is done now.", due_at=now)
        self.tables.links.keep(known, [decided], now)
        self.tables.links.note(known, decided, event, f"{detail}, by {actor}", now)
        self._note(known, actor, "match decided", now, f"record {link.id}")

    def _note(self, known: SyncObject, actor: str, act: str, now: datetime, detail: str | None = None) -> None:
        subject = f"{known.name} of portal {known.portal_id} and realm {known.realm_id}"
        self._audit.note(actor, act, subject, now, detail)


def _check_review(link: SyncLink) -> None:
    if link.is_pair or link.state not in (REVIEW, FAILED, WAITING):
        raise InputInvalid("This record does not wait for a decision.")
