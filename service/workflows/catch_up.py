"""Catch up: what changed in a realm since we last asked, whether or not a webhook told us.

One call of change data for all entities, from a stored watermark with an overlap, every hour or so and first of
all when a worker starts after a time of silence. It tells what is deleted, and brings everything along that
changed, so that nothing is read twice. Where it reaches its limits, queries and a comparison take over.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from service.errors import CannotInvoice, NotConnected, OutcomeUnknown, TryLater
from service.ids import InvoiceId, PaymentId, PortalId, RealmId
from service.logs import log
from service.quickbooks.changes import MOST_DAYS, Changes
from service.quickbooks.query import moment_literal
from service.store.connections import LIVE
from service.workflows.adopt_invoice import note_strangers
from service.workflows.check_invoices import CHECK
from service.workflows.follow_invoice import doubtful_payments, linked_invoices, read_invoices, read_payments
from service.workflows.keep_news import News, keep_news
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.services import Services

LOG = logging.getLogger("service.follow")
ENTITIES = ("Invoice", "Payment", "CreditMemo")
CHANGES = "changes"
# https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture
# At least five minutes before the last answer: what was being written then is in the next one.
OVERLAP = timedelta(minutes=10)
LONGEST = timedelta(days=MOST_DAYS) - timedelta(hours=1)
# A metered read each time: 24 a day and realm.
EVERY = timedelta(hours=1)
JITTER = timedelta(minutes=10)
# After a failure, or for as long as one may take.
REST = timedelta(minutes=5)


def catch_up(services: Services) -> int:
    """Ask every connected realm whose hour has come; returns how many that were."""
    done = 0
    live = {each.realm_id: each.portal_id for each in services.connections.all() if each.state == LIVE}
    for realm_id, portal_id in live.items():
        began_at = services.clock.now()
        if not services.cursors.claim(f"realm:{realm_id}", CHANGES, began_at, began_at + REST):
            continue
        try:
            catch_up_realm(services, portal_id, realm_id)
            done += 1
        except NotConnected as error:
            note_lost_access(services, error, portal_id, realm_id)
        except (TryLater, OutcomeUnknown, CannotInvoice) as error:
            log(LOG, "not caught up", level=logging.WARNING, realm_id=realm_id, reason=type(error).__name__)
    return done


def catch_up_realm(services: Services, portal_id: PortalId, realm_id: RealmId) -> News:
    """Learn all that changed since the watermark, and move it. Raises: what the gateway raises."""
    owner, now = f"realm:{realm_id}", services.clock.now()
    position = services.cursors.position(owner, CHANGES)
    since = (datetime.fromisoformat(position) if position else now) - OVERLAP
    news, until, complete = read_changes(services, realm_id, since, now)
    linked = linked_invoices(services, realm_id, news) - set(news.invoices) - news.gone_invoices
    read_invoices(services, realm_id, news, linked, ())
    read_payments(services, realm_id, news, doubtful_payments(services, realm_id, news), ())
    note_strangers(services, portal_id, realm_id, news.strangers)
    services.adoptions.note_deleted(realm_id, news.gone_invoices, now)
    kept = keep_news(services, portal_id, realm_id, news, reason="caught up")
    if not complete:
        # Deletions may be missing: the comparison finds them.
        services.cursors.want(owner, CHECK, now)
    services.cursors.keep(owner, CHANGES, until.isoformat(), now + EVERY + random.uniform(-1, 1) * JITTER)  # noqa: S311
    log(LOG, "caught up", realm_id=realm_id, minutes=round((now - since).total_seconds() / 60), invoices=len(kept))
    return news


def read_changes(services: Services, realm_id: RealmId, since: datetime, now: datetime) -> tuple[News, datetime, bool]:
    """What changed since a moment; until when that is known; whether deletions are all in it."""
    if now - since > LONGEST:
        return (
            _news(services, now, realm_id, [_query(services, realm_id, each, since) for each in ENTITIES]),
            now,
            False,
        )
    found = services.quickbooks.changes(realm_id, ENTITIES, since)
    until = found.at or now
    if found.complete:
        return _news(services, now, realm_id, [found]), until, True
    # Too much for one answer: one for each, and by pages what is too much for that. Whatever changes meanwhile
    # is in the overlap of the next time.
    parts, complete = [], True
    for entity in ENTITIES:
        part = services.quickbooks.changes(realm_id, [entity], since)
        parts.append(part)
        if not part.complete:
            parts.append(_query(services, realm_id, entity, since))
            complete = False
    return _news(services, now, realm_id, parts), until, complete


def _query(services: Services, realm_id: RealmId, entity: str, since: datetime) -> Changes:
    """By pages, as far back as one likes; what is deleted is in no page."""
    where = f"MetaData.LastUpdatedTime >= {moment_literal(since)}"
    return Changes({entity: services.quickbooks.query(realm_id, entity, where)})


def _news(services: Services, asked_at: datetime, realm_id: RealmId, parts: Iterable[Changes]) -> News:
    """As news; of credit memos only which payments they touch."""
    news, memo_ids = News(asked_at), []
    for part in parts:
        changed = {InvoiceId(str(each.get("Id"))): each for each in part.changed.get("Invoice", [])}
        known = services.invoices.find(realm_id, changed)
        news.invoices |= {each: entity for each, entity in changed.items() if each in known}
        news.strangers |= {each: entity for each, entity in changed.items() if each not in known}
        news.payments |= {PaymentId(str(each.get("Id"))): each for each in part.changed.get("Payment", [])}
        news.gone_invoices |= {InvoiceId(each) for each in part.deleted.get("Invoice", [])}
        news.gone_payments |= {PaymentId(each) for each in part.deleted.get("Payment", [])}
        memo_ids += [str(each.get("Id")) for each in part.changed.get("CreditMemo", [])]
        memo_ids += part.deleted.get("CreditMemo", [])
    touched = set(services.payments.ids_of(realm_id, "CreditMemo", memo_ids))
    read_payments(services, realm_id, news, touched - set(news.payments) - news.gone_payments, ())
    return news
