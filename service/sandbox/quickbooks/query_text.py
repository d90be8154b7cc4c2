"""The query language, read word by word (contract 2.4)."""

from __future__ import annotations

import re
from typing import NamedTuple

from service.sandbox.quickbooks.faults import Fault

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>\d+)|(?P<word>[A-Za-z][\w.]*)|(?P<sign><=|>=|[=<>(),*]))", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OPERATORS = {"=", "<", ">", "<=", ">="}
MOST_RESULTS = 1000
PAGE = 100


class Token(NamedTuple):
    """One word of a statement; `kind` is text, number, word or sign."""

    kind: str
    text: str


class Condition(NamedTuple):
    """`attribute operator value`; IN has several values, a bool is True or False."""

    attribute: str
    operator: str
    values: tuple[str | bool, ...]


class Statement(NamedTuple):
    """A whole query; `fields` empty means all, `extra` are those beside `*`."""

    kind: str
    counted: bool
    fields: tuple[str, ...]
    extra: tuple[str, ...]
    where: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    start: int
    most: int


def parse_query(text: str) -> Statement:
    """A statement.

    Raises Fault 4000 where the grammar is broken, 4001 for positions out of range.
    """
    return _Reader(_tokens(text)).statement()


def _tokens(text: str) -> list[Token]:
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _broken(f'Encountered "{text[at : at + 20]}" at position {at + 1}')
        tokens.append(Token(str(found.lastgroup), found.group(str(found.lastgroup))))
        at = found.end()
    return tokens


def _broken(detail: str) -> Fault:
    return Fault("4000", f"QueryParserError: {detail}")


def _text(token: Token) -> str:
    for escaped in _ESCAPED.findall(token.text[1:-1]):
        if escaped not in ("'", "\\"):
            raise _broken(f"Invalid escape \\{escaped}")
    return _ESCAPED.sub(r"\1", token.text[1:-1])


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def statement(self) -> Statement:
        self._expect("SELECT")
        count, fields, extra = self._selection()
        self._expect("FROM")
        kind = self._take("word").text
        where = self._where() if self._have("WHERE") else ()
        order = self._order() if self._have_order() else ()
        start = self._position("STARTPOSITION", 1, 1, None)
        most = self._position("MAXRESULTS", PAGE, 0, MOST_RESULTS)
        if self._at < len(self._tokens):
            raise _broken(f'Encountered "{self._tokens[self._at].text}"')
        return Statement(kind, count, fields, extra, where, order, start, most)

    def _selection(self) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
        if self._peek() == "COUNT" and self._have("COUNT"):
            for sign in "(*)":
                self._expect(sign)
            return True, (), ()
        if self._have("*"):
            extra = []
            while self._have(","):
                extra.append(self._take("word").text)
            return False, (), tuple(extra)
        fields = [self._take("word").text]
        while self._have(","):
            fields.append(self._take("word").text)
        return False, tuple(fields), ()

    def _where(self) -> tuple[Condition, ...]:
        conditions = [self._condition()]
        while self._have("AND"):
            conditions.append(self._condition())
        if self._peek() == "OR":
            raise _broken("OR is not supported")
        return tuple(conditions)

    def _condition(self) -> Condition:
        attribute = self._take("word").text
        if self._have("IN"):
            self._expect("(")
            values = [self._value()]
            while self._have(","):
                values.append(self._value())
            self._expect(")")
            return Condition(attribute, "IN", tuple(values))
        if self._have("LIKE"):
            return Condition(attribute, "LIKE", (self._value(),))
        operator = self._take("sign").text
        if operator not in _OPERATORS:
            raise _broken(f'Encountered "{operator}" where an operator was expected')
        return Condition(attribute, operator, (self._value(),))

    def _value(self) -> str | bool:
        """Text in single quotes, or true or false."""
        word = self._peek()
        if word in ("TRUE", "FALSE"):
            self._at += 1
            return word == "TRUE"
        return _text(self._take("text"))

    def _have_order(self) -> bool:
        """ORDERBY; some callers write it as two words and get away with it."""
        if self._have("ORDERBY"):
            return True
        if self._have("ORDER"):
            self._expect("BY")
            return True
        return False

    def _order(self) -> tuple[tuple[str, bool], ...]:
        keys = []
        while True:
            attribute = self._take("word").text
            down = self._have("DESC")
            if not down:
                self._have("ASC")
            keys.append((attribute, down))
            if not self._have(","):
                return tuple(keys)

    def _position(self, word: str, default: int, least: int, most: int | None) -> int:
        if not self._have(word):
            return default
        value = int(self._take("number").text)
        if value < least:
            raise Fault("4001", f"QueryValidationError: value {value} is too small. Min allowed value is {least}")
        if most is not None and value > most:
            raise Fault("4001", f"QueryValidationError: value {value} is too large. Max allowed value is {most}")
        return value

    def _peek(self) -> str | None:
        """The next word or sign in capitals; quoted text is never one."""
        if self._at >= len(self._tokens) or self._tokens[self._at].kind == "text":
            return None
        return self._tokens[self._at].text.upper()

    def _have(self, word: str) -> bool:
        if self._peek() == word:
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._have(word):
            found = self._tokens[self._at].text if self._at < len(self._tokens) else "<end of query>"
            raise _broken(f'Encountered "{found}" where {word} was expected')

    def _take(self, kind: str) -> Token:
        if self._at >= len(self._tokens) or self._tokens[self._at].kind != kind:
            found = self._tokens[self._at].text if self._at < len(self._tokens) else "<end of query>"
            raise _broken(f'Encountered "{found}" where a {kind} was expected')
        self._at += 1
        return self._tokens[self._at - 1]
