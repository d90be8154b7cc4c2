"""What was chosen for an invoice by the callbacks that made and changed it; else what it shows of that."""

from __future__ import annotations

from typing import Any

from service.ids import RealmId
from service.invoicing.actions import schema_of
from service.invoicing.earlier_choices import join_choices
from service.invoicing.input_fields import say_days
from service.invoicing.inputs import CreateInvoiceInputs
from service.workflows.choose_invoice import ChosenInvoice
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services


def recall_choices(
    services: Services, realm_id: RealmId, realm: KnownRealm, chosen: ChosenInvoice
) -> CreateInvoiceInputs:
    """The latest word on everything, from our rows, without a call.

    Raises: LineItemUnusable.
    """
    writers = services.reservations.writers_of(realm_id, "Invoice", chosen.facts.id)
    found = [services.callbacks.find(portal_id, callback_id) for portal_id, callback_id in writers]
    callbacks = [each for each in found if each]

    def given(action: str) -> list[dict[str, Any]]:
        schema = schema_of(action)
        return [say_days(schema, each.inputs, lambda: realm.zone) for each in callbacks if each.action == action]

    created, updated = given("create-invoice"), given("update-invoice")
    return join_choices(chosen.entity, created[0] if created else None, updated, realm.facts)
