"""A portal's calls in ten seconds, and its searches in one. Contract 4.10, 4.11."""

from __future__ import annotations

from hubspot_caller import DEALS, US, Caller


def test_the_111th_call_in_ten_seconds_is_too_many(hubspot: Caller, uk: Caller) -> None:
    hubspot.world.hubspot.settings.limit_per_ten_seconds = 5
    path = f"{DEALS}/{hubspot.story('one-line')}"
    answers = [hubspot.get(path) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [int(answer.headers["X-HubSpot-RateLimit-Remaining"]) for answer in answers] == [4, 3, 2, 1, 0, 0]
    assert answers[0].headers["X-HubSpot-RateLimit-Max"] == "5"
    assert answers[0].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    said = answers[5].json
    assert (said["policyName"], said["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert "Retry-After" not in answers[5].headers
    assert hubspot.refusals == ["over limit TEN_SECONDLY_ROLLING"]
    assert uk.get(DEALS).status_code == 200
    assert hubspot.control("limits")[str(US)]["peak_per_ten_seconds"] == 6
    assert hubspot.control("limits")[str(US)]["over_limit"] == 1
    hubspot.world.hubspot.settings.limits = False
    assert hubspot.get(path).status_code == 200


def test_the_limit_is_110_unless_switched(hubspot: Caller) -> None:
    assert hubspot.get(DEALS).headers["X-HubSpot-RateLimit-Max"] == "110"


def test_searches_are_counted_apart(hubspot: Caller) -> None:
    answers = [hubspot.post(f"{DEALS}/search", {}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[5].json["policyName"] == "SECONDLY"
    assert not any("X-HubSpot-RateLimit-Max" in answer.headers for answer in answers)
    assert hubspot.control("limits")[str(US)]["peak_per_ten_seconds"] == 0
