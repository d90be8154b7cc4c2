"""What a connection needs before it can be relied on: facts in, findings out.

Every finding says what it means and how to fix it. Knows not how the facts are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from service.invoicing.realm import SalesTax
from service.invoicing.tax import find_tax_code_problems

# Intuit warns nobody: https://blogs.intuit.com/2025/11/12/important-changes-to-refresh-token-policy/
WARN_BEFORE = timedelta(days=30)
URGE_BEFORE = timedelta(days=7)
READ_ONLY = frozenset({"RESTRICTED", "SUSPENDED", "EXPIRED", "CANCELLED", "CANCELED"})


class Severity(StrEnum):
    """How much a finding matters: invoices fail, a person should act, or it is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about a connection; `code` is stable."""

    code: str
    severity: Severity
    title: str
    meaning: str
    fix: str

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something."""
        return self.severity is not Severity.NOTE


@dataclass(frozen=True, slots=True)
class RealmAnswers:
    """What a realm told; `default_item_usable` None: it has no default item.

    `tax_codes_by_rate`: what the operator said for it of HubSpot's tax rates.
    """

    subscription_status: str | None
    sales_tax: SalesTax
    home_currency: str
    multicurrency: bool
    custom_numbers: bool
    book_close_date: date | None
    time_zone: str | None
    allow_discount: bool
    class_tracking: bool
    location_tracking: bool
    default_item_usable: bool | None
    has_income_account: bool
    tax_codes_by_rate: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PortalAnswers:
    """What a portal told. `wrong_properties`: name and what is wrong with it."""

    currency: str
    time_zone_known: bool
    missing_scopes: tuple[str, ...] = ()
    missing_optional_scopes: tuple[str, ...] = ()
    missing_deal_properties: tuple[str, ...] = ()
    missing_invoice_properties: tuple[str, ...] = ()
    wrong_properties: tuple[str, ...] = ()
    own_sync_hints: tuple[str, ...] = ()
    """Names that suggest HubSpot's own QuickBooks app is, or was, at work in the portal."""
    mirror_obstacle: str = ""
    """Why invoices cannot be mirrored as HubSpot invoices; "" when they can."""
    refused_of_mirrors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """How a vendor's access to us stands, without its tokens.

    `limited`: it was not granted for what was asked last. `keys_wrong`: the vendor does not take our app's keys.
    """

    vendor: str
    owner_id: str
    revoked: bool
    refresh_expires_at: datetime | None
    hard_expires_at: datetime | None
    limited: bool = False
    keys_wrong: bool = False


def judge_realm(realm: RealmAnswers) -> list[Finding]:
    """What a realm's settings mean for invoices."""
    return [*_judge_company(realm), *_judge_numbers_and_dates(realm), *_judge_lines(realm)]


def _judge_company(realm: RealmAnswers) -> Iterator[Finding]:
    if (realm.subscription_status or "").upper() in READ_ONLY:
        yield Finding(
            "QBO_SUBSCRIPTION_ENDED", Severity.ERROR, "The QuickBooks subscription has ended",
            f"QuickBooks calls the company {realm.subscription_status}: it can be read, and no invoice can be created.",
            "Renew the subscription in QuickBooks under Account and settings, Billing.",
        )  # fmt: skip
    if realm.sales_tax is SalesTax.NONE:
        yield Finding(
            "SALES_TAX_OFF", Severity.NOTE, "QuickBooks does not charge sales tax",
            "Invoices are created without tax, whatever HubSpot's line items say.",
            "If you must charge tax, set up sales tax in QuickBooks under Taxes.",
        )  # fmt: skip
    elif realm.sales_tax is SalesTax.US_AUTOMATED:
        yield Finding(
            "SALES_TAX_AUTOMATED", Severity.NOTE, "QuickBooks calculates the sales tax itself",
            "The tax depends on the customer's address; the amount on the deal is the one QuickBooks arrives at.",
            "Nothing to do; keep addresses of contacts and companies complete in HubSpot.",
        )  # fmt: skip
    elif realm.sales_tax is SalesTax.CODES:
        yield Finding(
            "SALES_TAX_CODES", Severity.NOTE, "Every line needs a tax code",
            "Outside the US QuickBooks refuses lines without a tax code; the company's default is used where the "
            "action names none.",
            "Choose a tax code in the action if the default does not fit.",
        )  # fmt: skip
    problems = find_tax_code_problems(realm.tax_codes_by_rate, realm.sales_tax)
    if problems:
        yield Finding(
            "TAX_CODES_UNUSABLE", Severity.WARNING, "The mapping of tax rates does not fit this company",
            f"{'; '.join(problems)}. Deals whose line items have such a rate are refused.",
            "Give the mapping again: `python -m service connections set --tax-codes`.",
        )  # fmt: skip
    if realm.multicurrency:
        yield Finding(
            "MULTICURRENCY", Severity.NOTE, "The company uses several currencies",
            "A customer has one currency for ever; a deal in another one gets a second customer.",
            "Nothing to do; deals need a currency of their own in HubSpot.",
        )  # fmt: skip


