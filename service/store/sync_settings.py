"""What an operator wants kept in step, and how far each object's work has come."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.store.database import Database, from_ms_or_none, to_ms
from service.store.hints import SYNC
from service.sync.conflict import Rules
from service.sync.direction import PAIRINGS, Direction, Pairing, Side
from service.sync.filters import DEFAULT_FILTERS, Filter, export_filter, parse_filter
from service.sync.headroom import Headroom, export_headroom, parse_headroom
from service.sync.mapping import Mapping, default_mapping
from service.sync.mapping_file import export_mapping, parse_mapping

ON, OFF = "on", "off"
# What a pass over both sides goes through; "done": hints and polls keep it in step from here on.
PHASES = ("quickbooks", "hubspot", "match", "rest", "gone", "done")


@dataclass(frozen=True, slots=True)
class SyncObject:
    """One object of one connection. `done` and `total` count the records of the present phase.

    `pass_number` counts the passes begun so far: progress of an earlier one is not written down any more.
    """

    portal_id: PortalId
    realm_id: RealmId
    name: str
    state: str = OFF
    direction: Direction = Direction.BOTH
    winner: Side = Side.HUBSPOT
    deactivates: bool = False
    filter: Filter = field(default_factory=Filter)
    mapping: Mapping | None = None
    phase: str = PHASES[0]
    cursor: str | None = None
    done: int = 0
    total: int | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    polled_hubspot_at: datetime | None = None
    polled_quickbooks_at: datetime | None = None
    next_poll_at: datetime | None = None
    problem: str | None = None
    headroom: Headroom | None = None
    pass_number: int = 0

    @property
    def pairing(self) -> Pairing:
        """What belongs together."""
        return PAIRINGS[self.name]

    @property
    def fields(self) -> Mapping:
        """The mapping that is applied: the operator's, else ours."""
        return self.mapping or default_mapping(self.name)

    @property
    def rules(self) -> Rules:
        """How values flow."""
        return Rules(self.direction, self.winner)

    @property
    def key(self) -> dict[str, Any]:
        """How its rows are found."""
        return {"portal_id": self.portal_id, "realm_id": self.realm_id, "object": self.name}

    @property
    def scope(self) -> str:
        """Its name where work is given out: the scope of its hints."""
        return f"{self.portal_id}:{self.realm_id}:{self.name}"

    def seconds_left(self, now: datetime) -> float | None:
        """How long the present phase will take at the pace it had so far; None when that is not known."""
        if self.phase == PHASES[-1] or not self.total or not self.done or self.began_at is None:
            return None
        spent = (now - self.began_at).total_seconds()
        return max(0.0, spent / self.done * (self.total - self.done))


