"""Several questions in one call: thirty queries travel in a batch, each answered or refused for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.errors import RefusedByQuickBooks, ServiceError
from service.ids import RealmId
from service.quickbooks.batches import MOST_ITEMS
from service.quickbooks.fields import read_entries
from service.quickbooks.gateway import Gateway
from service.quickbooks.query import Question, select

Answered = list[dict[str, Any]] | RefusedByQuickBooks


def ask(gateway: Gateway, realm_id: RealmId, questions: Sequence[Question]) -> list[Answered]:
    """What each question finds, or the refusal of that one alone.

    One question is a plain query; more are one call for every thirty, as long as the realm's batches last for
    this minute: they are the scarcer ones.
    Raises: NotConnected, TryLater, SubscriptionEnded.
    """
    found: list[Answered] = []
    for start in range(0, len(questions), MOST_ITEMS):
        some = questions[start : start + MOST_ITEMS]
        together = len(some) > 1 and gateway.has_batch_soon(realm_id)
        found += (
            _ask_together(gateway, realm_id, some) if together else [_ask(gateway, realm_id, each) for each in some]
        )
    return found


def ask_all(gateway: Gateway, realm_id: RealmId, questions: Sequence[Question]) -> list[list[dict[str, Any]]]:
    """As `ask`. Raises: also RefusedByQuickBooks, when one of them is refused."""
    found = []
    for each in ask(gateway, realm_id, questions):
        if isinstance(each, RefusedByQuickBooks):
            raise each
        found.append(each)
    return found


def _ask(gateway: Gateway, realm_id: RealmId, question: Question) -> Answered:
    try:
        return gateway.query(realm_id, question.entity, question.where, columns=question.columns, limit=question.limit)
    except RefusedByQuickBooks as refusal:
        return refusal


def _ask_together(gateway: Gateway, realm_id: RealmId, questions: Sequence[Question]) -> list[Answered]:
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/batch
    items = [
        {"bId": str(at), "Query": select(q.entity, q.where, columns=q.columns, order_by="Id", most=q.most)}
        for at, q in enumerate(questions)
    ]
    try:
        outcomes = gateway.batch(realm_id, items)
    except RefusedByQuickBooks:
        # Refused as a whole, which says nothing of any one question.
        return [_ask(gateway, realm_id, each) for each in questions]
    return [_read(gateway, realm_id, question, outcomes[str(at)]) for at, question in enumerate(questions)]


def _read(gateway: Gateway, realm_id: RealmId, question: Question, outcome: dict[str, Any] | ServiceError) -> Answered:
    # What a batch says against one of its queries may be about the batch: alone, the question has its true answer.
    if isinstance(outcome, ServiceError):
        return _ask(gateway, realm_id, question)
    page = [dict(entry) for entry in read_entries(outcome, "QueryResponse", question.entity)]
    # A full page may have others behind it, which only a plain query turns to.
    return page if question.limit is not None or len(page) < question.most else _ask(gateway, realm_id, question)