def _judge_numbers_and_dates(realm: RealmAnswers) -> Iterator[Finding]:
    if realm.custom_numbers:
        yield Finding(
            "CUSTOM_NUMBERS", Severity.NOTE, "QuickBooks leaves invoice numbers to us",
            "Custom transaction numbers are on. An action that names no number gets one made of the deal's id, "
            "such as D9123456789-4F1C9A.",
            "Fill the action's Invoice number, or turn custom transaction numbers off in QuickBooks under "
            "Account and settings, Sales.",
        )  # fmt: skip
    if realm.book_close_date is not None:
        yield Finding(
            "BOOKS_CLOSED", Severity.NOTE, f"The books are closed up to {realm.book_close_date.isoformat()}",
            "An invoice dated on or before that day fails with BOOKS_CLOSED.",
            "Nothing to do, unless actions date invoices back; then reopen the books in QuickBooks.",
        )  # fmt: skip
    if realm.time_zone is None:
        yield Finding(
            "REALM_TIME_ZONE_UNKNOWN", Severity.NOTE, "QuickBooks does not tell the company's time zone",
            "Invoice dates and overdue days follow the HubSpot portal's time zone instead.",
            "Nothing to do if both are the same.",
        )  # fmt: skip


def _judge_lines(realm: RealmAnswers) -> Iterator[Finding]:
    if realm.default_item_usable is None:
        yield Finding(
            "DEFAULT_ITEM_MISSING", Severity.WARNING, "QuickBooks has no default item",
            "A line item that matches no QuickBooks item fails with NO_DEFAULT_ITEM unless the action names one.",
            "Choose the action's Default item, or set one in QuickBooks under Account and settings, Sales.",
        )  # fmt: skip
    elif not realm.default_item_usable:
        yield Finding(
            "DEFAULT_ITEM_UNUSABLE", Severity.WARNING, "QuickBooks' default item is inactive or gone",
            "Invoices that need it are refused.",
            "Make the item active again, or choose another default item in QuickBooks or in the action.",
        )  # fmt: skip
    if not realm.has_income_account:
        yield Finding(
            "INCOME_ACCOUNT_MISSING", Severity.WARNING, "QuickBooks has no income account",
            "Items cannot be created for products that QuickBooks does not know: NO_INCOME_ACCOUNT.",
            "Add an account of type Income in QuickBooks' chart of accounts.",
        )  # fmt: skip
    off = [
        ("discounts", realm.allow_discount),
        ("classes", realm.class_tracking),
        ("locations", realm.location_tracking),
    ]
    names = [name for name, on in off if not on]
    if names:
        yield Finding(
            "FEATURES_OFF", Severity.NOTE, f"Turned off in QuickBooks: {', '.join(names)}",
            "Invoices carry none of these, whatever the action says.",
            "If you need one, turn it on in QuickBooks under Account and settings, Sales or Advanced.",
        )  # fmt: skip


def judge_portal(portal: PortalAnswers) -> list[Finding]:
    """What a portal's scopes and properties mean for us."""
    return [
        *_judge_scopes(portal),
        *_judge_properties(portal),
        *_judge_mirrors(portal),
        *_judge_surroundings(portal),
    ]


