"""Which of a deal's companies an invoice goes to, and what is read of a company."""

from __future__ import annotations

from collections.abc import Iterable

from service.hubspot.answers import Association
from service.hubspot.contacts import choose_lowest
from service.ids import ObjectId

OBJECT_TYPE = "companies"

# https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide
PROPERTIES = ("name", "domain", "phone", "address", "address2", "city", "state", "zip", "country")
# https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide (association type ids)
PRIMARY_COMPANY_OF_DEAL = 5


def choose_company(companies: Iterable[Association]) -> ObjectId | None:
    """The deal's primary company, else the oldest; None when there is none."""
    known = list(companies)
    primary = choose_lowest(
        each
        for each in known
        if any(kind.type_id == PRIMARY_COMPANY_OF_DEAL and kind.category == "HUBSPOT_DEFINED" for kind in each.types)
    )
    return primary if primary is not None else choose_lowest(known)
