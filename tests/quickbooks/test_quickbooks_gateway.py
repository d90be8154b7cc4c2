import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fake_intuit import LOST, FakePace

from service import errors
from service.ids import RealmId, RequestId
from service.quickbooks.body import encode
from service.quickbooks.gateway import Gateway
from service.wire import Wire

REALM = RealmId("9341453")
BODY = b'{"CustomerRef": {"value":"1"},  "Line":[ ],"PrivateNote":"Caf\xc3\xa9 [hs:4f1c]"}'
INVOICE = {"Invoice": {"Id": "238", "SyncToken": "0", "TotalAmt": 100.0}, "time": "2015-07-24T10:33:39.11-07:00"}


def fault(code, status=400):
    return status, {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": code}], "type": "ValidationFault"}}


def test_create_sends_what_was_reserved(intuit, gateway):
    intuit.tell(200, INVOICE)
    found = gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
    assert found == {"Id": "238", "SyncToken": "0", "TotalAmt": Decimal("100.0")}
    (asked,) = intuit.asked
    assert (asked.method, asked.path) == ("POST", "/v3/company/9341453/invoice")
    assert asked.params == {"minorversion": "75", "requestid": "hs-1"}
    assert asked.body == BODY
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["Authorization"] == "Bearer access-9341453-1"
    assert asked.headers["User-Agent"]


def test_no_call_inherits_the_request_id_of_another(intuit, gateway):
    for _ in range(4):
        intuit.tell(200, INVOICE)
    gateway.create(REALM, "Invoice", BODY, RequestId("REQ-A"), allow_duplicate_number=True)
    gateway.create(REALM, "Invoice", BODY, RequestId("REQ-B"), allow_duplicate_number=True)
    gateway.update(REALM, "Invoice", {"Id": "1", "SyncToken": "0"})
    gateway.void(REALM, "Invoice", "1", "0")
    assert [asked.params for asked in intuit.asked] == [
        {"include": "allowduplicatedocnum", "minorversion": "75", "requestid": "REQ-A"},
        {"include": "allowduplicatedocnum", "minorversion": "75", "requestid": "REQ-B"},
        {"minorversion": "75"},
        {"operation": "void", "minorversion": "75"},
    ]


def test_api_url_may_end_in_v3(intuit, setup):
    intuit.tell(200, INVOICE)
    url = f"{intuit.url}/v3/"
    Gateway(api_url=url, wire=setup.wire, pace=setup.pace, access_token=setup.tokens).read(REALM, "Invoice", "1")
    assert intuit.asked[0].target == "/v3/company/9341453/invoice/1?minorversion=75"


def test_rejected_access_token_is_refreshed_once_and_the_same_write_repeated(intuit, setup):
    intuit.tell(401, b'{"fault":{"error":[{"code":"3200"}],"type":"AUTHENTICATION"}}')
    intuit.tell(200, INVOICE)
    setup.gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
    first, second = intuit.asked
    assert (first.target, first.body) == (second.target, second.body)
    assert setup.tokens.rejected == [None, "access-9341453-1"]
    assert second.headers["Authorization"] == "Bearer access-9341453-2"


def test_twice_rejected_means_reconnect(intuit, setup):
    intuit.tell(401)
    intuit.tell(401)
    with pytest.raises(errors.NotConnected):
        setup.gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
    assert len(intuit.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"Invoice":{"Id":"1","To',
        {},
        {"time": "x"},
        {"Invoice": {}},
        {"Invoice": {"Id": ""}},
        {"Invoice": None},
        {"Customer": {"Id": "1"}},
    ],
)
def test_a_200_without_the_invoice_is_an_unknown_outcome(intuit, gateway, body):
    intuit.tell(200, body)
    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))


def test_answer_lost(intuit, setup):
    intuit.script += [LOST, LOST]
    with pytest.raises(errors.OutcomeUnknown) as unknown:
        setup.gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
    assert unknown.value.after is None, "hung up on: it may be repeated at once"
    with pytest.raises(errors.TryLater):
        setup.gateway.read(REALM, "Invoice", "1")
    assert [event[0] for event in setup.pace.told()] == ["ill", "ill"]
    assert setup.pace.held == []
    assert len(intuit.asked) == 2


