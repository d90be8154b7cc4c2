"""The figures as a person reads them. `to reach` repeats the aim; nothing is judged here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMES = {"bare": "bare Flask handler", "durable": "one durable commit", "accept": "callback accepted"}


def describe_accept(kind: str, found: Mapping[str, Any]) -> str:
    """The accept path beside its two baselines."""
    rows = [["", "req/s", "slowest..fastest run", "p50 ms", "p99 ms", "CPU ms/request"]]
    for target, name in NAMES.items():
        own = found[target]
        spread = f"{own['slowest_run']:.0f}..{own['fastest_run']:.0f}"
        figures = [own["p50_milliseconds"], own["p99_milliseconds"], own["cpu_milliseconds"]]
        rows.append([name, f"{own['requests_per_second']:.0f}", spread, *(f"{each:.2f}" for each in figures)])
    lines = [
        f"accept, {kind}: 16 connections, gthread 1 x 16, worker not running",
        draw_table(rows),
        f"  accept / bare             {_describe_ratio(found['accept_to_bare'])}",
        f"  accept / durable commit   {_describe_ratio(found['accept_to_durable'])}   (to reach: 0.75)",
        f"  p99 of accept             {found['accept']['p99_milliseconds']:.1f} ms   (to reach: 50)",
        f"  slowness                  {found['slowness']:.2f}   (a fixed piece of work, over its best time here)",
        f"  peak RSS of web           {found['peak_megabytes']:.0f} MB   (to reach: 120; gunicorn's parent included)",
    ]
    return "\n".join(lines)


def describe_throughput(kind: str, found: Mapping[str, Any]) -> str:
    """Invoices a second, what one costs, and how long one takes."""
    rows = [["", "burst", "steady"]]
    parts = [found["burst"], found["steady"]]

    def row(name: str, form: str, *figures: float) -> None:
        rows.append([name, *(form.format(each) for each in figures)])

    row("invoices", "{:d}", *(part["invoices"] for part in parts))
    row("invoices/s", "{:.1f}", *(part["per_second"] for part in parts))
    for name in parts[0]["cpu_milliseconds"]:
        row(f"CPU ms/invoice, {name}", "{:.1f}", *(part["cpu_milliseconds"][name] for part in parts))
    row("CPU ms/invoice, web + worker", "{:.1f}", *(own_cpu(part) for part in parts))
    row("  at this machine's best pace", "{:.1f}", *(own_cpu(part) / part["slowness"] for part in parts))
    for vendor, name in (("hubspot", "HubSpot"), ("quickbooks", "QuickBooks")):
        row(f"{name} calls/invoice", "{:.2f}", *(part["calls"][vendor]["calls"] / part["invoices"] for part in parts))
        row("  reads among them", "{:.2f}", *(part["calls"][vendor]["reads"] / part["invoices"] for part in parts))
        row("  refused or failed", "{:d}", *(part["calls"][vendor]["failed"] for part in parts))
    row("accepted to completed, p50 s", "{:.2f}", *(part["p50_seconds"] for part in parts))
    row("accepted to completed, p99 s", "{:.2f}", *(part["p99_seconds"] for part in parts))
    row("cores used by others", "{:.2f}", *(part["others_cores"] for part in parts))
    row("slowness of the machine", "{:.2f}", *(part["slowness"] for part in parts))
    idle, peak, burst = found["idle_percent"], found["peak_megabytes"], parts[0]
    lines = [
        f"throughput, {kind}: web, worker, sandbox and load on the same cores; customers and items known",
        draw_table(rows),
        f"  burst                     {burst['per_second']:.1f} invoices/s   (to reach: 20)",
        f"  web + worker              {own_cpu(burst):.1f} CPU ms/invoice,"
        f" {own_cpu(burst) / burst['slowness']:.1f} at the machine's best pace   (to reach: 25)",
        f"  idle                      web {idle['web']:.1f} %, worker {idle['worker']:.1f} % of a core",
        f"  peak RSS                  web {peak['web']:.0f} MB (to reach: 120), worker {peak['worker']:.0f} MB"
        f" (to reach: 200), sandbox {peak['sandbox']:.0f} MB",
        f"  books                     {', '.join(f'{name} {count}' for name, count in found['books'].items())}",
        "  one deal alone, its calls" + ("" if found["single"]["all_alike"] else " (they differ; the first)"),
        *_describe_single(found["single"]["each"][0]),
    ]
    return "\n".join(lines)


def own_cpu(part: Mapping[str, Any]) -> float:
    """CPU milliseconds of web and worker for one invoice."""
    return float(part["cpu_milliseconds"]["web"] + part["cpu_milliseconds"]["worker"])


def draw_table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be; the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  " + row[0].ljust(widths[0]) + "".join(f"  {row[at].rjust(widths[at])}" for at in range(1, len(row)))
        for row in rows
    )


def _describe_ratio(ratio: Mapping[str, float]) -> str:
    return f"{ratio['middle']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f} by round)"


def _describe_single(calls: Mapping[str, Any]) -> list[str]:
    lines = []
    for vendor, name in (("quickbooks", "QuickBooks"), ("hubspot", "HubSpot")):
        own = calls[vendor]
        lines.append(f"    {name}: {own['calls']} calls, {own['reads']} of them reads")
        lines += [f"      {count} x {kind}" for kind, count in own["kinds"].items()]
    return lines
