"""A deal becomes a sale in QuickBooks, exactly one: what invoices and all other kinds share.

Customer and items are found or created, the draft is reserved, then sent; drafted once more where what we
remembered is gone or a number of ours is taken.
"""

from __future__ import annotations

from collections.abc import Callable

from service.errors import CannotInvoice, NumberTaken
from service.ids import RealmId
from service.invoicing.billing import decide_total, plan_lines
from service.invoicing.currency import decide_currency
from service.invoicing.draft import Draft, read_item_ids
from service.invoicing.marks import derive_mark
from service.invoicing.numbering import is_template
from service.invoicing.sale_inputs import SaleInputs
from service.store.callbacks import StoredCallback
from service.store.reservations import Reservation
from service.workflows.ensure_customer import ensure_customer
from service.workflows.ensure_items import ensure_items, forget_items
from service.workflows.gather_deal import Gathered
from service.workflows.know_realm import KnownRealm
from service.workflows.services import Services
from service.workflows.write_reserved import Written, is_about_reference, next_generation, reserve, send_reserved

# A number of ours that somebody has taken: the next one, a few times.
NUMBERS_TRIED = 4
Drafter = Callable[..., Draft]
"""`draft_sale` or `draft_invoice`, its inputs given."""


def repeat_sale(
    services: Services, callback: StoredCallback, reservation: Reservation, inputs: SaleInputs
) -> Written | None:
    """Send again what was reserved by an earlier run.

    None: nothing exists, and another draft may be taken: what the old one referred to is gone, or
    its number is somebody else's by now.
    """
    try:
        return send_reserved(services, callback, reservation, repeated=True)
    except CannotInvoice as error:
        if not may_draft_again(services, inputs, reservation, error):
            raise
        return None


def write_sale(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    entity: str,
    inputs: SaleInputs,
    gathered: Gathered,
    draft: Drafter,
    *,
    repeated: bool,
) -> Written:
    """Prepare, reserve, send; once more when what we remembered is gone or our number is taken.

    `repeated`: an earlier draft of this callback was refused when it was sent again.
    """
    # What cannot be sold is refused before a customer or an item is created for it.
    today = realm.day_of(callback.received_at)
    decide_total(gathered.deal, gathered.line_items, inputs=inputs, realm=realm.facts, today=today)
    forgot = False
    for _ in range(NUMBERS_TRIED):
        reservation = prepare(services, callback, realm, entity, inputs, gathered, draft, repeated=repeated)
        try:
            return send_reserved(services, callback, reservation)
        except CannotInvoice as error:
            if forgot or not may_draft_again(services, inputs, reservation, error):
                raise
            forgot = not isinstance(error, NumberTaken)
    raise NumberTaken("The numbers tried are taken in QuickBooks: give one in the action.")


def prepare(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    entity: str,
    inputs: SaleInputs,
    gathered: Gathered,
    draft: Drafter,
    *,
    repeated: bool,
) -> Reservation:
    """Decide everything the sale will say, and write it down before anything is sent."""
    deal, portal_id, realm_id = gathered.deal, callback.portal_id, RealmId(str(callback.realm_id))
    billed = plan_lines(deal, gathered.line_items, inputs)
    currency = (deal.currency or realm.facts.home_currency) if realm.facts.multicurrency else None
    customer = ensure_customer(services, portal_id, realm_id, gathered.recipient, inputs, currency, gathered.parent)
    decide_currency(deal, billed, realm.facts, customer.currency)
    item_ids = ensure_items(services, portal_id, realm_id, billed, inputs, realm)
    drafted = draft(
        deal,
        gathered.line_items,
        customer_id=customer.id,
        item_ids=item_ids,
        realm=realm.facts,
        today=realm.day_of(callback.received_at),
        mark=derive_mark(portal_id, realm_id, callback.callback_id),
        recipient=gathered.recipient,
        customer_currency=customer.currency,
        generation=next_generation(services, callback) - 1,
    )
    reservation = reserve(services, callback, entity, customer.id, drafted.body(), look_first=repeated)
    if drafted.remarks:
        services.callbacks.note_event(callback, "remark", " ".join(drafted.remarks), services.clock.now())
    return reservation


def may_draft_again(services: Services, inputs: SaleInputs, reservation: Reservation, error: CannotInvoice) -> bool:
    """Whether a new draft may fare better than the one just refused; forgets what misled it."""
    if isinstance(error, NumberTaken):
        return not inputs.number or is_template(inputs.number)
    return is_about_reference(error) and forget(services, reservation)


def forget(services: Services, reservation: Reservation) -> bool:
    """Drop what we remembered of the customer and items of a sale; False when that was nothing."""
    realm_id = reservation.realm_id
    dropped = services.links.forget(realm_id, ("contact", "company"), reservation.customer_id)
    dropped += forget_items(services, realm_id, read_item_ids(reservation.body))
    return dropped > 0
