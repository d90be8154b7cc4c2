"""The sync of invoices as an operator decides it: which ones HubSpot mirrors, how each stands, what is tried again.

Invoices go one way, from the books to HubSpot; the mirrors' own table says how far that is. Each decision is
written into the audit trail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping as Values
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.errors import InputInvalid
from service.ids import InvoiceId, PortalId, RealmId
from service.invoicing.mirror import ALL, DEALS, OFF
from service.store.audit import Audit
from service.store.connection_settings import change_settings
from service.store.connections import Connection
from service.store.database import Database, from_ms_or_none, to_ms
from service.sync.direction import INVOICES, MAPPED
from service.sync.mapping import Mapping
from service.sync.mapping_file import export_mapping, parse_mapping

# Keys of a connection's settings.
WHICH, WHICH_WHEN_ON, MAPPING, PROPERTIES = "mirror", "mirror_when_on", "invoice_mapping", "invoice_properties"
STATES = ("in_step", "waiting", "failed", "left_out")
_HERE = "m.portal_id = :portal_id AND m.realm_id = :realm_id"
# What HubSpot refused has a note; what is due now is on its way; a later time is the next midnight that changes it.
_STATE = """CASE WHEN m.note IS NOT NULL THEN 'failed' WHEN m.due_at <= :now THEN 'waiting'
            WHEN m.object_id IS NOT NULL THEN 'in_step' ELSE 'left_out' END"""
_COUNT = sa.text(f"SELECT {_STATE} AS state, count(*) AS n FROM mirrors m WHERE {_HERE} GROUP BY 1")  # noqa: S608
_SEARCH = sa.text(
    f"""SELECT m.invoice_id, m.object_id, m.due_at, m.tries, m.note, {_STATE} AS state,
          COALESCE(i.document, a.document) AS document
        FROM mirrors m
        LEFT JOIN invoices i ON i.realm_id = m.realm_id AND i.invoice_id = m.invoice_id
        LEFT JOIN adoptions a ON a.realm_id = m.realm_id AND a.invoice_id = m.invoice_id
        WHERE {_HERE} AND (:state = '' OR {_STATE} = :state)
          AND (:text = '' OR m.invoice_id = :text OR m.object_id = :text
               OR LOWER(COALESCE(i.document, a.document, '')) LIKE :like)
        ORDER BY m.invoice_id LIMIT :limit"""  # noqa: S608
)
# A version more: a mirror that is being written meanwhile stays due.
_LOOK_AGAIN = "UPDATE mirrors AS m SET due_at = :now, version = version + 1, tries = 0, note = NULL"
_RUN = sa.text(f"{_LOOK_AGAIN} WHERE {_HERE}")
_REPLAY = sa.text(f"{_LOOK_AGAIN} WHERE {_HERE} AND m.note IS NOT NULL AND (:invoice = '' OR m.invoice_id = :invoice)")
# Looked for by its key before anything is created again, should it be turned on once more.
_FORGET = sa.text(
    f"""UPDATE mirrors AS m SET object_id = NULL, tried_at = :now, deal_id = NULL, properties_hash = NULL,
          lines_hash = NULL, due_at = NULL, version = version + 1, tries = 0, note = NULL WHERE {_HERE}"""  # noqa: S608
)
_OF_OBJECTS = sa.text(
    f"SELECT m.object_id, m.invoice_id FROM mirrors m WHERE {_HERE} AND m.object_id IN :ids"  # noqa: S608
).bindparams(sa.bindparam("ids", expanding=True))
_LAST_VERSION = sa.text(
    """SELECT COALESCE(MAX(version), 0) FROM sync_mappings
       WHERE portal_id = :portal_id AND realm_id = :realm_id AND object = :object"""
)
_KEEP_VERSION = sa.text(
    """INSERT INTO sync_mappings (portal_id, realm_id, object, version, document, actor, applied_at)
       VALUES (:portal_id, :realm_id, :object, :version, :document, :actor, :at)"""
)


@dataclass(frozen=True, slots=True)
class InvoiceRules:
    """What an operator wants of a connection's invoices. `mapping` None: nothing beside what a mirror always shows."""

    portal_id: PortalId
    realm_id: RealmId
    is_on: bool
    which: str
    mapping: Mapping | None

    @property
    def fields(self) -> Mapping:
        """The mapping that is applied; without fields where there is none."""
        return self.mapping or Mapping(MAPPED[INVOICES], ())


