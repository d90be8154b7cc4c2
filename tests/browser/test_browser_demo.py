"""`make demo` as a person sees it: every reason is told, the books agree, and the printed password signs in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from selenium.webdriver.common.keys import Keys

from tests.crash.stand_by import die_with_parent
from tests.test_errors import leaves

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 200


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo in a directory of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "service", "demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,
    ) as running:
        yield running
        # Asked, not killed: it ends what it has started.
        running.send_signal(signal.SIGINT)


def read_until(running: subprocess.Popen[str], last: str) -> str:
    """What it prints, up to and with the line."""
    assert running.stdout is not None
    patience = threading.Timer(LONGEST_SECONDS, running.send_signal, (signal.SIGINT,))
    patience.start()
    said = ""
    for line in running.stdout:
        said += line
        if last in line:
            break
    patience.cancel()
    assert last in said, said
    return said


def test_told_and_signed_in(demo: subprocess.Popen[str]) -> None:
    said = read_until(demo, "Ctrl-C ends it.")

    assert "yes: what succeeded is there once" in said
    assert "WRONG" not in said
    for leaf in leaves():
        assert re.search(rf"^ +{leaf.code}: \w+", said, re.MULTILINE), leaf.code
    signs = re.findall(r"operator (http://\S+)/   sign in with the password (\S+)", said)
    assert len(signs) == 2, "at the start, and once more when it stays up"
    assert signs[0] == signs[1]
    browser = Browser(signs[0][0])
    try:
        browser.open("/")
        browser.find("input[type=password]").send_keys(signs[0][1], Keys.ENTER)
        browser.reads("Craig's Design and Landscaping Services")
        browser.shoot("90-demo")
        browser.driver.get(re.findall(r"sandbox +(http://\S+)", said)[0])
        browser.reads("Boathouse Gardens")
        browser.shoot("91-sandbox")
    finally:
        browser.close()
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0
