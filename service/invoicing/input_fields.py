"""How a workflow action's inputs are read: every value is text. Knows no single action."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from service.errors import InputInvalid
from service.invoicing.dates import parse_date
from service.invoicing.money import NotANumber, drop_double_noise, parse_decimal
from service.invoicing.text import clean_name, clean_text, is_email, quote_text

_TOO_LARGE = Decimal(10) ** 10
# https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice  (BillEmailCc)
_LONGEST_EMAILS = 100


class DayField(fields.Field[date]):
    """A day, as HubSpot writes dates: ISO or milliseconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        day = parse_date(value) if isinstance(value, str) else None
        if day is None:
            raise ValidationError("Must be a date such as 2026-11-22 between the years 2000 and 2199.")
        return day


class DaysField(fields.Field[int]):
    """A number of days."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        days = _number_or_none(value)
        if days is None or days != days.to_integral_value() or not 0 <= days <= 3650:
            raise ValidationError("Must be a whole number of days from 0 to 3650.")
        return int(days)


class AmountField(fields.Field[Decimal]):
    """An amount of money, 0 or more; its currency is the deal's."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        amount = _number_or_none(value)
        if amount is None or not 0 <= amount < _TOO_LARGE:
            raise ValidationError("Must be an amount of 0 or more, such as 12.50.")
        return amount


class PercentField(fields.Field[Decimal]):
    """A share from 0 to 100."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        share = _number_or_none(value)
        if share is None or not 0 <= share <= 100:
            raise ValidationError("Must be a percentage from 0 to 100.")
        return share


class EmailsField(fields.String):
    """E-mail addresses, separated by commas or semicolons; the result has commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        given = clean_name(super()._deserialize(value, attr, data, **kwargs))
        addresses = [each.strip() for each in re.split("[,;]", given) if each.strip()]
        joined = ", ".join(addresses)
        if not all(map(is_email, addresses)) or len(joined) > _LONGEST_EMAILS:
            raise ValidationError(
                f"Must be e-mail addresses with commas between, at most {_LONGEST_EMAILS} characters."
            )
        return joined


class NameField(fields.String):
    """Text of one line."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return clean_name(super()._deserialize(value, attr, data, **kwargs))


class TextField(fields.String):
    """Text that may have several lines."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return clean_text(super()._deserialize(value, attr, data, **kwargs))


def is_id(what: str) -> validate.Regexp:
    """The value is an id of QuickBooks; `what` ("an item") is for the sentence."""
    return validate.Regexp(r"\A[0-9]{1,20}\Z", error=f"Must be the id of {what} in QuickBooks, digits only.")


class InputsSchema(Schema):
    """Input names as the action's definition has them; unknown ones belong to other versions of it."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def drop_blanks(self, data: Any, **_: Any) -> Any:
        """An input left empty is an input not given."""
        if not isinstance(data, Mapping):
            return data
        trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in data.items()}
        return {name: value for name, value in trimmed.items() if value is not None and value != ""}


def load_inputs(schema: InputsSchema, given: Mapping[str, object], action: str) -> dict[str, Any]:
    """The author's choices are understood, or the wrong ones are named.

    `given` is HubSpot's `inputFields`: all values text; `action` as people know it ("Create invoice").
    The result has the schema's attribute names, without what was not given.
    Raises: InputInvalid.
    """
    try:
        loaded: dict[str, Any] = schema.load(given)
        return loaded
    except ValidationError as error:
        raise InputInvalid(_tell(error, given, action)) from error


def _number_or_none(value: object) -> Decimal | None:
    try:
        return parse_decimal(drop_double_noise(value)) if isinstance(value, str) else None
    except NotANumber:
        return None


def _tell(error: ValidationError, given: Mapping[str, object], action: str) -> str:
    messages = error.messages if isinstance(error.messages, dict) else {}
    if "_schema" in messages or not messages:
        return f"The inputs of the {action} action are not a list of names and values. Set the action up again."
    wrong = [f"{name} {_first(texts)} {_show(given.get(name))}" for name, texts in messages.items()]
    return f"In the {action} action of the workflow, {'; '.join(wrong)}. Correct the action's inputs."


def _show(value: object) -> str:
    return "" if value is None or value == "" else f" (it is {quote_text(value)})"


def _first(texts: Any) -> str:
    text = str(texts[0] if isinstance(texts, list) and texts else "Must be text.")
    return text[:1].lower() + text[1:].rstrip(".")
