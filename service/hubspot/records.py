"""HubSpot's objects by the hundred: all of them, those that changed, and creating them once for good.

For whoever keeps many records in step. Raises as `gateway.Gateway`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hubspot.crm import objects

from service.errors import OutcomeUnknown, RefusedByHubSpot, ServiceError, TryLater
from service.hubspot import answers, faults
from service.hubspot.answers import CrmRecord
from service.hubspot.batches import LARGEST, split_batches, write_all
from service.hubspot.transport import PORTAL_HEADER, PortalLine, attach, encode_json
from service.ids import PortalId
from service.wire import Answer, NoAnswer

# https://developers.hubspot.com/docs/api-reference/search/guide
# At most 200 a page and 3,000 characters a request; the first 10,000 results only.
SEARCH_PAGE, SEARCH_TOTAL = 200, 10_000
LONGEST_BODY = 3_000
# Same page: at most 5 groups of 6 filters each, 18 filters in all; no group of ours has more than two.
MOST_GROUPS = 5
Group = Sequence[Mapping[str, Any]]
_FORBIDDEN = 403
Written = dict[str, "CrmRecord | ServiceError"]


class Records:
    """The objects API of all portals, many objects in each call."""

    def __init__(self, line: PortalLine) -> None:
        api = attach(objects.ApiClient(objects.Configuration()), line.deliver)
        self._basic, self._batch, self._search = objects.BasicApi(api), objects.BatchApi(api), objects.SearchApi(api)

    def page(
        self, portal_id: PortalId, object_type: str, properties: Sequence[str], after: str | None
    ) -> tuple[list[CrmRecord], str | None]:
        """Up to a hundred objects, and where the next ones begin; None: these were the last."""
        more: dict[str, Any] = {"after": after} if after else {}
        answer = self._call(
            portal_id, self._basic.get_page, object_type, limit=LARGEST, properties=list(properties), **more
        )
        return answers.read_answer(answer, _parse_page)

    def count(self, portal_id: PortalId, object_type: str) -> int:
        """How many objects there are, as far as the index has seen them."""
        body = _search([], []) | {"limit": 1}
        answer = self._call(portal_id, self._search.do_search, object_type, body)
        return answers.read_answer(answer, lambda data: int(data["total"]))

    def changed_since(
        self, portal_id: PortalId, object_type: str, modified: str, since: datetime, properties: Sequence[str]
    ) -> Iterator[list[CrmRecord]]:
        """Objects changed since a moment, the longest ago first, in pages. `modified`: the property that says when."""
        start, after, seen = int(since.timestamp() * 1000), 0, set[str]()
        wanted = list(dict.fromkeys((*properties, modified)))
        while True:
            later = {"propertyName": modified, "operator": "GTE", "value": str(start)}
            sorts = [{"propertyName": modified, "direction": "ASCENDING"}]
            page = self._find(portal_id, object_type, _search([[later]], wanted, sorts, after))
            fresh = [each for each in page if each.id not in seen]
            seen |= {each.id for each in fresh}
            if fresh:
                yield fresh
            if len(page) < SEARCH_PAGE:
                return
            # Whoever works on a page changes its records, which moves them to the end: the next page begins at the
            # last one's moment, not at a place in a list that has become another one.
            last = _moment(page[-1].properties.get(modified)) or start
            start, after = (last, 0) if last > start else (start, after + SEARCH_PAGE)
            if after + SEARCH_PAGE > SEARCH_TOTAL:
                start, after = start + 1, 0

    def find_by(
        self, portal_id: PortalId, object_type: str, name: str, values: Iterable[str], properties: Sequence[str]
    ) -> list[CrmRecord]:
        """Objects whose property has one of the values. The index lags behind: an answer of none proves nothing."""
        found: dict[str, CrmRecord] = {}

        def ask(part: list[str]) -> dict[str, Any]:
            # https://developers.hubspot.com/docs/api-reference/search/guide
            # IN on text wants lower case.
            wanted = {"propertyName": name, "operator": "IN", "values": [each.lower() for each in part]}
            return _search([[wanted]], properties)

        for part in divide_by_body(values, ask):
            found |= {each.id: each for each in self._find_all(portal_id, object_type, ask(part))}
        return list(found.values())

    def find_any(
        self, portal_id: PortalId, object_type: str, wanted: Iterable[Mapping[str, str]], properties: Sequence[str]
    ) -> list[CrmRecord]:
        """Objects that have all the values of one of `wanted`, which names properties by their values. As `find_by`."""
        found: dict[str, CrmRecord] = {}
        groups = [
            [{"propertyName": name, "operator": "EQ", "value": value} for name, value in each.items()]
            for each in wanted
        ]
        for part in divide_groups(groups, lambda some: _search(some, properties)):
            page = self._find_all(portal_id, object_type, _search(part, properties))
            found |= {each.id: each for each in page}
        return list(found.values())

    def read_by_email(self, portal_id: PortalId, emails: Iterable[str], properties: Sequence[str]) -> list[CrmRecord]:
        """Contacts by their e-mail addresses, without the index's delay."""
        found = []
        for some in split_batches(dict.fromkeys(emails)):
            body = {
                "idProperty": "email",
                "properties": list(properties),
                "propertiesWithHistory": [],
                "inputs": [{"id": each} for each in some],
            }
            answer = self._call(portal_id, self._batch.read, "contacts", body)
            found += answers.read_answer(answer, answers.parse_records)
        return found

    def update(self, portal_id: PortalId, object_type: str, changes: Mapping[str, Mapping[str, str]]) -> Written:
        """Write properties by object id; for each the properties as HubSpot stored them, or what befell it."""
        written: dict[str, CrmRecord] = {}

        def write_one(object_id: str) -> None:
            body = {"properties": dict(changes[object_id])}
            answer = self._call(portal_id, self._basic.update, object_type, object_id, body)
            written[object_id] = answers.read_answer(answer, answers.parse_record)

        def write_many(some: Sequence[str]) -> set[str]:
            body = {"inputs": [{"id": each, "properties": dict(changes[each])} for each in some]}
            answer = self._call(portal_id, self._batch.update, object_type, body)
            records = answers.read_answer(answer, answers.parse_records)
            written.update({each.id: each for each in records})
            return {each.id for each in records}

        ended = write_all(changes, write_one, write_many)
        outcomes: Written = {}
        for each, error in ended.items():
            outcomes[each] = error or written.get(each) or TryLater("HubSpot answered without the object")
        return outcomes

    def upsert(
        self, portal_id: PortalId, object_type: str, id_property: str, wanted: Mapping[str, Mapping[str, str]]
    ) -> Written:
        """Create objects under a unique value each, or write those that have it: repeating creates nothing new.

        For each value the object, or what befell it. Raises only what concerns all of them.
        """
        ended: Written = {}
        for some in split_batches(wanted):
            ended |= self._upsert(portal_id, object_type, id_property, {each: wanted[each] for each in some})
        return ended

    def _upsert(
        self, portal_id: PortalId, object_type: str, id_property: str, wanted: Mapping[str, Mapping[str, str]]
    ) -> Written:
        """Up to a hundred. One that has them all refused is found by halves: it alone is refused in the end."""
        some = list(wanted)
        # https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide (objectWriteTraceId)
        # With one for each input, a bad input may fail alone; documented for creates, not for upserts.
        inputs = [
            {
                "idProperty": id_property,
                "id": each,
                "objectWriteTraceId": str(number),
                "properties": {**wanted[each], id_property: each},
            }
            for number, each in enumerate(some)
        ]
        try:
            answer = self._call(portal_id, self._batch.upsert, object_type, {"inputs": inputs})
        except RefusedByHubSpot as error:
            if len(some) == 1:
                return {some[0]: error}
            if error.status == _FORBIDDEN:
                raise
            half = len(some) // 2
            parts = ({each: wanted[each] for each in part} for part in (some[:half], some[half:]))
            return {key: found for part in parts
                    for key, found in self._upsert(portal_id, object_type, id_property, part).items()}  # fmt: skip
        made = answers.read_answer(answer, answers.parse_records)
        by_key = {str(each.properties.get(id_property)): each for each in made}
        refused = _refusals(answer, some) if len(by_key) < len(some) else {}
        silent = OutcomeUnknown("HubSpot left it out")
        return {each: by_key.get(each) or refused.get(each) or silent for each in some}

    def _find_all(self, portal_id: PortalId, object_type: str, body: dict[str, Any]) -> Iterator[CrmRecord]:
        """Every page of a search, as far as HubSpot pages."""
        for after in range(0, SEARCH_TOTAL, SEARCH_PAGE):
            page = self._find(portal_id, object_type, {**body, "after": str(after)})
            yield from page
            if len(page) < SEARCH_PAGE:
                return

    def _find(self, portal_id: PortalId, object_type: str, body: dict[str, Any]) -> list[CrmRecord]:
        answer = self._call(portal_id, self._search.do_search, object_type, body)
        return answers.read_answer(answer, answers.parse_records)

    def _call(self, portal_id: PortalId, method: Any, *arguments: Any, **more: Any) -> Answer:
        try:
            answer: Answer = method(
                *arguments, **more, _preload_content=False, _headers={PORTAL_HEADER: str(portal_id)}
            )
        except NoAnswer as error:
            raise faults.explain_silence(error) from error
        faults.check_answer(answer)
        return answer


