"""What HubSpot calculates on a line item: discount and net price. Contract 4.5."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_INPUTS = ("price", "quantity", "discount", "hs_discount_percentage")


def calculated(properties: dict[str, str | None]) -> dict[str, str | None]:
    """The calculated properties; empty when there is no price."""
    price, quantity, discount, percentage = (_decimal(properties.get(name)) for name in _INPUTS)
    if price is None:
        return {}
    before = price * (quantity if quantity is not None else 1)
    if discount is not None:
        off = discount * (quantity if quantity is not None else 1)
    else:
        off = before * (percentage or 0) / 100
    return {
        "hs_pre_discount_amount": _money(before),
        "hs_total_discount": _money(off),
        "amount": _money(before - off),
    }


def _decimal(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def _money(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))