def _judge_scopes(portal: PortalAnswers) -> Iterator[Finding]:
    if portal.missing_scopes:
        yield Finding(
            "SCOPES_MISSING", Severity.ERROR, "HubSpot does not grant what we need",
            f"Missing: {', '.join(portal.missing_scopes)}. Actions fail, or deals are not written.",
            "Connect HubSpot again, and agree to everything; a super admin of the portal may be needed.",
        )  # fmt: skip
    if portal.missing_optional_scopes:
        yield Finding(
            "OPTIONAL_SCOPES_MISSING", Severity.NOTE, "HubSpot does not grant everything",
            f"Missing: {', '.join(portal.missing_optional_scopes)}. Invoices are made; HubSpot's own invoice objects "
            "and products stay as they are.",
            "Connect HubSpot again if you want them kept in step; some need a paid HubSpot tier.",
        )  # fmt: skip


def _judge_properties(portal: PortalAnswers) -> Iterator[Finding]:
    if portal.missing_deal_properties:
        yield Finding(
            "DEAL_PROPERTIES_MISSING", Severity.WARNING, "Deals lack some of our properties",
            f"Missing: {', '.join(portal.missing_deal_properties)}. Invoices are made; the deal does not show them.",
            "Run `python -m service properties ensure`; if HubSpot refuses, connect HubSpot again.",
        )  # fmt: skip
    if portal.missing_invoice_properties:
        yield Finding(
            "INVOICE_PROPERTIES_MISSING", Severity.NOTE, "HubSpot invoices lack some of our properties",
            f"Missing: {', '.join(portal.missing_invoice_properties)}. QuickBooks invoices cannot be shown as HubSpot "
            "invoices.",
            "Grant the invoice scopes by connecting HubSpot again, then run `python -m service properties ensure`.",
        )  # fmt: skip
    if portal.wrong_properties:
        yield Finding(
            "PROPERTIES_OF_WRONG_TYPE", Severity.WARNING, "Somebody changed our properties in HubSpot",
            f"{'; '.join(portal.wrong_properties)}. HubSpot may refuse what we write there.",
            "Change them back in HubSpot under Properties, or give us other names: "
            "`python -m service connections set --property-names`.",
        )  # fmt: skip


def _judge_mirrors(portal: PortalAnswers) -> Iterator[Finding]:
    if portal.mirror_obstacle:
        yield Finding(
            "MIRROR_OFF", Severity.NOTE, "Invoices are not shown as HubSpot invoices",
            f"{portal.mirror_obstacle.rstrip('.')}. Deals show their invoices in their own properties all the same.",
            "Grant the invoice scopes by connecting HubSpot again, or turn the mirror off: "
            "`python -m service connections set --mirror off`.",
        )  # fmt: skip
    elif portal.refused_of_mirrors:
        yield Finding(
            "MIRROR_INCOMPLETE", Severity.NOTE, "HubSpot does not take all of an invoice",
            f"Not shown on HubSpot invoices: {', '.join(portal.refused_of_mirrors)}.",
            "Nothing to do; our own properties on the HubSpot invoice have the figures.",
        )  # fmt: skip


def _judge_surroundings(portal: PortalAnswers) -> Iterator[Finding]:
    if not portal.time_zone_known:
        yield Finding(
            "PORTAL_TIME_ZONE_UNKNOWN", Severity.NOTE, "HubSpot's time zone is not one we know",
            "Where QuickBooks tells none either, days begin at midnight UTC.",
            "Choose a time zone in HubSpot under Settings, Account defaults.",
        )  # fmt: skip
    if portal.own_sync_hints:
        yield Finding(
            "HUBSPOT_OWN_SYNC", Severity.NOTE, "HubSpot's own QuickBooks app may be at work, too",
            f"The portal has {', '.join(portal.own_sync_hints)}. Two apps that create invoices or customers create "
            "them twice.",
            "Look under Settings, Integrations, Connected apps, and turn off the other app's invoice sync.",
        )  # fmt: skip


