"""Which deal an invoice that was born in QuickBooks belongs to: decided when it is plain, never guessed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.ids import DealId
from service.invoicing.money import Money


@dataclass(frozen=True, slots=True)
class BornInvoice:
    """What an invoice says of where it comes from. `net`: without tax.

    `marked`: deals of ours whose mark or estimate it carries; `named`: deals its private note merely names, which
    an accountant's copy of another invoice does too.
    """

    total: Money
    net: Money
    po_number: str = ""
    marked: tuple[DealId, ...] = ()
    estimated: tuple[DealId, ...] = ()
    named: tuple[DealId, ...] = ()


@dataclass(frozen=True, slots=True)
class NearDeal:
    """A deal that has to do with the invoice. `is_customers`: a contact or company of it is the customer.

    None: whose deal it is is not known. `amount` None: the deal has none.
    """

    id: DealId
    name: str
    amount: Money | None = None
    po_number: str = ""
    is_customers: bool | None = True
    is_lost: bool = False
    is_invoiced: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deal the invoice may belong to, and what speaks for it."""

    deal: NearDeal
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """`deal`: it is this one. Else `candidates` are for a person to choose from; without any it is nobody's."""

    deal: NearDeal | None
    reason: str
    candidates: tuple[Candidate, ...] = ()


MARK, ESTIMATE, NOTE = "carries our mark", "made from the deal's estimate", "its note names the deal"
PO, AMOUNT, CUSTOMER = "same PO number", "same customer and amount", "same customer"


def decide_adoption(invoice: BornInvoice, deals: Sequence[NearDeal]) -> Decision:
    """The deal by estimate link, mark, PO number, or customer and amount; doubtful when they disagree or object."""
    pointed = {deal.id: _pointers(invoice, deal) for deal in deals}
    strong = [deal for deal in deals if pointed[deal.id]]
    if len(strong) == 1 and not _objection(strong[0], pointed[strong[0].id]):
        return Decision(strong[0], _say(pointed[strong[0].id]))
    if strong:
        why = "several deals" if len(strong) > 1 else _objection(strong[0], pointed[strong[0].id])
        return Decision(None, why, _candidates(strong, pointed))
    equal = [deal for deal in deals if _is_open(deal) and _same_amount(invoice, deal)]
    if len(equal) == 1:
        return Decision(equal[0], AMOUNT)
    likely = equal or [deal for deal in deals if _is_open(deal)]
    if not likely:
        return Decision(None, "no deal in sight")
    reason = AMOUNT if equal else CUSTOMER
    why = "several deals of the customer have this amount" if equal else "the customer has deals of other amounts"
    return Decision(None, why, _candidates(likely, {deal.id: (reason,) for deal in likely}))


def _pointers(invoice: BornInvoice, deal: NearDeal) -> tuple[str, ...]:
    same_po = bool(invoice.po_number) and _plain(invoice.po_number) == _plain(deal.po_number)
    found = (
        (ESTIMATE, deal.id in invoice.estimated),
        (MARK, deal.id in invoice.marked),
        (NOTE, deal.id in invoice.named and deal.id not in invoice.marked),
        (PO, same_po),
    )
    return tuple(reason for reason, holds in found if holds)


def _objection(deal: NearDeal, reasons: Sequence[str]) -> str:
    """Why even one deal alone is doubtful; "" when nothing speaks against it."""
    if ESTIMATE in reasons:
        return ""
    if deal.is_customers is False:
        # A copied invoice keeps the note of the one it was copied from.
        return "the deal is another customer's"
    if deal.is_customers is None and MARK not in reasons:
        return "whose deal it is is not known"
    if deal.is_lost and MARK not in reasons:
        return "the deal was lost"
    return ""


def _is_open(deal: NearDeal) -> bool:
    return deal.is_customers is True and not deal.is_lost and not deal.is_invoiced


def _same_amount(invoice: BornInvoice, deal: NearDeal) -> bool:
    return deal.amount is not None and deal.amount.amount > 0 and deal.amount in (invoice.total, invoice.net)


def _candidates(deals: Sequence[NearDeal], reasons: dict[DealId, tuple[str, ...]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(deal, reasons[deal.id]) for deal in deals)


def _say(reasons: Sequence[str]) -> str:
    return ", ".join(reasons)


def _plain(number: str) -> str:
    return "".join(number.split()).casefold()
