"""Update invoice: what the action names, and the deal's line items where it says so. What is so already stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from service.errors import CannotInvoice, InputInvalid, InvoiceNotFound
from service.ids import DealId, ItemId, RealmId
from service.invoicing.billing import plan_lines
from service.invoicing.currency import decide_currency
from service.invoicing.draft import list_online_remarks
from service.invoicing.header import address_fields, list_header_remarks
from service.invoicing.inputs import CreateInvoiceInputs
from service.invoicing.invoice_lines import item_of
from service.invoicing.marks import read_part
from service.invoicing.money import Money
from service.invoicing.sale_inputs import Addresses
from service.invoicing.tax import TaxFacts
from service.invoicing.terms import decide_txn_date
from service.invoicing.update import (
    UpdateInvoiceInputs,
    UpdateLines,
    check_update,
    parse_update_inputs,
    plan_deposit,
)
from service.invoicing.update_header import ADDRESSES, copy_addresses, plan_header
from service.invoicing.update_lines import PlannedLines, choose_sale, plan_deal_lines, plan_kept_lines
from service.store.callbacks import StoredCallback
from service.store.reservations import UPDATE
from service.workflows.change_invoice import Planned, change_invoice
from service.workflows.choose_invoice import ChosenInvoice
from service.workflows.ensure_items import ItemSearch, find_items, settle_items
from service.workflows.ensure_properties import names_of
from service.workflows.follow_heirs import forget_items
from service.workflows.gather_deal import gather_lines, gather_recipient
from service.workflows.know_realm import KnownRealm, know_realm
from service.workflows.know_tax import know_tax
from service.workflows.recall_choices import recall_choices
from service.workflows.services import Services
from service.workflows.write_reserved import is_about_reference

# What an item is before there is one.
_NEW_ITEM = ItemId("(to be created)")


def update_invoice(services: Services, callback: StoredCallback) -> None:
    """Settle the callback with the invoice as the action wants it.

    Raises: CannotInvoice (it is not changed), TryLater, OutcomeUnknown, NotConnected.
    """
    inputs = parse_update_inputs(callback.inputs)
    realm_id = RealmId(str(callback.realm_id))
    realm = know_realm(services, callback.portal_id, realm_id)

    remarks: list[str] = []

    def plan(chosen: ChosenInvoice) -> Planned:
        check_update(chosen.status, received=_received(chosen), changes_lines=False)
        earlier = CreateInvoiceInputs()
        if inputs.shapes_lines or inputs.sale.addresses:
            earlier = recall_choices(services, realm_id, realm, chosen)
        addresses = _find_addresses(services, callback, chosen, inputs, earlier)
        header = plan_header(chosen.entity, inputs, realm.facts, addresses)
        if inputs.lines == UpdateLines.LINE_ITEMS:
            lines = _plan_deal_lines(services, callback, realm, chosen, inputs, earlier)
        elif inputs.shapes_lines:
            lines = _keep_lines(services, callback, realm, chosen, inputs, earlier)
        else:
            lines = None
        remarks[:] = lines.remarks if lines else ()
        changes = header | _check(realm, chosen, inputs, lines)
        return Planned(changes or None, lines.wanted if lines else None)

    def may_plan_again(changes: Mapping[str, Any], error: CannotInvoice) -> bool:
        """An item we remembered may be gone: then it is looked for anew."""
        if inputs.lines != UpdateLines.LINE_ITEMS or not is_about_reference(error):
            return False
        items = {ItemId(item) for line in changes.get("Line", ()) if (item := item_of(line))}
        return forget_items(services, realm_id, sorted(items))

    change_invoice(services, callback, realm, inputs, UPDATE, plan, may_plan_again)
    remarks += [*list_header_remarks(inputs.sale, realm.facts), *list_online_remarks(inputs.sale, realm.facts)]
    if remarks:
        services.callbacks.note_event(callback, "remark", " ".join(remarks), services.clock.now())


def _check(
    realm: KnownRealm, chosen: ChosenInvoice, inputs: UpdateInvoiceInputs, lines: PlannedLines | None
) -> dict[str, Any]:
    """What changes of lines and deposit, if the invoice allows it.

    Raises: InvoicePaid, DepositTooLarge, SettingOff.
    """
    facts = chosen.facts
    changes: dict[str, Any] = dict(lines.changes) if lines else {}
    check_update(chosen.status, received=_received(chosen), changes_lines=bool(changes))
    most, may_grow = max(facts.total - _received(chosen), facts.deposit), False
    if lines and changes:
        # The new tax is QuickBooks' to say; a deposit that stays and is more than lines with the old tax is too much.
        is_inclusive = lines.wanted.get("GlobalTaxCalculation") == "TaxInclusive"
        most = lines.total.amount + (0 if is_inclusive else facts.total_tax)
        may_grow = lines.may_grow
    currency = facts.currency or realm.facts.home_currency
    limit = Money(most, currency)
    return changes | plan_deposit(chosen.entity, facts.deposit, inputs, limit, realm.facts, may_grow=may_grow)


def _keep_lines(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    chosen: ChosenInvoice,
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
) -> PlannedLines:
    currency, tax_facts = chosen.facts.currency or realm.facts.home_currency, None
    if inputs.sale.tax_code_id or inputs.sale.shipping:
        tax_facts = _know_tax(services, callback, realm, chosen, inputs, earlier)
    return plan_kept_lines(
        chosen.entity, inputs=inputs, earlier=earlier, realm=realm.facts, currency=currency, tax_facts=tax_facts
    )


def _know_tax(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    chosen: ChosenInvoice,
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
    item_ids: Iterable[ItemId] = (),
) -> TaxFacts:
    """As for a new sale; of items still to be created nothing is known. Raises: InputInvalid."""
    portal_id, realm_id = callback.portal_id, RealmId(str(callback.realm_id))
    sale, facts = choose_sale(chosen.entity, inputs, earlier, realm.facts)
    there = {each for each in item_ids if each != _NEW_ITEM}
    return know_tax(services, portal_id, realm_id, facts, sale, chosen.facts.customer_id, there)


def _plan_deal_lines(
    services: Services,
    callback: StoredCallback,
    realm: KnownRealm,
    chosen: ChosenInvoice,
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
) -> PlannedLines:
    """The deal's line items as create-invoice would bill them, where the invoice has other lines."""
    portal_id, realm_id = callback.portal_id, RealmId(str(callback.realm_id))
    deal_id = _require_deal(chosen)
    if part := read_part(chosen.facts.private_note):
        raise InputInvalid(
            f"The invoice is for one part of the deal ({part}), and all the line items would bill the deal beyond its "
            'amount. Set "lines" to keep in the action.'
        )
    deal, line_items = gather_lines(services, portal_id, deal_id, names_of(services, portal_id, realm_id))
    sale = inputs.over(earlier)
    billed = plan_lines(deal, line_items, sale)
    currency = decide_currency(deal, billed, realm.facts, chosen.facts.currency)
    search = find_items(services, portal_id, realm_id, billed, sale, realm)
    txn_date = inputs.sale.txn_date or chosen.facts.txn_date or realm.day_of(callback.received_at)

    def given(item_ids: Mapping[str, ItemId]) -> PlannedLines:
        return plan_deal_lines(
            chosen.entity,
            billed,
            item_ids,
            inputs=inputs,
            earlier=earlier,
            realm=realm.facts,
            currency=currency,
            txn_date=txn_date,
            tax_facts=_know_tax(services, callback, realm, chosen, inputs, earlier, item_ids.values()),
        )

    if search.plan.to_create:
        # What cannot be is refused before an item is created for it.
        _check(realm, chosen, inputs, given(_imagine_items(search)))
        for day in filter(None, (chosen.facts.txn_date, inputs.sale.txn_date)):
            decide_txn_date(CreateInvoiceInputs(txn_date=day), realm.facts, day)
    return given(settle_items(services, callback, billed, sale, search, realm))