@dataclass(frozen=True, slots=True)
class MirroredInvoice:
    """One invoice and its mirror, for people. `sentence`: why HubSpot did not take it; `state`: one of STATES."""

    invoice_id: InvoiceId
    object_id: str | None
    number: str
    customer: str
    state: str
    sentence: str | None
    tries: int
    due_at: datetime | None


def read_rules(connection: Connection) -> InvoiceRules:
    """The rules in a connection's settings."""
    settings = connection.settings
    which, document = str(settings.get(WHICH, ALL)), settings.get(MAPPING)
    on = which != OFF
    return InvoiceRules(
        connection.portal_id,
        connection.realm_id,
        on,
        which if on else str(settings.get(WHICH_WHEN_ON, ALL)),
        parse_mapping(document) if document else None,
    )


class InvoiceSync:
    """Every decision about a connection's invoices; `actor` is who took it, as the trail names him."""

    def __init__(self, database: Database) -> None:
        self._database, self._audit = database, Audit(database)

    def turn_on(self, rules: InvoiceRules, actor: str, now: datetime, which: str | None = None) -> None:
        """Mirror invoices from now on; what changed while it was off is caught up with. `which`: "all" or "deals"."""
        wanted = which or rules.which
        self._set(rules, {WHICH: wanted, WHICH_WHEN_ON: wanted}, now)
        # Drawn from rows and compared by hashes: what has not changed costs no call.
        self._execute(_RUN, rules, now)
        self._note(rules, actor, "sync turned on", now, f"{wanted} invoices")

    def turn_off(self, rules: InvoiceRules, actor: str, now: datetime) -> None:
        """Nothing is asked or written for HubSpot invoices any more; what is there stays."""
        self._set(rules, {WHICH: OFF, WHICH_WHEN_ON: rules.which}, now)
        self._note(rules, actor, "sync turned off", now)

    def run(self, rules: InvoiceRules, actor: str, now: datetime) -> int:
        """Draw every mirror anew; returns how many. Raises: InputInvalid when it is off."""
        if not rules.is_on:
            raise InputInvalid("The sync of invoices is off: turn it on.")
        count = self._execute(_RUN, rules, now)
        self._note(rules, actor, "sync run", now, f"{count} invoices")
        return count

    def delete(self, rules: InvoiceRules, actor: str, now: datetime) -> None:
        """Forget which HubSpot invoice mirrors which, and the settings; no record is touched, and it is off."""
        self._set(rules, {WHICH: OFF, WHICH_WHEN_ON: ALL, MAPPING: None, PROPERTIES: None}, now)
        self._execute(_FORGET, rules, now)
        self._note(rules, actor, "sync deleted", now)

    def replay(self, rules: InvoiceRules, actor: str, now: datetime, invoice_id: str = "") -> int:
        """Try again what HubSpot did not take: one invoice's mirror, or all; returns how many."""
        count = self._execute(_REPLAY, rules, now, invoice=invoice_id)
        if count:
            self._note(rules, actor, "records replayed", now, f"{count} invoices")
        return count

    def apply_mapping(self, rules: InvoiceRules, mapping: Mapping, actor: str, now: datetime) -> int:
        """Other properties from now on; every mirror is drawn anew. Returns the version. The caller has checked it."""
        row: dict[str, Any] = {**_key(rules), "object": INVOICES}
        with self._database.write() as tx:
            self._database.lock_row(tx, f"invoice mapping:{rules.portal_id}:{rules.realm_id}")
            version = int(tx.execute(_LAST_VERSION, row).scalar_one()) + 1
            document = export_mapping(mapping) | {"version": version}
            kept = {"version": version, "document": json.dumps(document), "actor": actor, "at": to_ms(now)}
            tx.execute(_KEEP_VERSION, row | kept)
        self._set(rules, {MAPPING: document, PROPERTIES: None}, now)
        self._execute(_RUN, rules, now)
        self._note(rules, actor, "mapping applied", now, f"version {version}")
        return version

    def count(self, rules: InvoiceRules, now: datetime) -> dict[str, int]:
        """How many invoices stand how."""
        with self._database.read() as connection:
            rows = connection.execute(_COUNT, {**_key(rules), "now": to_ms(now)})
            return {row.state: row.n for row in rows}

    def search(
        self, rules: InvoiceRules, now: datetime, text: str = "", state: str = "", limit: int = 50
    ) -> list[MirroredInvoice]:
        """By number, customer, address or either id; `state` "": all."""
        wanted = text.strip()
        like = "%" + wanted.lower().replace("%", "").replace("_", "") + "%"
        row = {**_key(rules), "now": to_ms(now), "text": wanted, "like": like, "state": state, "limit": limit}
        with self._database.read() as connection:
            return [_read(each) for each in connection.execute(_SEARCH, row).mappings()]

    def invoices_of(self, rules: InvoiceRules, object_ids: list[str]) -> dict[str, InvoiceId]:
        """Which invoices these HubSpot invoices mirror."""
        if not object_ids:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(_OF_OBJECTS, {**_key(rules), "ids": object_ids})
            return {row.object_id: InvoiceId(row.invoice_id) for row in rows}

    def _set(self, rules: InvoiceRules, changes: Values[str, Any], now: datetime) -> None:
        if not change_settings(self._database, rules.portal_id, rules.realm_id, changes, now):
            raise InputInvalid("There is no such connection: see `connections list`.")

    def _execute(self, statement: sa.TextClause, rules: InvoiceRules, now: datetime, **more: str) -> int:
        with self._database.write() as tx:
            return int(tx.execute(statement, {**_key(rules), "now": to_ms(now), **more}).rowcount)

    def _note(self, rules: InvoiceRules, actor: str, act: str, now: datetime, detail: str | None = None) -> None:
        subject = f"{INVOICES} of portal {rules.portal_id} and realm {rules.realm_id}"
        self._audit.note(actor, act, subject, now, detail)


