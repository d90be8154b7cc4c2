"""A deal becomes an estimate, a sales receipt or a credit memo: exactly one, whatever gets lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.harness import PORTAL, REALM, Harness

UK_PORTAL, VAT_REALM = 20000002, "9341450000000003"


@dataclass(frozen=True)
class Kind:
    """`entity`: QuickBooks' name; `output`: how the outputs begin; `existing`: the input about one that exists."""

    action: str
    entity: str
    output: str
    existing: str

    def path(self) -> str:
        return self.entity.lower()


KINDS = [
    Kind("create-estimate", "Estimate", "estimate", "existingEstimate"),
    Kind("create-sales-receipt", "SalesReceipt", "salesReceipt", "existingSalesReceipt"),
    Kind("create-credit-memo", "CreditMemo", "creditMemo", "existingCreditMemo"),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=[each.entity for each in KINDS])
# What all three do alike is told fast of one, and thoroughly of the others.
THOROUGH = [pytest.param(each, marks=pytest.mark.thorough) for each in KINDS[1:]]
one_kind = pytest.mark.parametrize("kind", [KINDS[0], *THOROUGH], ids=[each.entity for each in KINDS])


def sales_of(harness: Harness, kind: Kind, deal_id: str, realm_id: str = REALM) -> list[dict[str, Any]]:
    """Those in QuickBooks' books that we made for the deal."""
    found = harness.books(kind.entity, realm_id)
    return [each for each in found if f"HubSpot deal {deal_id} [" in (each.get("PrivateNote") or "")]


def assert_sold_once(
    harness: Harness, kind: Kind, callback_id: str, deal_id: str, portal_id: int = PORTAL, realm_id: str = REALM
) -> dict[str, Any]:
    """One sale for the deal, told to the workflow; the deal itself shows no invoice. Returns the sale."""
    told = harness.hubspot_callback(callback_id)
    assert (told["state"], told["execution_state"]) == ("completed", "SUCCESS"), told["outputs"]
    assert told["effective_completions"] == 1
    assert told["complaints"] == []
    (sale,) = sales_of(harness, kind, deal_id, realm_id)
    outputs = told["outputs"]
    assert (outputs[f"{kind.output}Id"], outputs[f"{kind.output}Number"]) == (sale["Id"], sale["DocNumber"])
    assert Decimal(outputs[f"{kind.output}Amount"]) == Decimal(str(sale["TotalAmt"]))
    assert outputs["errorCode"] == ""
    # What is no invoice must not pretend to be one.
    assert not [name for name in outputs if name.startswith("invoice")]
    deal = harness.deal(deal_id, portal_id)
    assert not [name for name, value in deal.items() if name.startswith("qbo_") and value]
    assert harness.invoices_of(deal_id, realm_id) == []
    return sale


@every_kind
def test_in_the_us(harness: Harness, kind: Kind) -> None:
    harness.connect()
    deal_id = harness.story("three-lines")

    callback_id = harness.enroll(deal_id, action=kind.action)
    harness.work()

    sale = assert_sold_once(harness, kind, callback_id, deal_id)
    assert sale["TotalAmt"] >= 440
    assert len([each for each in sale["Line"] if each["DetailType"] == "SalesItemLineDetail"]) == 3
    assert harness.refusals() == []


@one_kind
def test_in_a_vat_company(harness: Harness, kind: Kind) -> None:
    harness.connect(UK_PORTAL, VAT_REALM)
    deal_id = harness.story("uk-one-line", UK_PORTAL)

    callback_id = harness.enroll(deal_id, {"taxCodeId": "3"}, UK_PORTAL, action=kind.action)
    harness.work()

    sale = assert_sold_once(harness, kind, callback_id, deal_id, UK_PORTAL, VAT_REALM)
    assert (sale["TotalAmt"], sale["TxnTaxDetail"]["TotalTax"]) == (78.75, 3.75)
    assert harness.refusals() == []


@one_kind
def test_answer_lost_after_commit(harness: Harness, kind: Kind) -> None:
    harness.set_sandbox(quickbooks={"requestid_other_body": "error_600"})
    harness.connect()
    deal_id = harness.story("one-line")
    harness.trouble("lose_answer", rf"/{kind.path()}\?", method="POST", times=2)

    callback_id = harness.enroll(deal_id, action=kind.action)
    harness.finish()

    assert_sold_once(harness, kind, callback_id, deal_id)
    assert len({each["requestid"] for each in harness.creates(kind.path())}) == 1
    assert len(harness.creates(kind.path())) == 3
    assert harness.replayed() == 2
    assert harness.refusals() == []


@one_kind
def test_delivered_many_times_and_at_once(harness: Harness, kind: Kind) -> None:
    harness.connect()
    deal_id = harness.story("one-line")
    callback_id = harness.enroll(deal_id, action=kind.action)

    harness.deliver_again(callback_id, times=10, at_once=True)
    harness.work(together=True)
    harness.deliver_again(callback_id, times=2)
    harness.work()

    assert_sold_once(harness, kind, callback_id, deal_id)
    assert len(harness.creates(kind.path())) == 1
    assert harness.refusals() == []


