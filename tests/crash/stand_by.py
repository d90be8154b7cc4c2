"""`python -m service worker`, forked from a process that has imported everything.

It saves each of a hundred restarts the second that imports take. What runs in the child is the
worker's own command, unchanged, in a process of its own that can be killed like any other. A line
on standard input is the log of the next child; its pid comes back on standard output.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

import service.worker  # noqa: F401
from service.cli import main

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Whatever ends the test also ends what it has started."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def bear(log_path: str) -> int:
    """A child that works; the pid of it."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(log_path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, opened in enumerate((nothing, log, log)):
        os.dup2(opened, number)
    sys.stdin = open(0)  # noqa: SIM115
    os._exit(main(["worker"]))


def serve() -> None:
    """A child for every line, until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the system
    for line in sys.stdin:
        print(bear(line.strip()), flush=True)


if __name__ == "__main__":
    serve()
