"""The demo's processes: sandbox, web and worker, as an operator would start them."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import requests

HERE = Path("instance/demo")
DATABASE = HERE / "service.sqlite"


class Processes:
    """Sandbox, web and worker in `instance/demo`, with a database that begins empty each time."""

    def __init__(self) -> None:
        shutil.rmtree(HERE, ignore_errors=True)
        HERE.mkdir(parents=True)
        self.sandbox_url = f"http://127.0.0.1:{free_port(9000)}"
        self.service_url = f"http://127.0.0.1:{free_port(8000)}"
        # Web listens on every interface, as it does for an operator: a password that nobody can know beforehand.
        self.password = secrets.token_urlsafe(9)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[BinaryIO] = []

    def start_sandbox(self) -> None:
        """HubSpot and QuickBooks."""
        self._start("sandbox", "--port", self.sandbox_url.rpartition(":")[2])
        self._wait("sandbox", f"{self.sandbox_url}/_sandbox/health")
        self.ask("POST", "/settings", {"hubspot": {"actions_url": self.service_url}})

    def start_web(self) -> None:
        """The service's web process."""
        self._start("web")
        self._wait("web", f"{self.service_url}/readyz")

    def start_worker(self) -> None:
        """The service's worker; it takes up what is due by itself."""
        self._start("worker")

    def command(self, *arguments: str) -> str:
        """One of the service's commands; its output."""
        line = [sys.executable, "-m", "service", *arguments]
        done = subprocess.run(line, env=self.environment(), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments[:2])}: {done.stderr.strip()}")
        return done.stdout.strip()

    def kill(self, name: str) -> None:
        """End a process the hard way: SIGKILL."""
        self._running[name].kill()
        self._running.pop(name).wait()

    def is_running(self, name: str) -> bool:
        """Whether the process lives."""
        return name in self._running and self._running[name].poll() is None

    def stop(self) -> None:
        """End all, politely, then firmly."""
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(timeout=25)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in self._logs:
            log.close()

    def ask(self, method: str, path: str, document: Any = None) -> Any:
        """One of the sandbox's own controls."""
        answer = requests.request(method, f"{self.sandbox_url}/_sandbox{path}", json=document, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def environment(self) -> dict[str, str]:
        """The service's settings: everything it knows of the sandbox, as an `.env` file would say it."""
        settings: Mapping[str, str] = {
            "PUBLIC_URL": self.service_url,
            "PORT": self.service_url.rpartition(":")[2],
            "ADMIN_PASSWORD": self.password,
            "DATABASE_URL": f"sqlite:///{DATABASE}",
            "HUBSPOT_APP_ID": "700001",
            "HUBSPOT_CLIENT_ID": "sandbox-hubspot-client",
            "HUBSPOT_CLIENT_SECRET": "sandbox-hubspot-secret",
            "HUBSPOT_API_URL": self.sandbox_url,
            "QUICKBOOKS_CLIENT_ID": "sandbox-quickbooks-client",
            "QUICKBOOKS_CLIENT_SECRET": "sandbox-quickbooks-secret",
            "QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS": "sandbox-verifier-token",
            "QUICKBOOKS_API_URL": self.sandbox_url,
            "QUICKBOOKS_DISCOVERY_URL": f"{self.sandbox_url}/.well-known/openid_configuration",
        }
        return {**os.environ, **settings}

    def _start(self, name: str, *arguments: str) -> None:
        log = (HERE / f"{name}.log").open("ab")
        self._logs.append(log)
        line = [sys.executable, "-m", "service", name, *arguments]
        self._running[name] = subprocess.Popen(line, env=self.environment(), stdout=log, stderr=log)  # noqa: S603

    def _wait(self, name: str, address: str) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not self.is_running(name):
                break
            try:
                if requests.get(address, timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError(f"{name} did not start: see {HERE / f'{name}.log'}")


def free_port(wanted: int) -> int:
    """The port wanted, or any other when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("no free port")
