"""Every answer of QuickBooks, turned into content or into one of our errors.

The only place where Intuit's codes meet `service.errors`. By code, never by English text, but for the
documented exceptions marked below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
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
from service.quickbooks.limits import parse_retry_after
from service.wire import Answer, NoAnswer


class Verdict(Enum):
    """What an answer means; of several faults the earliest in this list decides.

    Doubt comes before refusal.
    """

    DOWN = auto()
    """QuickBooks or its edge could not answer: a write may have happened."""
    UNSURE = auto()
    """QuickBooks answered, but says it does not know: a write may have happened."""
    ALREADY_SENT = auto()
    ACCESS_TOKEN_REJECTED = auto()
    """Not an error yet: one refresh, one repeat under the same request id."""
    DISCONNECTED = auto()
    THROTTLED = auto()
    LOCKED_OUT = auto()
    SUBSCRIPTION_ENDED = auto()
    BOOKS_CLOSED = auto()
    SYNC_TOKEN_STALE = auto()
    NAME_TAKEN = auto()
    NUMBER_TAKEN = auto()
    REFUSED = auto()
    FINE = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: a read or a write, and whether a repeat is recognised."""

    write: bool
    request_id: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer understood.

    `content` is set when the verdict is FINE, `after` when QuickBooks named a wait.
    """

    verdict: Verdict
    content: dict[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    after: timedelta | None = None


# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
# Codes that are not here are refusals below 10000: QuickBooks checked the request and did nothing.
VERDICTS = {
    "-11014": Verdict.DISCONNECTED,
    "100": Verdict.ACCESS_TOKEN_REJECTED,
    "110": Verdict.ACCESS_TOKEN_REJECTED,
    "120": Verdict.DISCONNECTED,
    "130": Verdict.LOCKED_OUT,
    "140": Verdict.LOCKED_OUT,
    "150": Verdict.LOCKED_OUT,
    "600": Verdict.ALREADY_SENT,
    "1000": Verdict.UNSURE,
    "1010": Verdict.UNSURE,
    "1020": Verdict.UNSURE,
    "3001": Verdict.THROTTLED,
    "3100": Verdict.DISCONNECTED,
    "3200": Verdict.ACCESS_TOKEN_REJECTED,
    "4002": Verdict.LOCKED_OUT,
    "5010": Verdict.SYNC_TOKEN_STALE,
    "6002": Verdict.DOWN,
    "6140": Verdict.NUMBER_TAKEN,
    "6190": Verdict.SUBSCRIPTION_ENDED,
    "6200": Verdict.BOOKS_CLOSED,
    "6210": Verdict.BOOKS_CLOSED,
    "6240": Verdict.NAME_TAKEN,
    "7001": Verdict.DISCONNECTED,
    "10000": Verdict.DOWN,
    "10100": Verdict.REFUSED,
    "10200": Verdict.DISCONNECTED,
}

# A fault without a code that we know still has a type. Types are spelt as in Intuit's schema, misspelling included.
_VERDICTS_BY_KIND = {
    "validationfault": Verdict.REFUSED,
    "authentication": Verdict.ACCESS_TOKEN_REJECTED,
    "authenticationfault": Verdict.ACCESS_TOKEN_REJECTED,
    "authorizationfault": Verdict.DISCONNECTED,
    "authorizatonfault": Verdict.DISCONNECTED,
    "systemfault": Verdict.DOWN,
}

# Answers the gateway gives before QuickBooks sees the request: believed even on a 5xx status.
_BEFORE_THE_WORK = {Verdict.ACCESS_TOKEN_REJECTED, Verdict.DISCONNECTED, Verdict.THROTTLED, Verdict.LOCKED_OUT}

# Documented exception: code 6000 is a refusal but for one text, an outage reported as a business rule.
# Intuit repeats it for a replayed batch whose items had been created (quickbooks-ruby #344).
_UNEXPECTED_6000 = re.compile(r"\ban unexpected error occurred while (accessing|saving)", re.IGNORECASE)
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
    if verdict in (Verdict.DOWN, Verdict.UNSURE):
        return _no_usable_answer(call, after)
    if verdict is Verdict.ALREADY_SENT and call.write:
        return AlreadySent("QuickBooks has seen this request id, but did not say what came of it", after)
    if verdict in (Verdict.ACCESS_TOKEN_REJECTED, Verdict.DISCONNECTED):
        return NotConnected("QuickBooks no longer lets us in: reconnect it", "quickbooks")
    if verdict is Verdict.SYNC_TOKEN_STALE:
        return SyncTokenStale("Somebody changed it in QuickBooks since it was read", after)
    if verdict is Verdict.NAME_TAKEN:
        return NameTaken("The name is already used in QuickBooks by a customer, vendor or employee", after)
    if verdict in (Verdict.THROTTLED, Verdict.LOCKED_OUT, Verdict.ALREADY_SENT):
        return TryLater("QuickBooks asks us to come back later", after)
    return _refusal(verdict, judgement.faults)


def state_silence(silence: NoAnswer, call: Call) -> ServiceError:
    """The error when no usable answer came at all."""
    return _no_usable_answer(call, None) if silence.sent else TryLater("QuickBooks cannot be reached")


def find_number_holder(error: NumberTaken) -> InvoiceId | None:
    """The transaction that has the invoice number already; it may be our own.

    `None` when QuickBooks did not name it.
    """
    found: InvoiceId | None = vars(error).get("txn_id")
    return found


def _verdict(status: int, faults: Sequence[Fault], *, stated: bool) -> Verdict:
    if status == 429:
        return Verdict.THROTTLED
    verdict = min((_verdict_of(fault) for fault in faults), key=lambda found: found.value, default=None)
    if verdict in _BEFORE_THE_WORK:
        return verdict
    if status >= 500:
        return Verdict.DOWN
    if status == 401:
        return Verdict.ACCESS_TOKEN_REJECTED
    if status == 403 and stated and not any(fault.kind.lower() == "validationfault" for fault in faults):
        return Verdict.DISCONNECTED if verdict in (None, Verdict.REFUSED, Verdict.UNSURE) else verdict
    # No fault in it: a page of the edge, or an answer torn on the way.
    return verdict or Verdict.DOWN


def _verdict_of(fault: Fault) -> Verdict:
    if fault.code == "6000" and _UNEXPECTED_6000.search(f"{fault.message} {fault.detail}"):
        return Verdict.UNSURE
    if known := VERDICTS.get(fault.code) or _VERDICTS_BY_KIND.get(fault.kind.lower()):
        return known
    return Verdict.REFUSED if fault.code and len(fault.code) < 5 else Verdict.UNSURE


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
    return sorted(faults, key=lambda fault: _verdict_of(fault) is not verdict)
