"""The operator's pages, put together: one blueprint, one door, one renderer for what goes wrong."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, g, make_response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from service.errors import (
    ConfigError,
    ConsentRefused,
    InputInvalid,
    RequestRejected,
    ServiceError,
    SignInNeeded,
    TooManyAttempts,
)
from service.logs import log
from service.web.actions_page import add_actions
from service.web.adoptions_page import add_adoptions
from service.web.callbacks_page import add_callbacks
from service.web.connect import add_connect
from service.web.connections_page import add_connections
from service.web.desk import Desk, visit
from service.web.disconnect import add_disconnect
from service.web.guard import guard
from service.web.home import add_audit, add_home
from service.web.preflight_page import add_preflight
from service.web.preview_page import add_preview
from service.web.recipes_page import add_recipes
from service.web.sign_in import HOME, add_sign_in, local_path, sign_in_page
from service.web.sync_page import add_sync

LOG = logging.getLogger("service.web")
TITLES = {401: "Sign in", 403: "Not done", 404: "Not found", 413: "Too much", 429: "Too many wrong passwords"}


def operator_pages(desk: Desk) -> Blueprint:
    """Every page for people, under the door."""
    routes = Blueprint("operator", __name__, template_folder="templates", static_folder="static")
    guard(routes, desk)
    add_sign_in(routes, desk)
    add_home(routes, desk)
    add_audit(routes, desk)
    add_connections(routes, desk)
    add_connect(routes, desk)
    add_disconnect(routes, desk)
    add_callbacks(routes, desk)
    add_adoptions(routes, desk)
    add_recipes(routes)
    add_sync(routes, desk)
    add_actions(routes, desk)
    add_preflight(routes, desk)
    add_preview(routes, desk)
    _dress(routes, desk)
    _render_problems(routes)
    return routes


def _dress(routes: Blueprint, desk: Desk) -> None:
    """What every template may use."""

    @routes.app_template_filter("moment")
    def moment(instant: datetime | None) -> str:
        return "" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S} UTC"

    @routes.app_template_filter("day")
    def day(instant: datetime | None) -> str:
        return "" if instant is None else f"{instant:%Y-%m-%d}"

    def form_token_field() -> Markup:
        token = desk.cookie.form_token(visit().session)
        return Markup('<input type="hidden" name="form_token" value="{}">').format(token)

    @routes.context_processor
    def dress() -> dict[str, Any]:
        known = "visit" in g and visit().signed_in
        return {"signed_in": known, "form_token_field": form_token_field, "path": request.path}


def _render_problems(routes: Blueprint) -> None:
    @routes.errorhandler(SignInNeeded)
    def sign_in_needed(_: SignInNeeded) -> tuple[str, int]:
        onward = local_path(request.full_path.rstrip("?")) if request.method == "GET" else HOME
        return sign_in_page(onward, SignInNeeded.status)

    @routes.errorhandler(RequestRejected)
    def rejected(error: RequestRejected) -> Response:
        title = error.title if isinstance(error, ConsentRefused) else TITLES.get(error.status, "Not done")
        answer = problem_page(title, error.sentence, error.status)
        if isinstance(error, TooManyAttempts):
            answer.headers["Retry-After"] = str(int(error.after.total_seconds()) + 1)
        return answer

    @routes.errorhandler(InputInvalid)
    def not_understood(error: InputInvalid) -> Response:
        return problem_page("Not done", error.sentence, 400)

    @routes.errorhandler(ServiceError)
    def failed(error: ServiceError) -> Response:
        log(LOG, "page failed", level=logging.WARNING, path=request.path, kind=type(error).__name__)
        return problem_page("That did not work", error.sentence, 500 if isinstance(error, ConfigError) else 503)

    @routes.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        return problem_page(TITLES.get(status, error.name), f"The service does not take this ({error.name}).", status)

    @routes.errorhandler(sa.exc.SQLAlchemyError)
    def no_database(error: sa.exc.SQLAlchemyError) -> Response:
        log(LOG, "database unavailable", level=logging.ERROR, kind=type(error).__name__)
        return problem_page("The database does not answer", "Look at the service's log, then try again.", 503)

    @routes.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        LOG.error("unexpected", exc_info=error)
        return problem_page("The service failed", "Its log tells where. Nothing more is known here.", 500)


def problem_page(title: str, sentence: str, status: int) -> Response:
    """One problem, said once, with what to do."""
    return make_response(render_template("problem.html", title=title, sentence=sentence), status)
