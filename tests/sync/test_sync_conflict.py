"""Planning converges, never fights its own writes, and loses no field that nobody touched."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from service.sync.conflict import Rules, plan_alignment, settle_agreement
from service.sync.direction import Direction, Side
from service.sync.echo import agree, is_echo, parse_agreement
from service.sync.mapping import default_mapping, to_quickbooks
from service.sync.values import Unusable

CONTACTS = default_mapping("contacts")
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
words = st.one_of(st.none(), st.text(LETTERS, min_size=1, max_size=40))
few = settings(max_examples=25)


def canonical(text: str | None) -> str | None:
    return (text or "").strip() or None


@st.composite
def sides(draw: st.DrawFn) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Values as they come canonical from both vendors; QuickBooks' fit its own fields."""
    here = {name: canonical(draw(words)) for name in CONTACTS.properties}
    here["email"] = draw(st.sampled_from([None, "a@example.com", "b@example.com", "nonsense"]))
    there: dict[str, str | None] = {}
    for each in CONTACTS.fields:
        try:
            there[each.quickbooks] = to_quickbooks(CONTACTS, each, canonical(draw(words)))
        except Unusable:
            there[each.quickbooks] = draw(st.sampled_from([None, "c@example.com"]))
    return here, there


rules = st.builds(Rules, st.sampled_from(list(Direction)), st.sampled_from(list(Side)))


@few
@given(sides(), rules)
def test_once_carried_out_there_is_nothing_left_to_do(values: tuple[dict, dict], chosen: Rules) -> None:
    here, there = values
    plan = plan_alignment(CONTACTS, here, there, None, chosen)
    here, there = here | plan.to_hubspot, there | plan.to_quickbooks
    agreed = settle_agreement(CONTACTS, here, there, None, plan)
    again = plan_alignment(CONTACTS, here, there, agreed, chosen)
    assert not again.writes
    assert [each.hubspot for each in again.problems] == [each.hubspot for each in plan.problems]
    if not plan.problems:
        assert is_echo(here, agreed.hubspot)
        assert is_echo(there, agreed.quickbooks)


@few
@given(sides(), sides(), rules)
def test_what_one_side_changed_crosses_over_and_the_rest_stays(
    before: tuple[dict, dict], after: tuple[dict, dict], chosen: Rules
) -> None:
    agreed = agree(*before, CONTACTS.pairs)
    here, there = after[0], before[1]
    plan = plan_alignment(CONTACTS, here, there, agreed, chosen)
    assert plan.to_hubspot == {}
    assert plan.conflicts == []
    if chosen.direction is Direction.TO_HUBSPOT:
        assert plan.to_quickbooks == {}
    touched = {name for name, value in here.items() if value != before[0][name]}
    by_path = {each.quickbooks: each.hubspot for each in CONTACTS.fields}
    assert {by_path[path] for path in plan.to_quickbooks} <= touched


@few
@given(sides(), sides(), st.sampled_from(list(Side)))
def test_a_conflict_names_its_loser_and_touches_only_the_losing_side(
    before: tuple[dict, dict], after: tuple[dict, dict], winner: Side
) -> None:
    agreed = agree(*before, CONTACTS.pairs)
    plan = plan_alignment(CONTACTS, *after, agreed, Rules(Direction.BOTH, winner))
    for each in plan.conflicts:
        assert each.winner is winner
        assert each.lost == (after[1][each.quickbooks] if winner is Side.HUBSPOT else after[0][each.hubspot])
        assert each.hubspot not in plan.to_hubspot or winner is Side.QUICKBOOKS
        assert each.quickbooks not in plan.to_quickbooks or winner is Side.HUBSPOT


def test_nothing_that_never_agreed_is_taken_away() -> None:
    here = dict.fromkeys(CONTACTS.properties) | {"city": "Reno"}
    there = dict.fromkeys(CONTACTS.paths) | {"GivenName": "Nell"}
    plan = plan_alignment(CONTACTS, here, there, None, Rules())
    assert plan.to_hubspot == {"firstname": "Nell"}
    assert plan.to_quickbooks == {"BillAddr.City": "Reno"}
    assert plan.conflicts == []


def test_an_emptied_field_is_emptied_on_the_other_side() -> None:
    here, there = dict.fromkeys(CONTACTS.properties), dict.fromkeys(CONTACTS.paths)
    agreed = agree(here | {"phone": "1"}, there | {"PrimaryPhone.FreeFormNumber": "1"}, CONTACTS.pairs)
    plan = plan_alignment(CONTACTS, here, there | {"PrimaryPhone.FreeFormNumber": "1"}, agreed, Rules())
    assert plan.to_quickbooks == {"PrimaryPhone.FreeFormNumber": None}


def test_fields_that_got_another_partner_have_not_agreed() -> None:
    """Phone and mobile are swapped by a new mapping: each alone holds what it held, and yet they differ."""
    here = dict.fromkeys(CONTACTS.properties) | {"phone": "1", "mobilephone": "2"}
    there = dict.fromkeys(CONTACTS.paths) | {"PrimaryPhone.FreeFormNumber": "1", "Mobile.FreeFormNumber": "2"}
    swap = {
        "PrimaryPhone.FreeFormNumber": "Mobile.FreeFormNumber",
        "Mobile.FreeFormNumber": "PrimaryPhone.FreeFormNumber",
    }
    fields = tuple(replace(each, quickbooks=swap.get(each.quickbooks, each.quickbooks)) for each in CONTACTS.fields)
    agreed = agree(here, there, CONTACTS.pairs)
    assert not plan_alignment(CONTACTS, here, there, agreed, Rules()).writes
    plan = plan_alignment(replace(CONTACTS, fields=fields), here, there, agreed, Rules())
    assert plan.to_quickbooks == {"PrimaryPhone.FreeFormNumber": "2", "Mobile.FreeFormNumber": "1"}
    assert {(each.quickbooks, each.lost, each.is_first) for each in plan.conflicts} == {
        ("Mobile.FreeFormNumber", "2", True), ("PrimaryPhone.FreeFormNumber", "1", True)
    }  # fmt: skip
    assert parse_agreement(agreed.to_json()) == agreed
    assert parse_agreement('{"hubspot": {"a": "1"}, "quickbooks": {"b": "2"}}').has("a", "b"), (
        "as kept by older versions"
    )


def test_what_differs_at_the_first_match_is_named() -> None:
    here = dict.fromkeys(CONTACTS.properties) | {"city": "Reno"}
    there = dict.fromkeys(CONTACTS.paths) | {"BillAddr.City": "Elko"}
    (conflict,) = plan_alignment(CONTACTS, here, there, None, Rules()).conflicts
    assert (conflict.lost, conflict.is_first) == ("Elko", True)
    (one_way,) = plan_alignment(CONTACTS, here, there, None, Rules(Direction.TO_HUBSPOT)).conflicts
    assert (one_way.lost, one_way.winner) == ("Reno", Side.QUICKBOOKS)
