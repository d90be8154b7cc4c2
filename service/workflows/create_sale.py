"""A deal becomes an estimate, a sales receipt or a credit memo: what the three share. Read it top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Generic, TypeVar

from service.errors import CannotInvoice, SaleExists, TotalDiffers
from service.ids import DealId, RealmId
from service.invoicing.actions import output_names
from service.invoicing.draft import Draft, draft_sale
from service.invoicing.inputs import Send
from service.invoicing.invoice import derive_recipient_text, fill_outputs
from service.invoicing.other_sale import OtherSaleInputs, SaleView
from service.invoicing.read_back import find_difference
from service.invoicing.sale_inputs import WhenSaleExists
from service.logs import log
from service.quickbooks.links import sale_url
from service.quickbooks.sales import SaleFacts, parse_sale
from service.store.callbacks import SUCCESS, StoredCallback
from service.workflows.ensure_properties import names_of
from service.workflows.find_returned import find_returned
from service.workflows.gather_deal import gather_deal
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.learn_unknown import learn_unknown
from service.workflows.send_invoice import send_unsent
from service.workflows.services import Services
from service.workflows.split_deal import split_gathered
from service.workflows.write_reserved import Written, end_created, find_open_reservation
from service.workflows.write_sale import repeat_sale, write_sale

LOG = logging.getLogger("service.workflows")
Inputs = TypeVar("Inputs", bound=OtherSaleInputs)


Followed = tuple[list[Written], dict[str, Any]]
"""Further writes, and the sale as it is after them."""


@dataclass(frozen=True, slots=True)
class SaleKind(Generic[Inputs]):
    """What is different from kind to kind.

    `entity`: QuickBooks' name of it; `prefix` of a number of ours; `own_fields`: what only this kind says;
    `counts`: whether the deal has one already when this is found; `follow_up`: what is to be written besides.
    """

    entity: str
    noun: str
    prefix: str
    parse: Callable[[Mapping[str, object]], Inputs]
    own_fields: Callable[[Inputs, date], Mapping[str, object]]
    outputs: Callable[[SaleView], dict[str, str]]
    counts: Callable[[SaleFacts], bool]
    follow_up: Callable[[Services, StoredCallback, KnownRealm, Inputs, dict[str, Any]], Followed] | None = None


def create_sale(services: Services, callback: StoredCallback, kind: SaleKind[Inputs]) -> None:
    """Settle the callback with a sale of the kind.

    Raises: CannotInvoice (nothing was created), TryLater, OutcomeUnknown, NotConnected.
    """
    realm_id = RealmId(str(callback.realm_id))
    inputs = kind.parse(callback.inputs)
    begun = find_open_reservation(services, callback)
    realm = know_realm(services, callback.portal_id, realm_id)
    if begun is not None:
        written = repeat_sale(services, callback, begun, inputs)
        if written is not None:
            settle_written(services, callback, realm, kind, inputs, written)
            return
    else:
        returned = find_returned(services, callback, kind.entity, lambda found: kind.counts(parse_sale(found)))
        if returned is not None:
            settle_existing(services, callback, realm, kind, inputs, returned)
            return
    if inputs.existing != WhenSaleExists.CREATE_ANOTHER:
        existing = find_sale_of_deal(services, callback, realm, kind.entity, kind.counts)
        if existing is not None:
            settle_existing(services, callback, realm, kind, inputs, existing)
            return
    names = names_of(services, callback.portal_id, realm_id)
    gathered = gather_deal(services, callback.portal_id, DealId(callback.object_id), inputs, names)
    gathered = split_gathered(services, callback, realm, kind.entity, inputs, gathered)
    draft = partial(draft_kind, kind, inputs)
    written = write_sale(services, callback, realm, kind.entity, inputs, gathered, draft, repeated=begun is not None)
    settle_written(services, callback, realm, kind, inputs, written)


def draft_kind(kind: SaleKind[Inputs], inputs: Inputs, *deal: Any, **more: Any) -> Draft:
    """A draft of any sale, with the fields of its kind. Raises: CannotInvoice."""
    draft = draft_sale(*deal, inputs=inputs, prefix=kind.prefix, **more)
    return replace(draft, own=kind.own_fields(inputs, draft.txn_date))


def find_sale_of_deal(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    entity: str,
    counts: Callable[[SaleFacts], bool],
) -> dict[str, Any] | None:
    """The newest sale of its kind that we made for the deal and that counts, read afresh, or None."""
    portal_id, realm_id, deal_id = callback.portal_id, RealmId(str(callback.realm_id)), callback.object_id
    learn_unknown(services, callback, realm, entity)
    for made in services.reservations.created_of_object(portal_id, realm_id, callback.object_type, deal_id, entity):
        sale = services.quickbooks.read(realm_id, entity, str(made.entity_id))
        if sale is not None and counts(parse_sale(sale)):
            return sale
    return None


def settle_existing(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    kind: SaleKind[Inputs],
    inputs: Inputs,
    existing: dict[str, Any],
) -> None:
    """The deal has one already: give that one, applied as far as it is not and sent if it never was, or say so.

    Raises: SaleExists.
    """
    if inputs.existing == WhenSaleExists.FAIL:
        raise SaleExists(
            f"The deal already has the {kind.noun} {parse_sale(existing).doc_number or existing['Id']} in QuickBooks. "
            f'Delete it there, or let "existing{kind.entity}" in the action create another.'
        )
    send_and_settle(services, callback, realm, kind, inputs, existing)


def settle_written(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    kind: SaleKind[Inputs],
    inputs: Inputs,
    written: Written,
) -> None:
    """What is not as the deal has it was made all the same: it is told with what a person should do."""
    differs = find_difference(written.reservation.body, written.entity)
    but = TotalDiffers(differs) if differs else None
    send_and_settle(services, callback, realm, kind, inputs, written.entity, [written], but)


def send_and_settle(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    kind: SaleKind[Inputs],
    inputs: Inputs,
    entity: dict[str, Any],
    written: Sequence[Written] = (),
    but: CannotInvoice | None = None,
) -> None:
    """Apply and mail it, where asked for, and settle; `but`: why it is neither applied nor sent.

    What cannot be is told with the reason. Raises: TryLater, OutcomeUnknown, NotConnected.
    """
    done = list(written)
    try:
        if kind.follow_up is not None and but is None:
            further, entity = kind.follow_up(services, callback, realm, inputs, entity)
            done += further
        if inputs.send == Send.NOW and but is None:
            sent = send_unsent(services, callback, kind.entity, entity, inputs.recipient_email or None)
            done, entity = ([*done, sent], sent.entity) if sent else (done, entity)
    except CannotInvoice as error:
        but = error
    settle(services, callback, realm, kind, entity, done, but)


def settle(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    kind: SaleKind[Inputs],
    entity: dict[str, Any],
    written: Sequence[Written] = (),
    but: CannotInvoice | None = None,
) -> None:
    """The outcome and the end of the reservations, in one transaction."""
    now = services.clock.now()
    facts = parse_sale(entity)
    url = sale_url(kind.entity, facts.id, sandbox=services.quickbooks_sandbox)
    told = kind.outputs(view_sale(facts, realm.facts.home_currency, url))
    error = (but.code, but.sentence) if but else None
    if but:
        told |= {"errorCode": but.code, "errorMessage": but.sentence}
    with services.database.write() as tx:
        for each in written:
            end_created(services, tx, each, now)
        outputs = fill_outputs(told, output_names(callback.action))
        services.callbacks.settle(tx, callback, SUCCESS, outputs, now, error)
    log(LOG, "sold", entity=kind.entity, id=facts.id, portal_id=callback.portal_id, callback_id=callback.callback_id)


def view_sale(facts: SaleFacts, home_currency: str, url: str) -> SaleView:
    """The sale as the workflow is told of it."""
    return SaleView(
        id=facts.id,
        number=facts.doc_number or "",
        total=facts.total,
        balance=facts.balance,
        currency=facts.currency or home_currency,
        txn_date=facts.txn_date,
        expiration_date=facts.expiration_date,
        recipient=derive_recipient_text(facts.customer_name or "", facts.bill_email or ""),
        status=facts.status,
        url=url,
    )
