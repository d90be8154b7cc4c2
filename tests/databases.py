"""Databases for tests: a file for SQLite, a database on a real server for PostgreSQL.

The server is TEST_POSTGRES_URL, else one started here from the installed binaries, else one that
listens on this machine. Without any, tests fail: they are never skipped.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path

import psycopg

from service.store.database import Database
from service.store.schema import migrate

CANDIDATES = ("postgresql://postgres@127.0.0.1:5432/postgres", "postgresql://root@127.0.0.1:5432/postgres")

CHEAP = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
# What says of which version a schema is.
VERSIONS = ("alembic_version", "dbos_migrations")


class Databases:
    """Makes migrated databases by copying one that was migrated once."""

    def __init__(self, directory: Path, *, cheap: bool = False) -> None:
        """`cheap`: waits for no disk; for tests that end no process and cut no power."""
        self._directory, self._cheap = directory, cheap
        self._template: Path | None = None
        self._server: PostgresServer | None = None
        self._postgres_template: str | None = None
        self._shared: str | None = None

    def fresh(self, kind: str) -> str:
        """The address of a new, migrated database."""
        return self._fresh_sqlite() if kind == "sqlite" else self._fresh_postgresql()

    def empty(self, kind: str) -> str:
        """The address of a new database that nobody has migrated."""
        if kind == "sqlite":
            return f"sqlite:///{self._directory / f'{uuid.uuid4().hex}.sqlite'}"
        return self._postgres().create()

    def shared(self) -> str:
        """The address of one migrated PostgreSQL database that is there for all; `empty_rows` it after use."""
        if self._shared is None:
            self._shared = self._fresh_postgresql()
        return self._shared

    def drop(self, url: str) -> None:
        """Throw a database away; the shared one is emptied."""
        if url == self._shared:
            empty_rows(url)
        elif url.startswith("sqlite"):
            path = Path(url.removeprefix("sqlite:///"))
            for part in path.parent.glob(path.name + "*"):
                part.unlink(missing_ok=True)
        else:
            self._postgres().drop(url)

    def close(self) -> None:
        """Stop what was started."""
        if self._postgres_template:
            self._postgres().drop(self._postgres_template)
        if self._server:
            self._server.stop()

    def _fresh_sqlite(self) -> str:
        if self._template is None:
            self._template = self._directory / "template.sqlite"
            _migrate(f"sqlite:///{self._template}")
        path = self._directory / f"{uuid.uuid4().hex}.sqlite"
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def _fresh_postgresql(self) -> str:
        if self._postgres_template is None:
            self._postgres_template = self._postgres().create()
            _migrate(self._postgres_template)
        return self._postgres().create(self._postgres_template)

    def _postgres(self) -> PostgresServer:
        if self._server is None:
            self._server = PostgresServer(self._directory, CHEAP if self._cheap else "")
        return self._server


class PostgresServer:
    """A server that takes new databases."""

    def __init__(self, directory: Path, options: str = "") -> None:
        self._own: tuple[Path, Path] | None = None
        self._options = options
        # A server of our own has room for all connections, whoever else uses the one of this machine.
        own = any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")) or shutil.which("pg_ctl")
        self.address = os.environ.get("TEST_POSTGRES_URL") or (None if own else _listening()) or self._start(directory)

    def create(self, template: str | None = None) -> str:
        """A new database's address, empty or a copy."""
        name = f"test_{uuid.uuid4().hex}"
        like = f' TEMPLATE "{template.rpartition("/")[2]}"' if template else ""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"{like}')
        return self.address.replace("postgresql://", "postgresql+psycopg://").rpartition("/")[0] + f"/{name}"

    def drop(self, url: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def stop(self) -> None:
        if self._own:
            _as_postgres([str(self._own[0] / "pg_ctl"), "-D", str(self._own[1]), "-m", "immediate", "stop"])

    def _start(self, directory: Path) -> str:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        found = binaries[-1] if binaries else shutil.which("pg_ctl")
        if found is None:
            raise RuntimeError("no PostgreSQL: start one, set TEST_POSTGRES_URL, or `apt-get install postgresql`")
        bin_directory, data = Path(found).parent, directory / "postgresql"
        data.mkdir()
        for place in (directory, *directory.parents):
            with contextlib.suppress(PermissionError):
                place.chmod(place.stat().st_mode | 0o011)
        if os.getuid() == 0:
            postgres = pwd.getpwnam("postgres")
            os.chown(data, postgres.pw_uid, postgres.pw_gid)
        _as_postgres([str(bin_directory / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"])
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]  # each process of the tests has a server of its own
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c max_connections=300"
        options = f"{options} {self._options}".strip()
        _as_postgres([str(bin_directory / "pg_ctl"), "-D", str(data), "-w", "-o", options, "start"])
        self._own = (bin_directory, data)
        return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def empty_rows(url: str) -> None:
    """End what still uses a PostgreSQL database, and take every row out of it."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = connection.execute(
            "SELECT schemaname, relname FROM pg_stat_user_tables WHERE relname <> ALL (%s)", (list(VERSIONS),)
        ).fetchall()
        connection.execute(";".join(f'DELETE FROM "{schema}"."{table}"' for schema, table in tables))


def _listening() -> str | None:
    for address in CANDIDATES:
        for _ in range(2):
            try:
                psycopg.connect(address, connect_timeout=2).close()
                return address
            except psycopg.OperationalError as error:
                if "too many clients" in str(error):
                    return address  # it is there, and busy
                time.sleep(0.1)
    return None


def _as_postgres(command: list[str]) -> None:
    """PostgreSQL refuses to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _migrate(url: str) -> None:
    database = Database(url, pool_size=2)
    migrate(database)
    database.close()
