"""How many calls HubSpot takes from us, and how long to wait when it takes no more.

Only numbers and their reading; who waits for whom is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from service.ids import PortalId


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` calls in any `seconds` seconds."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Quota:
    """What HubSpot says is left of a portal's calls."""

    limit: int
    remaining: int
    span: timedelta


# https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
# 110 calls in ten seconds for an app in a portal. Half of them in half the time and a bit: calls that are
# held up on their way may come together with those that follow them.
PORTAL_WINDOWS = (Window(50, 5.4),)
# https://developers.hubspot.com/docs/api-reference/search/guide
# Five searches a second, counted apart, and their answers carry no limit headers.
SEARCH_WINDOWS = (Window(4, 1.05),)

# https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (policyName)
# The daily limit ends at midnight in the portal's time zone: one probe an hour finds out.
PAUSES = {
    "TEN_SECONDLY_ROLLING": timedelta(seconds=10),
    "SECONDLY": timedelta(seconds=1),
    "DAILY": timedelta(hours=1),
}
UNKNOWN_POLICY = timedelta(seconds=10)


def portal_scope(portal_id: PortalId) -> str:
    """The name under which a portal's ordinary calls are counted."""
    return f"portal:{portal_id}"


def search_scope(portal_id: PortalId) -> str:
    """The name under which a portal's searches are counted."""
    return f"search:{portal_id}"


def windows(scope: str) -> tuple[Window, ...]:
    """The limits of a scope; empty for a scope that is not HubSpot's."""
    if scope.startswith("portal:"):
        return PORTAL_WINDOWS
    return SEARCH_WINDOWS if scope.startswith("search:") else ()


def parse_quota(headers: Mapping[str, str]) -> Quota | None:
    """What the headers of an answer say is left; None when they do not."""
    read = [headers.get(f"X-HubSpot-RateLimit-{name}") for name in ("Max", "Remaining", "Interval-Milliseconds")]
    numbers = [int(each) for each in read if each is not None and each.isascii() and each.isdigit() and len(each) < 10]
    if len(numbers) != 3:
        return None
    return Quota(numbers[0], numbers[1], timedelta(milliseconds=numbers[2]))


def pause_span(policy: str) -> timedelta:
    """How long nobody calls after a 429 of this policy."""
    return PAUSES.get(policy, UNKNOWN_POLICY)
