"""What a portal says about itself: details and tax rates. Contract 4.5, 4.11."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Blueprint

from service.sandbox.hubspot.front import Call, Front, Reply, need_scope
from service.sandbox.hubspot.refusals import not_found

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

TAX_RATES = {
    "USD": [("101", "California 8%", "8")],
    "GBP": [("201", "VAT 20%", "20"), ("202", "VAT 5%", "5"), ("203", "VAT 0%", "0")],
}


def add_account_routes(routes: Blueprint, hubspot: HubSpot) -> None:
    """`/account-info/2026-03/details` and `/tax-rates/v1/tax-rates`."""
    front = Front(hubspot)

    def details(call: Call) -> Reply:
        portal = call.portal
        offset = portal.clock.now().astimezone(ZoneInfo(portal.time_zone)).utcoffset() or timedelta()
        minutes = int(offset.total_seconds() // 60)
        return 200, {
            "portalId": portal.id,
            "accountType": "STANDARD",
            "timeZone": portal.time_zone,
            "companyCurrency": portal.currency,
            "additionalCurrencies": portal.additional_currencies,
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }

    def tax_rates(call: Call) -> Reply:
        need_scope(call, frozenset({"tax_rates.read"}))
        return 200, {"results": _rates(call.portal.currency)}

    def tax_rate(call: Call, rate_id: str) -> Reply:
        need_scope(call, frozenset({"tax_rates.read"}))
        for rate in _rates(call.portal.currency):
            if rate["id"] == rate_id:
                return 200, rate
        raise not_found()

    routes.get("/account-info/2026-03/details", endpoint="details")(front.portal(details))
    routes.get("/tax-rates/v1/tax-rates", endpoint="tax rates")(front.portal(tax_rates))
    routes.get("/tax-rates/v1/tax-rates/<rate_id>", endpoint="tax rate")(front.portal(tax_rate))


def _rates(currency: str) -> list[dict[str, Any]]:
    return [
        {"id": id, "name": name, "label": name, "percentageRate": rate, "active": True}
        for id, name, rate in TAX_RATES.get(currency, [])
    ]
