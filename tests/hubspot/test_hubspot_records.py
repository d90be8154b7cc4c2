"""Many records in each call: pages, searches within HubSpot's limits, batches of which one is bad."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from service.errors import OutcomeUnknown, RefusedByHubSpot
from service.hubspot.records import LONGEST_BODY, SEARCH_PAGE
from service.hubspot.webhook import parse_webhook
from service.ids import PortalId

PORTAL = PortalId(1234567)
T0 = datetime(2026, 11, 26, tzinfo=UTC)


def test_properties_are_one_parameter(gateway, hubspot):
    hubspot.will_say(200, {"results": [{"id": "1", "properties": {"email": "a@b.c"}}]})
    records, after = gateway.records.page(PORTAL, "contacts", ["email", "firstname"], None)
    assert ([each.id for each in records], after) == (["1"], None)
    query = parse_qsl(urlsplit(hubspot.asked[0].path).query)
    assert ("properties", "email,firstname") in query
    assert len([name for name, _ in query if name == "properties"]) == 1


@pytest.mark.parametrize("letter", ["a", "я", "漢", "\U0001f600"])
def test_names_in_any_writing_fit_into_a_search(gateway, hubspot, letter):
    hubspot.always(lambda _: (200, {"results": []}))
    names = [f"{letter * 60} {number}" for number in range(150)]
    properties = [f"a_property_of_some_length_{number}" for number in range(25)]
    gateway.records.find_by(PORTAL, "products", "name", names, properties)
    assert all(len(each.body) <= LONGEST_BODY for each in hubspot.asked)
    asked = [value for each in hubspot.asked for value in each.json["filterGroups"][0]["filters"][0]["values"]]
    assert asked == names
    assert {"filterGroups", "properties", "sorts", "limit", "after"} == set(hubspot.asked[0].json)


@pytest.mark.parametrize("longest", [3, 400])
def test_persons_are_searched_five_a_call(gateway, hubspot, longest):
    hubspot.always(lambda _: (200, {"results": []}))
    people = [{"firstname": f"Noah {number}", "lastname": "Ж" * longest} for number in range(23)]
    gateway.records.find_any(PORTAL, "contacts", people, ["email", "firstname"])
    asked = [each.json["filterGroups"] for each in hubspot.asked]
    assert max(map(len, asked)) <= 5
    assert all(len(each.body.decode()) <= LONGEST_BODY for each in hubspot.asked)
    found = [{f["propertyName"]: f["value"] for f in group["filters"]} for groups in asked for group in groups]
    assert found == people
    if longest < 10:
        assert len(asked) == 5


def test_a_search_that_many_fit_is_read_to_its_end(gateway, hubspot):
    def page(asked):
        start = int(asked.json["after"])
        return 200, {"results": [{"id": str(n), "properties": {}} for n in range(start, min(start + SEARCH_PAGE, 450))]}

    hubspot.always(page)
    assert len(gateway.records.find_by(PORTAL, "companies", "name", ["acme"], [])) == 450


class Index:
    """Contacts in the order of their last changes, which working on them moves to the end."""

    def __init__(self, count: int, *, same_moment: bool = False) -> None:
        self.moments = {str(n): T0 + timedelta(seconds=0 if same_moment else n) for n in range(count)}
        self.now = T0 + timedelta(days=1)

    def search(self, asked):
        start = int(asked.json["filterGroups"][0]["filters"][0]["value"])
        found = [(moment, key) for key, moment in self.moments.items() if int(moment.timestamp() * 1000) >= start]
        found.sort(key=lambda each: (each[0], int(each[1])))
        after = int(asked.json["after"])
        page = found[after : after + asked.json["limit"]]
        return 200, {"results": [{"id": key, "properties": {"lastmodifieddate": f"{moment.isoformat()}"}}
                                 for moment, key in page]}  # fmt: skip

    def touch(self, keys):
        self.now += timedelta(seconds=1)
        self.moments |= dict.fromkeys(keys, self.now)


def test_a_poll_whose_records_are_written_meanwhile_skips_none(gateway, hubspot):
    index = Index(450)
    hubspot.always(index.search)
    seen: set[str] = set()
    for page in gateway.records.changed_since(PORTAL, "contacts", "lastmodifieddate", T0, ["email"]):
        seen |= {each.id for each in page}
        index.touch(each.id for each in page)
        assert len(hubspot.asked) < 10
    assert seen == {str(n) for n in range(450)}


def test_a_poll_of_many_changed_in_one_moment_ends(gateway, hubspot):
    index = Index(SEARCH_PAGE * 2 + 1, same_moment=True)
    hubspot.always(index.search)
    pages = list(gateway.records.changed_since(PORTAL, "contacts", "lastmodifieddate", T0, ["email"]))
    assert len({each.id for page in pages for each in page}) == SEARCH_PAGE * 2 + 1


def upserted(asked, *, bad: str | None = None, echo: bool = True):
    inputs = asked.json["inputs"]
    if bad is not None and any(each["id"] == bad for each in inputs):
        return 400, {"category": "VALIDATION_ERROR", "message": "m"}
    named = {"objectWriteTraceId"} if echo else set()
    return 200, {"results": [{"id": f"9{each['id']}", "properties": each["properties"],
                              **{name: each[name] for name in named}} for each in inputs]}  # fmt: skip


def test_one_bad_record_is_refused_alone(gateway, hubspot):
    hubspot.always(lambda asked: upserted(asked, bad="7"))
    wanted = {str(number): {"email": f"{number}@example.com"} for number in range(20)}
    written = gateway.records.upsert(PORTAL, "contacts", "qbo_customer_key", wanted)
    assert isinstance(written.pop("7"), RefusedByHubSpot)
    assert {key: each.id for key, each in written.items()} == {key: f"9{key}" for key in written}
    assert len(written) == 19


@pytest.mark.parametrize("named", [["1"], "1", 1], ids=["a list", "alone", "a number"])
def test_a_refusal_names_its_input_in_any_shape(gateway, hubspot, named):
    made = {"id": "90", "properties": {"qbo_customer_key": "a"}}
    error = {"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": named}}
    hubspot.will_say(207, {"results": [made], "errors": [error]})
    written = gateway.records.upsert(PORTAL, "contacts", "qbo_customer_key", {"a": {}, "b": {}})
    assert written["a"].id == "90"
    assert isinstance(written["b"], RefusedByHubSpot)


def test_a_name_that_is_no_inputs_is_no_refusal(gateway, hubspot):
    error = {"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": "x"}}
    hubspot.will_say(207, {"results": [], "errors": [error]})
    written = gateway.records.upsert(PORTAL, "contacts", "qbo_customer_key", {"a": {}})
    assert isinstance(written["a"], OutcomeUnknown)


def test_an_impossible_moment_does_not_hold_up_the_others():
    body = (
        b'[{"portalId": 1, "subscriptionType": "contact.creation", "objectId": 7, "occurredAt": 99999999999999999},'
        b' {"portalId": 1, "subscriptionType": "contact.creation", "objectId": 8, "occurredAt": 1790000001000}]'
    )
    events, strange = parse_webhook(body)
    assert ([each.object_id for each in events], strange) == (["8"], 1)


def test_all_are_counted_in_one_call(gateway, hubspot):
    hubspot.will_say(200, {"total": 12345, "results": [{"id": "1", "properties": {}}]})
    assert gateway.records.count(PORTAL, "contacts") == 12345
    assert hubspot.asked[0].json == {"filterGroups": [], "properties": [], "sorts": [], "limit": 1, "after": "0"}
