"""The switches of QuickBooks: what the contract leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Contract section 9: what nobody has verified is a choice here, not a fact.
CHOICES: dict[str, set[str]] = {
    "gateway_errors": {"json", "xml"},
    "throttle_body": {"json", "xml"},
    "in_flight_limit": {"count", "refuse"},
    "requestid_memory": {"replay", "replay_current", "forget", "forget_after_seconds"},
    "requestid_other_body": {"replay", "error_600", "create"},
    "requestid_in_flight": {"wait", "error_600"},
    "requestid_batch": {"replay", "fault_6000"},
    "requestid_send_void": {"honoured", "ignored"},
    "inactive_customer_code": {"610", "6250", "2500"},
    "missing_customer_code": {"2500", "6250", "610"},
    "missing_name_read_code": {"2010", "610"},
    "negative_lines": {"accepted", "refused"},
    "inclusive_amount": {"gross", "net"},
    "number_sent_without_custom": {"ignored", "used", "refused"},
    "default_tax_code": {"none", "company"},
    "tax_without_address": {"fault", "no_tax"},
    "void_paid_invoice": {"unlink", "fault_6450"},
    "void_spelling": {"plain", "docs"},
    "estimate_after_conversion": {"closed", "converted", "unchanged"},
    "clearing": {"empty", "null", "ignored"},
    "batch_order": {"given", "reversed"},
    "webhook_void_word": {"voided", "void"},
    "webhook_content_type": {"application/json", "application/cloudevents+json"},
}


@dataclass
class Settings:
    """One attribute per switch; an unknown choice is a ValueError."""

    # OAuth (contract 1.4)
    refresh_grace_seconds: float = 0
    rotate_every_refresh: bool = True
    reuse_revokes_chain: bool = False
    code_reuse_revokes: bool = True
    redirect_uris: list[str] = field(default_factory=list)  # empty: any
    gateway_errors: str = "json"
    # limits (contract 2.9)
    limits: bool = True
    throttle_body: str = "xml"
    retry_after: float | None = None
    in_flight_limit: str = "count"
    mail_limit_per_day: int = 40
    # requestid (contract 2.3)
    requestid_memory: str = "replay"
    requestid_seconds: float = 86400
    requestid_other_body: str = "replay"
    requestid_in_flight: str = "wait"
    requestid_replays_failures: bool = False
    requestid_batch: str = "replay"
    requestid_send_void: str = "honoured"
    work_seconds: float = 0  # how long one write takes, with its requestid in flight
    # books (contract 2.10 and 3)
    company_time_zone_given: bool = True
    inactive_customer_code: str = "610"
    missing_customer_code: str = "2500"
    missing_name_read_code: str = "2010"
    inactive_names_clash: bool = True
    negative_lines: str = "accepted"
    inclusive_amount: str = "gross"  # what a line amounts to under TaxInclusive
    number_sent_without_custom: str = "ignored"
    default_tax_code: str = "none"
    tax_without_address: str = "fault"
    void_paid_invoice: str = "unlink"
    void_spelling: str = "plain"
    estimate_after_conversion: str = "closed"  # contract 3.7 names both words, and not who writes them
    estimate_shows_invoice: bool = True
    clearing: str = "empty"  # what takes a value away in a sparse update: "" or null, or nothing does
    batch_order: str = "given"
    # webhooks (contract 4)
    payment_announces_invoice: bool = True
    webhook_void_word: str = "voided"
    webhook_content_type: str = "application/json"

    def __setattr__(self, name: str, value: Any) -> None:
        choices = CHOICES.get(name)
        if choices is not None and value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(sorted(choices))}")
        object.__setattr__(self, name, value)
