"""Follow invoice: what was heard about a realm's invoices and payments is read once, and kept. Top to bottom.

A hint only says where to look. All hints of a realm that are due together are answered by one query for the
payments and one for the invoices, however many events a burst had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from service.ids import InvoiceId, PaymentId, PortalId, RealmId
from service.quickbooks.invoices import parse_invoice
from service.quickbooks.payments import parse_payment
from service.quickbooks.query import divide_values, where_in
from service.store.connections import LIVE, PAUSED
from service.store.hints import TakenHint
from service.store.invoices import KnownInvoice
from service.workflows.adopt_invoice import meet_strangers
from service.workflows.find_pay_link import with_pay_links
from service.workflows.keep_news import News, keep_news
from service.workflows.know_realm import know_realm
from service.workflows.services import Services
from service.workflows.work_hints import work_hints

KINDS = ("Invoice", "Payment", "CreditMemo", "MergedCustomer")
# QuickBooks' stamps are whole seconds, its events say more.
SECOND = timedelta(seconds=1)
WHILE_PAUSED = timedelta(minutes=1)
_MAY_BE_OLD_NEWS = frozenset({"created", "updated", "emailed"})


def realms_due(services: Services) -> list[str]:
    """The realms that something was heard of."""
    return services.hints.scopes_due("quickbooks", KINDS, services.clock.now())


def follow_realm(services: Services, realm_id: str) -> int:
    """Read what was heard of in a realm; returns how many hints that were."""
    return work_hints(services, "quickbooks", KINDS, realm_id, follow)


def follow(services: Services, scope: str, taken: Sequence[TakenHint]) -> None:
    """Answer these hints. Raises: what the gateway raises."""
    realm_id = RealmId(scope)
    portal_id = portal_of(services, realm_id)
    if portal_id is None:
        if any(each.realm_id == realm_id and each.state == PAUSED for each in services.connections.all()):
            services.hints.later(taken, services.clock.now() + WHILE_PAUSED, "The connection is paused.")
        else:
            services.hints.done(taken, services.clock.now())
        return
    meet_strangers(services, portal_id, realm_id, taken)
    news = read_news(services, realm_id, taken)
    news.invoices = with_pay_links(services, realm_id, know_realm(services, portal_id, realm_id), news.invoices)
    keep_news(services, portal_id, realm_id, news, taken)


def portal_of(services: Services, realm_id: RealmId) -> PortalId | None:
    """A portal through which the realm is connected and live."""
    live = [each for each in services.connections.all() if each.realm_id == realm_id and each.state == LIVE]
    return live[0].portal_id if live else None


def read_news(services: Services, realm_id: RealmId, taken: Sequence[TakenHint]) -> News:
    """Everything these hints lead to, as it is in QuickBooks now. Raises: what the gateway raises."""
    news = News(asked_at=services.clock.now())
    news.voided |= {(hint.kind, hint.entity_id) for hint in taken if "voided" in hint.reasons}
    said_gone = {(hint.kind, hint.entity_id) for hint in taken if "deleted" in hint.reasons}
    memo_ids = [hint.entity_id for hint in taken if hint.kind == "CreditMemo"]
    payment_ids = {PaymentId(hint.entity_id) for hint in taken if hint.kind == "Payment"}
    payment_ids |= set(services.payments.ids_of(realm_id, "CreditMemo", memo_ids))
    read_payments(services, realm_id, news, payment_ids, said_gone)
    wanted = [hint for hint in taken if hint.kind == "Invoice"]
    known = services.invoices.find(realm_id, [hint.entity_id for hint in wanted])
    # The invoices that a payment settles now, and those it settled before.
    invoice_ids = linked_invoices(services, realm_id, news)
    invoice_ids |= {
        InvoiceId(hint.entity_id)
        for hint in wanted
        if hint.entity_id in known and not is_old_news(hint, known[InvoiceId(hint.entity_id)])
    }
    for hint in taken:
        if hint.kind == "MergedCustomer":
            invoice_ids |= set(services.invoices.of_customer(realm_id, hint.entity_id))
    read_invoices(services, realm_id, news, invoice_ids, said_gone)
    read_payments(services, realm_id, news, doubtful_payments(services, realm_id, news), said_gone)
    return news


def is_old_news(hint: TakenHint, known: KnownInvoice) -> bool:
    """Whether what was heard is what we know already: an echo of our own write, or a late event.

    Any other event of the very second in which we wrote may be somebody else's: that is read.
    """
    if hint.changed_at is None or not hint.reasons <= _MAY_BE_OLD_NEWS:
        return False
    if hint.reasons == {"created"}:
        return hint.changed_at <= known.changed_at + SECOND
    return hint.changed_at < known.changed_at


def read_payments(
    services: Services,
    realm_id: RealmId,
    news: News,
    payment_ids: Collection[PaymentId],
    said_gone: Collection[tuple[str, str]],
) -> None:
    """Ask for payments by their ids."""
    news.payments |= _read_all(services, realm_id, "Payment", payment_ids)
    news.gone_payments |= set(_missing(services, realm_id, "Payment", payment_ids, news.payments, said_gone))


def read_invoices(
    services: Services,
    realm_id: RealmId,
    news: News,
    invoice_ids: Collection[InvoiceId],
    said_gone: Collection[tuple[str, str]],
) -> None:
    """Ask for those of these invoices that are ours."""
    known = services.invoices.find(realm_id, invoice_ids)
    news.invoices |= _read_all(services, realm_id, "Invoice", known)
    news.gone_invoices |= set(_missing(services, realm_id, "Invoice", known, news.invoices, said_gone))


def linked_invoices(services: Services, realm_id: RealmId, news: News) -> set[InvoiceId]:
    """What the payments settle, and what they settled when we last looked."""
    found = {
        InvoiceId(txn_id)
        for entity in news.payments.values()
        for kind, txn_id, _ in parse_payment(entity).applied
        if kind == "Invoice"
    }
    before = services.payments.find(realm_id, {*news.payments, *news.gone_payments})
    return found | {invoice_id for payment in before.values() for invoice_id in payment.invoice_ids}


def doubtful_payments(services: Services, realm_id: RealmId, news: News) -> set[PaymentId]:
    """Payments that the invoices just read name and we do not know, or that we know of and they no longer name."""
    named = {
        PaymentId(payment_id) for entity in news.invoices.values() for payment_id in parse_invoice(entity).payment_ids
    }
    before = services.payments.ids_of(realm_id, "Invoice", [*news.invoices, *news.gone_invoices])
    doubtful = (named - set(services.payments.find(realm_id, named))) | (set(before) - named)
    return doubtful - set(news.payments) - news.gone_payments


def _read_all(services: Services, realm_id: RealmId, entity: str, ids: Iterable[str]) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for some in divide_values(sorted(ids)):
        for each in services.quickbooks.query(realm_id, entity, where_in("Id", some), order_by=""):
            found[str(each.get("Id"))] = each
    return found


def _missing(
    services: Services,
    realm_id: RealmId,
    entity: str,
    ids: Collection[str],
    found: Mapping[Any, object],
    said_gone: Collection[tuple[str, str]],
) -> list[Any]:
    """Those that are gone: an event said so as well, or reading them alone says it."""
    return [
        each
        for each in ids
        if each not in found
        and ((entity, each) in said_gone or services.quickbooks.read(realm_id, entity, each) is None)
    ]
