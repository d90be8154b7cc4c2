"""How fast a callback is accepted, beside a handler that does nothing and one that commits a row.

Same machine, same gunicorn settings, same bytes sent, runs taken in turns; the middle of each
figure counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from tests.bench import baselines
from tests.bench.pace import MachinePace
from tests.bench.processes import ROOT, Running
from tests.bench.stage import Stage

PORTAL, REALM = 20000001, "9341450000000001"
TARGETS = ("bare", "durable", "accept")
ANSWERS = {"bare": '"ok"', "durable": '"ok"', "accept": '"hs_execution_state": "BLOCK"'}


@dataclass
class Runs:
    """All runs against one handler."""

    per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)
    answered: int = 0

    def add(self, figures: dict[str, Any], cpu_seconds: float) -> None:
        """One run. Raises: RuntimeError when an answer was not as it must be."""
        if figures["wrong"] or not figures["milliseconds"]:
            raise RuntimeError(f"wrong answers: {figures['wrong'][:3]}")
        took = sorted(figures["milliseconds"])
        self.per_second.append(len(took) / figures["seconds"])
        self.p50.append(took[len(took) // 2])
        self.p99.append(took[min(len(took) - 1, int(len(took) * 0.99))])
        self.cpu_milliseconds.append(cpu_seconds * 1000 / figures["answered"])
        self.answered += figures["answered"]

    def middle(self) -> dict[str, float]:
        """The median of every figure, and how far the speeds lay apart."""
        return {
            "requests_per_second": statistics.median(self.per_second),
            "slowest_run": min(self.per_second),
            "fastest_run": max(self.per_second),
            "p50_milliseconds": statistics.median(self.p50),
            "p99_milliseconds": statistics.median(self.p99),
            "cpu_milliseconds": statistics.median(self.cpu_milliseconds),
        }


def measure_accept(kind: str, rounds: int, seconds: float, pace: MachinePace) -> dict[str, Any]:
    """All handlers in turns on one kind of database. Raises: RuntimeError when rows are missing."""
    with Stage(kind) as stage:
        stage.connect(PORTAL, REALM, "not used", "not used")
        database = plain_address(stage.fresh_database(migrated=False))
        baselines.prepare(database)
        web = stage.start_web()
        least, url = stage.start_gunicorn(
            "baseline", "tests.bench.baselines:create_app()", {"BASELINE_DATABASE": database}
        )
        accept_url = f"{stage.web_url}/hubspot/actions/create-invoice"
        places = {"bare": (least, f"{url}/bare"), "durable": (least, f"{url}/durable"), "accept": (web, accept_url)}
        runs = {target: Runs() for target in TARGETS}
        began = time.monotonic()
        for number in range(rounds):
            for target in TARGETS:
                server, address = places[target]
                run_once(runs[target], server, address, accept_url, ANSWERS[target], f"{target}{number}", seconds)
        stage.check()
        check_rows(stage, runs, baselines.count(database))
        found: dict[str, Any] = {target: runs[target].middle() for target in TARGETS}
        found["peak_megabytes"] = web.peak_megabytes()
        found["slowness"] = pace.slowness(began)
    for target in ("bare", "durable"):
        found[f"accept_to_{target}"] = middle_ratio(runs["accept"].per_second, runs[target].per_second)
    return found


def middle_ratio(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """The ratio of each round, whose runs had the same neighbours: the middle one and the extremes."""
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return {"middle": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}


def run_once(
    runs: Runs, server: Running, address: str, signed_url: str, answer: str, label: str, seconds: float
) -> None:
    """One run of the load against one handler."""
    command = [sys.executable, "-m", "tests.bench.load", address, "--answer", answer, "--portal", str(PORTAL)]
    command += ["--label", label, "--seconds", str(seconds)]
    command += ["--signed-url", signed_url] if address != signed_url else []
    before = server.cpu_seconds()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the load failed: {done.stderr[-500:]}")
    runs.add(json.loads(done.stdout), server.cpu_seconds() - before)


def check_rows(stage: Stage, runs: dict[str, Runs], rows: int) -> None:
    """What was answered was written. Raises: RuntimeError."""
    with stage.stores.database.read() as connection:
        received = connection.execute(sa.text("SELECT count(*) FROM callbacks WHERE state = 'received'")).scalar()
    if received != runs["accept"].answered or rows != runs["durable"].answered:
        said = ", ".join(f"{target} {each.answered}" for target, each in runs.items())
        raise RuntimeError(f"answered {said}; written: accept {received}, durable {rows}")


def plain_address(url: str) -> str:
    """As the drivers themselves take it."""
    return url.removeprefix("sqlite:///").replace("postgresql+psycopg://", "postgresql://")
