"""Text as it is searched: without case and accents, which databases know of the letters A to Z only."""

from __future__ import annotations

import unicodedata

# Letters that Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def normalize(text: str) -> str:
    """A text without case and accents, single spaces: "Zoë  ØRSTED" and "zoe orsted" are alike."""
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold().translate(_PLAIN)
    return " ".join(plain.replace("\0", " ").split())


def escape_like(text: str) -> str:
    """The text as part of a pattern of LIKE ... ESCAPE '!'."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
