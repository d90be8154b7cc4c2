"""Raise once, render once: how an error becomes an HTTP answer."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from service.errors import RequestRejected
from service.logs import log

LOG = logging.getLogger("service.web")
RETRY_AFTER_SECONDS = "30"


def render_problems(app: Flask) -> None:
    """Give every kind of error its one renderer."""

    @app.errorhandler(RequestRejected)
    def rejected(error: RequestRejected) -> tuple[Response, int]:
        log(LOG, "rejected", level=logging.WARNING, code=error.code, status=error.status)
        return jsonify(error=error.code, message=error.sentence), error.status

    @app.errorhandler(sa.exc.SQLAlchemyError)
    def no_database(error: sa.exc.SQLAlchemyError) -> tuple[Response, int, dict[str, str]]:
        # 503: HubSpot delivers again for up to three days; nothing is acknowledged that is not written.
        log(LOG, "database unavailable", level=logging.ERROR, kind=type(error).__name__)
        body = jsonify(error="unavailable", message="The service cannot write to its database now; try again.")
        return body, 503, {"Retry-After": RETRY_AFTER_SECONDS}

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[Response, int]:
        status = error.code or 500
        return jsonify(error=error.name.lower().replace(" ", "_"), message=f"{error.name}."), status

    @app.errorhandler(Exception)
    def bug(error: Exception) -> tuple[Response, int, dict[str, str]]:
        # 503 and not 500: it is our fault and HubSpot shall try again.
        LOG.error("unexpected", exc_info=error)
        body: Any = jsonify(error="unexpected", message="The service failed; its operator finds the place in the log.")
        return body, 503, {"Retry-After": RETRY_AFTER_SECONDS}
