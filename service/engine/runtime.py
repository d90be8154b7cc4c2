"""DBOS, wired: one queue of runs, our database, a pinned version, JSON in place of pickle.

The only module besides the workflows' decorators that knows DBOS. Order per deal, shares per realm
and pauses are decided before a run is enqueued (`store.due`); DBOS carries the runs, fences their
owners and brings them back after a crash.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy import event

from service.store.database import Database, prepare_sqlite_connection
from service.store.due import Start

APPLICATION = "hubspot-quickbooks-invoices"
# A constant: DBOS' default is a hash of the source, and strands the runs of the version before.
VERSION = "1"
QUEUE = "runs"
CONCURRENCY = 64


class JsonSerializer:
    """What DBOS stores, in a form that people and other versions can read."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=lambda found: {"exception": type(found).__name__})

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "json"


class Engine:
    """One worker's DBOS: launched once per process."""

    def __init__(self, database: Database, executor_id: str, polling_seconds: float = 0.2) -> None:
        self._engine = _own_sqlite_engine(database) if database.is_sqlite else database.engine
        self._polling_seconds = polling_seconds
        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": executor_id,
            "serializer": JsonSerializer(),  # type: ignore[typeddict-item]
            "system_database_url": database.url,
            "system_database_engine": self._engine,
            "max_executor_threads": CONCURRENCY * 2,
            "scheduler_polling_interval_sec": 30.0,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        self._client = DBOSClient(
            application_name=APPLICATION,
            serializer=JsonSerializer(),  # type: ignore[arg-type]
            system_database_engine=self._engine,
            retry_connection_errors=False,
            lazy=True,
        )

    def launch(self) -> None:
        """Migrate DBOS' own tables, take up what this executor left, listen to the queue."""
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=CONCURRENCY,
            polling_interval_sec=self._polling_seconds,
            on_conflict="always_update",
        )

    def stop(self, patience: timedelta) -> None:
        """Let the runs in hand finish, then end."""
        DBOS.destroy(workflow_completion_timeout_sec=int(patience.total_seconds()))
        self._client.destroy()

    def enqueue(self, tx: sa.Connection, start: Start) -> None:
        """Hand a run over in the transaction that marks it running; the same run twice is one run."""
        self._client.enqueue_in_transaction(
            tx,
            {"queue_name": QUEUE, "workflow_name": workflow_name(start.action), "workflow_id": workflow_id(start)},
            start.portal_id,
            start.callback_id,
        )

    def interrupted(self, executor_ids: list[str] | None = None) -> list[tuple[str, str]]:
        """(workflow id, executor id) of runs that have begun and are not over."""
        found = self._client.list_workflows(
            status="PENDING", executor_id=executor_ids, queue_name=QUEUE, load_input=False, load_output=False
        )
        return [(run.workflow_id, run.executor_id or "") for run in found]

    def take_over(self, workflow_ids: list[str]) -> None:
        """Put runs of a dead worker back into the queue; whoever is free continues them."""
        self._client.resume_workflows(workflow_ids, queue_name=QUEUE)

    def carried(self, workflow_ids: list[str]) -> set[str]:
        """Which of the runs DBOS still has in hand."""
        found = self._client.list_workflows(
            workflow_ids=workflow_ids, status=["PENDING", "ENQUEUED", "DELAYED"], load_input=False, load_output=False
        )
        return {run.workflow_id for run in found}

    def forget_before(self, iso_time: str, most: int = 5_000) -> int:
        """Delete DBOS' rows of runs that ended before a moment; ours stay."""
        found = self._client.list_workflows(
            completed_before=iso_time, status=["SUCCESS", "ERROR", "CANCELLED"], limit=most,
            load_input=False, load_output=False,
        )  # fmt: skip
        if found:
            self._client.delete_workflows([run.workflow_id for run in found])
        return len(found)


def workflow(name: str) -> Callable[[Callable[[int, str], str]], Callable[[int, str], str]]:
    """Declare a function the durable run of an action: it may be run again, whole, after a crash."""

    def declare(function: Callable[[int, str], str]) -> Callable[[int, str], str]:
        return DBOS.workflow(name=workflow_name(name), max_recovery_attempts=1_000_000)(function)

    return declare


def workflow_name(action: str) -> str:
    """DBOS' name of an action's run."""
    return action.replace("-", "_")


def workflow_id(start: Start) -> str:
    """The name of one run: callback and number of the run."""
    return f"hs:{start.portal_id}:{start.callback_id}:{start.run}"


def callback_of(workflow_id: str) -> tuple[int, str]:
    """The callback a run is about. The callback id may itself hold colons."""
    _, portal_id, rest = workflow_id.split(":", 2)
    return int(portal_id), rest.rpartition(":")[0]


def _own_sqlite_engine(database: Database) -> sa.Engine:
    """DBOS begins its transactions by writing, ours begin by saying so: one file, two pools."""
    engine = sa.create_engine(
        database.url, pool_size=20, max_overflow=0, pool_timeout=30, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        prepare_sqlite_connection(connection)
        connection.execute("PRAGMA busy_timeout=30000")

    return engine
