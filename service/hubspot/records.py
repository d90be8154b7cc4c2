"""HubSpot's objects by the hundred: all of them, those that changed, and creating them once for good.

For whoever keeps many records in step. Raises as `gateway.Gateway`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hubspot.crm import objects

from service.errors import OutcomeUnknown, RefusedByHubSpot, ServiceError, TryLater
from service.hubspot import answers, faults
from service.hubspot.answers import CrmRecord
from service.hubspot.batches import LARGEST, split_batches, write_all
from service.hubspot.transport import PORTAL_HEADER, PortalLine, attach
from service.ids import PortalId
from service.wire import Answer, NoAnswer

# https://developers.hubspot.com/docs/api-reference/search/guide
# At most 200 a page and 3,000 characters a request; the first 10,000 results only.
SEARCH_PAGE, SEARCH_TOTAL = 200, 10_000
_LONGEST_VALUES = 2_000
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

    def changed_since(
        self, portal_id: PortalId, object_type: str, modified: str, since: datetime, properties: Sequence[str]
    ) -> Iterator[list[CrmRecord]]:
        """Objects changed since a moment, the longest ago first, in pages. `modified`: the property that says when."""
        start, after, seen = int(since.timestamp() * 1000), 0, set[str]()
        while True:
            body = {
                "filterGroups": [{"filters": [{"propertyName": modified, "operator": "GTE", "value": str(start)}]}],
                "properties": list(properties),
                "sorts": [{"propertyName": modified, "direction": "ASCENDING"}],
                "limit": SEARCH_PAGE,
                "after": str(after),
            }
            page = self._find(portal_id, object_type, body)
            fresh = [each for each in page if each.id not in seen]
            seen |= {each.id for each in fresh}
            if fresh:
                yield fresh
            if len(page) < SEARCH_PAGE:
                return
            after += SEARCH_PAGE
            if after + SEARCH_PAGE > SEARCH_TOTAL:
                # Only so many can be paged: go on from the last one's moment.
                start, after = max(start + 1, _moment(page[-1].properties.get(modified)) or 0), 0

    def find_by(
        self, portal_id: PortalId, object_type: str, name: str, values: Iterable[str], properties: Sequence[str]
    ) -> list[CrmRecord]:
        """Objects whose property has one of the values. The index lags behind: an answer of none proves nothing."""
        found: dict[str, CrmRecord] = {}
        for part in _divide(values):
            # Same page: IN on text wants lower case.
            wanted = {"propertyName": name, "operator": "IN", "values": [each.lower() for each in part]}
            body = {"filterGroups": [{"filters": [wanted]}], "properties": list(properties), "limit": SEARCH_PAGE}
            found |= {each.id: each for each in self._find(portal_id, object_type, body)}
        return list(found.values())

    def find_all_equal(
        self, portal_id: PortalId, object_type: str, wanted: Mapping[str, str], properties: Sequence[str]
    ) -> list[CrmRecord]:
        """Objects with all of these values. As `find_by`."""
        filters = [{"propertyName": name, "operator": "EQ", "value": value} for name, value in wanted.items()]
        body = {"filterGroups": [{"filters": filters}], "properties": list(properties), "limit": SEARCH_PAGE}
        return self._find(portal_id, object_type, body)

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
            # https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide (objectWriteTraceId)
            # With one for each input, a bad input fails alone.
            inputs = [
                {
                    "idProperty": id_property,
                    "id": each,
                    "objectWriteTraceId": str(number),
                    "properties": {**wanted[each], id_property: each},
                }
                for number, each in enumerate(some)
            ]
            answer = self._call(portal_id, self._batch.upsert, object_type, {"inputs": inputs})
            made = answers.read_answer(answer, answers.parse_records)
            by_key = {str(each.properties.get(id_property)): each for each in made}
            refused = _refusals(answer, some) if len(by_key) < len(some) else {}
            for each in some:
                ended[each] = by_key.get(each) or refused.get(each) or OutcomeUnknown("HubSpot left it out")
        return ended

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
            for number in context.get("objectWriteTraceId") or []:
                found[some[int(number)]] = error
        return found

    return answers.read_answer(answer, parse)


def _moment(text: str | None) -> int | None:
    try:
        return int(datetime.fromisoformat(text or "").timestamp() * 1000)
    except ValueError:
        return None


def _divide(values: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        if part and (len(part) == LARGEST or length + len(value) > _LONGEST_VALUES):
            yield part
            part, length = [], 0
        part.append(value)
        length += len(value) + 8
    if part:
        yield part