@one_kind
def test_enrolled_again(harness: Harness, kind: Kind) -> None:
    """Return it, fail, or create another: as the author says."""
    harness.connect()
    deal_id = harness.another_deal()
    first = harness.enroll(deal_id, action=kind.action)
    harness.work()
    sale = assert_sold_once(harness, kind, first, deal_id)

    again = harness.enroll(deal_id, action=kind.action)
    harness.work()
    assert_sold_once(harness, kind, again, deal_id)

    refused = harness.enroll(deal_id, {kind.existing: "fail"}, action=kind.action)
    harness.work()
    told = harness.hubspot_callback(refused)["outputs"]
    assert (told["errorCode"], told[f"{kind.output}Id"]) == ("SALE_EXISTS", "")
    assert sale["DocNumber"] in told["errorMessage"]
    assert f'"{kind.existing}"' in told["errorMessage"]
    assert harness.deal(deal_id)["qbo_invoice_error"] == f"SALE_EXISTS: {told['errorMessage']}"

    harness.enroll(deal_id, {kind.existing: "create_another"}, action=kind.action)
    harness.work()
    assert len(sales_of(harness, kind, deal_id)) == 2
    assert not harness.deal(deal_id)["qbo_invoice_error"]
    assert harness.refusals() == []


@one_kind
def test_one_whose_outcome_never_became_known_is_found(harness: Harness, kind: Kind) -> None:
    """The first callback ended past its deadline with its write open; the next one looks before it creates."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", rf"/{kind.path()}\?", method="POST")
    first = harness.enroll(deal_id, action=kind.action)
    harness.work()
    harness.trouble("status", "/v3/company/", vendor="quickbooks", status=503, times=None)
    harness.pass_time(timedelta(days=7))
    harness.work()
    assert harness.callback(first).error_code == "NOT_DONE_IN_TIME"
    harness.calm()

    again = harness.enroll(deal_id, action=kind.action)
    harness.work()

    assert_sold_once(harness, kind, again, deal_id)
    assert harness.refusals() == []


@one_kind
@pytest.mark.parametrize(
    ("story", "inputs", "code", "says"),
    [
        ("no-lines", {}, "NO_LINE_ITEMS", "has no line items"),
        ("no-contact", {}, "NO_CUSTOMER", "no contact to bill"),
        ("zero-amount", {}, "TOTAL_NOT_POSITIVE", "0"),
        ("euro", {}, "CURRENCY_MISMATCH", "EUR"),
        ("one-line", {"privateNote": "x", "billTo": "nobody"}, "INVALID_INPUT", "billTo"),
        ("one-line", {"taxCodeId": "none"}, "INVALID_INPUT", "taxCodeId"),
    ],
)
def test_refused_with_a_code_and_a_sentence(
    harness: Harness, kind: Kind, story: str, inputs: dict[str, str], code: str, says: str
) -> None:
    harness.connect()
    deal_id = harness.story(story)
    before = harness.counts()

    callback_id = harness.enroll(deal_id, inputs, action=kind.action)
    harness.work()

    told = harness.hubspot_callback(callback_id)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("FAIL_CONTINUE", code), told["outputs"]
    assert says in told["outputs"]["errorMessage"]
    assert harness.deal(deal_id)["qbo_invoice_error"] == f"{code}: {told['outputs']['errorMessage']}"
    assert harness.counts() == before
    assert harness.refusals() == []


def test_how_long_an_estimate_holds(harness: Harness) -> None:
    harness.connect()
    inputs = {"estimateDate": "2026-11-20", "expiresInDays": "30"}
    callback_id = harness.enroll(harness.story("one-line"), inputs, action="create-estimate")
    harness.work()

    sale = assert_sold_once(harness, KINDS[0], callback_id, harness.story("one-line"))
    assert (sale["TxnDate"], sale["ExpirationDate"], sale["TxnStatus"]) == ("2026-11-20", "2026-12-20", "Pending")
    told = harness.hubspot_callback(callback_id)["outputs"]
    assert (told["estimateStatus"], told["estimateExpirationDate"]) == ("pending", "2026-12-20")


def test_estimates_are_switched_off_in_quickbooks(harness: Harness) -> None:
    harness.connect()
    harness.change_realm(preferences={"SalesFormsPrefs": {"AllowEstimates": False}})
    callback_id = harness.enroll(harness.story("one-line"), action="create-estimate")
    harness.work()

    told = harness.hubspot_callback(callback_id)["outputs"]
    assert told["errorCode"] == "QBO_REJECTED"
    assert harness.refusals() == []


def test_where_the_money_of_a_receipt_went(harness: Harness) -> None:
    harness.connect()
    inputs = {"depositAccountId": "35", "paymentReference": "TX 9"}
    callback_id = harness.enroll(harness.story("one-line"), inputs, action="create-sales-receipt")
    harness.work()

    sale = assert_sold_once(harness, KINDS[1], callback_id, harness.story("one-line"))
    assert (sale["DepositToAccountRef"]["value"], sale["PaymentRefNum"], sale["Balance"]) == ("35", "TX 9", 0)


def test_an_account_that_takes_no_deposits(harness: Harness) -> None:
    harness.connect()
    callback_id = harness.enroll(harness.story("one-line"), {"depositAccountId": "1"}, action="create-sales-receipt")
    harness.work()

    told = harness.hubspot_callback(callback_id)["outputs"]
    assert (told["errorCode"], told["salesReceiptId"]) == ("QBO_REJECTED", "")
    assert sales_of(harness, KINDS[1], harness.story("one-line")) == []
    assert harness.refusals() == []


def test_a_voided_receipt_is_made_anew(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id, action="create-sales-receipt")
    harness.work()
    (sale,) = sales_of(harness, KINDS[1], deal_id)
    harness.services.quickbooks.void(REALM, "SalesReceipt", sale["Id"], sale["SyncToken"])

    callback_id = harness.enroll(deal_id, action="create-sales-receipt")
    harness.work()

    told = harness.hubspot_callback(callback_id)["outputs"]
    assert told["salesReceiptId"] not in ("", sale["Id"])
    assert told["salesReceiptAmount"] == "150.00"


def test_a_credit_memo_shows_what_is_left_of_it(harness: Harness) -> None:
    harness.connect()
    deal_id = harness.another_deal()
    callback_id = harness.enroll(deal_id, {"lines": "deal_amount"}, action="create-credit-memo")
    harness.work()
    assert harness.hubspot_callback(callback_id)["outputs"]["errorCode"] == "NO_AMOUNT"

    callback_id = harness.enroll(deal_id, action="create-credit-memo")
    harness.work()
    told = harness.hubspot_callback(callback_id)["outputs"]
    assert (told["creditMemoAmount"], told["creditMemoBalance"]) == ("150.00", "150.00")
    assert told["creditMemoLink"].endswith(f"/app/creditmemo?txnId={told['creditMemoId']}")


@one_kind
def test_numbers_of_our_own(harness: Harness, kind: Kind) -> None:
    """Where the company numbers its sales itself, each kind gets a number that names the deal."""
    numbered = "9341450000000005"
    harness.connect(realm_id=numbered)
    deal_id = harness.story("one-line")

    callback_id = harness.enroll(deal_id, action=kind.action)
    harness.work()

    sale = assert_sold_once(harness, kind, callback_id, deal_id, realm_id=numbered)
    assert sale["DocNumber"].startswith(
        {"Estimate": "E", "SalesReceipt": "R", "CreditMemo": "C"}[kind.entity] + deal_id
    )


@one_kind
def test_made_and_mailed_once(harness: Harness, kind: Kind) -> None:
    """Both answers are lost: one sale, one e-mail."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.trouble("lose_answer", rf"/{kind.path()}\?", method="POST")
    harness.trouble("lose_answer", r"/send\?", method="POST")

    callback_id = harness.enroll(deal_id, {"send": "now"}, action=kind.action)
    harness.finish()

    assert assert_sold_once(harness, kind, callback_id, deal_id)["EmailStatus"] == "EmailSent"
    assert len(harness.calls("quickbooks", "/send")) == 1
    assert harness.refusals() == []


