"""What is read of a deal before it is invoiced, and what belongs to it."""

from __future__ import annotations

OBJECT_TYPE = "deals"

# https://developers.hubspot.com/docs/api-reference/crm-deals-v3/guide
PROPERTIES = ("dealname", "amount", "deal_currency_code", "closedate", "hs_lastmodifieddate")
