"""What is read of a deal before it is invoiced, and what belongs to it."""

from __future__ import annotations

OBJECT_TYPE = "deals"

# https://developers.hubspot.com/docs/api-reference/crm-deals-v3/guide
PROPERTIES = ("dealname", "amount", "deal_currency_code", "closedate", "hs_lastmodifieddate")

# https://knowledge.hubspot.com/properties/hubspots-default-deal-properties
STANDARD_PROPERTIES = frozenset(
    (
        *PROPERTIES,
        *("amount_in_home_currency", "closed_lost_reason", "closed_won_reason", "createdate", "dealstage", "dealtype"),
        *("description", "hs_acv", "hs_arr", "hs_mrr", "hs_tcv", "hs_closed_amount", "hs_deal_stage_probability"),
        *("hs_forecast_amount", "hs_forecast_probability", "hs_is_closed", "hs_is_closed_lost", "hs_is_closed_won"),
        *("hs_manual_forecast_category", "hs_next_step", "hs_object_id", "hs_priority", "hubspot_owner_id"),
        *("hubspot_team_id", "notes_last_contacted", "num_associated_contacts", "pipeline"),
    )
)
"""Properties that every portal's deals have."""