@one_kind
def test_nobody_to_mail_it_to(harness: Harness, kind: Kind) -> None:
    """It was made all the same, and says what to do."""
    harness.connect()
    line = {"name": "Design", "hs_sku": "DESIGN", "price": "75", "quantity": "2"}
    deal_id = harness.make_deal([line], {"firstname": "Noel", "lastname": "Noaddress"})

    callback_id = harness.enroll(deal_id, {"send": "now"}, action=kind.action)
    harness.work()

    told = harness.hubspot_callback(callback_id)
    (sale,) = sales_of(harness, kind, deal_id)
    assert (told["execution_state"], told["outputs"]["errorCode"]) == ("SUCCESS", "NO_EMAIL")
    assert told["outputs"][f"{kind.output}Id"] == sale["Id"]
    assert (harness.deal(deal_id)["qbo_invoice_error"] or "").startswith("NO_EMAIL: ")


@one_kind
def test_the_one_there_is_was_never_mailed(harness: Harness, kind: Kind) -> None:
    """It is returned, and mailed once, whatever gets lost."""
    harness.connect()
    deal_id = harness.another_deal()
    harness.enroll(deal_id, action=kind.action)
    harness.work()
    harness.trouble("lose_answer", r"/send\?", method="POST")

    for _ in range(2):
        again = harness.enroll(deal_id, {"send": "now"}, action=kind.action)
        harness.finish()
        assert assert_sold_once(harness, kind, again, deal_id)["EmailStatus"] == "EmailSent"
    assert len(harness.calls("quickbooks", "/send")) == 1
    assert harness.refusals() == []
