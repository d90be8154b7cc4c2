"""Real processes: started, watched through /proc, stopped."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 30.0


class NotRunning(RuntimeError):
    """A process did not come up or ended by itself; the message has the end of its log."""


class Running:
    """One process with its children, and its log beside it."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], directory: Path) -> None:
        self.name, self.log = name, directory / f"{name}.log"
        given = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **environment}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *arguments], cwd=directory, env=given, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self, url: str) -> Running:
        """Until the address answers 200. Raises: NotRunning."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            self.check()
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise NotRunning(f"{self.name} was not ready in time: {self._last_lines()}")

    def check(self) -> None:
        """Raises: NotRunning, when the process has ended."""
        if self._process.poll() is not None:
            raise NotRunning(f"{self.name} ended with status {self._process.returncode}: {self._last_lines()}")

    def cpu_seconds(self) -> float:
        """User and system time so far, of the process and of all its children, ended ones included."""
        return sum(_cpu_ticks(pid, ended_children=True) for pid in self.pids()) / TICKS

    def peak_megabytes(self) -> float:
        """The sum of each process's highest resident size; what they share is counted in each."""
        return sum(_peak_kilobytes(pid) for pid in self.pids()) / 1024

    def pids(self) -> list[int]:
        """The process and its living descendants."""
        found = [self.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in _read(children).split()]
        return found

    def stop(self) -> None:
        """By SIGTERM, and by SIGKILL to what is left of its session after ten seconds."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()

    def _last_lines(self) -> str:
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])


def database_cpu_seconds(database_url: str) -> float:
    """User and system time of PostgreSQL's processes that serve this database; 0 for SQLite."""
    name = database_url.rpartition("/")[2]
    if database_url.startswith("sqlite"):
        return 0.0
    ticks = 0
    for place in Path("/proc").glob("[0-9]*"):
        words = _read(place / "cmdline").replace("\0", " ").split()
        if words[:1] == ["postgres:"] and name in words:
            ticks += _cpu_ticks(int(place.name))
    return ticks / TICKS


def machine_cpu_seconds() -> float:
    """What all processes of this machine have used together."""
    user, nice, system, _, _, irq, soft, *_ = map(int, _read(Path("/proc/stat")).split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + soft) / TICKS


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _cpu_ticks(pid: int, *, ended_children: bool = False) -> int:
    # The command stands in brackets and may hold spaces; user and system time are fields 14 and 15.
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if ended_children else 13]))


def _peak_kilobytes(pid: int) -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB", _read(Path(f"/proc/{pid}/status")), re.MULTILINE)
    return int(found[1]) if found else 0


def _read(path: Path) -> str:
    """A file of /proc; empty when its process has just ended."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
