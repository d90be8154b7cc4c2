"""Every way in which work can end badly. The branch is the decision, the leaf is the reason.

    ServiceError
      ConfigError                the process does not start; every problem is named at once
      RequestRejected            answer 4xx, store nothing
        SignatureInvalid         401
        BodyTooLarge             413
        BodyMalformed            400
        SignInNeeded             401
        PageOutdated             403
        PageNotFound             404
        ConsentRefused           400, 403, 503
        TooManyAttempts          429
      CannotInvoice              a person must change something: FAIL_CONTINUE, code, sentence
        UnknownAction            UNKNOWN_ACTION
        InputInvalid             INVALID_INPUT
        PortalNotConnected       PORTAL_NOT_CONNECTED
        RealmNotChosen           REALM_NOT_CHOSEN
        DealNotFound             DEAL_NOT_FOUND
        DealHasNoLineItems       NO_LINE_ITEMS
        DealHasNoAmount          NO_AMOUNT
        LineItemUnusable         BAD_LINE_ITEM
        TotalNotPositive         TOTAL_NOT_POSITIVE
        CurrencyMismatch         CURRENCY_MISMATCH
        DealHasNoRecipient       NO_CUSTOMER
        CustomerNotFound         CUSTOMER_NOT_FOUND
        CustomerInactive         CUSTOMER_INACTIVE
        ItemNotFound             ITEM_NOT_FOUND
        ItemInactive             ITEM_INACTIVE
        NoDefaultItem            NO_DEFAULT_ITEM
        NoIncomeAccount          NO_INCOME_ACCOUNT
        TaxCodeMissing           TAX_CODE_MISSING
        SettingOff               QBO_SETTING_OFF
        SplitTooLarge            SPLIT_TOO_LARGE
        DepositTooLarge          DEPOSIT_TOO_LARGE
        NumberTaken              DUPLICATE_NUMBER
        InvoiceExists            INVOICE_EXISTS
        SaleExists               SALE_EXISTS
        EstimateNotFound         ESTIMATE_NOT_FOUND
        EstimateClosed           ESTIMATE_CLOSED
        TotalDiffers             TOTAL_DIFFERS
        InvoiceNotFound          INVOICE_NOT_FOUND
        InvoiceOfAnotherDeal     INVOICE_OF_ANOTHER_DEAL
        InvoiceVoided            INVOICE_VOIDED
        InvoicePaid              INVOICE_PAID
        NoEmailAddress           NO_EMAIL
        PaymentTooLarge          PAYMENT_TOO_LARGE
        BooksClosed              BOOKS_CLOSED
        SubscriptionEnded        QBO_SUBSCRIPTION_ENDED
        RefusedByQuickBooks      QBO_REJECTED
        RefusedByHubSpot         HUBSPOT_REJECTED
        NotDoneInTime            NOT_DONE_IN_TIME
        GivenUp                  INTERNAL_ERROR
      NotConnected               park until somebody reconnects
        AccessLimited            the vendor lets us in, but not do this: park until it is granted
      TryLater                   repeating is safe; may say after how long
        SyncTokenStale           read again, apply again
        NameTaken                somebody else has the display name: look it up
        SettingsWrong            our own keys or settings: tell the operator, count no failure
      OutcomeUnknown             a write was sent and no usable answer came: look before repeating
        AlreadySent              QuickBooks knows the request id, but did not replay the answer

Raise from where you know, with `from`; catch at the HTTP edge, in the workflow runner, in the CLI.
"""

from __future__ import annotations

from datetime import timedelta


class ServiceError(Exception):
    """Anything that we foresaw. The text is for people: it names the fix and holds no secret."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ConfigError(ServiceError):
    """The settings cannot work; `problems` lists all that is missing or wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class RequestRejected(ServiceError):
    """The request is answered 4xx and nothing is stored."""

    status = 400
    code = "rejected"


class SignatureInvalid(RequestRejected):
    status, code = 401, "invalid_signature"


class BodyTooLarge(RequestRejected):
    status, code = 413, "body_too_large"


class BodyMalformed(RequestRejected):
    status, code = 400, "malformed_body"


class SignInNeeded(RequestRejected):
    """Nobody is signed in with this browser."""

    status, code = 401, "sign_in_needed"


class PageOutdated(RequestRejected):
    """The form does not belong to this browser's session."""

    status, code = 403, "page_outdated"


class PageNotFound(RequestRejected):
    """An operator's page asks for something that we do not have."""

    status, code = 404, "not_found"


