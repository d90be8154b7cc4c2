"""Mirrors and adoptions: what is due, and that a change which comes meanwhile is not lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from store_examples import NOW, PORTAL, REALM

from service.ids import DealId, InvoiceId, ObjectId, PortalId
from service.store.adoptions import ADOPTED, NEW, REFUSED, REVIEW, Adoptions, Possible
from service.store.database import Database
from service.store.invoices import Invoices, KnownInvoice
from service.store.mirrors import Ability, Mirrors

LATER = NOW + timedelta(hours=1)
INVOICE = KnownInvoice(
    realm_id=REALM,
    invoice_id=InvoiceId("145"),
    portal_id=PORTAL,
    deal_id=DealId("9"),
    callback_id=None,
    sync_token="0",
    status="draft",
    document='{"Id":"145"}',
    changed_at=NOW,
    known_at=NOW,
)


def keep(database: Database, invoice: KnownInvoice = INVOICE) -> None:
    with database.write() as tx:
        Invoices(database).keep(tx, invoice)


def test_keeping_an_invoice_makes_its_mirror_due(database: Database) -> None:
    mirrors = Mirrors(database)
    keep(database)
    (mirror,) = mirrors.due(PORTAL, REALM, NOW, 10)
    assert (mirror.object_id, mirror.tried_at, mirror.version) == (None, None, 1)
    assert mirrors.due(PortalId(7), REALM, NOW, 10) == []
    mirrors.try_create([mirror], LATER)
    found = mirrors.find(REALM, INVOICE.invoice_id)
    assert found is not None
    assert found.tried_at == LATER
    mirrors.keep([replace(found, object_id=ObjectId("77"), properties_hash="a", due_at=LATER)])
    assert mirrors.due(PORTAL, REALM, NOW, 10) == []
    assert len(mirrors.due(PORTAL, REALM, LATER, 10)) == 1


def test_a_change_while_it_was_written_keeps_it_due(database: Database) -> None:
    mirrors = Mirrors(database)
    keep(database)
    (mirror,) = mirrors.due(PORTAL, REALM, NOW, 10)
    keep(database)
    mirrors.keep([replace(mirror, object_id=ObjectId("77"), due_at=None)])
    (again,) = mirrors.due(PORTAL, REALM, NOW, 10)
    assert again.object_id == "77"
    mirrors.keep([replace(again, due_at=None)])
    assert mirrors.due(PORTAL, REALM, LATER, 10) == []


def test_ability_is_kept(database: Database) -> None:
    mirrors = Mirrors(database)
    assert mirrors.ability(PORTAL) is None
    ability = Ability("", frozenset({"a", "b"}), frozenset({"b"}), False, NOW)
    mirrors.keep_ability(PORTAL, ability)
    mirrors.keep_ability(PORTAL, replace(ability, proven=True))
    found = mirrors.ability(PORTAL)
    assert found == replace(ability, proven=True)
    assert found.allows("a")
    assert not found.allows("b")
    assert not found.allows("c")


def test_what_was_decided_for_good_is_not_asked_again(database: Database) -> None:
    adoptions = Adoptions(database)
    adoptions.note(INVOICE, "1042", NOW)
    (new,) = adoptions.due(NOW, 10)
    assert (new.state, new.number) == (NEW, "1042")
    deal = Possible(DealId("9"), "Acme", ("same PO number",))
    adoptions.decide(new, state=REVIEW, candidates=(deal,), reason="two deals")
    assert adoptions.due(LATER, 10) == []
    assert adoptions.count_reviews() == 1
    (review,) = adoptions.of_states([REVIEW])
    assert review.candidates == (deal,)
    # The invoice changed: what is undecided is looked at again.
    adoptions.note(INVOICE, "1042", NOW)
    assert adoptions.due(LATER, 10) == []
    adoptions.note(replace(INVOICE, document='{"Id":"145","SyncToken":"1"}'), "1043", NOW)
    (again,) = adoptions.due(NOW, 10)
    assert (again.state, again.number) == (REVIEW, "1043")
    for state in (REFUSED, ADOPTED):
        adoptions.decide(again, state=state, deal_id=DealId("9"))
        adoptions.note(INVOICE, "1044", NOW)
        assert adoptions.due(LATER, 10) == []
    assert [each.invoice_id for each in adoptions.by_number("1044")] == ["145"]
    assert adoptions.find_invoices(REALM, [INVOICE.invoice_id])[INVOICE.invoice_id].deal_id == ""
