"""What seldom goes wrong is told as plainly as what often does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.workflows.services import provide
from tests.harness import REALM, Harness


def test_no_account_for_the_income_of_a_new_item(harness: Harness) -> None:
    harness.connect()
    for account in harness.books("Account"):
        if account["AccountType"] == "Income":
            changes = {"Id": account["Id"], "SyncToken": account["SyncToken"], "Active": False}
            harness.services.quickbooks.update(REALM, "Account", changes)
    deal_id = harness.story("unknown-product")

    callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
    harness.work()

    assert "incomeAccountId" in harness.assert_refused(callback_id, deal_id, "NO_INCOME_ACCOUNT")
    assert harness.invoices() == []


def test_hubspot_refuses_what_we_ask(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble("status", "/crm/associations/2026-03/deals/line_items/batch/read", status=400, times=None)

    callback_id = harness.enroll(deal_id)
    harness.work()

    assert "HTTP 400" in harness.assert_refused(callback_id, deal_id, "HUBSPOT_REJECTED")
    assert harness.invoices() == []


class Broken:
    """A store with a bug: whatever is asked of it fails."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


def test_a_bug_of_ours_is_given_up_visibly(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """Tried a few times, then told; the operator finds the traceback, the customer's text is not in it."""
    harness.connect()
    deal_id = harness.story("one-line")
    provide(replace(harness.services, links=Broken()))  # type: ignore[arg-type]

    callback_id = harness.enroll(deal_id)
    harness.finish()

    sentence = harness.assert_refused(callback_id, deal_id, "INTERNAL_ERROR")
    assert f"tell its operator the callback id {callback_id}" in sentence
    assert [record for record in caplog.records if record.exc_info]
    assert harness.invoices() == []