def _imagine_items(search: ItemSearch) -> dict[str, ItemId]:
    new = {line_id: _NEW_ITEM for each in search.plan.to_create for line_id in each.line_item_ids}
    return {**search.linked, **search.plan.item_ids, **new}


def _find_addresses(
    services: Services,
    callback: StoredCallback,
    chosen: ChosenInvoice,
    inputs: UpdateInvoiceInputs,
    earlier: CreateInvoiceInputs,
) -> dict[str, Any]:
    """The customer's addresses as the author wants them: QuickBooks' own, or HubSpot's; nothing where nothing is said.

    Raises: DealHasNoRecipient, InvoiceNotFound, InputInvalid.
    """
    wanted = inputs.sale.addresses
    if wanted is None:
        return {}
    if wanted == Addresses.QUICKBOOKS:
        customer_id = chosen.facts.customer_id
        return copy_addresses(services.quickbooks.read(RealmId(str(callback.realm_id)), "Customer", customer_id) or {})
    recipient = gather_recipient(services, callback.portal_id, _require_deal(chosen), earlier)
    address = address_fields(recipient.address)
    return dict.fromkeys(ADDRESSES, address) if address else {}


def _require_deal(chosen: ChosenInvoice) -> DealId:
    if chosen.deal_id is None:
        raise InvoiceNotFound(
            "The invoice belongs to no deal, so there are no line items and no address for it: "
            'keep its lines, and leave "addresses" empty in the action.'
        )
    return chosen.deal_id


def _received(chosen: ChosenInvoice) -> Decimal:
    facts = chosen.facts
    return facts.total - facts.deposit - facts.balance
