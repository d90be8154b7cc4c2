"""Look for what an earlier callback of the deal may have created without ever hearing of it."""

from __future__ import annotations

from service.ids import DealId, RealmId
from service.store.callbacks import StoredCallback
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.view_invoice import known_invoice
from service.workflows.write_reserved import Written, end_created, look


def learn_unknown(services: Services, callback: StoredCallback, realm: KnownRealm, entity: str) -> None:
    """Sales of the kind whose write was begun and never answered are known from now on, where they exist."""
    portal_id, realm_id, deal_id = callback.portal_id, RealmId(str(callback.realm_id)), DealId(callback.object_id)
    of_deal = (portal_id, realm_id, callback.object_type, deal_id)
    for unknown in services.reservations.open_of_object(*of_deal, but=callback.callback_id, entity=entity):
        found = look(services, unknown, unknown.reserved_at)
        if found is None:
            continue
        now = services.clock.now()
        with services.database.write() as tx:
            end_created(services, tx, Written(unknown, found), now)
            if entity == "Invoice":
                made_by, today = unknown.callback_id, realm.day_of(now)
                services.invoices.keep(tx, known_invoice(found, portal_id, realm_id, deal_id, made_by, today, now))
