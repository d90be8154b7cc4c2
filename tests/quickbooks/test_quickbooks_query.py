import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.quickbooks import query

TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\['\\])*)'|([A-Za-z_.]+|\*|\d+)|(>=|<=|[=<>(),]))", re.DOTALL)


def tokens(statement):
    """The statement's tokens by Intuit's grammar: quoted values unescaped and marked, the rest as it is."""
    found, at = [], 0
    while at < len(statement):
        match = TOKEN.match(statement, at)
        assert match, f"not a token at {at}: {statement[at:]!r}"
        at = match.end()
        if match[1] is not None:
            found.append(("value", re.sub(r"\\(['\\])", r"\1", match[1])))
        else:
            found.append(("word", match[2] or match[3]))
    return found


@given(st.text())
def test_no_text_breaks_out_of_its_quotes(text):
    assert tokens(query.literal(text)) == [("value", text)]
    assert tokens(query.where_equals("DisplayName", text)) == [("word", "DisplayName"), ("word", "="), ("value", text)]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_lists_keep_every_value(values):
    found = tokens(query.where_in("Sku", values))
    assert [text for kind, text in found if kind == "value"] == values
    assert found[:3] == [("word", "Sku"), ("word", "in"), ("word", "(")]
    assert found[-1] == ("word", ")")


@given(st.lists(st.text(max_size=400), max_size=150))
def test_divided_lists_are_short_and_complete(values):
    parts = list(query.divide_values(values))
    assert [value for part in parts for value in part] == list(dict.fromkeys(values))
    for part in parts:
        assert part
        assert len(part) <= query.MOST_VALUES
        assert len(part) == 1 or len(query.where_in("Sku", part)) <= query.LONGEST_LIST + 20


def test_amy():
    assert query.where_equals("DisplayName", "Amy's Bird Sanctuary") == r"DisplayName = 'Amy\'s Bird Sanctuary'"
    assert query.literal("a\\") == r"'a\\'"


def test_half_a_surrogate_pair_can_be_sent():
    assert query.literal("a\ud800b").encode() == b"'a?b'"


def test_statement():
    where = query.all_of(query.where_equals("CustomerRef", "24"), "", query.ACTIVE_OR_NOT)
    assert query.select("Invoice", where, order_by="Id", start=1001) == (
        "select * from Invoice where CustomerRef = '24' and Active in (true, false) "
        "orderby Id startposition 1001 maxresults 1000"
    )


def test_moments_carry_their_offset():
    assert query.moment_literal(datetime(2026, 11, 22, 8, tzinfo=UTC)) == "'2026-11-22T08:00:00+00:00'"
    pacific = timezone(timedelta(hours=-8))
    assert query.moment_literal(datetime(2026, 11, 22, 0, 0, 0, 999, pacific)) == "'2026-11-22T08:00:00+00:00'"


def test_an_empty_list_is_a_mistake():
    with pytest.raises(ValueError, match="no values"):
        query.where_in("Sku", [])
