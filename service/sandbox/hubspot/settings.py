"""The switches of the sandbox's HubSpot: one for each thing nobody has verified."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

CHOICES: dict[str, tuple[str, ...]] = {
    "signatures": ("both", "v2", "v3"),
    "signing_clock": ("real", "sandbox"),
    "retry_after_unit": ("seconds", "milliseconds"),
    "repeated_completion": ("204", "404", "409"),
    "unknown_completion": ("404", "204", "400"),
    "expired_completion": ("404", "410", "204"),
    "early_completion": ("accept", "404"),
    "batch_completion": ("each", "all_or_nothing"),
    "definitions_credential": ("developer_key", "bearer", "either"),
    "association_ids": ("string", "number"),
    "line_items_key": ("line items", "line_items"),
    "no_associations": ("error", "absent"),
    "batch_update_failures": ("partial", "whole"),
    "merged_reads": ("404", "survivor"),
    "uninstalled_answer": ("401", "403", "bare"),
    "introspect_field": ("either", "token", "access_token"),
    "webhook_kind": ("classic", "object"),
}


@dataclass
class Settings:
    """Set over HTTP by POST /_sandbox/settings {"hubspot": {...}}; `restore` brings back the defaults."""

    # Where our action, option and webhook routes are, as HubSpot would have it configured.
    actions_url: str = "http://127.0.0.1:8000"
    signatures: str = "both"  # both | v2 | v3                                 (contract 11.3)
    signing_clock: str = "real"  # real | sandbox: whose time the v3 timestamp tells
    delivery_timeout_seconds: float = 30.0  #                                  (contract 11.1)
    redelivery_seconds: float = 1.0  # first back-off, doubled each time
    redelivery_cap_seconds: float = 30.0
    retry_after_unit: str = "seconds"  # seconds | milliseconds                (contract 11.7)
    object_properties: list[str] = field(default_factory=list)  # sent when no definition says which
    # Completion callbacks                                                     (contract 11.2)
    repeated_completion: str = "204"  # 204 | 404 | 409
    unknown_completion: str = "404"  # 404 | 204 | 400
    expired_completion: str = "404"  # 404 | 410 | 204
    early_completion: str = "accept"  # accept | 404: before our BLOCK answer was processed
    batch_completion: str = "each"  # each | all_or_nothing
    # Definitions                                                              (contract 11.4)
    definitions_credential: str = "either"  # developer_key | bearer | either
    # Dropdowns in the editor: an input not tied by inputFieldDependencies is told, too (contract 1.9)
    options_told_all_inputs: bool = False
    # CRM
    association_ids: str = "string"  # string | number                         (contract 11.11)
    association_page: int = 500
    line_items_key: str = "line items"  # line items | line_items, in reads     (contract 11.11)
    no_associations: str = "error"  # error (207) | absent                     (contract 4.3)
    batch_update_failures: str = "partial"  # partial (207) | whole (400)
    merged_reads: str = "404"  # 404 | survivor: reading a merged-away id
    merge_keeps_primary_id: bool = True  # False: the merged object gets a new id
    # Invoice properties that cannot be written, beside HubSpot's calculated ones (contract 11.8)
    invoice_read_only: list[str] = field(default_factory=lambda: ["hs_invoice_link", "hs_pdf_download_link"])
    open_invoices_deletable: bool = False
    nonbillable_invoices_checked: bool = False  # True: open and paid ones need a contact and a line item, too
    commerce_payments: bool = False  # the portal has HubSpot Payments         (contract 11.9)
    overwritten_file_keeps_id: bool = True  # a file uploaded again under its name: said nowhere
    search_delay_seconds: float = 1.0  # newly written objects appear in search after it
    # OAuth
    legacy_paths: bool = False  # answer v1 to v4 paths as the dated ones
    refresh_token_rotation: bool = False  # a refresh answers another refresh token
    revoke_kills_access_tokens: bool = False  #                                (contract 11.10)
    uninstalled_answer: str = "401"  # 401 | 403 | bare: a 403 without a category, every key being optional (4.11)
    introspect_field: str = "either"  # token | access_token | either          (contract 11.10)
    access_token_seconds: int = 1800
    tokens_tell_portal: bool = True  # False: hub_id and scopes are told by introspection only (contract 3)
    # Limits                                                                   (contract 4.11)
    limits: bool = True
    limit_per_ten_seconds: int = 110
    search_limit_per_second: int = 5
    # CRM webhooks                                                             (contract 6)
    webhook_kind: str = "classic"  # classic (contact.creation) | object (object.creation)
    webhook_repeats: int = 1  # how many times each batch is sent
    webhook_shuffle: bool = False  # newest first

    def __setattr__(self, name: str, value: Any) -> None:
        """A switch takes its own words only. Raises ValueError."""
        known = CHOICES.get(name)
        if known is not None and str(value) not in known:
            raise ValueError(f"{name} is one of {', '.join(known)}")
        object.__setattr__(self, name, str(value) if known else value)

    def restore(self) -> None:
        """Every switch back to its default."""
        fresh = Settings()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))
