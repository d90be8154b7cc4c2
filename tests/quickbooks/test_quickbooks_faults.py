import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import errors
from service.quickbooks.answer_shapes import parse_faults, parse_json
from service.quickbooks.faults import Call, find_number_holder, judge, judge_item, state_error, state_silence
from service.quickbooks.verdicts import Verdict
from service.wire import Answer, NoAnswer

READ, WRITE = Call(write=False), Call(write=True, request_id=True)

STALE = (
    b'{"Fault":{"Error":[{"Message":"Stale Object Error","Detail":"Stale Object Error : You and root were working",'
    b'"code":"5010","element":""}],"type":"ValidationFault"},"time":"2015-08-07T05:35:56.791-07:00"}'
)
GATEWAY_401 = (
    b'{"warnings":null,"intuitObject":null,"fault":{"error":[{"message":"message=AuthenticationFailed; '
    b'errorCode=003200; statusCode=401","detail":"Token expired","code":"3200","element":null}],'
    b'"type":"AUTHENTICATION"},"report":null,"batchItemResponse":[],"requestId":null,"time":1633520295688}'
)
THROTTLED = (
    b'<?xml version="1.0"?><IntuitResponse time="2016-12-07T15:27:09.527-08:00" '
    b'xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
    b"<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    b"<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
)
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><Error>no</Error></body></html>"


def fault(*codes, detail="d", message="m", kind="ValidationFault"):
    listed = [{"Message": message, "Detail": detail, "code": code, "element": ""} for code in codes]
    return json.dumps({"Fault": {"Error": listed, "type": kind}}).encode()


