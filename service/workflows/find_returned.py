"""What an earlier run of the callback found there already, and began to send or apply: it goes on with that one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from service.store.callbacks import StoredCallback
from service.store.reservations import APPLY, REPLACED, SEND, Reservation
from service.workflows.services import Services
from service.workflows.write_reserved import find_open_reservation


def find_returned(
    services: Services, callback: StoredCallback, entity: str, counts: Callable[[dict[str, Any]], bool]
) -> dict[str, Any] | None:
    """The sale, read afresh; None: nothing was begun, or the sale counts no more, and is sent and applied no more.

    For callbacks without an open create: what those send is what they create.
    """
    begun = [each for each in (find_open_reservation(services, callback, name) for name in (SEND, APPLY)) if each]
    if not begun:
        return None
    sale = services.quickbooks.read(begun[0].realm_id, entity, _read_sale_id(begun[0]))
    if sale is not None and counts(sale):
        return sale
    now = services.clock.now()
    with services.database.write() as tx:
        for each in begun:
            services.reservations.end(tx, each, REPLACED, now)
    return None


def _read_sale_id(begun: Reservation) -> str:
    """A send knows what it sends; the payment that applies a credit memo is linked to it."""
    if begun.operation == SEND:
        return str(begun.entity_id)
    links = [link for line in json.loads(begun.body)["Line"] for link in line["LinkedTxn"]]
    return next(str(link["TxnId"]) for link in links if link["TxnType"] == "CreditMemo")
