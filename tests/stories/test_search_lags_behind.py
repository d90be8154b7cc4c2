"""What HubSpot's search shows may be minutes old: it says which records to look at, never what they hold."""

from __future__ import annotations

from datetime import timedelta

from tests.harness import Harness
from tests.syncing import entity, link_of, make, person, settle_down, synchronize, turn_on


def test_an_old_value_in_the_index_overwrites_nothing(harness: Harness) -> None:
    harness.connect()
    nell = make(harness, "contacts", email="nell@example.com", firstname="Nell", city="Reno")
    turn_on(harness, "contacts")
    settle_down(harness, 2)
    link = link_of(harness, "contacts", nell)
    assert link is not None
    person(harness, "PATCH", f"contacts/{nell}", {"properties": {"city": "Elko"}})
    harness.pass_time(timedelta(minutes=30))
    harness.world.clock.freeze(harness.clock.now())
    # The index has seen Elko; it lags behind Sparks by more than a poll.
    harness.set_sandbox(hubspot={"search_delay_seconds": 3600})
    person(harness, "PATCH", f"contacts/{nell}", {"properties": {"city": "Sparks"}})
    synchronize(harness)
    assert entity(harness, "Customer", str(link.entity_id))["BillAddr"]["City"] == "Sparks"
    assert harness.refusals() == []
