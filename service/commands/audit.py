"""Commands about the audit trail: who did what."""

from __future__ import annotations

import argparse
import json

from service.commands.sync import open_sync
from service.store.audit import Audit


def list_acts(arguments: argparse.Namespace) -> int:
    """The newest acts first."""
    acts = Audit(open_sync().database).latest(arguments.limit)
    if arguments.json:
        rows = [
            {"at": each.at.isoformat(), "who": each.actor, "act": each.act, "subject": each.subject,
             "detail": each.detail}
            for each in acts
        ]  # fmt: skip
        print(json.dumps(rows, indent=2))
        return 0
    for each in acts:
        print(f"{each.at:%Y-%m-%d %H:%M:%S}  {each.actor}  {each.act}  {each.subject}  {each.detail or ''}".rstrip())
    if not acts:
        print("nobody has done anything yet")
    return 0
