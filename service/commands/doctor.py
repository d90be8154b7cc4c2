"""`doctor`: is everything in order, and if not, what must a person do?"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from service.clock import SystemClock
from service.config import Config, load_config
from service.engine.slots import count_workers
from service.errors import ConfigError
from service.invoicing.preflight import Finding, Severity
from service.store.database import Database
from service.store.findings import Report
from service.store.resealing import Resealing
from service.store.schema import migrate
from service.stores import Stores, open_stores

# What the SQL relies on: UPSERT, partial indexes, and WAL that survives a crash.
# https://sqlite.org/releaselog/3_35_0.html
OLDEST_SQLITE = (3, 35, 0)


def doctor(arguments: argparse.Namespace) -> int:
    """Everything that was found; 1 when something needs a person."""
    try:
        config = load_config(create=False)
    except ConfigError as error:
        return _print(arguments, [_setting(problem) for problem in error.problems], [])
    stores = open_stores(config, pool_size=4)
    try:
        migrate(stores.database)
        found = [*_look_at_database(stores.database), *_look_at_seals(stores.resealing), *_look_at_settings(config)]
        reports = stores.findings.all(SystemClock().now())
    except sa.exc.SQLAlchemyError as error:
        return _print(arguments, [_unreachable(error)], [])
    finally:
        stores.database.close()
    if not reports:
        found.append(_nothing_connected(stores))
    return _print(arguments, found, reports)


def _look_at_database(database: Database) -> Iterator[Finding]:
    if database.is_sqlite:
        with database.read() as connection:
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        if mode != "wal":
            yield Finding(
                "DATABASE_NOT_WAL", Severity.ERROR, "SQLite cannot use its write-ahead log",
                f"The journal is {mode}: web and worker block each other, and a crash may lose what was acknowledged.",
                "Put the file on a local disk, not on a network share, or use PostgreSQL.",
            )  # fmt: skip
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            yield Finding(
                "SQLITE_TOO_OLD", Severity.ERROR, f"SQLite {sqlite3.sqlite_version} is too old",
                "Some of the statements are not understood by it.",
                "Use a Python with SQLite 3.35 or newer, or PostgreSQL.",
            )  # fmt: skip
    if count_workers(database) == 0:
        yield Finding(
            "NO_WORKER", Severity.ERROR, "No worker runs",
            "Callbacks are taken and wait; no invoice is made.",
            "Start one: `python -m service worker`.",
        )  # fmt: skip


def _look_at_seals(resealing: Resealing) -> Iterator[Finding]:
    seals = resealing.count()
    if seals.closed:
        yield Finding(
            "TOKENS_DO_NOT_OPEN", Severity.ERROR, f"{seals.closed} stored accesses cannot be opened",
            "They were sealed with a key that is not in ENCRYPTION_KEYS, or their rows were changed.",
            "Add the key they were sealed with, or connect again.",
        )  # fmt: skip
    if seals.older:
        yield Finding(
            "OLDER_KEY_IN_USE", Severity.NOTE, f"{seals.older} stored accesses are sealed with an older key",
            "It must stay in ENCRYPTION_KEYS until this is none.",
            "A worker seals them again within the hour; at once: `python -m service credentials reseal`.",
        )  # fmt: skip


def _look_at_settings(config: Config) -> Iterator[Finding]:
    if config.public_url.startswith("http://") and "127.0.0.1" not in config.public_url:
        yield Finding(
            "PUBLIC_URL_NOT_HTTPS", Severity.WARNING, "PUBLIC_URL is not https",
            "HubSpot and Intuit call https addresses only.",
            "Put a proxy with a certificate in front of web, and its address in PUBLIC_URL.",
        )  # fmt: skip
    if not config.quickbooks_webhook_verifier_tokens:
        yield Finding(
            "NO_WEBHOOKS", Severity.NOTE, "QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS is not set",
            "QuickBooks' webhooks are refused: deals learn of payments within the hour, not within seconds.",
            "Subscribe PUBLIC_URL/quickbooks/webhooks in the Intuit app's settings and give its verifier token.",
        )  # fmt: skip


def _setting(problem: str) -> Finding:
    return Finding("SETTING", Severity.ERROR, problem, "Web and worker do not start.", "Set it; README has the table.")


def _unreachable(error: Exception) -> Finding:
    return Finding(
        "DATABASE_UNREACHABLE", Severity.ERROR, f"The database does not work ({type(error).__name__})",
        "Callbacks are answered 503; HubSpot delivers them again for some days.", "Check DATABASE_URL and its server.",
    )  # fmt: skip


def _nothing_connected(stores: Stores) -> Finding:
    return Finding(
        "NOTHING_CONNECTED", Severity.WARNING, "Nothing is connected",
        "Every callback fails with PORTAL_NOT_CONNECTED.",
        f"Open {stores.config.public_url}/ and connect, or `python -m service connections add`.",
    )  # fmt: skip


def _print(arguments: argparse.Namespace, found: list[Finding], reports: list[Report]) -> int:
    if arguments.json:
        print(json.dumps({"service": [asdict(each) for each in found], "connections": [_document(r) for r in reports]},
                         indent=2))  # fmt: skip
    else:
        _say("service", found)
        for report in reports:
            looked = report.checked_at.isoformat(timespec="minutes") if report.checked_at else "never"
            state = "" if report.state == "live" else f", {report.state}"
            _say(f"portal {report.portal_id} and realm {report.realm_id}{state} (looked at: {looked})", report.findings)
    needed = any(each.needs_person for each in found) or any(report.needs_person for report in reports)
    if needed and not arguments.json:
        print("something needs a person", file=sys.stderr)
    return 1 if needed else 0


def _document(report: Report) -> dict[str, Any]:
    return {
        "portal_id": report.portal_id,
        "realm_id": report.realm_id,
        "state": report.state,
        "checked_at": report.checked_at.isoformat() if report.checked_at else None,
        "findings": [asdict(each) for each in report.findings],
    }


def _say(what: str, findings: list[Finding] | tuple[Finding, ...]) -> None:
    print(f"{what}: {'all is well' if not findings else ''}".rstrip())
    for each in findings:
        print(f"  {each.severity:<8} {each.title} [{each.code}]\n           {each.meaning}\n           Fix: {each.fix}")