_KEY = "portal_id = :portal_id AND realm_id = :realm_id AND object = :object"
_ALL = sa.text("SELECT * FROM sync_objects ORDER BY portal_id, realm_id, object")
_FIND = sa.text(f"SELECT * FROM sync_objects WHERE {_KEY}")  # noqa: S608
_PUT = sa.text(
    """INSERT INTO sync_objects (portal_id, realm_id, object, state, direction, winner, deactivates, filter, mapping,
         mapping_version, phase, done, leased_until, updated_at)
       VALUES (:portal_id, :realm_id, :object, :state, :direction, :winner, :deactivates, :filter, :mapping,
         :mapping_version, 'quickbooks', 0, 0, :at)
       ON CONFLICT (portal_id, realm_id, object) DO UPDATE SET state = excluded.state,
         direction = excluded.direction, winner = excluded.winner, deactivates = excluded.deactivates,
         filter = excluded.filter, mapping = excluded.mapping, mapping_version = excluded.mapping_version,
         updated_at = excluded.updated_at"""
)
_KEEP_VERSION = sa.text(
    """INSERT INTO sync_mappings (portal_id, realm_id, object, version, document, actor, applied_at)
       VALUES (:portal_id, :realm_id, :object, :version, :document, :actor, :at)"""
)
# What an operator has begun meanwhile is not overwritten by who still works on the pass before.
_PROGRESS = sa.text(
    f"""UPDATE sync_objects SET phase = :phase, cursor = :cursor, done = :done, total = :total, began_at = :began_at,
          ended_at = :ended_at, polled_hubspot_at = :polled_hubspot_at, polled_quickbooks_at = :polled_quickbooks_at,
          next_poll_at = :next_poll_at, headroom = :headroom
        WHERE {_KEY} AND pass_number = :pass_number"""  # noqa: S608
)
_BEGIN = sa.text(
    f"""UPDATE sync_objects SET phase = :phase, cursor = NULL, done = 0, total = NULL, began_at = :at, ended_at = NULL,
          problem = NULL, headroom = NULL, pass_number = pass_number + 1
        WHERE {_KEY} RETURNING pass_number"""  # noqa: S608
)
_REST = sa.text(f"UPDATE sync_objects SET problem = :problem, headroom = :headroom WHERE {_KEY}")  # noqa: S608
_WELL = sa.text(f"UPDATE sync_objects SET problem = NULL WHERE {_KEY}")  # noqa: S608
_POLL_SOON = sa.text(f"UPDATE sync_objects SET next_poll_at = :at WHERE {_KEY}")  # noqa: S608
_CLAIM = sa.text(
    f"""UPDATE sync_objects SET leased_until = :until, leased_by = :owner
        WHERE {_KEY} AND state = 'on' AND (leased_until <= :now OR leased_by = :owner)"""  # noqa: S608
)
_RELEASE = sa.text(f"UPDATE sync_objects SET leased_until = 0 WHERE {_KEY} AND leased_by = :owner")  # noqa: S608
# Whom HubSpot told us to forget is not to come back from the books, turned on again: those ids stay.
_FORGET = tuple(
    sa.text(f"DELETE FROM {table} WHERE {_KEY}{but}")  # noqa: S608
    for table, but in (
        ("sync_candidates", ""),
        ("sync_events", " AND link_id NOT IN (SELECT id FROM sync_links WHERE code = 'ERASED')"),
        ("sync_links", " AND (code IS NULL OR code <> 'ERASED')"),
        ("sync_mappings", ""),
        ("sync_objects", ""),
        ("mapping_requests", ""),
    )
)
_FORGET_HINTS = sa.text("DELETE FROM hints WHERE vendor = :vendor AND scope = :scope")


