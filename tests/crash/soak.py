"""The soak: callbacks at a steady rate while web and worker are killed at random; then the books are counted.

`python -m tests.crash.soak [--seconds 120] [--rate 10] [--database sqlite|postgresql|both]`. The
sandbox enrols and delivers as HubSpot does. Exit status 0 only if every accepted callback ended in
one invoice, one completion and one written deal, and both vendors refused nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.processes import MARK, Installation, Process, Tenant, running
from tests.databases import Databases

TENANTS = 8
LONGEST_DRAIN_SECONDS = 180.0


@dataclass
class Figures:
    """What is counted, from the sandbox's books and the database."""

    accepted: int = 0
    answered: int = 0
    invoices: int = 0
    completions: int = 0
    deals_written: int = 0
    doubled: int = 0
    lost: int = 0
    refused: int = 0
    unfinished_rows: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    vendor_calls: dict[str, int] = field(default_factory=dict)
    accept_p50: float = 0.0
    accept_p99: float = 0.0
    redelivered: int = 0
    drain_seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Everything that was accepted was done, once."""
        same = self.accepted == self.invoices == self.completions == self.deals_written
        return same and self.accepted > 0 and not (self.doubled or self.lost or self.refused or self.unfinished_rows)


def main(arguments: Sequence[str]) -> int:
    """Soak one database or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=10.0, help="callbacks a second")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=20_261_122, help="of the moments of the kills")
    asked = parser.parse_args(list(arguments))
    kinds = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
    good = True
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        databases = Databases(Path(directory))
        for kind in kinds:
            print(f"{kind}: {asked.rate:g} callbacks a second for {asked.seconds:g} s", flush=True)
            url = databases.fresh(kind)
            with running(url, Path(directory) / f"soak-{kind}") as installation:
                figures = soak(installation, asked.seconds, asked.rate, random.Random(asked.seed))
            show(figures)
            good &= figures.good
            databases.drop(url)
        databases.close()
    print("every accepted callback: one invoice, one completion" if good else "NOT every callback came out right")
    return 0 if good else 1


