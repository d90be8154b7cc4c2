"""Check invoices: compare what we last knew with the books, report what differs, and repair it.

Every night, and by hand. What is owed is listed in pages of a thousand, whatever the number of invoices; only
those that disagree are read one by one. With `every` all that we know are read, a hundred in a call.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from datetime import timedelta

from service.errors import CannotInvoice, NotConnected, OutcomeUnknown, TryLater
from service.ids import InvoiceId, PortalId, RealmId
from service.logs import log
from service.quickbooks.query import MOST_VALUES, PAGE
from service.store.connections import LIVE
from service.store.invoices import KnownInvoice
from service.workflows.follow_invoice import doubtful_payments, read_invoices, read_payments
from service.workflows.keep_news import News, changed_invoices, keep_news
from service.workflows.know_realm import know_realm
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.services import Services
from service.workflows.view_invoice import facts_of

LOG = logging.getLogger("service.follow")
CHECK = "check"
NIGHTLY = timedelta(days=1)
JITTER = timedelta(minutes=40)
REST = timedelta(minutes=30)
BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Drift:
    """An invoice of which we knew something else than the books hold; status, balance and sync token of both."""

    invoice_id: InvoiceId
    was: str
    now: str


@dataclass(slots=True)
class Report:
    """What a check found. `reads`: how many metered calls it cost."""

    realm_id: RealmId
    compared: int = 0
    reads: int = 0
    drifts: list[Drift] = field(default_factory=list)


def check_nightly(services: Services) -> int:
    """Check every connected realm whose night has come; returns how many that were."""
    done = 0
    live = {each.realm_id: each.portal_id for each in services.connections.all() if each.state == LIVE}
    for realm_id, portal_id in live.items():
        owner, began_at = f"realm:{realm_id}", services.clock.now()
        if not services.cursors.claim(owner, CHECK, began_at, began_at + REST):
            continue
        next_at = began_at + NIGHTLY + random.uniform(-1, 1) * JITTER  # noqa: S311
        if not services.cursors.position(owner, CHECK):
            # Nothing can have drifted yet; from now on each realm has its own hour.
            services.cursors.keep(owner, CHECK, BEGUN, began_at + random.random() * NIGHTLY)  # noqa: S311
            continue
        try:
            check_realm(services, portal_id, realm_id)
            services.cursors.keep(owner, CHECK, began_at.isoformat(), next_at)
            done += 1
        except NotConnected as error:
            note_lost_access(services, error, portal_id, realm_id)
        except (TryLater, OutcomeUnknown, CannotInvoice) as error:
            log(LOG, "not checked", level=logging.WARNING, realm_id=realm_id, reason=type(error).__name__)
    return done


def check_realm(
    services: Services, portal_id: PortalId, realm_id: RealmId, *, every: bool = False, repair: bool = True
) -> Report:
    """Compare a realm's invoices of ours with its books. Raises: what the gateway raises."""
    report, news = Report(realm_id), News(services.clock.now())
    if every:
        known = {row.invoice_id: row for row in services.invoices.live_ones(realm_id)}
        doubtful = set(known)
    else:
        owed = services.quickbooks.query(realm_id, "Invoice", "Balance > '0'")
        report.reads += len(owed) // PAGE + 1
        listed = {InvoiceId(str(each.get("Id"))): each for each in owed}
        known = services.invoices.find(realm_id, listed)
        news.invoices |= {invoice_id: listed[invoice_id] for invoice_id in known}
        still_open = {row.invoice_id: row for row in services.invoices.open_ones(realm_id)}
        doubtful = set(still_open) - set(listed)
        known |= still_open
    read_invoices(services, realm_id, news, doubtful, ())
    report.reads += -(-len(doubtful) // MOST_VALUES) + len(news.gone_invoices)
    read_payments(services, realm_id, news, doubtful_payments(services, realm_id, news), ())
    report.reads += -(-len(news.payments) // MOST_VALUES) + len(news.gone_payments)
    report.compared = len(known)
    report.drifts = [
        Drift(row.invoice_id, _tell(known[row.invoice_id]), _tell(row))
        for row in changed_invoices(services, realm_id, know_realm(services, portal_id, realm_id), news)
        if row.invoice_id in known
    ]
    if repair:
        keep_news(services, portal_id, realm_id, news, reason="repaired")
    log(
        LOG, "invoices checked", level=logging.WARNING if report.drifts else logging.INFO, realm_id=realm_id,
        compared=report.compared, drifted=len(report.drifts), metered_reads=report.reads,
    )  # fmt: skip
    return report


def _tell(row: KnownInvoice) -> str:
    facts = facts_of(row)
    return f"{row.status}, balance {facts.balance}, version {row.sync_token}"