def test_hang_longer_than_the_time_out(setup):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        shared = {"api_url": url, "wire": setup.wire, "pace": setup.pace, "access_token": setup.tokens}
        gateway = Gateway(**shared, read_seconds=0.05, write_seconds=0.05)
        with pytest.raises(errors.OutcomeUnknown) as unknown:
            gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
        assert timedelta(seconds=140) < unknown.value.after < timedelta(seconds=150)
        with pytest.raises(errors.TryLater):
            gateway.preferences(REALM)


def test_nobody_there_is_safe_to_repeat(setup):
    closed = Gateway(api_url="http://127.0.0.1:9", wire=setup.wire, pace=setup.pace, access_token=setup.tokens)
    with pytest.raises(errors.TryLater):
        closed.create(REALM, "Invoice", BODY, RequestId("hs-1"))


def test_throttling_pauses_the_realm(intuit, setup):
    intuit.tell(429, b"<html>")
    with pytest.raises(errors.TryLater) as caught:
        setup.gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
    assert caught.value.after == timedelta(seconds=62.5)
    assert setup.pace.told() == [("pause", "realm:9341453", timedelta(seconds=62.5), "429")]
    intuit.tell(429, b"", Retry_After="11")
    with pytest.raises(errors.TryLater) as caught:
        setup.gateway.read(REALM, "Invoice", "1")
    assert caught.value.after == timedelta(seconds=11)


def test_pace_hears_how_calls_went(intuit, setup):
    intuit.tell(200, INVOICE)
    intuit.tell(*fault("6240"))
    intuit.tell(503, b"", Retry_After="9")
    gateway = setup.gateway
    gateway.read(REALM, "Invoice", "1")
    with pytest.raises(errors.NameTaken):
        gateway.create(REALM, "Customer", BODY, RequestId("hs-1"))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        gateway.create(REALM, "Customer", BODY, RequestId("hs-1"))
    assert caught.value.after == timedelta(seconds=9)
    assert [event[:2] for event in setup.pace.told()] == [
        ("well", "realm:9341453"),
        ("well", "realm:9341453"),
        ("ill", "realm:9341453"),
    ]


def test_a_paused_realm_is_not_called(intuit, setup):
    class Paused(FakePace):
        def turn(self, scope):
            raise errors.TryLater("paused")

    with pytest.raises(errors.TryLater):
        Gateway(api_url=intuit.url, wire=setup.wire, pace=Paused(), access_token=setup.tokens).preferences(REALM)
    assert intuit.asked == []


def test_read(intuit, gateway):
    intuit.tell(200, INVOICE)
    assert gateway.read(REALM, "Invoice", "2/3", include="invoiceLink")["Id"] == "238"
    assert intuit.asked[0].target == "/v3/company/9341453/invoice/2%2F3?include=invoiceLink&minorversion=75"
    assert intuit.asked[0].method == "GET"
    assert intuit.asked[0].body == b""
    assert "Content-Type" not in intuit.asked[0].headers


def test_read_of_what_is_gone(intuit, gateway):
    intuit.tell(*fault("610"))
    assert gateway.read(REALM, "Invoice", "1") is None
    intuit.tell(*fault("2010"))
    assert gateway.read(REALM, "Customer", "1") is None
    intuit.tell(*fault("2010"))
    with pytest.raises(errors.RefusedByQuickBooks):
        gateway.read(REALM, "Invoice", "1")
    intuit.tell(200, {"time": "x"})
    with pytest.raises(errors.TryLater):
        gateway.read(REALM, "Invoice", "1")


def test_short_query_is_a_get(intuit, gateway):
    intuit.tell(200, {"QueryResponse": {}, "time": "x"})
    assert gateway.query(REALM, "Customer", "DisplayName = 'R&D + 100% \\'#é'") == []
    (asked,) = intuit.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/v3/company/9341453/query", b"")
    assert "+" not in asked.target
    assert asked.params == {
        "query": "select * from Customer where DisplayName = 'R&D + 100% \\'#é' orderby Id startposition 1 "
        "maxresults 1000",
        "minorversion": "75",
    }


def test_long_query_is_a_post_and_still_a_read(intuit, gateway):
    where = f"DisplayName = '{'é' * 400}'"
    intuit.tell(200, {"QueryResponse": {}})
    assert gateway.query(REALM, "Customer", where, limit=1) == []
    (asked,) = intuit.asked
    assert (asked.method, asked.path) == ("POST", "/v3/company/9341453/query")
    assert asked.params == {"minorversion": "75"}
    assert asked.headers["Content-Type"] == "application/text"
    statement = f"select * from Customer where {where} orderby Id startposition 1 maxresults 1"
    assert asked.body.decode() == statement
    intuit.tell(500)
    with pytest.raises(errors.TryLater):
        gateway.query(REALM, "Customer", where)


