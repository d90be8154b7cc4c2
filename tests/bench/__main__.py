"""`make bench`: measure every part, print tables and ratios; fails only when something did not work.

All of it takes three quarters of an hour: the first sync of 10,000 contacts waits for the vendors' limits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from tests.bench.accept import measure_accept
from tests.bench.follow import describe_follow, measure_follow
from tests.bench.overdue import describe_overdue, measure_overdue
from tests.bench.pace import MachinePace
from tests.bench.processes import NotRunning
from tests.bench.report import describe_accept, describe_throughput
from tests.bench.sync import SyncSize, describe_sync, measure_sync
from tests.bench.throughput import Size, measure_throughput

DATABASES = ("sqlite", "postgresql")
PARTS = ("accept", "throughput", "follow", "overdue", "sync")
FULL, QUICK = Size(pairs=30, burst=20, steady=5, rate=10.0), Size(pairs=10, burst=10, steady=3, rate=10.0)


def main() -> int:
    """Run what is asked for; exit status 1 when a part did not work."""
    asked, pace = parse_arguments(), MachinePace()
    found: dict[str, Any] = {"machine": describe_machine(), "load_before": os.getloadavg()}
    print(f"{found['machine']}, load average {' '.join(f'{each:.2f}' for each in os.getloadavg())}", flush=True)
    measures = (run_accept, run_throughput, run_follow, run_overdue, run_sync)
    for part, measure in zip(PARTS, measures, strict=True):
        for kind in DATABASES if asked.database == "both" else [asked.database]:
            if part in asked.part or not asked.part:
                found.setdefault(part, {})[kind] = measure(kind, asked.quick, pace)
    found["load_after"] = os.getloadavg()
    print(f"\nload average {' '.join(f'{each:.2f}' for each in os.getloadavg())}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")
    failed = [kind for part in PARTS for kind, own in found.get(part, {}).items() if own is None]
    return 1 if failed else 0


def run_accept(kind: str, quick: bool, pace: MachinePace) -> dict[str, Any] | None:
    """None, and the reason on standard error, when it did not work."""
    try:
        figures = measure_accept(kind, *((3, 1.5) if quick else (9, 2.0)), pace)
    except (NotRunning, RuntimeError) as error:
        print(f"\naccept, {kind}: did not work: {error}", file=sys.stderr, flush=True)
        return None
    print("\n" + describe_accept(kind, figures), flush=True)
    return figures


def run_throughput(kind: str, quick: bool, pace: MachinePace) -> dict[str, Any] | None:
    """None, and the reason on standard error, when it did not work."""
    try:
        figures = measure_throughput(kind, QUICK if quick else FULL, pace)
    except (NotRunning, RuntimeError) as error:
        print(f"\nthroughput, {kind}: did not work: {error}", file=sys.stderr, flush=True)
        return None
    print("\n" + describe_throughput(kind, figures), flush=True)
    return figures


def run_follow(kind: str, quick: bool, _pace: MachinePace) -> dict[str, Any] | None:
    """None, and the reason on standard error, when it did not work."""
    try:
        figures = measure_follow(kind, 10 if quick else 100)
    except (NotRunning, RuntimeError) as error:
        print(f"\nfollow, {kind}: did not work: {error}", file=sys.stderr, flush=True)
        return None
    print("\n" + describe_follow(kind, figures), flush=True)
    return figures


def run_sync(kind: str, quick: bool, _: MachinePace) -> dict[str, Any] | None:
    """None, and the reason on standard error, when it did not work. Waits for the vendors' limits, minutes long."""
    size = SyncSize(contacts=400, products=60, changes=10) if quick else SyncSize(10_000, 2_000, changes=50)
    try:
        figures = measure_sync(kind, size)
    except (NotRunning, RuntimeError) as error:
        print(f"\nsync, {kind}: did not work: {error}", file=sys.stderr, flush=True)
        return None
    print("\n" + describe_sync(kind, figures), flush=True)
    return figures


def run_overdue(kind: str, quick: bool, _pace: MachinePace) -> dict[str, Any] | None:
    """None, and the reason on standard error, when it did not work."""
    try:
        figures = measure_overdue(kind, 1000 if quick else 5000)
    except (NotRunning, RuntimeError) as error:
        print(f"\noverdue, {kind}: did not work: {error}", file=sys.stderr, flush=True)
        return None
    print("\n" + describe_overdue(kind, figures), flush=True)
    return figures


def parse_arguments() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What the service costs here.")
    parser.add_argument("--quick", action="store_true", help="shorter, and less exact")
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--part", choices=PARTS, action="append", default=[], help="may be repeated; else all of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure there")
    return parser.parse_args()


def describe_machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}"


if __name__ == "__main__":
    sys.exit(main())
