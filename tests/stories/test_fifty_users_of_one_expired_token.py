"""An access token has run out and everybody needs one: two processes, fifty threads, one refresh."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness import REALM, Harness

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS = 2, 25


def users(harness: Harness) -> subprocess.Popen[str]:
    """A process of its own with its own vault, gateways and pool; only database and vendor are shared."""
    keys = {
        "ENCRYPTION_KEYS": ",".join(harness.config.encryption_keys),
        "SECRET_KEY": harness.config.secret_key,
        "PYTHONPATH": str(ROOT),
    }
    command = ["-m", "tests.engine.token_users", REALM, str(THREADS), harness.clock.now().isoformat()]
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **harness.environment, **keys},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.thorough
def test_one_refresh_serves_all(harness: Harness) -> None:
    harness.connect()
    harness.services.tokens["quickbooks"].access_token(REALM)
    harness.pass_time(timedelta(hours=2))
    asked = len(harness.calls("quickbooks", "/oauth2/v1/tokens/bearer"))
    # The vendor thinks it over, so that everybody is waiting when the answer comes.
    harness.trouble("delay", "/oauth2/v1/tokens/bearer", seconds=0.5)

    started = [users(harness) for _ in range(PROCESSES)]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        got = [token for process in started for token in process.communicate(timeout=60)[0].split()]
    finally:
        for process in started:
            process.kill()
            process.communicate()

    assert len(got) == PROCESSES * THREADS
    assert len(set(got)) == 1, set(got)
    assert len(harness.calls("quickbooks", "/oauth2/v1/tokens/bearer")) == asked + 1
    assert harness.services.tokens["quickbooks"].access_token(REALM)
    assert len(harness.calls("quickbooks", "/oauth2/v1/tokens/bearer")) == asked + 1
    assert harness.refusals() == []
