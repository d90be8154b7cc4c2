"""QuickBooks alone in a small application, with the notes of refused requests kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from quickbooks_caller import Company

from service.sandbox.clock import SandboxClock
from service.sandbox.quickbooks.routes import quickbooks_routes
from service.sandbox.quickbooks.state import QuickBooks

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


class Notes:
    """Keeps `sandbox.refused` of every request, as the tape does."""

    def __init__(self, app: Callable[..., Iterable[bytes]], kept: list[str]) -> None:
        self.app, self.kept = app, kept

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = self.app(environ, start_response)
        self.kept.clear()
        if environ.get("sandbox.refused"):
            self.kept.append(environ["sandbox.refused"])
        return answer


@pytest.fixture(scope="session")
def sandbox() -> Flask:
    """The application, made once; the fixtures below bring its books and its time back each time."""
    quickbooks = QuickBooks(SandboxClock())
    app = Flask("sandbox")
    app.register_blueprint(quickbooks_routes(SimpleNamespace(quickbooks=quickbooks)))  # type: ignore[arg-type]
    app.extensions["quickbooks"] = quickbooks
    app.extensions["refused"] = []
    app.wsgi_app = Notes(app.wsgi_app, app.extensions["refused"])  # type: ignore[method-assign]
    return app


@pytest.fixture
def quickbooks(sandbox: Flask) -> QuickBooks:
    quickbooks: QuickBooks = sandbox.extensions["quickbooks"]
    quickbooks.clock.freeze(NOW)
    quickbooks.reset()
    quickbooks.settings.limits = False
    return quickbooks


@pytest.fixture
def clock(quickbooks: QuickBooks) -> SandboxClock:
    return quickbooks.clock


@pytest.fixture
def app(sandbox: Flask, quickbooks: QuickBooks) -> Flask:
    return sandbox


@pytest.fixture
def company(app: Flask) -> Company:
    """Craig's."""
    return Company(app)


@pytest.fixture
def company_of(app: Flask) -> Callable[[str], Company]:
    return lambda realm_id: Company(app, realm_id)
