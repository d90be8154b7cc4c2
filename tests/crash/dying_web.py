"""The service's web application, which dies at a word: before it has taken a callback, or before it answers.

The word is a file named `die` in the working directory; whoever obeys removes it first.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from service.wsgi import app as service

WORD = "die"


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """As the service's own, up to the moment of death."""
    if not environ["PATH_INFO"].startswith("/hubspot/actions/"):
        return service(environ, start_response)
    die_if_told("before")
    answer = service(environ, start_response)
    die_if_told("after")
    return answer


def die_if_told(moment: str) -> None:
    """Kill gunicorn's master and ourselves."""
    word = Path(WORD)
    if word.exists() and word.read_text() == moment:
        word.unlink()
        os.killpg(0, signal.SIGKILL)
