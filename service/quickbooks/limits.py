"""How often QuickBooks may be called, as data.

Who waits for whom is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from service.ids import RealmId


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` calls in any `seconds` seconds."""

    calls: int
    seconds: float


# https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles
# Documented: 10 a second and 500 a minute for a realm. Less than that and evenly spread: a call that is
# held up for a few tenths of a second, by us or on the way, comes on top of those that follow it.
REALM_WINDOWS = (Window(2, 0.27), Window(440, 60.5))
# Older wording of the same page: 10 concurrent requests. Both readings are kept.
REALM_IN_FLIGHT = 10
# Documented: 40 batches a minute for a realm and app.
BATCH_WINDOWS = (Window(38, 60.5),)
# What could be asked singly waits no longer than this for a batch.
BATCH_SOON_SECONDS = 4.0

# https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles
# Documented: what takes longer than 120 s is cut off. This long after it was sent, a try that has not been done never
# will be: what can be seen then is what has come of it.
QUIET = timedelta(seconds=150)

# Documented: wait 60 s after a 429. Retry-After is not documented, but has been seen.
PAUSE_SECONDS = 60
JITTER_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600

_DIGITS = re.compile(r"\s*(\d{1,9})\s*\Z", re.ASCII)


def realm_scope(realm_id: RealmId) -> str:
    """The scope every call to a realm waits in."""
    return f"realm:{realm_id}"


def batch_scope(realm_id: RealmId) -> str:
    """The scope a batch call waits in besides the realm's."""
    return f"batch:{realm_id}"


def parse_retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long QuickBooks asks us to stay away; `None` when it does not say.

    A date is read against the answer's own Date header, so that our clock plays no part.
    """
    given = headers.get("Retry-After")
    if not given:
        return None
    if match := _DIGITS.match(given):
        return timedelta(seconds=min(int(match[1]), LONGEST_PAUSE_SECONDS))
    try:
        until, now = parsedate_to_datetime(given), parsedate_to_datetime(headers.get("Date") or "")
        seconds = (until - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_PAUSE_SECONDS))


def plan_pause(headers: Mapping[str, str], jitter: float) -> timedelta:
    """How long a realm rests after a 429.

    `jitter` is 0 to 1 and spreads those who come back.
    """
    return parse_retry_after(headers) or timedelta(seconds=PAUSE_SECONDS + JITTER_SECONDS * jitter)