def test_query_reads_every_page_and_each_entity_once(intuit, gateway):
    page = [{"Id": str(number)} for number in range(1, 1001)]
    intuit.tell(200, {"QueryResponse": {"Item": page}})
    intuit.tell(200, {"QueryResponse": {"Item": [{"Id": "1000"}, {"Id": "1001"}, "odd"]}})
    found = gateway.query(REALM, "Item")
    assert [entry["Id"] for entry in found] == [str(number) for number in range(1, 1002)]
    assert "startposition 1001 maxresults 1000" in intuit.asked[1].params["query"]
    assert len(intuit.asked) == 2


def test_query_that_repeats_its_page_for_ever_ends(intuit, gateway):
    page = [{"Id": str(number)} for number in range(1000)]
    for _ in range(3):
        intuit.tell(200, {"QueryResponse": {"Item": page}})
    assert len(gateway.query(REALM, "Item")) == 1000
    assert len(intuit.asked) == 2


def test_query_stops_at_the_limit(intuit, gateway):
    intuit.tell(200, {"QueryResponse": {"Item": [{"Id": "1"}, {"Id": "2"}]}})
    assert len(gateway.query(REALM, "Item", limit=2)) == 2
    assert len(intuit.asked) == 1
    intuit.tell(200, {"time": "x"})
    with pytest.raises(errors.TryLater):
        gateway.query(REALM, "Item")


def test_update_is_sparse(intuit, gateway):
    intuit.tell(200, INVOICE)
    changes = {"Id": "238", "SyncToken": "0", "DueDate": "2026-12-31", "Deposit": Decimal("0.10")}
    gateway.update(REALM, "Invoice", changes, RequestId("hs-2"))
    (asked,) = intuit.asked
    assert asked.body == b'{"Id":"238","SyncToken":"0","DueDate":"2026-12-31","Deposit":0.1,"sparse":true}'
    assert asked.params == {"minorversion": "75", "requestid": "hs-2"}
    assert "sparse" not in changes
    intuit.tell(*fault("5010"))
    with pytest.raises(errors.SyncTokenStale):
        gateway.update(REALM, "Invoice", changes)


def test_void(intuit, gateway):
    intuit.tell(200, INVOICE)
    gateway.void(REALM, "Invoice", "129", "0", RequestId("hs-3"))
    assert intuit.asked[0].params == {"operation": "void", "minorversion": "75", "requestid": "hs-3"}
    assert json.loads(intuit.asked[0].body) == {"Id": "129", "SyncToken": "0"}
    intuit.tell(200, {"Payment": {"Id": "5"}})
    gateway.void(REALM, "Payment", "5", "1")
    assert intuit.asked[1].path == "/v3/company/9341453/payment"
    assert intuit.asked[1].params == {"operation": "update", "include": "void", "minorversion": "75"}
    assert json.loads(intuit.asked[1].body) == {"Id": "5", "SyncToken": "1", "sparse": True}


def test_delete(intuit, gateway):
    intuit.tell(200, {"Invoice": {"status": "Deleted", "domain": "QBO", "Id": "33"}})
    gateway.delete(REALM, "Invoice", "33", "1", RequestId("hs-4"))
    assert intuit.asked[0].params == {"operation": "delete", "minorversion": "75", "requestid": "hs-4"}
    assert json.loads(intuit.asked[0].body) == {"Id": "33", "SyncToken": "1"}
    intuit.tell(*fault("610"))
    gateway.delete(REALM, "Invoice", "33", "1")
    intuit.tell(*fault("6480"))
    with pytest.raises(errors.RefusedByQuickBooks):
        gateway.delete(REALM, "Invoice", "33", "1")


def test_send(intuit, gateway):
    intuit.tell(200, INVOICE)
    gateway.send(REALM, "Invoice", "70", send_to="a+b@example.com")
    (asked,) = intuit.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v3/company/9341453/invoice/70/send", b"")
    assert asked.params == {"sendTo": "a+b@example.com", "minorversion": "75"}
    assert asked.headers["Content-Type"] == "application/octet-stream"
    assert asked.headers["Content-Length"] == "0"


