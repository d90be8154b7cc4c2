"""What several stories start from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.cli import main
from tests.commanding import Said
from tests.harness import Harness


@pytest.fixture
def run(harness: Harness, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """A command of the operator's, on the story's own database."""
    for name, value in harness.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ENCRYPTION_KEYS", ",".join(harness.config.encryption_keys))
    monkeypatch.setenv("SECRET_KEY", harness.config.secret_key)
    harness.connect()

    def command(*arguments: str) -> Said:
        capsys.readouterr()
        status = main(arguments)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return command
