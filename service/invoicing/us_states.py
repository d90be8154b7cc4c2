"""The states of the US by name. QuickBooks computes tax from their two letters, people type their names."""

from __future__ import annotations

# https://pe.usps.com/text/pub28/28apb.htm
_NAMES = """AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|
LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|
NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|
OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|
UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico"""
_CODES = {name.casefold(): code for code, _, name in (each.strip().partition(" ") for each in _NAMES.split("|"))}
_US = frozenset({"", "us", "usa", "united states", "united states of america"})


def shorten_state(region: str, country: str) -> str:
    """A state's two letters where it is one of the US, else the region as it is."""
    if country.strip().casefold() not in _US:
        return region
    if region.casefold() in {code.casefold() for code in _CODES.values()}:
        return region.upper()
    return _CODES.get(region.casefold(), region)
