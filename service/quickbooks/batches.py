"""Up to thirty small requests in one call, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.errors import OutcomeUnknown, ServiceError, TryLater
from service.ids import RequestId
from service.quickbooks.body import encode
from service.quickbooks.faults import NAME_LISTS, Call, judge_item, state_error
from service.quickbooks.fields import read_entries, read_text
from service.quickbooks.verdicts import Verdict

# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/batch
MOST_ITEMS = 30
# https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features
LONGEST_ITEM_ID = 10
LONGEST_REQUEST_ID = 36

Outcomes = dict[str, dict[str, Any] | ServiceError]
"""What came of each item by its bId: the item's part of the answer, or the error that befell it alone."""


def encode_batch(items: Sequence[Mapping[str, Any]], request_id: RequestId | None) -> bytes:
    """The body of a batch; every item carries a bId of its own.

    Raises: ValueError for what QuickBooks would refuse as a whole.
    """
    names = {str(item.get("bId", "")) for item in items}
    if not 0 < len(items) <= MOST_ITEMS or len(names) != len(items) or "" in names:
        raise ValueError("a batch has 1 to 30 items, each with its own bId")
    if request_id and (len(request_id) > LONGEST_REQUEST_ID or max(map(len, names)) > LONGEST_ITEM_ID):
        raise ValueError("a batch's request id has at most 36 characters and a bId at most 10")
    return encode({"BatchItemRequest": list(items)})


def is_write(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any item of the batch changes something."""
    return any("operation" in item for item in items)


def parse_outcomes(content: Mapping[str, Any], items: Sequence[Mapping[str, Any]], request_id: bool) -> Outcomes:
    """The outcome of every item asked for.

    One the answer leaves out has an unknown outcome.
    A replayed batch may report items that were done as fault 6000 "unexpected": unknown as well.
    """
    answered = {read_text(entry, "bId"): entry for entry in read_entries(content, "BatchItemResponse")}
    return {str(item["bId"]): _outcome(answered.get(str(item["bId"])), item, request_id) for item in items}


def is_throttled(content: Mapping[str, Any]) -> bool:
    """Whether QuickBooks turned any item of an answered batch away for the limits' sake."""
    found = (judge_item(entry).verdict for entry in read_entries(content, "BatchItemResponse"))
    return Verdict.THROTTLED in found


def _outcome(
    entry: Mapping[str, Any] | None, item: Mapping[str, Any], request_id: bool
) -> dict[str, Any] | ServiceError:
    write = "operation" in item
    if entry is None:
        sentence = "QuickBooks left this item out of its answer"
        return OutcomeUnknown(sentence) if write else TryLater(sentence)
    judgement = judge_item(entry)
    if judgement.verdict is Verdict.FINE and judgement.content is not None:
        return judgement.content
    return state_error(judgement, Call(write, request_id, named=not NAME_LISTS.isdisjoint(item)))