def soak(installation: Installation, seconds: float, rate: float, luck: random.Random) -> Figures:
    """Send, kill, wait for the rest, count."""
    total = round(seconds * rate)
    share = -(-total // TENANTS)
    tenants = [installation.add_tenant(deals=share) for _ in range(TENANTS)]
    deals = [(tenant, ids[number]) for number in range(share) for tenant, ids in tenants][:total]
    asked: dict[str, tuple[Tenant, str]] = {}
    figures = Figures()
    began = time.monotonic()
    next_kill = {process.name: began + luck.uniform(2, 5) for process in (installation.worker, installation.web)}
    while len(asked) < total or time.monotonic() - began < seconds:
        now = time.monotonic()
        due = min(total, round((now - began) * rate))
        while len(asked) < due:
            tenant, deal_id = deals[len(asked)]
            asked[installation.enroll(tenant, deal_id)[0]] = (tenant, deal_id)
        for process in (installation.worker, installation.web):
            if now >= next_kill[process.name]:
                kill(process, figures)
                next_kill[process.name] = now + luck.uniform(3, 9)
        show_progress(now - began, seconds, len(asked), figures)
        time.sleep(0.01)
    ended = time.monotonic()
    wait_for_the_rest(installation, len(asked), ended)
    figures.drain_seconds = time.monotonic() - ended
    count(installation, asked, [tenant for tenant, _ in tenants], figures)
    return figures


def kill(process: Process, figures: Figures) -> None:
    """SIGKILL, and at once the next one."""
    figures.kills[process.name] += 1
    process.kill()
    process.start()


def wait_for_the_rest(installation: Installation, total: int, since: float) -> None:
    """Until HubSpot knows the end of every callback and no row is open, or for as long as it is worth."""
    while time.monotonic() - since < LONGEST_DRAIN_SECONDS:
        states = installation.ask_sandbox("GET", "/hubspot/callbacks/summary")
        open_rows = installation.rows("SELECT 1 FROM callbacks WHERE state <> 'completed' LIMIT 1")
        if not open_rows and states.get("sent", 0) + states.get("blocked", 0) == 0 and sum(states.values()) >= total:
            return
        time.sleep(0.2)


def count(
    installation: Installation, asked: dict[str, tuple[Tenant, str]], tenants: list[Tenant], figures: Figures
) -> None:
    """Read the books."""
    callbacks = {each["callback_id"]: each for each in installation.hubspot_callbacks()}
    answered = {key for key, each in callbacks.items() if any(was_accepted(d) for d in each["deliveries"])}
    # Web may be killed between writing and answering; HubSpot then hears the end before it delivers again.
    accepted = {row.callback_id for row in installation.rows("SELECT callback_id FROM callbacks")}
    marked = Counter(
        invoice["PrivateNote"].partition(MARK)[2].partition("]")[0]
        for tenant in tenants
        for invoice in installation.invoices(tenant)
    )
    figures.accepted, figures.answered, figures.invoices = len(accepted), len(answered), sum(marked.values())
    figures.doubled = figures.invoices - len(marked)
    written: Counter[str] = Counter()
    for callback_id, (tenant, deal_id) in asked.items():
        callback = callbacks[callback_id]
        invoice_id = callback["outputs"].get("invoiceId")
        figures.completions += callback["execution_state"] == "SUCCESS" and bool(invoice_id)
        figures.doubled += max(0, callback["effective_completions"] - 1)
        if invoice_id and installation.deal(tenant, deal_id).get("qbo_invoice_id") == invoice_id:
            written[f"{tenant.realm_id}/{invoice_id}"] += 1
    figures.deals_written = len(written)
    figures.lost = len(answered - accepted) + sum(1 for key in asked if callbacks[key]["state"] != "completed")
    figures.unfinished_rows = len(installation.rows("SELECT 1 FROM callbacks WHERE state <> 'completed'"))
    figures.refused = len(installation.refusals())
    figures.vendor_calls = installation.ask_sandbox("GET", "/counts")
    taken = sorted(d["milliseconds"] for each in callbacks.values() for d in each["deliveries"] if was_accepted(d))
    figures.accept_p50, figures.accept_p99 = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    figures.redelivered = sum(len(each["deliveries"]) - 1 for each in callbacks.values())


def was_accepted(delivery: dict[str, Any]) -> bool:
    """The delivery was answered with 2xx."""
    return 200 <= (delivery["status"] or 0) < 300


def show_progress(passed: float, seconds: float, sent: int, figures: Figures) -> None:
    """One line that moves, for people only."""
    if sys.stderr.isatty():
        print(f"\r{passed:5.0f} of {seconds:g} s, {sent} sent, {figures.kills.total()} kills ", end="", file=sys.stderr)


def show(figures: Figures) -> None:
    """The figures, one a line."""
    calls = ", ".join(
        f"{vendor} {n} ({n / max(1, figures.accepted):.2f})" for vendor, n in figures.vendor_calls.items()
    )
    rows = {
        "accepted": f"{figures.accepted}, {figures.answered} of them answered with BLOCK or the outcome",
        "invoices": figures.invoices,
        "effective completions": figures.completions,
        "deals written": figures.deals_written,
        "doubled": figures.doubled,
        "lost": figures.lost,
        "rows not finished": figures.unfinished_rows,
        "refused by a vendor": figures.refused,
        "kills": ", ".join(f"{name} {times}" for name, times in sorted(figures.kills.items())),
        "delivered again": figures.redelivered,
        "vendor calls (per invoice)": calls,
        "accept answer p50, p99": f"{figures.accept_p50:.1f} ms, {figures.accept_p99:.1f} ms",
        "time to drain": f"{figures.drain_seconds:.1f} s",
    }
    print(file=sys.stderr)
    for name, value in rows.items():
        print(f"  {name:28} {value}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
