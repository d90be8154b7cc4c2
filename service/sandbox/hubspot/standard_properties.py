"""HubSpot's own properties, as far as the contract names them. Contract 4.2 to 4.9."""

from __future__ import annotations

from service.sandbox.hubspot.object_types import find_type
from service.sandbox.hubspot.properties import Definition

# One property a line: name, type/fieldType (see KINDS), label, then flags:
# ro read-only, pos not negative, int whole number, =a|b the options.
KINDS = {
    "text": ("string", "text"),
    "long": ("string", "textarea"),
    "html": ("string", "html"),
    "number": ("number", "number"),
    "money": ("number", "number"),
    "formula": ("number", "calculation_equation"),
    "date": ("date", "date"),
    "time": ("datetime", "date"),
    "bool": ("bool", "booleancheckbox"),
    "choice": ("enumeration", "select"),
    "choices": ("enumeration", "checkbox"),
    "phone": ("phone_number", "phonenumber"),
}

CURRENCIES = "=USD|EUR|GBP|CAD|AUD|JPY|CHF|SEK|NOK|DKK|MXN|ILS|INR|NZD"
FREQUENCIES = (
    "=weekly|biweekly|monthly|quarterly|per_six_months|annually|per_two_years|per_three_years"
    "|per_four_years|per_five_years"
)
STAGES = (
    "=appointmentscheduled|qualifiedtobuy|presentationscheduled|decisionmakerboughtin|contractsent|closedwon|closedlost"
)
PAYMENT_STATUSES = (
    "=processing|succeeded|failed|partially_refunded|refunded|processing_refund"
    "|disputed_action_required|disputed_won|disputed_lost"
)
DELAYS = "=hs_billing_start_delay_days|hs_billing_start_delay_months|hs_recurring_billing_start_date"
EVERYWHERE = """
createdate          time    Create_date           ro
hs_createdate       time    Object_create_date    ro
hs_object_id        number  Record_ID             ro
hs_object_source    text    Record_source         ro
hs_merged_object_ids text   Merged_ids            ro
"""
MODIFIED = {
    "contacts": "lastmodifieddate    time    Last_modified_date    ro\n"
    "hs_lastmodifieddate time    Last_modified         ro"
}
ADDRESS = """
address             text    Street_address
city                text    City
state               text    State/Region
zip                 text    Postal_code
country             text    Country/Region
phone               phone   Phone_number
hubspot_owner_id    text    Owner
"""