def check_one_way(direction: str | None, winner: str | None) -> None:
    """Raises: InputInvalid for a rule that invoices cannot have."""
    if direction not in (None, "to_hubspot") or winner not in (None, "quickbooks"):
        raise InputInvalid(
            "Invoices go to HubSpot only: the books say what is owed, and what a person changes on a HubSpot "
            "invoice is written over. Workflow actions change invoices in QuickBooks."
        )


def read_which(text: str | None) -> str | None:
    """Which invoices, in an operator's words. Raises: InputInvalid."""
    if text is not None and text not in (ALL, DEALS):
        raise InputInvalid(f'Which invoices are mirrored is "{ALL}" or "{DEALS}" (those that belong to a deal).')
    return text


def _key(rules: InvoiceRules) -> dict[str, Any]:
    return {"portal_id": rules.portal_id, "realm_id": rules.realm_id}


def _read(row: sa.RowMapping) -> MirroredInvoice:
    content = json.loads(row["document"]) if row["document"] else {}
    return MirroredInvoice(
        InvoiceId(row["invoice_id"]),
        row["object_id"],
        str(content.get("DocNumber") or ""),
        str((content.get("CustomerRef") or {}).get("name") or ""),
        row["state"],
        row["note"],
        row["tries"],
        from_ms_or_none(row["due_at"]),
    )
