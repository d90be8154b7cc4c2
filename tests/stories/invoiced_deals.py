"""Deals that have their invoice already, for stories of what happens to it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Harness

DESIGN = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
ADA = {"firstname": "Ada", "lastname": "Byron", "email": "ada@byron.example"}
# Other ways in which no usable answer comes.
MORE_TROUBLE = [pytest.param(kind, marks=pytest.mark.thorough) for kind in ("late_status", "garbage", "html")]


def invoiced(harness: Harness, **contact: str) -> tuple[str, dict[str, Any]]:
    """A deal of 150.00 with its invoice, neither sent nor paid."""
    harness.connect()
    deal_id = harness.make_deal([DESIGN], {name: value for name, value in (ADA | contact).items() if value})
    callback_id = harness.enroll(deal_id)
    harness.work()
    return deal_id, harness.assert_invoiced_once(callback_id, deal_id)
