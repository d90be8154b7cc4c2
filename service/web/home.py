"""The first page: what is connected, what needs a person."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template

from service.store.callbacks import FAIL_CONTINUE
from service.web.desk import Desk
from service.web.overview import MOST, PortalView, company_name, derive_concerns, derive_portals

FAILED_DAYS = 7
ACTS = 500


def add_home(routes: Blueprint, desk: Desk) -> None:
    """GET /"""

    @routes.get("/")
    def home() -> str:
        portals = view_portals(desk)
        parked = len(desk.callbacks.list(state="parked", limit=MOST))
        failed = desk.callbacks.list(outcome=FAIL_CONTINUE, limit=MOST)
        since = desk.clock.now() - timedelta(days=FAILED_DAYS)
        recent = sum(each.received_at > since for each in failed)
        return render_template(
            "home.html",
            portals=portals,
            concerns=derive_concerns(
                portals,
                parked,
                recent,
                FAILED_DAYS,
                desk.adoptions.count_reviews(),
                desk.sync.tables.links.count_stuck(),
                desk.resealing.count().closed,
            ),
            counts=desk.callbacks.count_by_state(),
            acts=desk.audit.latest(8),
        )


def add_audit(routes: Blueprint, desk: Desk) -> None:
    """GET /audit"""

    @routes.get("/audit")
    def list_acts() -> str:
        return render_template("audit.html", acts=desk.audit.latest(ACTS))


def view_portals(desk: Desk) -> list[PortalView]:
    """Every portal with its companies, as the rows say."""

    def name_of(realm_id: str) -> str:
        kept = desk.settings.find("realm", realm_id)
        return company_name(kept and kept[0])

    standings, connections = desk.credentials.standings(), desk.connections.all()
    return derive_portals(standings, connections, name_of, desk.preflights.all(), desk.clock.now())
