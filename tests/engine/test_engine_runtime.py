"""Names of runs, and what DBOS stores of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.runtime import JsonSerializer, callback_of, workflow_id, workflow_name
from service.ids import CallbackId, PortalId
from service.store.due import Start


@given(portal_id=st.integers(1, 2**63 - 1), callback_id=st.text(min_size=1), run=st.integers(1, 10**6))
def test_a_run_names_its_callback_whatever_the_callbacks_id_holds(portal_id: int, callback_id: str, run: int) -> None:
    name = workflow_id(Start(PortalId(portal_id), CallbackId(callback_id), "create-invoice", run))
    assert callback_of(name) == (portal_id, callback_id)


@pytest.mark.parametrize("callback_id", ["ap-1-2-3-0", "a:b", ":", "::", "1:2:3", "a:", ":b", "ü 1"])
def test_colons_in_a_callback_id_do_no_harm(callback_id: str) -> None:
    start = Start(PortalId(7), CallbackId(callback_id), "create-invoice", 12)
    assert workflow_id(start) == f"hs:7:{callback_id}:12"
    assert callback_of(workflow_id(start)) == (7, callback_id)


@given(
    one=st.tuples(st.integers(1, 99), st.text("ab:1", min_size=1, max_size=4), st.integers(1, 12)),
    two=st.tuples(st.integers(1, 99), st.text("ab:1", min_size=1, max_size=4), st.integers(1, 12)),
)
def test_two_runs_never_share_a_name(one: tuple[int, str, int], two: tuple[int, str, int]) -> None:
    names = [workflow_id(Start(PortalId(p), CallbackId(c), "create-invoice", r)) for p, c, r in (one, two)]
    assert (names[0] == names[1]) == (one == two)


def test_an_actions_run_has_a_name_of_its_own() -> None:
    assert workflow_name("create-invoice") == "create_invoice"


def test_what_dbos_stores_can_be_read_by_people() -> None:
    serializer = JsonSerializer()
    stored = serializer.serialize({"args": [7, "ap-1"], "kwargs": {}})
    assert json.loads(stored) == serializer.deserialize(stored) == {"args": [7, "ap-1"], "kwargs": {}}
    assert serializer.name() == "json"


def test_an_exception_is_stored_without_its_text() -> None:
    stored = JsonSerializer().serialize(ValueError("canary-secret"))
    assert json.loads(stored) == {"exception": "ValueError"}
