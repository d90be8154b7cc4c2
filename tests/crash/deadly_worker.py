"""A nursery like `stand_by`, whose workers die whenever they work on a certain deal.

The deal's id is in a file named `deadly` in the working directory.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from service.store.callbacks import StoredCallback
from service.workflows import create_invoice
from service.workflows.services import Services
from tests.crash.stand_by import serve

DEADLY = Path("deadly")
_create_invoice = create_invoice.create_invoice


def create_deadly_invoice(services: Services, callback: StoredCallback) -> None:
    """As the real one, but for the deadly deal."""
    if DEADLY.exists() and DEADLY.read_text() == callback.object_id:
        os.kill(os.getpid(), signal.SIGKILL)
    _create_invoice(services, callback)


if __name__ == "__main__":
    create_invoice.create_invoice = create_deadly_invoice
    serve()