TABLES = {
    "contacts": ADDRESS + """
email               text    Email
firstname           text    First_name
lastname            text    Last_name
company             text    Company_name
jobtitle            text    Job_title
mobilephone         phone   Mobile_phone_number
website             text    Website_URL
hs_language         choice  Preferred_language    =en|fr|de|es|ja|pt-br|nl|he|ar
lifecyclestage      choice  Lifecycle_stage       =subscriber|lead|opportunity|customer|other
""",
    "companies": ADDRESS + """
name                text    Company_name
domain              text    Company_domain_name
address2            text    Street_address_2
website             text    Website_URL
industry            text    Industry
description         long    Description
hs_logo_url         text    Logo_URL
""",
    "deals": """
dealname            text    Deal_name
amount              money   Amount
deal_currency_code  choice  Currency """ + CURRENCIES + """
closedate           time    Close_date
dealstage           choice  Deal_stage """ + STAGES + """
pipeline            choice  Pipeline              =default
dealtype            choice  Deal_type             =newbusiness|existingbusiness
description         long    Deal_description
hubspot_owner_id    text    Owner
hs_priority         choice  Priority              =low|medium|high
hs_po_number        text    PO_number
amount_in_home_currency formula Amount_in_company_currency ro
hs_is_closed_won    bool    Is_Closed_Won         ro
hs_closed_amount    formula Closed_Deal_Amount    ro
""",
    "products": """
name                text    Name
price               money   Unit_price            pos
hs_sku              text    SKU
description         long    Product_description
hs_cost_of_goods_sold money Unit_cost
recurringbillingfrequency choice Billing_frequency """ + FREQUENCIES + """
hs_recurring_billing_period text Term
hs_folder           text    Folder
hs_price_usd        money   Price_USD             pos
hs_price_eur        money   Price_EUR             pos
hs_price_gbp        money   Price_GBP             pos
hs_product_type     choice  Product_type          =inventory|non_inventory|service
hs_url              text    URL
hs_active           bool    Active
hs_tax_category     text    Tax_category
""",
    "line_items": """
name                text    Name
description         long    Description
quantity            number  Quantity
price               money   Unit_price            pos
amount              formula Net_price             ro
discount            money   Unit_discount
hs_discount_percentage number Discount_percentage
hs_total_discount   formula Total_discount        ro
hs_pre_discount_amount formula Pre_discount_amount ro
hs_sku              text    SKU
hs_product_id       number  Product_ID            int
hs_line_item_currency_code choice Currency """ + CURRENCIES + """
hs_tax_rate_group_id text   Tax_rate_group_ID
hs_tax_rate         formula Tax_rate              ro
hs_tax_label        text    Tax_label             ro
hs_tax_amount       formula Tax_amount            ro
hs_post_tax_amount  formula Post-tax_amount       ro
hs_tax_category     text    Tax_category
recurringbillingfrequency choice Billing_frequency """ + FREQUENCIES + """
hs_recurring_billing_period text Term
hs_recurring_billing_start_date date Billing_start_date
hs_recurring_billing_end_date date Billing_end_date   ro
hs_recurring_billing_number_of_payments number Number_of_payments int
hs_recurring_billing_terms choice Billing_terms       =AUTOMATICALLY_RENEW|FIXED
hs_billing_start_delay_days number Start_delay_days   int
hs_billing_start_delay_months number Start_delay_months int
hs_billing_start_delay_type choice Start_delay_type """ + DELAYS + """
hs_position_on_quote number Position              int
hs_pricing_model    choice  Pricing_model         =flat|volume|graduated|stairstep
hs_tier_ranges      text    Tier_ranges
hs_tier_prices      text    Tier_prices
hs_cost_of_goods_sold money Unit_cost
""",
    "quotes": """
hs_title            text    Quote_title
hs_expiration_date  date    Expiration_date
hs_status           choice  Status                =DRAFT|APPROVAL_NOT_NEEDED|PENDING_APPROVAL|APPROVED|REJECTED
hs_currency         choice  Currency """ + CURRENCIES + """
hs_quote_amount     formula Quote_amount          ro
hs_quote_number     text    Quote_number          ro
""",
    "notes": """
hs_timestamp        time    Activity_date
hs_note_body        html    Note_body
hubspot_owner_id    text    Owner
hs_attachment_ids   text    Attached_file_IDs
""",
    "invoices": """
hs_currency         choice  Currency """ + CURRENCIES + """
hs_invoice_status   choice  Invoice_status        =draft|open|paid|voided
hs_invoice_billable bool    Billable
hs_title            text    Title
hs_number           text    Number
hs_invoice_date     time    Invoice_date
hs_due_date         time    Due_date
hs_external_createdate time External_create_date
hs_amount_billed    money   Amount_billed
hs_balance_due      money   Balance_due
hs_amount_paid      money   Amount_paid
hs_external_recipient text  External_recipient
hs_purchase_order_number text Purchase_order_number
hs_comments         html    Comments
hs_tax_id           text    Tax_ID
hs_invoice_link     text    Invoice_link
hs_pdf_download_link text   PDF_download_link
hs_language         choice  Language              =en|fr|de|es|ja|pt-br|nl
hs_locale           text    Locale
hs_recipient_shipping_address text Shipping_address
hs_recipient_shipping_city text Shipping_city
hs_recipient_shipping_country text Shipping_country
hs_recipient_shipping_state text Shipping_state
hs_recipient_shipping_zip text Shipping_postal_code
hs_allowed_payment_methods text Allowed_payment_methods
hs_invoice_payment_collection_method choice Collection_method =manual|none
hs_collect_address_types text Collect_address_types
""",
    "discounts": "hs_label text Label\nhs_type choice Type =PERCENT|FIXED\nhs_value number Value\n",
    "fees": "hs_label text Label\nhs_type choice Type =PERCENT|FIXED\nhs_value number Value\n",
    "taxes": "hs_label text Label\nhs_type choice Type =PERCENT|FIXED\nhs_value number Value\n",
    "commerce_payments": """
hs_initial_amount   money   Gross_amount
hs_initiated_date   time    Payment_date
hs_currency_code    choice  Currency """ + CURRENCIES + """
hs_customer_email   text    Customer_email
hs_fees_amount      money   Fees
hs_internal_comment long    Internal_comment
hs_latest_status    choice  Status """ + PAYMENT_STATUSES + """
hs_payment_method_type choice Method              =card|ach|cash|check|wire_transfer|other|sepa|bacs|pads
hs_payment_method_bank_or_issuer text Bank_or_issuer
hs_payment_method_last_4 text Last_4
hs_payout_date      time    Payout_date
hs_processor_type   choice  Processor             =hs_payments|byo_stripe|none|quickbooks|xero
hs_reference_number text    Reference
hs_refunds_amount   money   Refunds
""",
}  # fmt: skip


def _parse(line: str, group: str) -> Definition:
    name, kind, label, *flags = line.split()
    type_, field_type = KINDS[kind]
    options = next((flag[1:].split("|") for flag in flags if flag.startswith("=")), [])
    money = {"numberDisplayHint": "currency", "showCurrencySymbol": True}
    return Definition(
        name,
        label.replace("_", " "),
        type_,
        field_type,
        group,
        [
            {"label": each.replace("_", " ").capitalize(), "value": each, "displayOrder": number, "hidden": False}
            for number, each in enumerate(options)
        ],
        # Contract 4.2: a contact's e-mail address is unique like a property made so.
        unique=name == "email",
        read_only="ro" in flags,
        hubspot_defined=True,
        extra=money if kind == "money" else {},
        positive="pos" in flags,
        integer="int" in flags,
    )


def _definitions(object_type: str) -> dict[str, Definition]:
    known = find_type(object_type)
    group = f"{known.singular if known else object_type}information"
    modified = MODIFIED.get(object_type, "hs_lastmodifieddate time Last_modified ro")
    lines = [*EVERYWHERE.splitlines(), *modified.splitlines(), *TABLES[object_type].splitlines()]
    found = [_parse(line, group) for line in lines if line.strip()]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


# Shared by all portals; never changed.
STANDARD: dict[str, dict[str, Definition]] = {name: _definitions(name) for name in TABLES}
