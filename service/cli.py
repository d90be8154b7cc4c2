"""The command line: every operator's command, its arguments and its exit status.

0: done. 1: it did not work, the message says why. 2: the command was not understood.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from service import commands
from service.errors import ConfigError, ServiceError
from service.sync.direction import INVOICES, PAIRINGS

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str]) -> int:
    """Run one command."""
    parsed = _parser().parse_args(list(arguments))
    # Commands print what went wrong; log lines are for the processes, which set up where they go.
    logging.getLogger("service").addHandler(logging.NullHandler())
    command: Callable[[argparse.Namespace], int] = parsed.run
    try:
        status = command(parsed)
        sys.stdout.flush()  # here, where a reader that has gone is no failure
        return status
    except ConfigError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
    except ServiceError as error:
        print(f"error: {error.sentence}", file=sys.stderr)
    except sa.exc.SQLAlchemyError as error:
        print(f"error: the database does not work ({type(error).__name__}): check DATABASE_URL", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Somebody read as much as they wanted, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service", description="Exactly one QuickBooks invoice per callback."
    )
    groups = parser.add_subparsers(required=True, metavar="command")
    _add(groups, "migrate", commands.migrate, "bring the database to this version")
    _add(groups, "web", commands.web, "take HubSpot's callbacks (gunicorn)")
    _add(groups, "worker", commands.worker, "do the work")
    sandbox = _add(groups, "sandbox", commands.sandbox, "run a HubSpot and a QuickBooks to play with")
    sandbox.add_argument("--host", default="127.0.0.1")
    sandbox.add_argument("--port", type=int, default=9000)
    demo = _add(groups, "demo", commands.demo, "run the story, then leave everything running to play with")
    demo.add_argument("--once", action="store_true", help="end by itself; exit status 0 only if the books agree")
    _add_connections(groups)
    _add_callbacks(groups)
    _add_invoices(groups)
    _add_actions(groups)
    _add_sync(groups)
    _add_mappings(groups)
    properties = _group(groups, "properties", "the deal's properties in HubSpot")
    ensure = _add(properties, "ensure", commands.ensure_properties, "create what is missing, repair what was changed")
    ensure.add_argument("--portal", type=_portal, help="only this portal")
    credentials = _group(groups, "credentials", "the sealed tokens")
    _add(credentials, "reseal", commands.reseal_credentials, "seal all with the first of ENCRYPTION_KEYS")
    doctor = _add(groups, "doctor", commands.doctor, "what needs a person: settings, database, every connection")
    doctor.add_argument("--json", action="store_true")
    config = _group(groups, "config", "the settings")
    _add(config, "check", commands.check_config, "name every problem at once")
    return parser


def _add_connections(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(groups, "connections", "which portal is joined to which realm")
    listing = _add(group, "list", commands.list_connections, "all connections")
    listing.add_argument("--json", action="store_true")
    add = _add(group, "add", commands.add_connection, "join a portal and a realm, without a browser")
    add.add_argument("--portal", type=_portal, required=True)
    add.add_argument("--realm", required=True)
    add.add_argument("--hubspot-refresh-token", required=True)
    add.add_argument("--quickbooks-refresh-token", required=True)
    change = _add(group, "set", commands.set_connection, "change a connection's settings")
    change.add_argument("--portal", type=int, required=True)
    change.add_argument("--realm", required=True)
    change.add_argument("--property-names", metavar="JSON",
                        help='deal properties under other names, e.g. {"qbo_invoice_amount": "billed"}')  # fmt: skip
    change.add_argument("--tax-codes", metavar="JSON",
                        help="the QuickBooks tax code for a line item's tax rate in HubSpot, by the rate's id, label "
                             'or percentage, e.g. {"20": "3", "Zero-rated": "5"}')  # fmt: skip
    change.add_argument("--number-templates", metavar="JSON",
                        help='invoice numbers to choose from, by name: {"By year": "{year}-{deal}"}')  # fmt: skip
    change.add_argument("--mirror", choices=["all", "deals", "off"],
                        help="which invoices to show as HubSpot invoices: all, those of deals, none")  # fmt: skip
    change.add_argument("--invoice-properties", metavar="JSON",
                        help='of HubSpot invoices, filled from QuickBooks: {"crew": "CustomField:Crew #"}')  # fmt: skip
    for name, state, text in (
        ("pause", "paused", "keep callbacks, start no work"),
        ("resume", "live", "go on after a pause"),
    ):
        change = _add(group, name, commands.change_connection, text)
        change.set_defaults(state=state)
        _add_pair(change)
    _add_pair(_add(group, "remove", commands.remove_connection, "end the connection and give the access back"))


def _add_callbacks(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(groups, "callbacks", "what HubSpot asked for, and what came of it")
    listing = _add(group, "list", commands.list_callbacks, "the newest callbacks")
    listing.add_argument("--state", choices=["received", "running", "waiting", "parked", "completed"])
    listing.add_argument("--portal", type=_portal)
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true")
    show = _add(group, "show", commands.show_callback, "one callback, its timeline and its reservations")
    show.add_argument("callback_id")
    show.add_argument("--portal", type=_portal)
    show.add_argument("--json", action="store_true")
    replay = _add(group, "replay", commands.replay_callback, "work on a failed or waiting callback again")
    replay.add_argument("callback_id")
    replay.add_argument("--portal", type=_portal)


def _add_invoices(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(groups, "invoices", "invoices in QuickBooks, and the deals they belong to")
    preview = _add(group, "preview", commands.preview, "the invoice a deal would become; nothing is written")
    preview.add_argument("deal", type=_digits, help="the deal's id, as its address in HubSpot shows it")
    preview.add_argument("--portal", type=_portal)
    preview.add_argument("--realm")
    preview.add_argument("--inputs", default="{}", metavar="JSON", help="the action's inputs by name")
    preview.add_argument("--json", action="store_true")
    check = _add(group, "check", commands.check_invoices, "compare all with the books, repair; status 1: some differed")
    check.add_argument("--realm", help="only this realm")
    check.add_argument("--every", action="store_true", help="also those on which nothing is owed")
    check.add_argument("--dry-run", action="store_true", help="only say what differs")
    check.add_argument("--json", action="store_true")
    listing = _add(group, "list", commands.list_invoices, "those that wait for a person, the newest first")
    listing.add_argument("--state", choices=commands.INVOICE_STATES, help="those in another state")
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true")
    adopt = _add(group, "adopt", commands.adopt_invoice, "tie one to a deal by hand")
    adopt.add_argument("number", metavar="NUMBER", help="the invoice's number")
    adopt.add_argument("--deal", required=True, metavar="ID", help="the deal's id, as HubSpot shows it")
    adopt.add_argument("--portal", type=_portal)
    adopt.add_argument("--realm", metavar="ID")


def _add_actions(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(groups, "actions", "the workflow actions that HubSpot shows")
    for name, run, text in (
        ("register", commands.register_actions, "create what is missing in HubSpot, change what differs"),
        ("diff", commands.diff_actions, "show what `register` would change; exit status 1 if anything"),
    ):
        command = _add(group, name, run, text)
        command.add_argument(
            "--credential",
            choices=["developer-key", "bearer"],
            default="developer-key",
            help="HUBSPOT_DEVELOPER_API_KEY, or a token of the app (default: %(default)s)",
        )
        command.add_argument("--publish", action="store_true", help="show the actions to customers")
        command.add_argument("--json", action="store_true")
    export = _add(group, "export", commands.export_project, "write a HubSpot developer project")
    export.add_argument("directory", metavar="DIR")
    export.add_argument("--card", action="store_true", help="with a card that shows the invoice on the deal")
    export.add_argument("--publish", action="store_true", help="show the actions to customers")
    export.add_argument("--overwrite", action="store_true", help="write over the files of an earlier export")


def _add_pair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--portal", type=_portal, required=True)
    parser.add_argument("--realm", required=True)


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise argparse.ArgumentTypeError("a deal's id is a number")
    return text


def _add_sync(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(groups, "sync", "contacts, companies, products and invoices on both sides")
    status = _add(group, "status", commands.show_status, "what is kept in step, and how it stands")
    status.add_argument("--json", action="store_true")
    on = _add_object(
        group,
        "on",
        _either(commands.turn_on, commands.turn_invoices_on),
        "keep an object in step; caught up after a while off",
    )
    on.add_argument("--direction", choices=["both", "to_hubspot", "to_quickbooks"])
    on.add_argument("--winner", choices=["hubspot", "quickbooks"], help="whose value stays when both have changed")
    on.add_argument("--deactivate", action=argparse.BooleanOptionalAction, default=None,
                    help="make inactive in QuickBooks what is deleted in HubSpot")  # fmt: skip
    on.add_argument("--filter", metavar="JSON", help="what first enters; what is in stays in")
    on.add_argument("--which", choices=["all", "deals"], help="of invoices: all, or those that belong to a deal")
    on.add_argument("--follow", action="store_true", help="show how the first sync goes")
    _add_object(group, "off", _either(commands.turn_off, commands.turn_invoices_off), "stop; what is there stays")
    again = _add_object(group, "run", _either(commands.run_again, commands.run_invoices), "compare everything anew")
    again.add_argument("--follow", action="store_true", help="show how it goes")
    delete = _add_object(
        group,
        "delete",
        _either(commands.delete_sync, commands.delete_invoices),
        "forget links and settings; no record is touched",
    )
    delete.add_argument("--yes", action="store_true")
    records = _add_object(
        group,
        "records",
        _either(commands.list_records, commands.list_invoice_records),
        "records, their state, the reason and the fix",
    )
    records.add_argument("text", nargs="?", help="part of a name, an address or SKU; or an id")
    records.add_argument("--state", choices=["in_step", "waiting", "failed", "creating", "review", "ended", "left_out"])
    records.add_argument("--limit", type=int, default=50)
    records.add_argument("--json", action="store_true")
    review = _add_object(group, "review", commands.review_matches, "doubtful matches; decide one with --record",
                         tuple(PAIRINGS))  # fmt: skip
    review.add_argument("--record", type=int)
    review.add_argument("--json", action="store_true")
    decision = review.add_mutually_exclusive_group()
    decision.add_argument("--choose", metavar="ID", help="it is this one of the other side")
    decision.add_argument("--create", action="store_true", help="it is nobody there: create it")
    decision.add_argument("--leave-out", action="store_true", help="do not keep it in step")
    replay = _add_object(
        group,
        "replay",
        _either(commands.replay_records, commands.replay_invoices),
        "try again what failed: one, one kind, or all",
    )
    replay.add_argument("--record", type=int)
    replay.add_argument("--code", help="one kind of failure, as `sync records` shows it")


def _add_mappings(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    group = _group(groups, "mappings", "which property belongs to which field")
    _add_object(
        group,
        "export",
        _either(commands.show_mapping, commands.show_invoice_mapping),
        "print the mapping that is applied",
    )
    change = _add_object(
        group,
        "apply",
        _either(commands.apply_mapping, commands.apply_invoice_mapping),
        "check a mapping and apply it as a new version",
    )
    change.add_argument("file", help="as `mappings export` prints it; - reads standard input")
    test = _add_object(
        group,
        "test",
        _either(commands.test_mapping, commands.test_invoice_mapping),
        "show both sides before and after; writes nothing",
    )
    test.add_argument("file", nargs="?", help="without one, the mapping that is applied")
    test.add_argument("--record", action="append", required=True, metavar="ID", help="a HubSpot id; may be repeated")
    test.add_argument("--json", action="store_true")


def _add_object(
    groups: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    objects: Sequence[str] = (*PAIRINGS, INVOICES),
) -> argparse.ArgumentParser:
    command = _add(groups, name, run, text)
    command.add_argument("object", choices=objects)
    command.add_argument("--portal", type=_portal, help="which connection, where there are several")
    command.add_argument("--realm")
    return command


def _either(records: Command, invoices: Command) -> Command:
    """What the command does with records; invoices go one way and have tables of their own."""

    def run(arguments: argparse.Namespace) -> int:
        return (invoices if arguments.object == INVOICES else records)(arguments)

    return run


def _portal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 2**63):
        raise argparse.ArgumentTypeError("a portal is a number, as HubSpot shows it")
    return int(text)


def _group(
    groups: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    return groups.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="command")


def _add(
    groups: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    command = groups.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    return command