def test_pdf(intuit, gateway):
    intuit.tell(200, b"%PDF-1.4 ...", Content_Type="application/pdf")
    assert gateway.pdf(REALM, "Invoice", "70") == b"%PDF-1.4 ..."
    assert intuit.asked[0].target == "/v3/company/9341453/invoice/70/pdf?minorversion=75"
    assert intuit.asked[0].headers["Accept"] == "application/pdf"
    intuit.tell(*fault("610"))
    with pytest.raises(errors.RefusedByQuickBooks):
        gateway.pdf(REALM, "Invoice", "70")
    for body in (b"", b"{}", b"<html>"):
        intuit.tell(200, body)
        with pytest.raises(errors.TryLater):
            gateway.pdf(REALM, "Invoice", "70")


def test_a_pdf_is_taken_as_it_is_and_what_is_none_pauses_nobody(intuit, setup):
    intuit.tell(200, b"\n\xef\xbb\xbf%PDF-1.7 ...", Content_Type="application/pdf;charset=UTF-8")
    assert setup.gateway.pdf(REALM, "Invoice", "70").endswith(b"%PDF-1.7 ...")
    for body, kind in ((b"", "application/pdf"), (b"{}", "application/json"), (b"<html>", "text/html")):
        intuit.tell(200, body, Content_Type=kind)
        with pytest.raises(errors.TryLater):
            setup.gateway.pdf(REALM, "Invoice", "70")
    assert {event[0] for event in setup.pace.told()} == {"well"}
    intuit.tell(503, b"<html>")
    with pytest.raises(errors.TryLater):
        setup.gateway.pdf(REALM, "Invoice", "70")
    assert setup.pace.told()[-1][0] == "ill"


def test_a_duplicate_of_a_name_list_is_a_taken_name(intuit, gateway):
    for _ in range(3):
        intuit.tell(*fault("630"))
    with pytest.raises(errors.NameTaken):
        gateway.create(REALM, "Item", BODY, RequestId("hs-1"))
    with pytest.raises(errors.NameTaken):
        gateway.update(REALM, "Customer", {"Id": "1", "SyncToken": "0"})
    with pytest.raises(errors.RefusedByQuickBooks):
        gateway.update(REALM, "Invoice", {"Id": "1", "SyncToken": "0"})
    items = [{"bId": "1", "operation": "create", "Item": {}}, {"bId": "2", "operation": "create", "Invoice": {}}]
    intuit.tell(200, {"BatchItemResponse": [{"bId": each["bId"], **fault("630")[1]} for each in items]})
    found = gateway.batch(REALM, items)
    assert [type(found[each]) for each in "12"] == [errors.NameTaken, errors.RefusedByQuickBooks]


def test_a_bare_403_is_tried_once_more_with_a_fresh_access_token(intuit, setup):
    intuit.tell(403)
    intuit.tell(200, INVOICE)
    assert setup.gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))["Id"] == "238"
    first, second = intuit.asked
    assert (first.target, first.body) == (second.target, second.body)
    assert setup.tokens.rejected == [None, "access-9341453-1"]
    assert [event[0] for event in setup.pace.told()] == ["well"]


def test_403_for_a_fresh_access_token_too_is_an_outage_and_not_the_end_of_a_connection(intuit, setup):
    for _ in range(4):
        intuit.tell(403)
    with pytest.raises(errors.TryLater):
        setup.gateway.read(REALM, "Invoice", "1")
    with pytest.raises(errors.OutcomeUnknown):
        setup.gateway.create(REALM, "Invoice", BODY, RequestId("hs-1"))
    assert len(intuit.asked) == 4
    assert [event[0] for event in setup.pace.told()] == ["ill", "ill"]


def test_a_documented_code_disconnects_at_once(intuit, setup):
    intuit.tell(403, {"Fault": {"Error": [{"code": "3100"}], "type": "SERVICE"}})
    with pytest.raises(errors.NotConnected):
        setup.gateway.read(REALM, "Invoice", "1")
    assert len(intuit.asked) == 1