class SyncSettings:
    """The table of objects kept in step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SyncObject]:
        """Every object that was ever turned on and not forgotten."""
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(_ALL).mappings()]

    def on(self) -> list[SyncObject]:
        """Those that are on."""
        return [each for each in self.all() if each.state == ON]

    def find(self, portal_id: PortalId, realm_id: RealmId, name: str) -> SyncObject:
        """How one object stands; as by default, and off, when it was never turned on."""
        row = {"portal_id": portal_id, "realm_id": realm_id, "object": name}
        with self._database.read() as connection:
            found = connection.execute(_FIND, row).mappings().first()
        return _read(found) if found else SyncObject(portal_id, realm_id, name, filter=DEFAULT_FILTERS[name])

    def keep(self, wanted: SyncObject, now: datetime) -> None:
        """What the operator wants; how far the work has come stays as it is."""
        row = {
            **wanted.key,
            "state": wanted.state,
            "direction": wanted.direction.value,
            "winner": wanted.winner.value,
            "deactivates": wanted.deactivates,
            "filter": json.dumps(export_filter(wanted.filter)),
            "mapping": json.dumps(export_mapping(wanted.mapping)) if wanted.mapping else None,
            "mapping_version": wanted.fields.version,
            "at": to_ms(now),
        }
        with self._database.write() as tx:
            tx.execute(_PUT, row)

    def apply_mapping(self, wanted: SyncObject, mapping: Mapping, actor: str, now: datetime) -> SyncObject:
        """A new version of the mapping; kept beside the earlier ones, and everything is compared anew."""
        applied = replace(mapping, version=wanted.fields.version + 1)
        changed = replace(wanted, mapping=applied)
        self.keep(changed, now)
        row = {
            **wanted.key,
            "version": applied.version,
            "document": json.dumps(export_mapping(applied)),
            "actor": actor,
            "at": to_ms(now),
        }
        with self._database.write() as tx:
            tx.execute(_KEEP_VERSION, row)
        return self.begin(changed, now)

    def begin(self, known: SyncObject, now: datetime) -> SyncObject:
        """Begin a pass over both sides; whoever works on an earlier one writes down nothing more of it."""
        with self._database.write() as tx:
            number = tx.execute(_BEGIN, {**known.key, "phase": PHASES[0], "at": to_ms(now)}).scalar()
        return replace(
            known,
            phase=PHASES[0],
            cursor=None,
            done=0,
            total=None,
            began_at=now,
            ended_at=None,
            problem=None,
            headroom=None,
            pass_number=known.pass_number if number is None else int(number),
        )

    def progress(self, known: SyncObject) -> bool:
        """Write down how far the work has come; False: another pass was begun meanwhile, and nothing is written."""
        row = {
            **known.key,
            "pass_number": known.pass_number,
            "phase": known.phase,
            "cursor": known.cursor,
            "done": known.done,
            "total": known.total,
            "headroom": _headroom(known.headroom),
        }
        for name in ("began_at", "ended_at", "polled_hubspot_at", "polled_quickbooks_at", "next_poll_at"):
            instant: datetime | None = getattr(known, name)
            row[name] = None if instant is None else to_ms(instant)
        with self._database.write() as tx:
            return tx.execute(_PROGRESS, row).rowcount == 1

    def rest(self, known: SyncObject, problem: str, headroom: Headroom) -> None:
        """Say why the work rests."""
        with self._database.write() as tx:
            tx.execute(_REST, {**known.key, "problem": problem, "headroom": _headroom(headroom)})

    def well(self, known: SyncObject) -> None:
        """Nothing stands in the way of the work any more."""
        with self._database.write() as tx:
            tx.execute(_WELL, known.key)

    def poll_soon(self, known: SyncObject, now: datetime) -> None:
        """Ask both sides at once what has changed."""
        with self._database.write() as tx:
            tx.execute(_POLL_SOON, {**known.key, "at": to_ms(now)})

    def claim(self, known: SyncObject, owner: str, now: datetime, span: timedelta) -> bool:
        """Be the only process that works on an object for a while; False: another one does, or it is off."""
        row = {**known.key, "owner": owner, "now": to_ms(now), "until": to_ms(now + span)}
        with self._database.write() as tx:
            return tx.execute(_CLAIM, row).rowcount == 1

    def release(self, known: SyncObject, owner: str) -> None:
        """Let others work on it."""
        with self._database.write() as tx:
            tx.execute(_RELEASE, {**known.key, "owner": owner})

    def forget(self, known: SyncObject) -> None:
        """Throw away settings, links and trail; no record of either vendor is touched."""
        with self._database.write() as tx:
            tx.execute(_FORGET_HINTS, {"vendor": SYNC, "scope": known.scope})
            for statement in _FORGET:
                tx.execute(statement, known.key)


def _headroom(headroom: Headroom | None) -> str | None:
    return json.dumps(export_headroom(headroom)) if headroom else None


def _read(row: sa.RowMapping) -> SyncObject:
    document = json.loads(row["mapping"]) if row["mapping"] else None
    return SyncObject(
        portal_id=PortalId(row["portal_id"]),
        realm_id=RealmId(row["realm_id"]),
        name=row["object"],
        state=row["state"],
        direction=Direction(row["direction"]),
        winner=Side(row["winner"]),
        deactivates=bool(row["deactivates"]),
        filter=parse_filter(json.loads(row["filter"])),
        mapping=parse_mapping(document) if document else None,
        phase=row["phase"],
        cursor=row["cursor"],
        done=row["done"],
        total=row["total"],
        began_at=from_ms_or_none(row["began_at"]),
        ended_at=from_ms_or_none(row["ended_at"]),
        polled_hubspot_at=from_ms_or_none(row["polled_hubspot_at"]),
        polled_quickbooks_at=from_ms_or_none(row["polled_quickbooks_at"]),
        next_poll_at=from_ms_or_none(row["next_poll_at"]),
        problem=row["problem"],
        headroom=parse_headroom(json.loads(row["headroom"])) if row["headroom"] else None,
        pass_number=row["pass_number"],
    )
