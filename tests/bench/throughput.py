"""How many invoices a second, and what one costs: web, worker and sandbox on this machine together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tests.bench.pace import MachinePace
from tests.bench.processes import Running, database_cpu_seconds, machine_cpu_seconds
from tests.bench.stage import Stage
from tests.bench.town import DEALS_TO_KNOW_ALL, Town, describe_calls

# A realm that was throttled rests for a minute and a little.
PATIENCE_SECONDS = 150.0
IDLE_SECONDS = 3.0
CALM_SECONDS = 3.0
SINGLE_DEALS = 4


@dataclass(frozen=True, slots=True)
class Size:
    """How much is run. `burst` and `steady` are deals of each portal; `rate` is callbacks a second."""

    pairs: int
    burst: int
    steady: int
    rate: float


class Meter:
    """Processor time of each process, from one moment to another."""

    def __init__(self, stage: Stage, processes: dict[str, Running]) -> None:
        self._stage, self._processes = stage, processes
        self._before = self._read()
        self._began = time.monotonic()

    def seconds(self) -> dict[str, float]:
        """Processor seconds since the meter was made; `others` is whatever else ran on this machine."""
        used = {name: now - self._before[name] for name, now in self._read().items()}
        used["others"] = max(0.0, used.pop("machine") - sum(used.values()))
        used["elapsed"] = time.monotonic() - self._began
        return used

    def _read(self) -> dict[str, float]:
        found = {name: each.cpu_seconds() for name, each in self._processes.items()}
        found["database"] = database_cpu_seconds(self._stage.database_url)
        return {**found, "machine": machine_cpu_seconds()}


class Run:
    """One database's run, part by part; every part is metered for itself."""

    def __init__(self, stage: Stage, size: Size, pace: MachinePace) -> None:
        self._stage, self._size, self._pace, self._enrolled = stage, size, pace, 0
        sandbox = stage.start_sandbox()
        deals = DEALS_TO_KNOW_ALL + size.burst + size.steady + SINGLE_DEALS
        self.town = Town(stage, size.pairs, deals)
        self.processes = {"web": stage.start_web(), "worker": stage.start_worker(), "sandbox": sandbox}

    def warm_up(self) -> None:
        """Every portal, realm, customer and item becomes known; one process meets all code."""
        for pair in self.town.pairs:
            self._enrolled += len(self.town.enroll(pair, DEALS_TO_KNOW_ALL))
        self._wait()
        self._wait_for_calm()

    def idle(self) -> dict[str, float]:
        """What web and worker use while there is nothing to do, in percent of a core."""
        meter = Meter(self._stage, self.processes)
        time.sleep(IDLE_SECONDS)
        used = meter.seconds()
        return {name: 100 * used[name] / used["elapsed"] for name in ("web", "worker")}

    def burst(self) -> dict[str, Any]:
        """All at once, as fast as the sandbox delivers and web accepts."""

        def enroll() -> None:
            for pair in self.town.pairs:
                self._enrolled += len(self.town.enroll(pair, self._size.burst))

        return self._measure(enroll)

    def steady(self) -> dict[str, Any]:
        """So many a second, one deal of each portal in turn."""

        def enroll() -> None:
            begin = time.monotonic()
            for number in range(self._size.steady * len(self.town.pairs)):
                time.sleep(max(0.0, begin + number / self._size.rate - time.monotonic()))
                self._enrolled += len(self.town.enroll(self.town.pairs[number % len(self.town.pairs)], 1))

        return self._measure(enroll)

    def single(self) -> dict[str, Any]:
        """One deal after the other in one realm: the calls of one invoice, exactly."""
        found = []
        for _ in range(SINGLE_DEALS):
            before = len(self.town.calls())
            self._enrolled += len(self.town.enroll(self.town.pairs[0], 1))
            self._wait()
            found.append(describe_calls(self.town.calls()[before:]))
        return {"each": found, "all_alike": all(each == found[0] for each in found)}

    def check_books(self) -> dict[str, int]:
        """Raises: RuntimeError when an invoice or a completion is missing or too many."""
        return self.town.check_books(self._enrolled)

    def _measure(self, enroll: Callable[[], None]) -> dict[str, Any]:
        calls, enrolled = len(self.town.calls()), self._enrolled
        began_at, began = time.time(), time.monotonic()
        meter = Meter(self._stage, self.processes)
        enroll()
        self._wait()
        used = meter.seconds()
        invoices = self._enrolled - enrolled
        waits, seconds = self._completed_since(began_at, invoices)
        return {
            "invoices": invoices,
            "seconds": seconds,
            "per_second": invoices / seconds,
            "cpu_milliseconds": {name: 1000 * used[name] / invoices for name in (*self.processes, "database")},
            "others_cores": used["others"] / used["elapsed"],
            "slowness": self._pace.slowness(began),
            "calls": describe_calls(self.town.calls()[calls:]),
            "p50_seconds": waits[len(waits) // 2],
            "p99_seconds": waits[int(len(waits) * 0.99)],
        }

    def _wait(self) -> None:
        """Until HubSpot waits for no callback any more. Raises: RuntimeError when nothing moves for long."""
        completed, end = -1, 0.0
        while completed < self._enrolled:
            self._stage.check()
            states = self.town.count_states()
            if states.get("completed", 0) > completed:
                completed, end = states.get("completed", 0), time.monotonic() + PATIENCE_SECONDS
            elif time.monotonic() > end:
                raise RuntimeError(f"{self._enrolled} enrolled, for {PATIENCE_SECONDS:.0f} s nothing moved: {states}")
            time.sleep(0.1)
        self._wait_for_rows(time.monotonic() + PATIENCE_SECONDS)

    def _wait_for_calm(self) -> None:
        """New connections have their drop-down lists read in the background: that is no invoice's cost."""
        counted, since = self.town.count_calls(), time.monotonic()
        end = since + PATIENCE_SECONDS
        while time.monotonic() < min(end, since + CALM_SECONDS):
            time.sleep(0.2)
            now = self.town.count_calls()
            if now != counted:
                counted, since = now, time.monotonic()

    def _wait_for_rows(self, end: float) -> None:
        """HubSpot knows before our row does."""
        statement = sa.text("SELECT count(*) FROM callbacks WHERE state <> 'completed'")
        while time.monotonic() < end:
            with self._stage.stores.database.read() as connection:
                if connection.execute(statement).scalar() == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("callbacks stay open")

    def _completed_since(self, began_at: float, invoices: int) -> tuple[list[float], float]:
        """Seconds from accepted to completed of each callback, sorted; and from the first to the last."""
        statement = sa.text("SELECT received_at, completed_at FROM callbacks WHERE received_at >= :began_at")
        with self._stage.stores.database.read() as connection:
            rows = connection.execute(statement, {"began_at": int(began_at * 1000)}).all()
        if len(rows) != invoices:
            raise RuntimeError(f"{invoices} enrolled, {len(rows)} rows")
        waits = sorted((row.completed_at - row.received_at) / 1000 for row in rows)
        return waits, max(row.completed_at for row in rows) / 1000 - began_at


def measure_throughput(kind: str, size: Size, pace: MachinePace) -> dict[str, Any]:
    """One kind of database. Raises: RuntimeError when something did not work."""
    with Stage(kind) as stage:
        run = Run(stage, size, pace)
        run.warm_up()
        found = {"idle_percent": run.idle(), "burst": run.burst(), "steady": run.steady(), "single": run.single()}
        found["books"] = run.check_books()
        found["peak_megabytes"] = {name: each.peak_megabytes() for name, each in run.processes.items()}
        return found
