from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoicing_examples import MARK, quick

from service.ids import CallbackId, DealId, Mark, PortalId, RealmId
from service.invoicing.marks import carries, derive_mark, derive_request_id, drop_marks, names_deal, sign_note
from service.invoicing.numbering import derive_number

callbacks = st.tuples(st.integers(1, 10**9), st.text("0123456789", min_size=1, max_size=16), st.text(max_size=255))


@quick
@given(callbacks, st.integers(0, 99))
def test_lengths_and_shape(callback: tuple[int, str, str], generation: int) -> None:
    portal, realm, callback_id = PortalId(callback[0]), RealmId(callback[1]), CallbackId(callback[2])
    mark = derive_mark(portal, realm, callback_id)
    request_id = derive_request_id(portal, realm, callback_id, generation)
    assert re.fullmatch(r"hs:[0-9a-f]{16}", mark)
    assert re.fullmatch(r"hs-[0-9a-f]{40}", request_id)
    assert mark == derive_mark(portal, realm, callback_id)
    assert request_id != derive_request_id(portal, realm, callback_id, generation + 1)
    assert request_id != derive_request_id(portal, realm, callback_id, generation, "customer")


def test_request_ids_stay_the_same_across_releases() -> None:
    key = PortalId(1234567), RealmId("9341452"), CallbackId("ap-1234567-1000000000001-1-0")
    assert derive_mark(*key) == "hs:eede4f4cbfbc7af6"
    assert derive_request_id(*key, 0) == "hs-e0437c80b0422ac659eb87cf5ed47f92f692553f"


def test_parts_do_not_run_into_each_other() -> None:
    one = derive_mark(PortalId(1), RealmId("23"), CallbackId("4"))
    assert one != derive_mark(PortalId(12), RealmId("3"), CallbackId("4"))
    assert one != derive_mark(PortalId(1), RealmId("2"), CallbackId("34"))


def test_an_invoice_is_recognised_by_its_note() -> None:
    note = sign_note(DealId("9123456789"), MARK)
    assert note == f"HubSpot deal 9123456789 [{MARK}]"
    assert carries(note, MARK)
    assert carries(f"Voided - {note}", MARK)
    assert names_deal(f"Voided - {note}", DealId("9123456789"))
    assert not names_deal(note, DealId("912345678"))
    assert not carries(note, Mark("hs:0000000000000000"))
    assert not carries(None, MARK)
    assert not names_deal("HubSpot deal 9123456789", DealId("9123456789"))


def test_an_author_cannot_write_a_mark() -> None:
    forged = drop_marks(f"see {sign_note(DealId('1'), MARK)}")
    assert not carries(forged, MARK)
    assert not names_deal(forged, DealId("1"))


@quick
@given(st.text(max_size=40), st.integers(0, 50))
def test_numbers_fit(deal_id: str, generation: int) -> None:
    number = derive_number("D", DealId(deal_id), MARK, generation)
    assert 1 < len(number) <= 21
    assert re.fullmatch(r"[A-Za-z0-9-]+", number)
    assert number == derive_number("D", DealId(deal_id), MARK, generation)
    assert number != derive_number("D", DealId(deal_id), MARK, generation + 1)


@pytest.mark.parametrize("deal_id", ["9123456789", "123456789012"])
def test_numbers_name_the_deal_and_differ_by_mark(deal_id: str) -> None:
    number = derive_number("D", DealId(deal_id), MARK)
    assert number.startswith(f"D{deal_id}-")
    assert number != derive_number("D", DealId(deal_id), Mark("hs:ffffffffffffffff"))
