"""The command that shows what would be made of a deal."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from service.config import load_config
from service.errors import CannotInvoice
from service.ids import DealId
from service.store.connections import Connection
from service.store.schema import migrate
from service.wiring import make_command_services, open_stores
from service.workflows.preview_invoice import preview_invoice


def preview(arguments: argparse.Namespace) -> int:
    """Show the exact invoice Create invoice would make of a deal; 1 when it would make none."""
    stores = open_stores(load_config(), pool_size=4)
    migrate(stores.database)
    fitting = [
        each
        for each in stores.connections.all()
        if arguments.portal in (None, each.portal_id) and arguments.realm in (None, each.realm_id)
    ]
    inputs, problem = _read_inputs(arguments.inputs), _find_problem(fitting)
    if inputs is None or problem:
        print(f"error: {problem or '--inputs is no JSON object'}", file=sys.stderr)
        return 2
    chosen, deal_id = fitting[0], DealId(arguments.deal)
    try:
        made = preview_invoice(make_command_services(stores), chosen.portal_id, chosen.realm_id, deal_id, inputs)
    except CannotInvoice as error:
        if arguments.json:
            print(json.dumps({"refusal": {"code": error.code, "sentence": error.sentence}}, indent=2))
        else:
            print(f"no invoice would be made: {error.code}: {error.sentence}")
        return 1
    print(json.dumps(made, indent=2, ensure_ascii=False) if arguments.json else _tell(made))
    return 0


def _find_problem(fitting: list[Connection]) -> str:
    if not fitting:
        return "there is no such connection: see `connections list`"
    return "several connections fit: choose with --portal and --realm" if len(fitting) > 1 else ""


def _read_inputs(text: str) -> dict[str, str] | None:
    try:
        given = json.loads(text)
    except ValueError:
        return None
    return {name: str(value) for name, value in given.items()} if isinstance(given, dict) else None


def _tell_customer(customer: dict[str, Any], word: str = "customer") -> list[str]:
    name = f"{customer['name']} ({customer['id']})".strip()
    above = _tell_customer(customer["parent"], "below") if "parent" in customer else []
    return [f"{word:<10}{name}: {customer['why']}", *above]


def _tell_new_customers(customer: dict[str, Any]) -> list[str]:
    above = _tell_new_customers(customer["parent"]) if "parent" in customer else []
    own = ["new customer", json.dumps(customer["body"], indent=2, ensure_ascii=False)] if "body" in customer else []
    return [*above, *own]


def _tell(made: dict[str, Any]) -> str:
    customer = made["customer"]
    lines = [
        f"deal      {made['deal']['name']} ({made['deal']['id']})",
        f"company   {made['realm']['name']} ({made['realm']['id']}), tax: {made['realm']['tax'].replace('_', ' ')}",
        *_tell_customer(customer),
        *(
            f"line      {each['amount']} {each['name']}: item {each['item_id']}, {each['why']}"
            for each in made["lines"]
        ),
        f"total     {made['total']} {made['currency']} {made['total_is']}",
        *(f"note      {remark}" for remark in made["remarks"]),
        *_tell_new_customers(customer),
        "body",
        json.dumps(made["body"], indent=2, ensure_ascii=False),
        "Nothing was written.",
    ]
    return "\n".join(lines)
