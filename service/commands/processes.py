"""Commands that run something: web, worker, sandbox, demo, and the migration before them."""

from __future__ import annotations

import argparse
import os
import sys

from service.config import load_config
from service.logs import configure_logs
from service.store.schema import migrate as migrate_database
from service.wiring import open_stores


def migrate(_: argparse.Namespace) -> int:
    """Bring our tables to this version; the engine's come with the first worker."""
    stores = open_stores(load_config(vendors=False))
    print("migrated" if migrate_database(stores.database) else "nothing to migrate")
    return 0


def web(_: argparse.Namespace) -> int:
    """Become gunicorn, with the settings of `service.web.server`."""
    load_config()  # its problems are better said here than by gunicorn's worker
    line = [sys.executable, "-m", "gunicorn", "-c", "python:service.web.server", "service.wsgi:app"]
    os.execv(sys.executable, line)  # noqa: S606


def worker(_: argparse.Namespace) -> int:
    """Do the work until told to stop."""
    from service.worker import run_worker

    run_worker(load_config())
    return 0


def sandbox(arguments: argparse.Namespace) -> int:
    """Run both vendors' doubles."""
    from service.sandbox.serve import main

    configure_logs("WARNING")
    main(arguments.host, arguments.port)
    return 0


def demo(arguments: argparse.Namespace) -> int:
    """Tell the story."""
    from service.demo import run_demo

    return run_demo(once=arguments.once)
