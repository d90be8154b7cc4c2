"""One line per event, `name=value`, for people and for machines.

No secret and no customer's text reaches a log: callers pass ids, codes and figures only, and an
unexpected exception is written as its type and where it came from, never with its message.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# These print bodies, tokens or statements when they are let to.
_TALKATIVE = ("urllib3", "requests", "requests_oauthlib", "oauthlib", "hubspot", "quickbooks", "intuitlib", "alembic")


class LineFormatter(logging.Formatter):
    """`2026-11-22T12:00:00.000Z INFO service.web accepted portal_id=1 callback_id="ap-1"`"""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        parts = [at, record.levelname, record.name, _one_line(record.getMessage())]
        parts += [f"{k}={_value(v)}" for k, v in record.__dict__.items() if k not in _PLAIN and v is not None]
        if record.exc_info and record.exc_info[1] is not None:
            parts.append(f"exception={_value(describe_exception(record.exc_info[1]))}")
        return " ".join(parts)


def configure_logs(level: str = "INFO") -> None:
    """Send all logs to standard error as single lines, and hush the libraries that tell too much."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[out], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    library = logging.getLogger("dbos")
    # Without any handler, DBOS adds one of its own, which prints exceptions with their texts.
    library.handlers[:] = [logging.NullHandler()]
    library.propagate = True
    library.setLevel(logging.WARNING)


def log(logger: logging.Logger, event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one event with its fields: ids, codes, figures."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra=fields)


def describe_exception(error: BaseException) -> str:
    """Type and place of an exception and of its causes, without their texts."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 4:
        frames = traceback.extract_tb(current.__traceback__)[-6:]
        places = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}:{f.name}" for f in reversed(frames))
        chain.append(f"{type(current).__name__} at {places}")
        current = current.__cause__ or current.__context__
    return " because of ".join(chain)


def _one_line(text: str) -> str:
    """The text with whatever is no plain character written out: ends of lines of every kind, terminal codes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _value(value: Any) -> str:
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text and '"' not in text else json.dumps(text)
