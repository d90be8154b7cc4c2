"""The deals that tell stories. A deal's id is its portal's first deal id plus its place in the table.

Portal 20000001: one-line is 9100000001, three-lines 9100000002, and so on downwards.
Portal 20000002: uk-one-line is 9200000001, and so on. `GET /_sandbox/hubspot/stories` has the list.
New stories are added at the end, so that ids stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """A line item: a product by key (None: a line of its own) and what differs from it."""

    product: str | None
    quantity: str | None = "1"
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """One deal: what it is for, what it sells to whom."""

    name: str
    title: str
    amount: str | None = None
    lines: tuple[Line, ...] = ()
    contacts: tuple[str, ...] = ()
    company: str | None = None
    more: dict[str, str] = field(default_factory=dict)
    billing_contact: str | None = None


def _own(name: str, price: str, quantity: str = "1", **more: str) -> Line:
    return Line(None, quantity, {"name": name, "price": price, **more})


_KINDS = ("design", "installation", "lighting", "pump", "soil", "heads", "pipes", "trimming")
_MANY = tuple(Line(_KINDS[n % 8], str(n % 5 + 1)) for n in range(120))
_PENNIES = tuple(_own(f"Seed packet {n}", "0.1") for n in range(1, 4))

US_STORIES = (
    Story("one-line", "Fountain for Amy's aviary", "275", (Line("fountain"),), ("amy",), "amy"),
    Story(
        "three-lines",
        "Windsurf shop forecourt",
        "440",
        (Line("fountain"), Line("pump", "1"), Line("design", "2")),
        ("bill",),
        "bill",
    ),
    Story("hours", "Garden plan, by the hour", "187.50", (Line("design", "2.5"),), ("geeta",)),
    Story("unknown-product", "Koi pond for the diner", "640", (Line("koi"),), ("mark",), "diner"),
    Story("inactive-product", "Feeding the lawn", "19", (Line("hidden"),), ("mark",)),
    Story("no-sku", "Path lights, matched by name", "45", (Line("nosku", "3"),), ("john",)),
    Story("own-line", "Something special", "120", (_own("Hand-carved sign", "120"),), ("john",)),
    Story(
        "line-discount-percent",
        "Spring offer, 10 % off",
        "247.50",
        (Line("fountain", "1", {"hs_discount_percentage": "10"}),),
        ("grace",),
        "cars",
    ),
    Story(
        "line-discount-amount",
        "Five off each light",
        "100",
        (Line("lighting", "10", {"discount": "5"}),),
        ("peter",),
        "dukes",
    ),
    Story(
        "free-of-charge",
        "Goodwill, 100 % discount",
        "0",
        (Line("pump", "1", {"hs_discount_percentage": "100"}),),
        ("sasha",),
        "freeman",
    ),
    Story("no-lines", "Consulting retainer, amount only", "1500.00", (), ("travis",)),
    Story("no-lines-no-amount", "Nothing to bill yet", None, (), ("travis",)),
    Story("no-contact", "Nobody to send it to", "75", (Line("design"),)),
    Story("company-only", "Quinn Dental, front beds", "150", (Line("design", "2"),), (), "quinn"),
    Story("contact-without-email", "Sam has no e-mail", "50", (Line("installation"),), ("silent",)),
    Story("two-contacts", "Two people, one garden", "75", (Line("design"),), ("noor", "ines")),
    Story("billing-contact", "Bill to accounts payable", "150", (Line("design", "2"),), ("noor",), "quinn",
          billing_contact="billing"),
    Story("new-customer", "Bookshop courtyard", "350", (Line("fountain"), Line("design")), ("ines",), "fern"),
    Story("euro", "Müller, Berlin", "150", (Line("design", "2"),), ("jonas",), "berlin",
          {"deal_currency_code": "EUR"}),
    Story("apostrophe", "O'Brien's \"back\" garden", "75", (Line("design"),), ("obrien",)),
    Story("emoji", "Sunflowers 🌻 for Robin", "30", (Line("trimming", "2"),), ("emoji",)),
    Story("right-to-left", "גינה חדשה", "75", (Line("design"),), ("rtl",)),
    Story("long-name", "A customer with a long name", "75", (Line("design"),), ("long",), "long"),
    Story("colon-and-tab", "Northgate: East\tWing", "75", (Line("design"),), ("colon",), "colon"),
    Story("markup", "<script>alert('x')</script> & co", "75", (Line("design"),), ("markup",), "markup"),
    Story("zero-amount", "Free advice", "0", (_own("Advice", "0"),), ("amy",), "amy"),
    Story("negative-amount", "A deal below zero", "-50", (), ("amy",), "amy"),
    Story(
        "negative-line",
        "With a negative line",
        "225",
        (Line("fountain"), _own("Returned lamp", "-50")),
        ("amy",),
        "amy",
    ),
    Story("many-lines", "The whole estate, 120 lines", None, _MANY, ("jeff",), "jeff"),
    Story(
        "recurring-line",
        "Gardening every month, and a plan",
        "195",
        (
            Line("gardening", "1", {"price": "120", "recurringbillingfrequency": "monthly",
                                    "hs_recurring_billing_period": "P12M",
                                    "hs_recurring_billing_number_of_payments": "12"}),
            Line("design"),
        ),
        ("jeff",),
        "jeff",
    ),
    Story("pennies", "Three times ten cents", "0.3", _PENNIES, ("john",)),
    Story("thirds", "A third of a thing", "100", (_own("Share of a hedge", "33.333333", "3"),), ("john",)),
    Story("amount-differs", "The amount is not the sum", "999", (Line("design"),), ("mark",)),
    Story("no-price", "A line without a price", None, (Line("sod", "4"),), ("mark",)),
    Story("no-quantity", "A line without a quantity", "75", (Line("design", None),), ("mark",)),
    Story("big", "The botanical garden", "1234567.89", (_own("Everything", "1234567.89"),), ("sasha",), "freeman"),
    Story("purchase-order", "With a PO number", "75", (Line("design"),), ("noor",), "paulsen",
          {"hs_po_number": "PO-7731/26"}),
    Story("lost", "A deal that was lost", "75", (Line("design"),), ("bill",), "bill", {"dealstage": "closedlost"}),
    Story("returning", "Amy again: a second fountain", "290", (Line("fountain"), Line("pump")), ("amy",), "amy"),
    Story("service-date", "Trimmed in October", "45", (Line("trimming", "3"),), ("peter",), "dukes",
          {"closedate": "2026-10-31T17:00:00.000Z"}),
    Story("name-of-a-vendor", "A supplier buys a fountain", "275", (Line("fountain"),), (), "bessie"),
    Story("name-of-an-employee", "Staff garden", "75", (Line("design"),), ("employee",)),
    Story("shared-email", "Two customers, one address", "75", (Line("design"),), ("kathy",), "kookies"),
    Story("sub-customer", "Ocean View Road", "75", (Line("design"),), ("sasha",), "ocean"),
    Story("bundle", "Fountain, installed", "375", (Line("bundle"),), ("amy",), "amy"),
)  # fmt: skip

UK_STORIES = (
    Story("uk-one-line", "Nursery yard lighting", "75", (Line("lighting", "5"),), ("olive",), "kew"),
    Story("uk-hours", "Café terrace, by the hour", "187.5", (Line("design", "2.5"),), ("amir",), "fulham"),
    Story("uk-company-only", "O'Brien's forecourt", "275", (Line("fountain"),), (), "obrien"),
    Story("uk-euro", "Atelier Lumière", "150", (Line("design", "2"),), ("claire",), "paris",
          {"deal_currency_code": "EUR"}),
    Story("uk-no-lines", "Fee, amount only", "500", (), ("rhys",), "llan"),
    Story("uk-unknown-product", "An oak pergola", "2400", (Line("pergola"),), ("olive",), "kew"),
    Story("uk-new-customer", "Caffi: plannu'r ardd", "150", (Line("design", "2"),), ("rhys",), "llan"),
)  # fmt: skip
