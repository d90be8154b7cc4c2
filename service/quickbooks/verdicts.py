"""What Intuit's fault codes mean: one verdict for each code, whatever type and status it came with.

The documented codes and nothing else; what a verdict leads to stands in `faults`.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from service.quickbooks.answer_shapes import Fault


class Verdict(Enum):
    """What an answer means; of several faults the earliest in this list decides.

    Doubt comes before refusal.
    """

    DOWN = auto()
    """QuickBooks or its edge could not answer: a write may have happened."""
    UNSURE = auto()
    """QuickBooks answered, but says it does not know: a write may have happened."""
    ALREADY_SENT = auto()
    ACCESS_TOKEN_REJECTED = auto()
    """Not an error yet: one refresh, one repeat under the same request id."""
    TURNED_AWAY = auto()
    """A bare 403, from QuickBooks or from something in front of it: one refresh shows whether we are disconnected."""
    DISCONNECTED = auto()
    THROTTLED = auto()
    LOCKED_OUT = auto()
    SUBSCRIPTION_ENDED = auto()
    BOOKS_CLOSED = auto()
    SYNC_TOKEN_STALE = auto()
    NAME_TAKEN = auto()
    DUPLICATE = auto()
    """Something else has a property that must be unique: a name, where it has one."""
    NUMBER_TAKEN = auto()
    REFUSED = auto()
    FINE = auto()


def _refused(*codes: int) -> dict[str, Verdict]:
    return {str(code): Verdict.REFUSED for code in codes}


# https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
VERDICTS: dict[str, Verdict] = {
    # Refusals: QuickBooks checked the request and did nothing.
    **_refused(500, 610, 620, 700, 800, 900, 1040, 2000, 2010, 2020, 2030, 2040, 2050),
    **_refused(*range(2060, 2111, 10), *range(2120, 2241, 10), 2250, 2290, 2500, 2600, 3000, 3202, 4000, 4001),
    **_refused(5000, 5020, 5030, 6000, 6070, 6080, 6090, 6100, 6130, 6160, 6170, 6180, 6220, 6230, 6250, 6270, 6280),
    **_refused(*range(6310, 6391, 10), 6420, 6430, 6440, 6450, 6470, 6480, 6520, 6540, 10100),
    "-11014": Verdict.DISCONNECTED,
    "100": Verdict.ACCESS_TOKEN_REJECTED,
    "110": Verdict.ACCESS_TOKEN_REJECTED,
    "120": Verdict.DISCONNECTED,
    "130": Verdict.LOCKED_OUT,
    "140": Verdict.LOCKED_OUT,
    "150": Verdict.LOCKED_OUT,
    "600": Verdict.ALREADY_SENT,
    "630": Verdict.DUPLICATE,
    "1000": Verdict.UNSURE,
    "1010": Verdict.UNSURE,
    "1020": Verdict.UNSURE,
    "3001": Verdict.THROTTLED,
    "3100": Verdict.DISCONNECTED,
    "3200": Verdict.ACCESS_TOKEN_REJECTED,
    "4002": Verdict.LOCKED_OUT,
    "5010": Verdict.SYNC_TOKEN_STALE,
    "6002": Verdict.DOWN,
    "6140": Verdict.NUMBER_TAKEN,
    "6190": Verdict.SUBSCRIPTION_ENDED,
    "6200": Verdict.BOOKS_CLOSED,
    "6210": Verdict.BOOKS_CLOSED,
    "6240": Verdict.NAME_TAKEN,
    "7001": Verdict.DISCONNECTED,
    "10000": Verdict.DOWN,
    "10200": Verdict.DISCONNECTED,
}

# The type only speaks where there is no code, or one that is not in the table: the same code has been seen under
# several types. Spelt as in Intuit's schema, misspelling included. None of them parks a company by itself.
_VERDICTS_BY_KIND = {
    "validationfault": Verdict.REFUSED,
    "authentication": Verdict.ACCESS_TOKEN_REJECTED,
    "authenticationfault": Verdict.ACCESS_TOKEN_REJECTED,
    "authorization": Verdict.ACCESS_TOKEN_REJECTED,
    "authorizationfault": Verdict.ACCESS_TOKEN_REJECTED,
    "authorizatonfault": Verdict.ACCESS_TOKEN_REJECTED,
    "systemfault": Verdict.DOWN,
}

# Documented exception: code 6000 is a refusal but for one text, an outage reported as a business rule.
# Intuit repeats it for a replayed batch whose items had been created (quickbooks-ruby #344).
_UNEXPECTED_6000 = re.compile(r"\ban unexpected error occurred while (accessing|saving)", re.IGNORECASE)


def weigh(fault: Fault) -> Verdict:
    """What one fault means: by its code, else by its type, else by how its code looks."""
    if fault.code == "6000" and _UNEXPECTED_6000.search(f"{fault.message} {fault.detail}"):
        return Verdict.UNSURE
    if known := VERDICTS.get(fault.code) or _VERDICTS_BY_KIND.get(fault.kind.lower()):
        return known
    # Below 10000 stand what QuickBooks refuses before it does anything; above, what went wrong on its way.
    return Verdict.REFUSED if fault.code and len(fault.code) < 5 else Verdict.UNSURE
