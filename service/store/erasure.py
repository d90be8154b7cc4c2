"""Erase a person from what was kept for invoices: names and addresses go, ids, numbers and amounts stay.

What makes writes unrepeatable stays as well: a reservation's request id and mark for good, and while they are under way
the body of a write whose outcome is not known, and a callback that is not completed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.ids import PortalId, RealmId
from service.invoicing.marks import read_signature
from service.store.database import Database

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
_PERSONAL = ("BillEmail", "BillEmailCc", "BillEmailBcc", "BillAddr", "ShipAddr", "CustomerMemo", "DeliveryAddress")
_WRITTEN_BY_AUTHORS = frozenset({"messageToCustomer", "privateNote"})
_ABOUT_PEOPLE = ("Recipient", "customerName", "customerEmail")
Owned = tuple[str, str]
"""A realm and the id of a customer in it."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows a person was taken out of; `under_way`: in how many he still is, for now."""

    invoices: int = 0
    payments: int = 0
    writes: int = 0
    callbacks: int = 0
    strangers: int = 0
    previews: int = 0
    under_way: int = 0


def redact(document: str) -> str:
    """An invoice, a payment or the body of a write without anybody's name or address."""
    content = json.loads(document)
    for name in _PERSONAL:
        content.pop(name, None)
    if isinstance(content.get("CustomerRef"), dict):
        content["CustomerRef"].pop("name", None)
    note = content.get("PrivateNote")
    if note:
        # Our own line says which deal and callback it is of; whether it is void, QuickBooks says in its first word.
        kept = ["Voided"] if str(note).startswith("Voided") else []
        content["PrivateNote"] = "\n".join([*kept, *filter(None, [read_signature(str(note))])])
    return json.dumps(content, separators=(",", ":"))


_CUSTOMERS = sa.text(
    "SELECT realm_id, entity_id FROM links WHERE portal_id = :portal_id AND kind = :kind AND key = :key"
)
_INVOICES = sa.text(
    "SELECT * FROM invoices WHERE portal_id = :portal_id AND realm_id = :realm_id AND customer_id = :id"
)
_PAYMENTS = sa.text(
    """SELECT p.realm_id, p.payment_id, p.document FROM payments p JOIN applied_payments l
         ON l.realm_id = p.realm_id AND l.payment_id = p.payment_id
       WHERE p.realm_id = :realm_id AND l.txn_type = 'Invoice' AND l.txn_id IN :ids"""
).bindparams(sa.bindparam("ids", expanding=True, type_=sa.Text))
_WRITES = sa.text(
    """SELECT portal_id, callback_id, generation, body FROM reservations
       WHERE portal_id = :portal_id AND realm_id = :realm_id AND customer_id = :id AND state <> 'open'"""
)
_CALLBACKS_OF = sa.text(
    """SELECT DISTINCT callback_id FROM reservations
       WHERE portal_id = :portal_id AND realm_id = :realm_id AND customer_id = :id"""
)
_CALLBACKS = sa.text(
    """SELECT callback_id, object_type, object_id, inputs, outputs FROM callbacks
       WHERE portal_id = :portal_id AND state = 'completed'
         AND (callback_id IN :callbacks OR (object_type = :object_type AND object_id = :object_id)
              OR (object_type = 'DEAL' AND object_id IN :deals))"""
).bindparams(
    sa.bindparam("callbacks", expanding=True, type_=sa.Text), sa.bindparam("deals", expanding=True, type_=sa.Text)
)
_DEALS = sa.text(
    """SELECT DISTINCT object_id FROM callbacks
       WHERE portal_id = :portal_id AND callback_id IN :callbacks AND object_type = 'DEAL'"""
).bindparams(sa.bindparam("callbacks", expanding=True, type_=sa.Text))
_UNDER_WAY = sa.text(
    """SELECT count(*) FROM callbacks c
       WHERE c.portal_id = :portal_id AND (c.callback_id IN :callbacks
               OR (c.object_type = :object_type AND c.object_id = :object_id))
         AND (c.state <> 'completed' OR EXISTS (SELECT 1 FROM reservations r WHERE r.portal_id = c.portal_id
                AND r.callback_id = c.callback_id AND r.state = 'open'))"""
).bindparams(sa.bindparam("callbacks", expanding=True, type_=sa.Text))
_STRANGERS = sa.text("SELECT realm_id, invoice_id, document FROM adoptions WHERE realm_id = :realm_id")
_SET = {
    "invoices": sa.text(
        """UPDATE invoices SET document = :document, erased = true
           WHERE realm_id = :realm_id AND invoice_id = :invoice_id"""
    ),
    "payments": sa.text(
        "UPDATE payments SET document = :document WHERE realm_id = :realm_id AND payment_id = :payment_id"
    ),
    "reservations": sa.text(
        """UPDATE reservations SET body = :document WHERE portal_id = :portal_id AND callback_id = :callback_id
             AND generation = :generation AND state <> 'open'"""
    ),
    "adoptions": sa.text(
        "UPDATE adoptions SET document = :document WHERE realm_id = :realm_id AND invoice_id = :invoice_id"
    ),
}
_SET_CALLBACK = sa.text(
    """UPDATE callbacks SET inputs = :inputs, outputs = :outputs
       WHERE portal_id = :portal_id AND callback_id = :callback_id AND state = 'completed'"""
)
_PREVIEWS = sa.text("DELETE FROM previews WHERE portal_id = :portal_id")
_FORGET_LINKS = sa.text("DELETE FROM links WHERE portal_id = :portal_id AND kind = :kind AND key = :key")


