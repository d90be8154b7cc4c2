"""The least a Flask handler can cost: one that answers, and one that commits one small row first.

Served by gunicorn under the service's own settings. BASELINE_DATABASE is a path or a PostgreSQL
address; the table is there.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable

import psycopg
from flask import Flask, Response, jsonify, request

INSERT = "INSERT INTO rows (id, at, note) VALUES ({0}, {0}, {0})"
TABLE = "CREATE TABLE rows (id TEXT PRIMARY KEY, at BIGINT NOT NULL, note TEXT NOT NULL)"


def create_app() -> Flask:
    """The two handlers; both read the body they are sent."""
    app = Flask(__name__, static_folder=None)
    commit = make_commit(os.environ["BASELINE_DATABASE"])

    @app.get("/ready")
    def ready() -> Response:
        return jsonify(status="ok")

    @app.post("/bare")
    def bare() -> Response:
        request.get_data(cache=False)
        return jsonify(status="ok")

    @app.post("/durable")
    def durable() -> Response:
        request.get_data(cache=False)
        commit((uuid.uuid4().hex, time.time_ns() // 1_000_000, "received"))
        return jsonify(status="ok")

    return app


def make_commit(database: str) -> Callable[[tuple[str, int, str]], None]:
    """One durable commit of one row, over a connection of the thread's own."""
    kept = threading.local()
    if database.startswith("postgresql"):

        def commit(row: tuple[str, int, str]) -> None:
            if not hasattr(kept, "connection"):
                kept.connection = psycopg.connect(database)
            kept.connection.execute(INSERT.format("%s"), row)
            kept.connection.commit()

        return commit

    def commit_sqlite(row: tuple[str, int, str]) -> None:
        if not hasattr(kept, "connection"):
            kept.connection = open_sqlite(database)
        kept.connection.execute("BEGIN IMMEDIATE")
        kept.connection.execute(INSERT.format("?"), row)
        kept.connection.execute("COMMIT")

    return commit_sqlite


def open_sqlite(path: str) -> sqlite3.Connection:
    """As durable as the service's own: WAL, and synced at every commit."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def prepare(database: str) -> None:
    """Make the table."""
    if database.startswith("postgresql"):
        with psycopg.connect(database) as connection:
            connection.execute(TABLE)
    else:
        open_sqlite(database).execute(TABLE)


def count(database: str) -> int:
    """How many rows were written."""
    statement = "SELECT count(*) FROM rows"
    if database.startswith("postgresql"):
        with psycopg.connect(database) as connection:
            return int(connection.execute(statement).fetchone()[0])  # type: ignore[index]
    return int(open_sqlite(database).execute(statement).fetchone()[0])
