"""Every answer of QuickBooks, turned into content or into one of our errors.

The only place where Intuit's codes, weighed in `verdicts`, meet `service.errors`. By code, never by English text,
but for the documented exceptions marked there and below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.errors import (
    AlreadySent,
    BooksClosed,
    NameTaken,
    NotConnected,
    NumberTaken,
    OutcomeUnknown,
    RefusedByQuickBooks,
    ServiceError,
    SubscriptionEnded,
    SyncTokenStale,
    TryLater,
)
from service.ids import InvoiceId
from service.quickbooks.advice import state_refusal
from service.quickbooks.answer_shapes import Fault, faults_in, parse_faults, parse_json
from service.quickbooks.limits import QUIET, parse_retry_after
from service.quickbooks.verdicts import Verdict, weigh
from service.wire import Answer, NoAnswer


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: a read or a write, whether a repeat is recognised, whether it is about something with a name."""

    write: bool
    request_id: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer understood.

    `content` is set when the verdict is FINE, `after` when QuickBooks named a wait.
    """

    verdict: Verdict
    content: dict[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    after: timedelta | None = None


# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
# The lists whose entries are told apart by their names.
NAME_LISTS = frozenset(("Customer", "Vendor", "Employee", "Item", "Account", "Class", "Department", "Term"))

# Answers the gateway gives before QuickBooks sees the request: believed even on a 5xx status.
_BEFORE_THE_WORK = {Verdict.ACCESS_TOKEN_REJECTED, Verdict.DISCONNECTED, Verdict.THROTTLED, Verdict.LOCKED_OUT}

# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
# Documented exception: code 610 speaks of the target or of something it refers to; only the text says which.
_INACTIVE_610 = re.compile(r"\bmade inactive\b", re.IGNORECASE)
# Documented exception: 6140 names the transaction that has the number in its Detail only.
_TXN_ID_6140 = re.compile(r"\bTxnId\s*=\s*(\d{1,30})\b", re.ASCII)


def judge(answer: Answer) -> Judgement:
    """What an answer means; takes any status and any bytes.

    Content is a JSON object.
    """
    content = parse_json(answer.body)
    faults = parse_faults(answer.body, content)
    if 200 <= answer.status < 300 and not faults:
        if isinstance(content, dict):
            return Judgement(Verdict.FINE, content)
        return Judgement(Verdict.DOWN)
    # Stated: QuickBooks' own words or none at all, not a page of the edge in front of it.
    stated = isinstance(content, dict) or bool(faults) or not answer.body.strip()
    verdict = _verdict(answer.status, faults, stated=stated)
    return Judgement(verdict, None, faults, parse_retry_after(answer.headers))


def judge_item(item: Mapping[str, Any]) -> Judgement:
    """What one item of a batch answer means: its own fault, or its content."""
    faults = faults_in(item)
    return (
        Judgement(_verdict(400, faults, stated=True), None, faults) if faults else Judgement(Verdict.FINE, dict(item))
    )


def state_error(judgement: Judgement, call: Call) -> ServiceError:
    """The error for a judgement that is not FINE."""
    verdict, after = judgement.verdict, judgement.after
    if verdict in (Verdict.DOWN, Verdict.UNSURE, Verdict.TURNED_AWAY):
        return _no_usable_answer(call, after)
    if verdict is Verdict.ALREADY_SENT and call.write:
        return AlreadySent("QuickBooks has seen this request id, but did not say what came of it", after)
    if verdict in (Verdict.ACCESS_TOKEN_REJECTED, Verdict.DISCONNECTED):
        return NotConnected("QuickBooks no longer lets us in: reconnect it", "quickbooks")
    if verdict is Verdict.SYNC_TOKEN_STALE:
        return SyncTokenStale("Somebody changed it in QuickBooks since it was read", after)
    if verdict is Verdict.NAME_TAKEN or (verdict is Verdict.DUPLICATE and call.named):
        return NameTaken("The name is already used in QuickBooks by a customer, vendor or employee", after)
    if verdict in (Verdict.THROTTLED, Verdict.LOCKED_OUT, Verdict.ALREADY_SENT):
        return TryLater("QuickBooks asks us to come back later", after)
    return _refusal(verdict, judgement.faults)


def state_silence(silence: NoAnswer, call: Call, waited: timedelta) -> ServiceError:
    """The error when no usable answer came at all; `waited`: since the request was sent."""
    if not silence.sent:
        return TryLater("QuickBooks cannot be reached")
    # Our patience ended before QuickBooks': it may still be at work, and what it makes of a request id that comes
    # again meanwhile is not documented. Whoever was hung up on may repeat at once.
    rest = max(QUIET - waited, timedelta(0)) if silence.timed_out and call.write else None
    return _no_usable_answer(call, rest)


def find_number_holder(error: NumberTaken) -> InvoiceId | None:
    """The transaction that has the invoice number already; it may be our own.

    `None` when QuickBooks did not name it.
    """
    found: InvoiceId | None = vars(error).get("txn_id")
    return found


def _verdict(status: int, faults: Sequence[Fault], *, stated: bool) -> Verdict:
    if status == 429:
        return Verdict.THROTTLED
    verdict = min((weigh(fault) for fault in faults), key=lambda found: found.value, default=None)
    if verdict in _BEFORE_THE_WORK:
        return verdict
    if status >= 500:
        return Verdict.DOWN
    if status == 401:
        return Verdict.ACCESS_TOKEN_REJECTED
    if status == 403 and stated and verdict in (None, Verdict.UNSURE):
        return Verdict.TURNED_AWAY
    # No fault in it: a page of the edge, or an answer torn on the way.
    return verdict or Verdict.DOWN


def _no_usable_answer(call: Call, after: timedelta | None) -> ServiceError:
    if not call.write:
        return TryLater("QuickBooks gave no usable answer", after)
    how = "repeat under the same request id" if call.request_id else "look before repeating"
    return OutcomeUnknown(f"QuickBooks may or may not have done it: {how}", after)


def _refusal(verdict: Verdict, faults: Sequence[Fault]) -> ServiceError:
    inactive = any(fault.code == "610" and _INACTIVE_610.search(fault.detail or fault.message) for fault in faults)
    sentence = state_refusal(_deciding_first(verdict, faults), made_inactive=inactive)
    if verdict is Verdict.SUBSCRIPTION_ENDED:
        return SubscriptionEnded(sentence)
    if verdict is Verdict.BOOKS_CLOSED:
        return BooksClosed(sentence)
    if verdict is Verdict.NUMBER_TAKEN:
        return _number_taken(sentence, faults)
    return RefusedByQuickBooks(sentence, next((fault.code for fault in faults if fault.code), ""))


def _number_taken(sentence: str, faults: Sequence[Fault]) -> NumberTaken:
    error = NumberTaken(sentence)
    for fault in faults:
        if match := _TXN_ID_6140.search(fault.detail):
            vars(error)["txn_id"] = InvoiceId(match[1])
    return error


def _deciding_first(verdict: Verdict, faults: Sequence[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: weigh(fault) is not verdict)
