"""Which portal is joined to which realm; joining lets work go on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from store_examples import NOW, PORTAL, REALM, arrival, ids, start

from service.ids import CallbackId, PortalId, RealmId
from service.store.callbacks import Callbacks
from service.store.connections import LIVE, PAUSED, REMOVED, Connections
from service.store.database import Database

OTHER = RealmId("9341450000000002")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def connections(database: Database) -> Connections:
    made = Connections(database)
    made.add(PORTAL, REALM, NOW)
    return made


def park(database: Database, *names: str, realm_id: RealmId = REALM, portal_id: PortalId = PORTAL) -> None:
    callbacks = Callbacks(database)
    for name in names:
        callbacks.receive(arrival(name, deal=name, realm_id=realm_id, portal_id=portal_id))
    assert set(ids(start(database))) == set(names)
    for name in names:
        row = callbacks.find(portal_id, CallbackId(name))
        assert row is not None
        callbacks.park(row, "Reconnect quickbooks.", NOW)


def states(database: Database) -> dict[str, tuple[str, bool]]:
    return {c.callback_id: (c.state, c.due_at == LATER) for c in Callbacks(database).list()}


def test_a_pair_is_joined_once(connections: Connections) -> None:
    assert connections.add(PORTAL, REALM, LATER) == 0
    (one,) = connections.of_portal(PORTAL)
    assert (one.portal_id, one.realm_id, one.state, one.settings) == (PORTAL, REALM, LIVE, {})
    assert (one.created_at, one.updated_at) == (NOW, LATER)
    assert connections.of_portal(PortalId(7)) == []


def test_a_portal_may_have_several_realms_oldest_first(connections: Connections) -> None:
    connections.add(PORTAL, OTHER, LATER)
    connections.add(PortalId(7), OTHER, LATER)
    assert [c.realm_id for c in connections.of_portal(PORTAL)] == [REALM, OTHER]
    assert [(c.portal_id, c.realm_id) for c in connections.all()] == [(7, OTHER), (PORTAL, REALM), (PORTAL, OTHER)]


def test_reconnecting_takes_up_what_was_parked(connections: Connections, database: Database) -> None:
    park(database, "ap-1", "ap-2")
    park(database, "foreign", portal_id=PortalId(7))
    park(database, "elsewhere", realm_id=OTHER)
    assert connections.add(PORTAL, REALM, LATER) == 2
    assert states(database) == {
        "ap-1": ("received", True),
        "ap-2": ("received", True),
        "foreign": ("parked", False),
        "elsewhere": ("parked", False),
    }


def test_resuming_takes_up_what_waits(connections: Connections, database: Database) -> None:
    park(database, "ap-1")
    assert connections.change_state(PORTAL, REALM, PAUSED, NOW)
    assert states(database)["ap-1"] == ("parked", False)
    assert connections.change_state(PORTAL, REALM, LIVE, LATER)
    assert states(database)["ap-1"] == ("received", True)


@pytest.mark.parametrize("state", [LIVE, PAUSED])
def test_a_removed_connection_comes_back_by_joining_only(state: str, connections: Connections) -> None:
    assert connections.change_state(PORTAL, REALM, REMOVED, NOW)
    assert connections.of_portal(PORTAL) == connections.all() == []
    assert not connections.change_state(PORTAL, REALM, state, NOW)
    assert connections.of_portal(PORTAL) == []
    connections.add(PORTAL, REALM, LATER)
    assert [c.state for c in connections.of_portal(PORTAL)] == [LIVE]


def test_changing_what_is_not_there_says_so(connections: Connections) -> None:
    assert not connections.change_state(PORTAL, OTHER, PAUSED, NOW)
    assert not connections.change_state(PortalId(7), REALM, PAUSED, NOW)
    assert [c.state for c in connections.all()] == [LIVE]