def _parse_page(data: Any) -> tuple[list[CrmRecord], str | None]:
    after = ((data.get("paging") or {}).get("next") or {}).get("after")
    return answers.parse_records(data), None if after is None else str(after)


def _refusals(answer: Answer, some: Sequence[str]) -> dict[str, RefusedByHubSpot]:
    """What each input of a partly failed batch was refused for, by codes only."""

    def parse(data: Any) -> dict[str, RefusedByHubSpot]:
        found: dict[str, RefusedByHubSpot] = {}
        for each in data.get("errors") or []:
            context = each.get("context") or {}
            category = str(each.get("category") or "")
            status = 409 if category == "CONFLICT" else 400
            error = faults.explain_refusal(status, json.dumps(each, default=str).encode())
            for number in answers.parse_trace_ids(context):
                if number.isdecimal() and int(number) < len(some):
                    found[some[int(number)]] = error
        return found

    return answers.read_answer(answer, parse)


def _moment(text: str | None) -> int | None:
    try:
        return int(datetime.fromisoformat(text or "").timestamp() * 1000)
    except ValueError:
        return None


def _search(
    groups: Sequence[Group],
    properties: Sequence[str],
    sorts: Sequence[Mapping[str, str]] = (),
    after: int = 0,
) -> dict[str, Any]:
    """The body of a search. `groups`: any of them, of each all filters."""
    return {
        "filterGroups": [{"filters": list(each)} for each in groups],
        "properties": list(properties),
        "sorts": list(sorts),
        "limit": SEARCH_PAGE,
        "after": str(after),
    }


def divide_by_body(values: Iterable[str], ask: Callable[[list[str]], dict[str, Any]]) -> Iterator[list[str]]:
    """The values in parts whose searches HubSpot takes: as many as it lets us name, in as long a body as it reads."""
    empty = len(encode_json(ask([])))
    part: list[str] = []
    length = empty
    for value in dict.fromkeys(values):
        more = len(encode_json(value.lower())) + 1
        if part and (len(part) == LARGEST or length + more > LONGEST_BODY):
            yield part
            part, length = [], empty
        part.append(value)
        length += more
    if part:
        yield part


def divide_groups(groups: Sequence[Group], ask: Callable[[list[Group]], dict[str, Any]]) -> Iterator[list[Group]]:
    """Groups of filters in parts whose searches HubSpot takes."""
    part: list[Group] = []
    for group in groups:
        if part and (len(part) == MOST_GROUPS or len(encode_json(ask([*part, group]))) > LONGEST_BODY):
            yield part
            part = []
        part.append(group)
    if part:
        yield part