def test_gone_is_gone_whatever_the_type_of_the_fault(intuit, gateway):
    body = {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": "610"}], "type": "SystemFault"}}
    intuit.tell(400, body)
    assert gateway.read(REALM, "Invoice", "1") is None


def test_a_throttled_item_of_a_batch_pauses_the_realm(intuit, setup):
    items = [{"bId": "1", "Query": "select * from Item"}, {"bId": "2", "Query": "select * from Term"}]
    given = [{"bId": "1", **fault("3001")[1]}, {"bId": "2", "QueryResponse": {}}]
    intuit.tell(200, {"BatchItemResponse": given})
    found = setup.gateway.batch(REALM, items)
    assert type(found["1"]) is errors.TryLater
    assert found["2"]["QueryResponse"] == {}
    assert setup.pace.told()[-1] == ("pause", f"realm:{REALM}", timedelta(seconds=62.5), "3001 in a batch")


def test_batch_tells_the_fate_of_every_item(intuit, setup):
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Kim Nguyen"}},
        {"bId": "2", "operation": "update", "Invoice": {"Id": "130"}},
        {"bId": "3", "operation": "delete", "Invoice": {"Id": "131"}},
        {"bId": "5", "Query": "select * from SalesReceipt"},
        {"bId": "6", "Query": "select * from Item"},
    ]
    given = [
        {"bId": "5", "QueryResponse": {"SalesReceipt": []}},
        {"bId": "1", **fault("6240")[1]},
        {"bId": "2", "Invoice": {"Id": "130", "SyncToken": "1"}},
    ]
    intuit.tell(200, {"BatchItemResponse": given, "time": "x"})
    found = setup.gateway.batch(REALM, items, RequestId("b-1"))
    assert isinstance(found["1"], errors.NameTaken)
    assert found["2"]["Invoice"]["SyncToken"] == "1"
    assert isinstance(found["3"], errors.OutcomeUnknown)
    assert found["5"]["QueryResponse"] == {"SalesReceipt": []}
    assert isinstance(found["6"], errors.TryLater)
    assert intuit.asked[0].params == {"minorversion": "75", "requestid": "b-1"}
    assert [event[1] for event in setup.pace.events if event[0] == "turn"] == ["batch:9341453", "realm:9341453"]


def test_batch_of_reads_is_a_read(intuit, gateway):
    intuit.tell(500)
    with pytest.raises(errors.TryLater):
        gateway.batch(REALM, [{"bId": "1", "Query": "select * from Item"}])


def test_batch_refuses_what_quickbooks_would(gateway):
    query = {"bId": "1", "Query": "select * from Item"}
    for items in ([], [query, query], [{"Query": "x"}], [{**query, "bId": str(number)} for number in range(31)]):
        with pytest.raises(ValueError, match="30 items"):
            gateway.batch(REALM, items)
    with pytest.raises(ValueError, match="36"):
        gateway.batch(REALM, [query], RequestId("x" * 37))


def test_changes(intuit, gateway):
    slots = [
        {
            "Invoice": [
                {"Id": "130", "TotalAmt": 362.07},
                {"domain": "QBO", "status": "Deleted", "Id": "979", "MetaData": {}},
            ],
            "startPosition": 1,
            "maxResults": 2,
        },
        {},
        {"Payment": [{"Id": "171"}]},
    ]
    told = {"CDCResponse": [{"QueryResponse": slots}], "time": "2026-11-21T10:00:00.123-08:00"}
    intuit.tell(200, told)
    found = gateway.changes(REALM, ["Invoice", "Payment"], datetime(2026, 11, 21, 8, tzinfo=UTC))
    assert intuit.asked[0].path == "/v3/company/9341453/cdc"
    assert intuit.asked[0].params == {
        "entities": "Invoice,Payment",
        "changedSince": "2026-11-21T08:00:00+00:00",
        "minorversion": "75",
    }
    assert "%2B00" in intuit.asked[0].target
    assert found.changed == {"Invoice": [{"Id": "130", "TotalAmt": Decimal("362.07")}], "Payment": [{"Id": "171"}]}
    assert found.deleted == {"Invoice": ["979"]}
    assert found.at == datetime(2026, 11, 21, 18, 0, 0, 123000, UTC)
    assert found.complete
    slots[2]["Payment"] *= 998
    intuit.tell(200, told)
    assert not gateway.changes(REALM, ["Invoice", "Payment"], datetime(2026, 11, 21, 8, tzinfo=UTC)).complete
    intuit.tell(200, {})
    with pytest.raises(errors.TryLater):
        gateway.changes(REALM, ["Invoice"], datetime(2026, 11, 21, 8, tzinfo=UTC))


