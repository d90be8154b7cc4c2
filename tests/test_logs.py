"""Every event is one line, and no exception's text is in it."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.logs import LineFormatter, describe_exception, log

LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(lines: io.StringIO) -> logging.Logger:
    made = logging.Logger("service.test")
    out = logging.StreamHandler(lines)
    out.setFormatter(LineFormatter())
    made.addHandler(out)
    return made


def fail(text: str) -> None:
    try:
        raise KeyError(f"inner {text}")
    except KeyError as error:
        raise ValueError(f"outer {text}") from error


def test_an_event_and_its_fields(logger: logging.Logger, lines: io.StringIO) -> None:
    log(logger, "received", portal_id=7, callback_id="ap-1", code=None, note="two words")
    line = lines.getvalue()
    assert re.fullmatch(LINE + ' INFO service.test received portal_id=7 callback_id=ap-1 note="two words"\n', line)


def test_a_level_that_is_off_writes_nothing(logger: logging.Logger, lines: io.StringIO) -> None:
    logger.setLevel(logging.WARNING)
    log(logger, "received")
    log(logger, "rejected", level=logging.WARNING)
    assert lines.getvalue().count("\n") == 1


NASTY = "a\r\nINFO service.web forged portal_id=1\n\x1b[2J\x00\x0b\x0c\x85\u2028\u2029\ud800\u202eend"


@pytest.mark.parametrize("where", ["message", "argument", "field", "exception"])
def test_nobody_forges_a_line(where: str, logger: logging.Logger, lines: io.StringIO) -> None:
    if where == "message":
        logger.info(NASTY)
    elif where == "argument":
        logger.info("said %s", NASTY)
    elif where == "field":
        log(logger, "received", callback_id=NASTY)
    else:
        with pytest.raises(ValueError, match="outer") as error:
            fail(NASTY)
        logger.error("unexpected", exc_info=error.value)
    (line,) = lines.getvalue().splitlines()
    assert line.isprintable()
    assert line.encode()


@given(text=st.text(), value=st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text())))
def test_whatever_is_logged_is_one_printable_line(text: str, value: object) -> None:
    record = logging.makeLogRecord({"msg": text, "name": "service.test", "levelname": "INFO", "callback_id": value})
    line = LineFormatter().format(record)
    assert line.splitlines() == [line]
    assert line.isprintable()


def test_an_exception_is_its_type_and_place_without_its_text(logger: logging.Logger, lines: io.StringIO) -> None:
    with pytest.raises(ValueError, match="outer") as error:
        fail("canary-secret")
    logger.error("unexpected", exc_info=error.value)
    line = lines.getvalue()
    assert "canary" not in line
    assert "ValueError at test_logs.py" in line
    assert "because of KeyError at test_logs.py" in line
    assert ":fail" in line


def test_exceptions_that_cause_each_other_end_somewhere() -> None:
    first, second = ValueError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    assert describe_exception(first).count("because of") == 3
    assert describe_exception(ValueError("x")) == "ValueError at "


CONFIGURED = """
import logging, sys
from service.logs import configure_logs
configure_logs("DEBUG")
from dbos import DBOS
DBOS(config={"name": "example", "system_database_url": "sqlite:///nowhere.sqlite", "log_level": "WARNING"})
for name in ("urllib3.connectionpool", "requests_oauthlib.oauth2_session", "oauthlib.oauth2", "hubspot", "quickbooks",
             "intuitlib", "alembic.runtime", "sqlalchemy.engine.Engine", "sqlalchemy.pool"):
    logging.getLogger(name).debug("canary")
    logging.getLogger(name).info("canary")
for name in ("dbos", "sqlalchemy.pool", "service.web"):
    try:
        raise ValueError("canary of " + name)
    except ValueError as error:
        logging.getLogger(name).error("failed", exc_info=error)
logging.getLogger("dbos").warning("kept")
"""


def test_libraries_tell_no_secret_even_at_debug() -> None:
    ran = subprocess.run([sys.executable, "-c", CONFIGURED], capture_output=True, text=True, check=True)
    assert "canary" not in ran.stderr + ran.stdout
    lines = ran.stderr.splitlines()
    assert ran.stdout == ""
    assert sum("dbos" in line for line in lines) == 2, "neither lost nor doubled"
    assert all(" at <string>" in line for line in lines if "exception=" in line)
