"""The callbacks: what HubSpot asked for, what came of it, and letting one be worked on again."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from service.errors import PageNotFound
from service.ids import CallbackId
from service.store.callbacks import FAIL_CONTINUE, StoredCallback
from service.store.timeline import derive_timeline
from service.web.answers import BLOCK_FOR, HEADROOM
from service.web.desk import Desk
from service.web.home import view_portals
from service.web.numbers import read_portal

PAGE = 50
SHOWN: dict[str, dict[str, str]] = {
    "all": {},
    "parked": {"state": "parked"},
    "waiting": {"state": "waiting"},
    "failed": {"outcome": FAIL_CONTINUE},
    "done": {"outcome": "SUCCESS"},
}
DONE = {"replayed": "It is worked on again; reload this page to see how it goes."}


def add_callbacks(routes: Blueprint, desk: Desk) -> None:
    """GET /callbacks, GET /callbacks/<portal>/<callback>, POST /callbacks/replay."""

    @routes.get("/callbacks")
    def list_callbacks() -> str:
        show = request.args.get("show", "all")
        show = show if show in SHOWN else "all"
        portal_id = read_portal(request.args["portal"]) if request.args.get("portal") else None
        before = _read_moment(request.args.get("before"))
        found = desk.callbacks.list(**SHOWN[show], portal_id=portal_id, before=before, limit=PAGE + 1)
        older = found[PAGE - 1].received_at if len(found) > PAGE else None
        return render_template(
            "callbacks.html",
            callbacks=found[:PAGE],
            shown=list(SHOWN),
            show=show,
            portal=portal_id,
            portals=[each.portal_id for each in view_portals(desk)],
            older=older and older.isoformat(),
        )

    @routes.get("/callbacks/<int:portal_id>/<path:callback_id>")
    def show_callback(portal_id: int, callback_id: str) -> str:
        callback = _find(desk, str(portal_id), callback_id)
        reservations = desk.reservations.all(callback.portal_id, callback.callback_id)
        return render_template(
            "callback.html",
            callback=callback,
            timeline=derive_timeline(callback, desk.callbacks.timeline(callback), reservations),
            can_replay=callback.outcome == FAIL_CONTINUE or callback.state in ("waiting", "parked"),
            done=DONE.get(request.args.get("done", ""), ""),
        )

    @routes.post("/callbacks/replay")
    def replay_callback() -> Response:
        callback = _find(desk, request.form.get("portal"), request.form.get("callback", ""))
        now = desk.clock.now()
        if not desk.callbacks.replay(callback, now + BLOCK_FOR - HEADROOM, now):
            raise PageNotFound("It is being worked on, or has succeeded: there is nothing to replay.")
        desk.note("replayed", f"callback {callback.callback_id} of portal {callback.portal_id}")
        portal_id, callback_id = callback.portal_id, callback.callback_id
        where = url_for("operator.show_callback", portal_id=portal_id, callback_id=callback_id, done="replayed")
        return redirect(where, 303)


def _find(desk: Desk, portal: str | None, callback_id: str) -> StoredCallback:
    found = desk.callbacks.find(read_portal(portal), CallbackId(callback_id))
    if found is None:
        raise PageNotFound("There is no such callback; it may have been erased.")
    return found


def _read_moment(text: str | None) -> datetime | None:
    """Raises: PageNotFound when it is no moment."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError) as error:
        raise PageNotFound("This is not a moment in time.") from error