class ConsentRefused(RequestRejected):
    """What came back from a consent page is not taken; `title` says it in a few words."""

    code = "consent_refused"

    def __init__(self, title: str, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.title, self.status = title, status


class TooManyAttempts(RequestRejected):
    """Too many wrong passwords; `after` is when the next one is looked at."""

    status, code = 429, "too_many_attempts"

    def __init__(self, sentence: str, after: timedelta) -> None:
        super().__init__(sentence)
        self.after = after


class CannotInvoice(ServiceError):
    """A person must change something; `code` is stable, the sentence says what to change."""

    code = "CANNOT_INVOICE"


class UnknownAction(CannotInvoice):
    code = "UNKNOWN_ACTION"


class InputInvalid(CannotInvoice):
    code = "INVALID_INPUT"


class PortalNotConnected(CannotInvoice):
    code = "PORTAL_NOT_CONNECTED"


class RealmNotChosen(CannotInvoice):
    code = "REALM_NOT_CHOSEN"


class DealNotFound(CannotInvoice):
    code = "DEAL_NOT_FOUND"


class DealHasNoLineItems(CannotInvoice):
    code = "NO_LINE_ITEMS"


class DealHasNoAmount(CannotInvoice):
    code = "NO_AMOUNT"


class LineItemUnusable(CannotInvoice):
    code = "BAD_LINE_ITEM"


class TotalNotPositive(CannotInvoice):
    code = "TOTAL_NOT_POSITIVE"


class CurrencyMismatch(CannotInvoice):
    code = "CURRENCY_MISMATCH"


class DealHasNoRecipient(CannotInvoice):
    code = "NO_CUSTOMER"


class CustomerNotFound(CannotInvoice):
    code = "CUSTOMER_NOT_FOUND"


class CustomerInactive(CannotInvoice):
    code = "CUSTOMER_INACTIVE"


class ItemNotFound(CannotInvoice):
    code = "ITEM_NOT_FOUND"


class ItemInactive(CannotInvoice):
    code = "ITEM_INACTIVE"


class NoDefaultItem(CannotInvoice):
    code = "NO_DEFAULT_ITEM"


class NoIncomeAccount(CannotInvoice):
    code = "NO_INCOME_ACCOUNT"


class TaxCodeMissing(CannotInvoice):
    code = "TAX_CODE_MISSING"


class SettingOff(CannotInvoice):
    code = "QBO_SETTING_OFF"


class SplitTooLarge(CannotInvoice):
    code = "SPLIT_TOO_LARGE"


class DepositTooLarge(CannotInvoice):
    code = "DEPOSIT_TOO_LARGE"


class NumberTaken(CannotInvoice):
    code = "DUPLICATE_NUMBER"


class InvoiceExists(CannotInvoice):
    code = "INVOICE_EXISTS"


class SaleExists(CannotInvoice):
    """The deal has an estimate, sales receipt or credit memo already, and shall not get another."""

    code = "SALE_EXISTS"


class EstimateNotFound(CannotInvoice):
    """An estimate is to be converted, and there is none that could be meant."""

    code = "ESTIMATE_NOT_FOUND"


class EstimateClosed(CannotInvoice):
    """An estimate is to be converted that was closed or rejected, and no live invoice was made from it."""

    code = "ESTIMATE_CLOSED"


class TotalDiffers(CannotInvoice):
    """Told with an invoice that exists but comes to another total than the deal; never raised."""

    code = "TOTAL_DIFFERS"


class InvoiceNotFound(CannotInvoice):
    """An action on an invoice, and there is none that it could mean."""

    code = "INVOICE_NOT_FOUND"


class InvoiceOfAnotherDeal(CannotInvoice):
    code = "INVOICE_OF_ANOTHER_DEAL"


class InvoiceVoided(CannotInvoice):
    code = "INVOICE_VOIDED"


class InvoicePaid(CannotInvoice):
    """Money was received for it: what is asked for can no longer be done."""

    code = "INVOICE_PAID"


class NoEmailAddress(CannotInvoice):
    code = "NO_EMAIL"


class PaymentTooLarge(CannotInvoice):
    """More than the invoice still has open."""

    code = "PAYMENT_TOO_LARGE"


class BooksClosed(CannotInvoice):
    code = "BOOKS_CLOSED"


class SubscriptionEnded(CannotInvoice):
    code = "QBO_SUBSCRIPTION_ENDED"


class RefusedByQuickBooks(CannotInvoice):
    """QuickBooks checked the request and created nothing; `fault_code` is Intuit's."""

    code = "QBO_REJECTED"

    def __init__(self, sentence: str, fault_code: str = "") -> None:
        super().__init__(sentence)
        self.fault_code = fault_code


class RefusedByHubSpot(CannotInvoice):
    """HubSpot checked the request and changed nothing; `status` is HTTP's."""

    code = "HUBSPOT_REJECTED"

    def __init__(self, sentence: str, status: int = 400, category: str = "") -> None:
        super().__init__(sentence)
        self.status, self.category = status, category


class NotDoneInTime(CannotInvoice):
    code = "NOT_DONE_IN_TIME"


class GivenUp(CannotInvoice):
    """A fault of our own, repeated until there was no sense in repeating it."""

    code = "INTERNAL_ERROR"


class NotConnected(ServiceError):
    """Somebody must reconnect; `vendor` is "hubspot" or "quickbooks".

    `refused_token`: the access token that the vendor would not take, when it was the newest there was.
    """

    def __init__(self, sentence: str, vendor: str, refused_token: str | None = None) -> None:
        super().__init__(sentence)
        self.vendor, self.refused_token = vendor, refused_token


class AccessLimited(NotConnected):
    """The access lives, but was not granted for this."""


class TryLater(ServiceError):
    """Nothing was done, or repeating is harmless. `after` None: the caller's own back-off."""

    def __init__(self, sentence: str, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class SyncTokenStale(TryLater):
    """The entity changed since it was read."""


class NameTaken(TryLater):
    """A customer, vendor or employee already has the name."""


class SettingsWrong(TryLater):
    """Nothing is wrong with the portal or realm: a setting of ours is, until the operator changes it."""


class OutcomeUnknown(ServiceError):
    """A write was sent and no usable answer came."""

    def __init__(self, sentence: str, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class AlreadySent(OutcomeUnknown):
    """QuickBooks has seen the request id but would not say what came of it."""
