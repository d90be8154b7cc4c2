"""What each command does; one module per noun."""

from __future__ import annotations

from service.commands.callbacks import list_callbacks, replay_callback, show_callback
from service.commands.connections import add_connection, change_connection, list_connections
from service.commands.processes import demo, migrate, sandbox, web, worker
from service.commands.settings import check_config, ensure_properties

__all__ = [
    "add_connection",
    "change_connection",
    "check_config",
    "demo",
    "ensure_properties",
    "list_callbacks",
    "list_connections",
    "migrate",
    "replay_callback",
    "sandbox",
    "show_callback",
    "web",
    "worker",
]
