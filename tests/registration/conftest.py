"""The command line as an operator uses it, against the sandbox's strict definition checker."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from service.cli import main
from service.sandbox.serve import InThread
from tests.harness import environment

KEY = "sandbox-developer-key"


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class HubSpotSide:
    """What HubSpot has, and what happens there without us."""

    url: str

    def definition(self, action: str = "create-invoice") -> dict[str, Any]:
        """The one whose address ends in the action's name."""
        (found,) = [each for each in self.definitions() if each["actionUrl"].endswith(f"/{action}")]
        return found

    def definitions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "")["results"]
        return found

    def revisions(self) -> int:
        definition = self.definition()
        return len(self._ask("GET", f"/{definition['id']}/revisions")["results"])

    def change(self, **keys: Any) -> None:
        definition = self.definition()
        self._ask("PATCH", f"/{definition['id']}", keys)

    def switch(self, **hubspot: Any) -> None:
        answer = requests.post(f"{self.url}/_sandbox/settings", json={"hubspot": hubspot}, timeout=10)
        assert answer.status_code == 200, answer.text

    def trouble(self, **rule: Any) -> None:
        answer = requests.post(f"{self.url}/_sandbox/trouble", json=rule, timeout=10)
        assert answer.status_code < 300, answer.text

    def refusals(self) -> list[Any]:
        found: list[Any] = requests.get(f"{self.url}/_sandbox/refusals", timeout=10).json()["refusals"]
        return found

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        address = f"{self.url}/automation/actions/2026-03/700001{path}"
        answer = requests.request(method, address, params={"hapikey": KEY}, json=body, timeout=10)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture
def hubspot_side(sandbox: InThread) -> HubSpotSide:
    return HubSpotSide(sandbox.url)


@pytest.fixture
def run(
    sandbox: InThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """One command in an empty directory: `run("actions", "diff")`; keywords are settings, None takes one away."""
    monkeypatch.chdir(tmp_path)
    settings = environment(f"sqlite:///{tmp_path}/never-opened.sqlite", sandbox.url, "https://invoice.example.com")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def run_command(*arguments: str, **changed: str | None) -> Ran:
        with monkeypatch.context() as environment:
            for name, value in changed.items():
                environment.delenv(name) if value is None else environment.setenv(name, value)
            status = main(list(arguments))
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return run_command
