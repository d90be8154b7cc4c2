"""Names with an apostrophe, a colon, a tab, emoji, 600 characters, from right to left: found or created, once."""

from __future__ import annotations

from tests.harness import Harness

NAMES = {
    "apostrophe": "O'Brien \"Bob\" d'Arc",
    "backslash": "Back\\slash ' quote\\",
    "colon": "Northgate: East: Wing",
    "tab": "Tab\tand\nnewline",
    "emoji": "Robin 🌻 Sommer 🎉",
    "right to left": "יעל כהן",
    "overrides": "\u202eevil\u202c name",
    "composed": "Zoe\u0308 Ame\u0301lie",
    "percent": "100 % & + # ? /",
    "markup": "<b>Smith</b> & 'Sons'",
    "600 characters": "The Society for the Preservation of Very Long Names " * 12,
    "600 emoji": "🌻" * 600,
}


def test_customer_found_or_created_once(harness: Harness) -> None:
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"}
    for name in NAMES.values():
        before = harness.counts()["Customer"]
        # Two people of one name: the second is found by it, for there is no e-mail to find them by.
        chosen = []
        for _ in range(2):
            deal_id = harness.make_deal([line], {"lastname": name})
            callback_id = harness.enroll(deal_id)
            harness.work()
            chosen.append(harness.assert_invoiced_once(callback_id, deal_id)["CustomerRef"])
        assert chosen[0] == chosen[1], name
        assert harness.counts()["Customer"] == before + 1, name
    assert harness.refusals() == []


def test_found_by_e_mail_whatever_its_name(harness: Harness) -> None:
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "1"}
    for email in ("o'brien+garden@example.com", "CONSULTING@Intuit.com", "a%b&c=d@example.com"):
        chosen = []
        for name in ("First Name", "Quite Another"):
            deal_id = harness.make_deal([line], {"lastname": f"{name} {email}", "email": email})
            callback_id = harness.enroll(deal_id)
            harness.work()
            chosen.append(harness.assert_invoiced_once(callback_id, deal_id)["CustomerRef"])
            harness.ask_sandbox("DELETE", f"/hubspot/objects/20000001/contacts/{harness.contact_of(deal_id)}")
        assert chosen[0] == chosen[1], email
    assert harness.refusals() == []


def test_item_found_or_created_once(harness: Harness) -> None:
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    for name in NAMES.values():
        before = harness.counts()["Item"]
        chosen = []
        for _ in range(2):
            deal_id = harness.make_deal([{"name": name, "price": "75", "quantity": "1"}], contact)
            callback_id = harness.enroll(deal_id, {"itemNotFound": "create"})
            harness.work()
            (line, *_) = harness.assert_invoiced_once(callback_id, deal_id)["Line"]
            chosen.append(line["SalesItemLineDetail"]["ItemRef"])
            # Found in QuickBooks, not in what we remember.
            with harness.stores.database.write() as tx:
                tx.exec_driver_sql("DELETE FROM links")
        assert chosen[0] == chosen[1], name
        assert harness.counts()["Item"] == before + 1, name
    assert harness.refusals() == []


def test_deal_and_texts_in_any_writing(harness: Harness) -> None:
    """Deal name, note and message go through, cut where QuickBooks ends."""
    harness.connect()
    contact = harness.contact_of(harness.story("one-line"))
    for name in NAMES.values():
        deal_id = harness.make_deal([], contact, dealname=name, amount="12.50")
        inputs = {"lines": "deal_amount", "privateNote": name * 9, "messageToCustomer": name * 9}
        callback_id = harness.enroll(deal_id, inputs)
        harness.work()
        harness.assert_invoiced_once(callback_id, deal_id)
    assert harness.refusals() == []
