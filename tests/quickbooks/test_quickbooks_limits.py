from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.ids import RealmId
from service.quickbooks import limits


def test_below_the_documented_limits():
    second, minute = limits.REALM_WINDOWS
    # Evenly spread: with one pair of calls held up for 0.3 s there are still no more than ten in any second.
    pairs_in_a_second = int(1 / second.seconds) + 1
    assert (pairs_in_a_second + 1) * second.calls <= 10
    assert second.calls * 60 / second.seconds < 500
    assert minute.calls < 500
    assert minute.seconds > 60
    assert limits.REALM_IN_FLIGHT == 10
    assert limits.BATCH_WINDOWS[0].calls < 40


def test_scopes():
    assert limits.realm_scope(RealmId("7")) == "realm:7"
    assert limits.batch_scope(RealmId("7")) == "batch:7"


def test_pause():
    assert limits.plan_pause({}, 0.0) == timedelta(seconds=60)
    assert limits.plan_pause({}, 1.0) == timedelta(seconds=65)
    assert limits.plan_pause({"Retry-After": " 12 "}, 1.0) == timedelta(seconds=12)
    assert limits.plan_pause({"Retry-After": "999999999"}, 1.0) == timedelta(hours=1)


def test_a_date_is_read_against_the_answers_own():
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert limits.parse_retry_after(headers) == timedelta(seconds=30)
    assert limits.parse_retry_after({"Retry-After": headers["Retry-After"]}) is None


@given(st.text(), st.text())
def test_any_header_is_a_span_or_nothing(wait, date):
    span = limits.parse_retry_after({"Retry-After": wait, "Date": date})
    assert span is None or timedelta() <= span <= timedelta(hours=1)