def judge_currencies(realm: RealmAnswers, portal: PortalAnswers) -> list[Finding]:
    """Whether deals and invoices speak of the same money."""
    if not portal.currency or portal.currency == realm.home_currency:
        return []
    if realm.multicurrency:
        return [Finding(
            "CURRENCIES_DIFFER", Severity.NOTE, f"HubSpot reckons in {portal.currency}, QuickBooks in "
            f"{realm.home_currency}",
            "Deals without a currency are invoiced in HubSpot's; QuickBooks converts at its own rate.",
            "Nothing to do, if that is what you want.",
        )]  # fmt: skip
    return [Finding(
        "CURRENCY_MISMATCH", Severity.WARNING, f"HubSpot reckons in {portal.currency}, QuickBooks in "
        f"{realm.home_currency} only",
        f"Deals that are not in {realm.home_currency} fail with CURRENCY_MISMATCH.",
        f"Give the deals the currency {realm.home_currency}, or turn on multicurrency in QuickBooks (it cannot be "
        "turned off again).",
    )]  # fmt: skip


def judge_access(access: Access | None, vendor: str, now: datetime) -> list[Finding]:
    """Whether a vendor still lets us in, and for how long."""
    name = {"hubspot": "HubSpot", "quickbooks": "QuickBooks"}[vendor]
    if access is None or access.revoked:
        return [Finding(
            f"{vendor.upper()}_NOT_CONNECTED", Severity.ERROR, f"{name} does not let us in",
            "Our access was taken away or never given. Callbacks wait until it is there again; none is lost.",
            f"Connect {name} again; what waits goes on by itself.",
        )]  # fmt: skip
    return [*_judge_grant(access, name), *_judge_end(access, name, now)]


def _judge_grant(access: Access, name: str) -> Iterator[Finding]:
    if access.keys_wrong:
        keys = f"{access.vendor.upper()}_CLIENT_ID and {access.vendor.upper()}_CLIENT_SECRET"
        yield Finding(
            f"{access.vendor.upper()}_KEYS_WRONG", Severity.ERROR, f"{name} does not take our app's own keys",
            "No access can be renewed. Callbacks wait, each until its deadline; nobody has to connect again.",
            f"Copy {keys} from the app, and start web and worker again.",
        )  # fmt: skip
    if access.limited:
        yield Finding(
            f"{access.vendor.upper()}_ACCESS_LIMITED", Severity.ERROR, f"{name} does not let us complete callbacks",
            "What is done waits to be told, and is told as soon as it is granted; it is asked again every hour.",
            f"Connect {name} again, and agree to everything; a super admin may be needed.",
        )  # fmt: skip


def _judge_end(access: Access, name: str, now: datetime) -> list[Finding]:
    ends = [each for each in (access.hard_expires_at, access.refresh_expires_at) if each is not None]
    left = min(ends, default=now + WARN_BEFORE * 2) - now
    if left > WARN_BEFORE:
        return []
    until = (now + left).date().isoformat()
    why = "five years have passed since it was given" if min(ends) == access.hard_expires_at else "it was not renewed"
    return [Finding(
        f"{access.vendor.upper()}_ACCESS_ENDS", Severity.ERROR if left <= URGE_BEFORE else Severity.WARNING,
        f"Our access to {name} ends on {until}",
        f"Then {why}, and callbacks wait until somebody connects {name} again.",
        f"Connect {name} again before that day; nothing is interrupted.",
    )]  # fmt: skip


def tell_unseen(name: str, why: str, seen_at: datetime | None) -> Finding:
    """One side could not be looked at. `seen_at`: when all that is known besides was found."""
    known = f" What else is said here was found by {seen_at:%Y-%m-%d}." if seen_at else ""
    return Finding(
        "NOT_LOOKED_AT", Severity.WARNING, f"{name} could not be looked at",
        f"{why.rstrip('.')}. Whether anything is amiss there is not known.{known}",
        "It is looked at again after a reconnect, and every day.",
    )  # fmt: skip


def order_findings(findings: list[Finding]) -> list[Finding]:
    """What is worst comes first."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return sorted(findings, key=lambda finding: rank[finding.severity])


UNCHECKED = Finding(
    "NOT_CHECKED", Severity.WARNING, "This connection has not been looked at yet",
    "A worker reads both sides' settings within seconds of connecting.",
    "If this stays: start a worker (`python -m service worker`) and read its log.",
)  # fmt: skip
