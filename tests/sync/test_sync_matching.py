"""Matching never guesses: sure only when exactly one fits on both sides."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from service.sync.matching import NOTHING, Candidate, choose_match, find_twin, follow_stored

NELL = Candidate("1", "nell@example.com", "nell new")


def test_by_address_then_by_name() -> None:
    by_address = Candidate("7", "nell@example.com", "somebody else")
    by_name = Candidate("8", "", "nell new")
    assert choose_match(NELL, [by_name, by_address]).sure == "7"
    assert choose_match(NELL, [by_name]).sure == "8"
    assert choose_match(NELL, [Candidate("9", "x@example.com", "x")]) == NOTHING


def test_another_address_under_the_same_name_is_doubtful() -> None:
    assert choose_match(NELL, [Candidate("7", "other@example.com", "nell new")]).doubtful == ("7",)


def test_several_are_doubtful_unless_one_has_the_name_too() -> None:
    two = [Candidate("7", "nell@example.com", "a"), Candidate("8", "nell@example.com", "b")]
    assert choose_match(NELL, two).doubtful == ("7", "8")
    assert choose_match(NELL, [*two, Candidate("9", "nell@example.com", "nell new")]).sure == "9"


def test_who_is_linked_already_is_not_taken_away() -> None:
    taken = Candidate("7", "nell@example.com", "nell new", taken=True)
    assert choose_match(NELL, [taken]).doubtful == ("7",)
    assert choose_match(Candidate("1", "", "nell new"), [taken]) == NOTHING


def test_rivals_on_ones_own_side_make_it_doubtful() -> None:
    twin = Candidate("2", "", "nell new")
    one = Candidate("1", "", "nell new")
    assert choose_match(one, [Candidate("7", "", "nell new")], [one, twin]).doubtful == ("7",)


def test_a_stored_link_is_followed_to_who_is_free_however_he_looks() -> None:
    one, other = Candidate("1", "a@b.co", "nell"), Candidate("7", "x@y.co", "zoe")
    taken, alike = Candidate("8", taken=True), Candidate("9", "a@b.co", "nell")
    assert follow_stored(one, [other]).sure == "7"
    assert follow_stored(one, [taken, other]).sure == "7"
    assert follow_stored(one, [other, alike]).sure == "9"
    assert follow_stored(one, [other, Candidate("6")]).doubtful == ("6", "7")
    assert follow_stored(one, [taken]).doubtful == ("8",)


def test_a_twin_came_first_and_nothing_tells_it_apart() -> None:
    first, second = Candidate("1", "", "acme"), Candidate("2", "", "acme")
    assert find_twin(second, [first, second], begun=set()) is None
    assert find_twin(second, [first, second], begun={"1"}) == "1"
    assert find_twin(second, [replace(first, taken=True), second], begun=set()) == "1"
    assert find_twin(replace(second, strong="s"), [first], begun={"1"}) is None, "an address of its own"
    assert find_twin(Candidate("2", "s", "other"), [Candidate("1", "s", "acme")], begun={"1"}) == "1"
    assert find_twin(Candidate("2"), [Candidate("1")], begun={"1"}) is None


people = st.builds(
    Candidate,
    st.integers(1, 40).map(str),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "x", "y"]),
    st.booleans(),
)


@given(people, st.lists(people, max_size=8), st.lists(people, max_size=4))
def test_sure_is_somebody_free_who_shares_something(
    one: Candidate, others: list[Candidate], own: list[Candidate]
) -> None:
    others = list({each.id: each for each in others}.values())
    match = choose_match(one, others, own)
    if match.sure is not None:
        (found,) = [each for each in others if each.id == match.sure]
        assert not found.taken
        assert (one.strong and found.strong == one.strong) or (one.name and found.name == one.name)
        assert not match.doubtful
    assert match == choose_match(one, list(reversed(others)), own), "the order of the answers does not matter"
