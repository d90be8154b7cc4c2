"""The deal's timeline has the invoice's PDF: one note with a private file, whatever gets lost."""

from __future__ import annotations

from typing import Any

import pytest

from service.hubspot.scopes import REQUIRED
from service.workflows.attach_invoice_pdf import QUIET
from tests.harness import PORTAL, Harness
from tests.stories.invoiced_deals import MORE_TROUBLE, invoiced

NOTE = r"/objects/2026-03/notes\?"


def files(harness: Harness) -> list[dict[str, Any]]:
    """The portal's files."""
    with harness.world.hubspot.lock:
        return list(harness.world.hubspot.portals[PORTAL].files)


def notes(harness: Harness, deal_id: str) -> list[dict[str, str | None]]:
    """The deal's notes that have a file."""
    hubspot = harness.world.hubspot
    with hubspot.lock:
        portal = hubspot.portals[PORTAL]
        found = [portal.objects["notes"][each].properties for each in portal.associations.of("deals", deal_id, "notes")]
        return [dict(each) for each in found if each.get("hs_attachment_ids")]


def test_attached(harness: Harness) -> None:
    deal_id, invoice = invoiced(harness)

    callback_id = harness.enroll(deal_id, action="attach-invoice-pdf")
    harness.work()

    outputs = harness.assert_done(callback_id, deal_id)
    (file,), (note,) = files(harness), notes(harness, deal_id)
    assert (file["access"], file["path"]) == ("PRIVATE", "/QuickBooks invoices")
    assert file["name"] == f"invoice-{invoice['DocNumber']}-9341450000000001-{invoice['Id']}.pdf"
    assert (note["hs_attachment_ids"], outputs["fileId"]) == (file["id"], file["id"])
    assert note["hs_note_body"] is not None
    assert f"Invoice {invoice['DocNumber']} to Ada Byron" in note["hs_note_body"]
    assert "&lt;ada@byron.example&gt;" in note["hs_note_body"]
    assert harness.refusals() == []


@pytest.mark.parametrize("keeps_id", [True, False])
@pytest.mark.parametrize("trouble", ["lose_answer", "lose_request", *MORE_TROUBLE])
@pytest.mark.parametrize("path", ["/files/2026-03/files", NOTE])
def test_answer_lost(harness: Harness, path: str, trouble: str, keeps_id: bool) -> None:
    harness.set_sandbox(hubspot={"overwritten_file_keeps_id": keeps_id})
    deal_id, _ = invoiced(harness)
    harness.trouble(trouble, path, method="POST", status=503)

    callback_id = harness.enroll(deal_id, action="attach-invoice-pdf")
    harness.finish()

    outputs = harness.assert_done(callback_id, deal_id)
    (file,), (note,) = files(harness), notes(harness, deal_id)
    assert outputs["fileId"] == note["hs_attachment_ids"] == file["id"]
    assert harness.refusals() == []


def test_note_may_still_be_under_way(harness: Harness) -> None:
    """Nothing tells two notes for one file apart: the second try waits until the first cannot arrive any more."""
    deal_id, _ = invoiced(harness)
    harness.trouble("lose_request", NOTE, method="POST")
    callback_id = harness.enroll(deal_id, action="attach-invoice-pdf")
    assert harness.finish() >= QUIET
    harness.assert_done(callback_id, deal_id)
    assert len(notes(harness, deal_id)) == 1


def test_note_surely_not_made(harness: Harness) -> None:
    """HubSpot said that it has too much to do: nothing is under way, nothing is waited for."""
    deal_id, _ = invoiced(harness)
    harness.trouble("status", NOTE, method="POST", status=429)
    callback_id = harness.enroll(deal_id, action="attach-invoice-pdf")
    assert harness.finish() < QUIET
    harness.assert_done(callback_id, deal_id)
    assert (len(files(harness)), len(notes(harness, deal_id))) == (1, 1)


def test_delivered_twice_and_attached_again(harness: Harness) -> None:
    """A second callback brings the file up to date; its note is there."""
    deal_id, _ = invoiced(harness)
    for _ in range(2):
        callback_id = harness.enroll(deal_id, action="attach-invoice-pdf")
        harness.deliver_again(callback_id)
        harness.work()
        harness.assert_done(callback_id, deal_id)
    assert (len(files(harness)), len(notes(harness, deal_id))) == (1, 1)


def test_refused_by_hubspot(harness: Harness) -> None:
    """Without the scope for files everything else works; the sentence names what is missing."""
    deal_id, _ = invoiced(harness)
    hubspot = harness.world.hubspot
    with hubspot.lock:
        hubspot.tokens.limit_scopes(hubspot.portals[PORTAL], frozenset(REQUIRED))

    callback_id = harness.enroll(deal_id, action="attach-invoice-pdf")
    harness.work()

    assert "files" in harness.assert_refused(callback_id, deal_id, "HUBSPOT_REJECTED")
    assert files(harness) == []
