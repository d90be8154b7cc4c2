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
from service.commands.invoices import STATES as INVOICE_STATES
from service.commands.invoices import adopt_invoice, list_invoices
from service.commands.preview import preview
from service.commands.processes import demo, migrate, sandbox, web, worker
from service.commands.settings import check_config, ensure_properties, reseal_credentials

__all__ = [
    "INVOICE_STATES",
    "add_connection",
    "adopt_invoice",
    "change_connection",
    "check_config",
    "check_invoices",
    "demo",
    "diff_actions",
    "doctor",
    "ensure_properties",
    "export_project",
    "list_callbacks",
    "list_connections",
    "list_invoices",
    "migrate",
    "preview",
    "register_actions",
    "remove_connection",
    "replay_callback",
    "reseal_credentials",
    "sandbox",
    "set_connection",
    "show_callback",
    "web",
    "worker",
]
