"""Text on its way from HubSpot to QuickBooks: cleaned and cut. Knows nothing of what the text says."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff")
_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\"\\]+@[^@\s,;:<>()\[\]\"\\.]+(?:\.[^@\s,;:<>()\[\]\"\\.]+)+")
_LONGEST_EMAIL = 100


def clean_text(text: str | None) -> str:
    """Free text keeps its lines and loses what cannot be seen or stored.

    Control characters would be refused (2040), lone surrogates cannot be written as UTF-8, and
    direction overrides let a name read differently from what it is.
    """
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join("".join(filter(_is_kept, unicodedata.normalize("NFC", line))).rstrip() for line in lines).strip()


def clean_name(text: str | None) -> str:
    """A name is one line with single spaces."""
    return " ".join(clean_text(text).split())


def cut_text(text: str, limit: int) -> str:
    """Text fits a vendor's limit, counted as UTF-16 units, the larger of the two usual counts."""
    units = text.encode("utf-16-le")
    if len(units) // 2 <= limit:
        return text
    return units[: limit * 2].decode("utf-16-le", errors="ignore").rstrip()


def quote_text(text: object) -> str:
    """A value is shown in a sentence, short and on one line."""
    return f'"{cut_text(clean_name(str(text)), 60)}"'


def is_email(text: str) -> bool:
    """QuickBooks takes the address: one address, an @, a dot after it, at most 100 characters."""
    # https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _UNSEEN