def error(status, body, call=WRITE, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return state_error(judge(Answer(status, named, body)), call)


@pytest.mark.parametrize(
    ("code", "of_read", "of_write"),
    [
        ("100", errors.NotConnected, errors.NotConnected),
        ("110", errors.NotConnected, errors.NotConnected),
        ("120", errors.NotConnected, errors.NotConnected),
        ("130", errors.TryLater, errors.TryLater),
        ("140", errors.TryLater, errors.TryLater),
        ("150", errors.TryLater, errors.TryLater),
        ("600", errors.TryLater, errors.AlreadySent),
        ("610", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("1000", errors.TryLater, errors.OutcomeUnknown),
        ("1010", errors.TryLater, errors.OutcomeUnknown),
        ("1020", errors.TryLater, errors.OutcomeUnknown),
        ("2010", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("2500", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("3001", errors.TryLater, errors.TryLater),
        ("3100", errors.NotConnected, errors.NotConnected),
        ("3200", errors.NotConnected, errors.NotConnected),
        ("4002", errors.TryLater, errors.TryLater),
        ("5010", errors.SyncTokenStale, errors.SyncTokenStale),
        ("6000", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("6002", errors.TryLater, errors.OutcomeUnknown),
        ("6070", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("6140", errors.NumberTaken, errors.NumberTaken),
        ("6190", errors.SubscriptionEnded, errors.SubscriptionEnded),
        ("6200", errors.BooksClosed, errors.BooksClosed),
        ("6210", errors.BooksClosed, errors.BooksClosed),
        ("6240", errors.NameTaken, errors.NameTaken),
        ("6250", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("7001", errors.NotConnected, errors.NotConnected),
        ("9999", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("10000", errors.TryLater, errors.OutcomeUnknown),
        ("10100", errors.RefusedByQuickBooks, errors.RefusedByQuickBooks),
        ("10200", errors.NotConnected, errors.NotConnected),
    ],
)
def test_every_code_has_one_meaning_however_it_is_written(code, of_read, of_write):
    for status in (200, 400):
        for written in (code, int(code), "00" + code):
            assert type(error(status, fault(written), READ)) is of_read
            assert type(error(status, fault(written), WRITE)) is of_write
    xml = f'<R><Fault type="ValidationFault"><Error code="{code}"><Message>m</Message></Error></Fault></R>'.encode()
    assert type(error(400, xml, WRITE)) is of_write


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize(
    "body", [b"", HTML, fault("10000"), fault("2020"), b"\xff\xfe", b"[" * 100_000, THROTTLED[:40]]
)
def test_after_a_5xx_a_write_may_have_happened(status, body):
    assert type(error(status, body, READ)) is errors.TryLater
    assert type(error(status, body, WRITE)) is errors.OutcomeUnknown


@pytest.mark.parametrize("status", [200, 201, 302, 400, 404])
@pytest.mark.parametrize(
    "body", [b"", HTML, b'{"Invoice": {"Id": "1', b"null", b"[]", b'{"a": NaN}', b'{"a": 1e999999999999999999999}']
)
def test_what_cannot_be_read_is_no_refusal(status, body):
    assert type(error(status, body, READ)) is errors.TryLater
    assert type(error(status, body, WRITE)) is errors.OutcomeUnknown


@pytest.mark.parametrize("body", [b"", HTML, GATEWAY_401, b"{}", fault("3200"), fault("")])
def test_401_is_a_rejected_access_token(body):
    assert judge(Answer(401, {}, body)).verdict is Verdict.ACCESS_TOKEN_REJECTED


def test_401_may_say_that_nobody_is_connected_any_more():
    assert judge(Answer(401, {}, fault("120"))).verdict is Verdict.DISCONNECTED


@pytest.mark.parametrize("code", ["3100", "120"])
@pytest.mark.parametrize("kind", ["SERVICE", "AuthorizationFault", "ValidationFault", ""])
def test_a_documented_code_means_disconnected(code, kind):
    found = error(403, fault(code, kind=kind))
    assert judge(Answer(403, {}, fault(code, kind=kind))).verdict is Verdict.DISCONNECTED
    assert type(found) is errors.NotConnected
    assert found.vendor == "quickbooks"


def test_a_type_alone_is_looked_into_before_it_means_disconnected():
    """A fresh access token first; that the fault comes again is what parks the company."""
    for body in (fault("4711", kind="AUTHORIZATION"), fault(None, kind="AuthorizationFault")):
        judgement = judge(Answer(403, {}, body))
        assert judgement.verdict is Verdict.ACCESS_TOKEN_REJECTED
        assert type(state_error(judgement, WRITE)) is errors.NotConnected


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", fault("4711", kind=""), fault(None, kind="SERVICE")])
def test_a_bare_403_parks_nobody(body):
    """A proxy's 403 would park every company."""
    if body != fault("4711", kind=""):
        assert judge(Answer(403, {}, body)).verdict is Verdict.TURNED_AWAY
    assert type(error(403, body, READ)) in (errors.TryLater, errors.RefusedByQuickBooks)
    assert not isinstance(error(403, body, WRITE), errors.NotConnected)


def test_403_of_the_edge_or_of_one_feature_does_not_disconnect():
    assert type(error(403, HTML)) is errors.OutcomeUnknown
    assert type(error(403, fault("5020"))) is errors.RefusedByQuickBooks


KINDS = ["ValidationFault", "SystemFault", "AuthenticationFault", "AuthorizationFault", "AuthorizatonFault", "SERVICE",
         "AUTHENTICATION", ""]  # fmt: skip
REFUSALS = ["500", "610", "620", "2010", "2020", "2170", "2500", "5020", "5030", "6000", "6070", "6100", "6250", "6350",
            "6420", "6540"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_decides_whatever_the_type(kind):
    for code in REFUSALS:
        for status in (200, 400, 403):
            for call in (READ, WRITE):
                found = error(status, fault(code, kind=kind), call)
                assert (type(found), found.fault_code) == (errors.RefusedByQuickBooks, code)
    assert type(error(400, fault("6240", kind=kind))) is errors.NameTaken
    assert type(error(400, fault("6140", kind=kind))) is errors.NumberTaken
    assert type(error(400, fault("5010", kind=kind))) is errors.SyncTokenStale
    assert type(error(400, fault("10000", kind=kind))) is errors.OutcomeUnknown
    assert type(error(400, fault("1010", kind=kind))) is errors.OutcomeUnknown
    assert type(error(400, fault("600", kind=kind))) is errors.AlreadySent
    assert type(error(403, fault("140", kind=kind))) is errors.TryLater


def test_a_duplicate_is_a_taken_name_where_there_are_names():
    found = error(400, fault("630"))
    assert (type(found), found.fault_code) == (errors.RefusedByQuickBooks, "630")
    named = Call(write=True, request_id=True, named=True)
    assert type(error(400, fault("630"), named)) is errors.NameTaken


@pytest.mark.parametrize(
    ("status", "body"), [(429, b""), (429, THROTTLED), (403, THROTTLED), (429, HTML), (429, b"{}")]
)
def test_throttled_in_any_shape_is_safe_to_repeat(status, body):
    found = error(status, body, WRITE, Retry_After="7")
    assert type(found) is errors.TryLater
    assert found.after == timedelta(seconds=7)


def test_gateway_fault_without_code_gives_it_in_its_message():
    body = b'{"fault":{"error":[{"message":"message=ThrottleExceeded; errorCode=003001; statusCode=403"}]}}'
    assert judge(Answer(403, {}, body)).verdict is Verdict.THROTTLED


def test_fault_without_code_is_known_by_its_type():
    assert type(error(400, fault(None))) is errors.RefusedByQuickBooks
    assert judge(Answer(400, {}, fault(None, kind="AuthenticationFault"))).verdict is Verdict.ACCESS_TOKEN_REJECTED
    assert type(error(400, fault(None, kind="SystemFault"))) is errors.OutcomeUnknown
    assert type(error(400, fault(None, kind=""))) is errors.OutcomeUnknown
    assert type(error(400, b'{"Fault":{"Error":[]}}')) is errors.OutcomeUnknown
    assert type(error(400, fault("4711", kind="SystemFault"))) is errors.OutcomeUnknown


def test_of_several_faults_doubt_decides_and_all_are_told():
    assert type(error(400, fault("2020", "10000"))) is errors.OutcomeUnknown
    assert type(error(400, fault("2020", "6240"))) is errors.NameTaken
    found = error(400, fault("2020", "2050"))
    assert (found.fault_code, "2020" in found.sentence, "2050" in found.sentence) == ("2020", True, True)
    closed = error(400, fault("2020", "6210"))
    assert closed.sentence.startswith("The books are closed")


def test_6000_unexpected_is_an_outage_in_disguise():
    detail = "An unexpected error occurred while accessing or saving your data. Please wait a few minutes and try again"
    assert type(error(400, fault("6000", detail=detail), WRITE)) is errors.OutcomeUnknown
    assert type(error(400, fault("6000", detail=detail), READ)) is errors.TryLater


def test_610_tells_a_deleted_target_from_an_inactive_reference():
    inactive = "Object Not Found : Something you're trying to use has been made inactive. Check the fields"
    assert "made inactive" in error(400, fault("610", detail=inactive)).sentence.split(".")[0]
    deleted = error(400, fault("610", detail="Object Not Found : Another user has deleted this transaction."))
    assert deleted.fault_code == "610"
    assert "no longer exists" in deleted.sentence


def test_6140_names_the_invoice_that_has_the_number():
    detail = "This number has already been used. DocNumber=X is assigned to TxnType=Invoice with TxnId=17984"
    assert find_number_holder(error(400, fault("6140", detail=detail))) == "17984"
    assert find_number_holder(error(400, fault("6140"))) is None


def test_sentence_names_fix_code_and_reason():
    found = error(400, fault("6070", detail="Amount calculation incorrect in the request. Supplied value:5"))
    assert found.fault_code == "6070"
    assert "correct quantity or price" in found.sentence
    assert "6070" in found.sentence
    assert "Supplied value:5" in found.sentence
    assert len(error(400, fault("9998", detail="x" * 90_000)).sentence) < 800


def test_sentences_that_may_reach_a_log_hold_nothing_of_the_answer():
    for code in ("10000", "3200", "3100", "3001", "5010", "6240", "600", "150"):
        for call in (READ, WRITE):
            assert "CANARY" not in str(error(400, fault(code, detail="CANARY", message="CANARY"), call))


def test_no_answer():
    soon = timedelta(seconds=1)
    assert type(state_silence(NoAnswer("x", sent=False), WRITE, soon)) is errors.TryLater
    assert type(state_silence(NoAnswer("x", sent=True), READ, soon)) is errors.TryLater
    found = state_silence(NoAnswer("x", sent=True), WRITE, soon)
    assert (type(found), found.after) == (errors.OutcomeUnknown, None)


def test_a_write_we_stopped_waiting_for_is_left_alone_until_quickbooks_has_given_it_up():
    late = NoAnswer("x", sent=True, timed_out=True)
    for waited in (1, 60, 119):
        found = state_silence(late, WRITE, timedelta(seconds=waited))
        assert type(found) is errors.OutcomeUnknown
        # Intuit cuts off at 120 s; a margin for the way there.
        assert timedelta(seconds=120) < timedelta(seconds=waited) + found.after < timedelta(seconds=180)
    assert state_silence(late, WRITE, timedelta(hours=1)).after == timedelta(0)
    read = state_silence(late, READ, timedelta(seconds=30))
    assert (type(read), read.after) == (errors.TryLater, None)


def test_fine_answers_keep_their_cents():
    judgement = judge(Answer(200, {}, b'{"Invoice":{"Id":"1","TotalAmt":0.10},"fault":null,"time":"x"}'))
    assert judgement.verdict is Verdict.FINE
    assert str(judgement.content["Invoice"]["TotalAmt"]) == "0.10"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Fault", "fault", "Error", "error", "code", "Code", "type", "detail"]), inner
        )
    ),
    max_leaves=12,
)
SHAPED = st.sampled_from([STALE, GATEWAY_401, THROTTLED, HTML, fault("6000"), b'{"Invoice":{"Id":"1"}}'])
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.tuples(SHAPED, st.integers(0, 400)).map(lambda cut: cut[0][: cut[1]])
    | st.text("<>/Error Fault code='\"&;x\n", max_size=60).map(str.encode)
)


@given(st.integers(100, 999), BODIES, st.booleans(), st.booleans(), st.none() | st.text(max_size=30))
def test_any_answer_is_content_or_one_of_our_errors(status, body, write, request_id, wait):
    judgement = judge(Answer(status, {"Retry-After": wait} if wait is not None else {}, body))
    if judgement.verdict is Verdict.FINE:
        assert 200 <= status < 300
        assert isinstance(judgement.content, dict)
    else:
        found = state_error(judgement, Call(write, request_id))
        assert isinstance(found, errors.ServiceError)
        assert found.sentence
        assert write or not isinstance(found, errors.OutcomeUnknown)


@given(JSON)
def test_any_batch_item_is_content_or_one_of_our_errors(item):
    if isinstance(item, dict):
        judgement = judge_item(item)
        if judgement.verdict is not Verdict.FINE:
            assert isinstance(state_error(judgement, WRITE), errors.ServiceError)


def test_shapes_are_read_alike():
    for body in (STALE, GATEWAY_401, THROTTLED):
        (found,) = parse_faults(body, parse_json(body))
        assert (found.code, bool(found.message), bool(found.detail), bool(found.kind)) in {
            ("5010", True, True, True),
            ("3200", True, True, True),
            ("3001", True, True, True),
        }
    assert parse_faults(HTML, None) == ()