class Erasure:
    """Everything that was kept for invoices, as far as it is about one person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, portal_id: PortalId, kind: str, object_id: str, customers: Iterable[Owned]) -> Erased:
        """Take a person out. `kind` and `object_id` as in `store.links`; `customers` more that are known to be his."""
        with self._database.write() as tx:
            row: dict[str, Any] = {"portal_id": portal_id, "kind": kind, "key": object_id}
            linked = {(each.realm_id, each.entity_id) for each in tx.execute(_CUSTOMERS, row)}
            done = _erase_all(tx, portal_id, kind, object_id, sorted(linked | set(customers)))
            if not done.under_way:
                tx.execute(_FORGET_LINKS, row)
        return done


def _erase_all(
    tx: sa.Connection, portal_id: PortalId, kind: str, object_id: str, customers: Collection[Owned]
) -> Erased:
    invoices = payments = writes = strangers = 0
    callbacks, deals = set[str](), set[str]()
    for realm_id, customer_id in customers:
        row = {"portal_id": portal_id, "realm_id": RealmId(realm_id), "id": customer_id}
        found = tx.execute(_INVOICES, row).mappings().all()
        callbacks |= {str(each["callback_id"]) for each in found if each["callback_id"]}
        callbacks |= set(tx.execute(_CALLBACKS_OF, row).scalars())
        deals |= {str(each["deal_id"]) for each in found}
        invoices += _rewrite(tx, "invoices", found)
        ids = [str(each["invoice_id"]) for each in found]
        payments += _rewrite(tx, "payments", tx.execute(_PAYMENTS, {**row, "ids": ids}).mappings().all())
        sent = [{**each, "document": each["body"]} for each in tx.execute(_WRITES, row).mappings()]
        writes += _rewrite(tx, "reservations", sent)
        theirs = [each for each in tx.execute(_STRANGERS, row).mappings() if _is_of(each["document"], customer_id)]
        strangers += _rewrite(tx, "adoptions", theirs)
    deals |= set(tx.execute(_DEALS, {"portal_id": portal_id, "callbacks": list(callbacks)}).scalars())
    wanted: dict[str, Any] = {"portal_id": portal_id, "callbacks": list(callbacks), "deals": list(deals)}
    wanted |= {"object_type": kind.upper(), "object_id": object_id}
    told = tx.execute(_CALLBACKS, wanted).mappings().all()
    for each in told:
        outputs = None if each["outputs"] is None else json.dumps(_blank_outputs(json.loads(each["outputs"])))
        inputs = json.dumps(_drop_inputs(json.loads(each["inputs"])))
        tx.execute(_SET_CALLBACK, {**wanted, "callback_id": each["callback_id"], "inputs": inputs, "outputs": outputs})
    # They are made for a day and as soon made again.
    previews = tx.execute(_PREVIEWS, {"portal_id": portal_id}).rowcount
    under_way = int(tx.execute(_UNDER_WAY, wanted).scalar() or 0)
    return Erased(invoices, payments, writes, len(told), strangers, previews, under_way)


def _rewrite(tx: sa.Connection, table: str, rows: Iterable[sa.RowMapping | dict[str, Any]]) -> int:
    changed = [{**each, "document": redact(each["document"])} for each in rows]
    if changed:
        tx.execute(_SET[table], changed)
    return len(changed)


def _is_of(document: str, customer_id: str) -> bool:
    if f'"{customer_id}"' not in document:
        return False
    return str((json.loads(document).get("CustomerRef") or {}).get("value")) == customer_id


def _blank_outputs(outputs: Mapping[str, str]) -> dict[str, str]:
    return {name: "" if name.endswith(_ABOUT_PEOPLE) else value for name, value in outputs.items()}


def _drop_inputs(inputs: Mapping[str, str]) -> dict[str, str]:
    """Without addresses and what the author wrote to or about somebody."""
    return {name: value for name, value in inputs.items() if name not in _WRITTEN_BY_AUTHORS and "@" not in str(value)}