def test_company_info_and_preferences(intuit, gateway):
    intuit.tell(200, {"CompanyInfo": {"Country": "US"}})
    intuit.tell(200, {"Preferences": {"Id": "1"}})
    assert gateway.company_info(REALM) == {"Country": "US"}
    assert gateway.preferences(REALM) == {"Id": "1"}
    assert [asked.target for asked in intuit.asked] == [
        "/v3/company/9341453/companyinfo/9341453?minorversion=75",
        "/v3/company/9341453/preferences?minorversion=75",
    ]


def test_log_has_the_trace_id_and_no_secret(intuit, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    canary = b'{"PrivateNote":"CANARY"}'
    intuit.tell(400, fault("6000")[1], intuit_tid="1-628f0be4 x")
    with pytest.raises(errors.RefusedByQuickBooks):
        gateway.create(REALM, "Invoice", canary, RequestId("hs-1"))
    intuit.tell(200, {"QueryResponse": {"Item": [{"Id": "CANARY"}]}})
    gateway.query(REALM, "Item", "Name = 'CANARY'")
    intuit.tell(200, INVOICE)
    gateway.send(REALM, "Invoice", "1", send_to="CANARY@example.com")
    intuit.script.append(LOST)
    with pytest.raises(errors.TryLater):
        gateway.query(REALM, "Item", "Name = 'CANARY'")
    ours = [record.getMessage() for record in caplog.records if record.name == "service.quickbooks"]
    assert ours[0].startswith("POST /v3/company/9341453/invoice 400 in ")
    assert ours[0].endswith(" ms, intuit_tid 1-628f0be4x")
    assert len(ours) == 4
    assert not any("CANARY" in line or "access-" in line for line in ours)


def test_threads_share_a_gateway(intuit, setup):
    for _ in range(60):
        intuit.tell(200, INVOICE)

    def work(realm):
        for number in range(20):
            body = b'{"n":"%s-%d"}' % (realm.encode(), number)
            setup.gateway.create(RealmId(realm), "Invoice", body, RequestId(f"{realm}-{number}"))

    threads = [threading.Thread(target=work, args=(realm,)) for realm in ("1", "2", "3")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(intuit.asked) == 60
    for asked in intuit.asked:
        name = json.loads(asked.body)["n"]
        realm = name.split("-")[0]
        assert asked.params["requestid"] == name
        assert asked.path == f"/v3/company/{realm}/invoice"
        assert asked.headers["Authorization"] == f"Bearer access-{realm}-1"


def test_nothing_of_the_library_reaches_the_network_by_itself(setup):
    from service.quickbooks.transport import Client

    client = Client(line=setup.gateway._line, company_id=REALM, minorversion=75, write=True)
    assert client.session is None
    with pytest.raises(NotImplementedError):
        client.process_request("GET", "http://127.0.0.1:9")
    with pytest.raises(TypeError):
        client.make_request("POST", "http://127.0.0.1:9", {"a": 1})


def test_body_is_exact():
    content = {"b": Decimal("525.00"), "a": [Decimal("0.1"), Decimal("12.75"), 7, True, None], "t": "Café ✓"}
    assert encode(content) == '{"b":525,"a":[0.1,12.75,7,true,null],"t":"Café ✓"}'.encode()
    assert encode({"t": "\ud800"}) == b'{"t":"?"}'
    for odd in (Decimal("NaN"), Decimal("Infinity"), Decimal("0.12345678901234567890")):
        with pytest.raises(ValueError, match="amount"):
            encode({"a": odd})
    with pytest.raises(TypeError):
        encode({"a": object()})
    with pytest.raises(ValueError, match="JSON compliant"):
        encode({"a": float("nan")})


def test_wire_is_the_only_way_out(intuit, setup):
    class Counting(Wire):
        sent = 0

        def send(self, *args, **options):
            Counting.sent += 1
            return super().send(*args, **options)

    intuit.tell(200, INVOICE)
    gateway = Gateway(api_url=intuit.url, wire=Counting(), pace=setup.pace, access_token=setup.tokens)
    gateway.read(REALM, "Invoice", "1")
    assert Counting.sent == len(intuit.asked) == 1


def test_all_are_counted_in_one_call(intuit, gateway):
    intuit.tell(200, {"QueryResponse": {"totalCount": 12345}})
    assert gateway.count(REALM, "Customer", "Active in (true, false)") == 12345
    assert intuit.asked[0].params["query"] == "select count(*) from Customer where Active in (true, false)"
    intuit.tell(200, {"QueryResponse": {}})
    assert gateway.count(REALM, "Customer", "Active in (true, false)") == 0
