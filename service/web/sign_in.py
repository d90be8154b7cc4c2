"""Operators sign in and out; wrong passwords are counted before they are looked at."""

from __future__ import annotations

import ipaddress
import logging
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request
from werkzeug import Response

from service.errors import TooManyAttempts
from service.logs import log
from service.web.cookie import Visit, new_session
from service.web.desk import Desk, address, visit

LOG = logging.getLogger("service.web")
HOME = "/"


def add_sign_in(routes: Blueprint, desk: Desk) -> None:
    """GET and POST /sign-in, POST /sign-out."""

    @routes.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response | tuple[str, int]:
        onward = local_path(request.values.get("onward", HOME))
        if request.method == "GET":
            return redirect(onward, 303) if visit().signed_in else sign_in_page(onward, 200)
        if not _try_password(desk, request.form.get("password", "")):
            return sign_in_page(onward, 401, wrong=True)
        desk.sessions.end(visit().session, desk.password.mark)
        # Another name than before signing in: whoever planted the earlier one gains nothing.
        g.visit = Visit(new_session(), signed_in=True, known=False)
        desk.sessions.begin(visit().session, desk.password.mark, desk.clock.now())
        desk.note("signed in", "operator")
        return redirect(onward, 303)

    @routes.post("/sign-out")
    def sign_out() -> Response:
        desk.sessions.end(visit().session, desk.password.mark)
        answer = redirect(HOME, 303)
        desk.cookie.clear(answer)
        return answer


def sign_in_page(onward: str, status: int, *, wrong: bool = False) -> tuple[str, int]:
    """The form; `onward` is where its sender wanted to go."""
    return render_template("sign_in.html", onward=onward, wrong=wrong), status


def local_path(wanted: str) -> str:
    """The wanted page when it is one of ours, else the first: nobody is led away by signing in."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    # The answer of a consent page holds a code: it is not carried about.
    if not ours or parts.scheme or parts.netloc or parts.path.endswith("/oauth/callback"):
        return HOME
    return wanted


def _try_password(desk: Desk, tried: str) -> bool:
    """Raises: TooManyAttempts, before the password is looked at."""
    place = _neighbourhood(address())
    wait = desk.attempts.count_in(place, desk.clock.now())
    if wait is not None:
        log(LOG, "sign-in throttled", level=logging.WARNING, address=address())
        minutes = max(1, -int(-wait.total_seconds() // 60))
        raise TooManyAttempts(f"There were too many wrong passwords. Try again in {minutes} min.", wait)
    if not desk.password.matches(tried):
        log(LOG, "wrong password", level=logging.WARNING, address=address())
        return False
    desk.attempts.forgive(place)
    log(LOG, "signed in", address=address())
    return True


def _neighbourhood(text: str) -> str:
    """The address, or for IPv6 the network it can change its address in."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return text[:100]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
