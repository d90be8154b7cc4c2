"""Both shapes of webhook are read; what is strange in them is left out, and nothing else is raised."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BodyMalformed
from service.ids import RealmId
from service.quickbooks.webhook import Event, parse_webhook

# contracts/quickbooks.md 6, 4.1 and 4.2
VECTOR = (
    b'[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068",'
    b'"source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=","type":"qbo.invoice.created.v1",'
    b'"time":"2026-09-10T21:31:25.179453Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}}]'
)
OLDER = b"""{"eventNotifications": [
    {"realmId": "123456789",
     "dataChangeEvent": {"entities": [
       {"name": "Customer", "id": "1", "operation": "Create", "lastUpdated": "2015-10-05T14:42:19-0700"},
       {"name": "Invoice", "id": "3", "operation": "Merge", "deletedId": "2",
        "lastUpdated": "2015-10-05T14:42:19-08:00"}
     ]}}
  ]}"""
ALTERNATIVES = {"alternative_ids": [{"id": "djQuMTo:400000381", "namespace": "Intuit.sbseg.v4"}]}


def event(**changes: object) -> dict[str, object]:
    """The vector's event with some parts replaced; None takes one away."""
    made = {**json.loads(VECTOR)[0], **changes}
    return {name: value for name, value in made.items() if value is not None}


def read(*events: object) -> list[Event]:
    return parse_webhook(json.dumps(list(events)).encode())


def test_the_contracts_vector_is_understood() -> None:
    at = datetime(2026, 9, 10, 21, 31, 25, 179453, tzinfo=UTC)
    assert parse_webhook(VECTOR) == [Event(RealmId("310687"), "Invoice", "1234", "created", at)]


def test_the_older_shape_is_understood() -> None:
    first, second = parse_webhook(OLDER)
    assert first == Event(
        RealmId("123456789"), "Customer", "1", "created", datetime(2015, 10, 5, 21, 42, 19, tzinfo=UTC)
    )
    assert (second.operation, second.deleted_id) == ("merged", "2")
    assert second.at == datetime(2015, 10, 5, 22, 42, 19, tzinfo=UTC)


def test_several_realms_and_one_event_without_a_list() -> None:
    found = read(event(), event(intuitaccountid="2", type="qbo.payment.updated.v1"))
    assert [(each.realm_id, each.entity) for each in found] == [("310687", "Invoice"), ("2", "Payment")]
    assert len(parse_webhook(json.dumps(event()).encode())) == 1


@pytest.mark.parametrize(("word", "means"), [
    ("voided", "voided"), ("void", "voided"), ("emailed", "emailed"), ("deleted", "deleted"), ("merged", "merged"),
    ("exploded", "updated"),
])  # fmt: skip
def test_operations_have_one_word_each(word: str, means: str) -> None:
    assert [each.operation for each in read(event(type=f"qbo.invoice.{word}.v1"))] == [means]


@pytest.mark.parametrize("data", [None, {}, ALTERNATIVES, [], "text", {"deletedid": "99"}])
def test_extra_data_does_no_harm(data: object) -> None:
    (found,) = read(event(data=data, datacontenttype=None, future="field"))
    assert found.deleted_id == ("99" if data == {"deletedid": "99"} else None)


@pytest.mark.parametrize("time", [None, "yesterday", 7, "2026-09-10T21:31:25", "2026-09-10T21:31:25.179453123Z"])
def test_a_time_that_cannot_be_read_is_none(time: object) -> None:
    (found,) = read(event(time=time))
    assert (found.at is not None) == (time == "2026-09-10T21:31:25.179453123Z")


STRANGE = [
    event(type="qbo.unicorn.created.v1"), event(type="invoice"), event(type=7), event(type=None),
    event(intuitentityid="1 or 1=1"), event(intuitentityid=None), event(intuitaccountid="../.."), 7, None, "text", [],
]  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE)
def test_a_strange_event_is_left_out_and_its_neighbours_are_not(strange: object) -> None:
    assert [each.entity_id for each in read(event(), strange, event(intuitentityid=5))] == ["1234", "5"]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"7", b'"text"', b"{}", b'{"eventNotifications": 7}', b"\xff",
                                  b"[" * 100_000])  # fmt: skip
def test_what_has_neither_shape_is_malformed(body: bytes) -> None:
    with pytest.raises(BodyMalformed):
        parse_webhook(body)


def test_older_bodies_with_holes_are_read_as_far_as_they_go() -> None:
    holes = [None, 7, {}, {"realmId": "1"}, {"realmId": "1", "dataChangeEvent": {"entities": [None, {"name": "Item"}]}}]
    whole = json.loads(OLDER)["eventNotifications"]
    assert len(parse_webhook(json.dumps({"eventNotifications": [*holes, *whole]}).encode())) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(event())), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4))
def test_any_list_is_read(body: list[object]) -> None:
    assert all(isinstance(each, Event) for each in read(*body))
