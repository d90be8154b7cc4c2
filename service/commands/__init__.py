"""What each command does; one module per noun."""

from __future__ import annotations

from service.commands.actions import diff_actions, export_project, register_actions
from service.commands.books import check_invoices
from service.commands.callbacks import list_callbacks, replay_callback, show_callback
from service.commands.connections import (
    add_connection,
    change_connection,
    list_connections,
    remove_connection,
    set_connection,
)
from service.commands.doctor import doctor
from service.commands.invoice_sync import (
    apply_invoice_mapping,
    delete_invoices,
    list_invoice_records,
    replay_invoices,
    run_invoices,
    show_invoice_mapping,
    test_invoice_mapping,
    turn_invoices_off,
    turn_invoices_on,
)
from service.commands.invoices import STATES as INVOICE_STATES
from service.commands.invoices import adopt_invoice, list_invoices
from service.commands.mappings import apply_mapping, show_mapping, test_mapping
from service.commands.preview import preview
from service.commands.processes import demo, migrate, sandbox, web, worker
from service.commands.settings import check_config, ensure_properties, reseal_credentials
from service.commands.sync import (
    delete_sync,
    list_records,
    replay_records,
    review_matches,
    run_again,
    turn_off,
    turn_on,
)
from service.commands.sync_status import show_status

__all__ = [
    "INVOICE_STATES",
    "add_connection",
    "adopt_invoice",
    "apply_invoice_mapping",
    "apply_mapping",
    "change_connection",
    "check_config",
    "check_invoices",
    "delete_invoices",
    "delete_sync",
    "demo",
    "diff_actions",
    "doctor",
    "ensure_properties",
    "export_project",
    "list_callbacks",
    "list_connections",
    "list_invoice_records",
    "list_invoices",
    "list_records",
    "migrate",
    "preview",
    "register_actions",
    "remove_connection",
    "replay_callback",
    "replay_invoices",
    "replay_records",
    "reseal_credentials",
    "review_matches",
    "run_again",
    "run_invoices",
    "sandbox",
    "set_connection",
    "show_callback",
    "show_invoice_mapping",
    "show_mapping",
    "show_status",
    "test_invoice_mapping",
    "test_mapping",
    "turn_invoices_off",
    "turn_invoices_on",
    "turn_off",
    "turn_on",
    "web",
    "worker",
]
