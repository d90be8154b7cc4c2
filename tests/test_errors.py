"""The error tree as it is drawn is the tree as it is, and every reason has a code of its own."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import service
from service import errors
from service.errors import (
    CannotInvoice,
    ConfigError,
    NotConnected,
    OutcomeUnknown,
    RequestRejected,
    ServiceError,
    TryLater,
)


def drawn() -> list[tuple[str, str | None, str]]:
    """(name, parent, the rest of its line) of the tree in the docstring, in order."""
    found: list[tuple[str, str | None, str]] = []
    path: list[tuple[int, str]] = []
    for line in str(errors.__doc__).splitlines():
        shown = re.fullmatch(r"( {4,})([A-Z]\w+)(?: +(.*))?", line)
        if shown:
            depth, name = len(shown[1]), shown[2]
            path = [each for each in path if each[0] < depth]
            found.append((name, path[-1][1] if path else None, shown[3] or ""))
            path.append((depth, name))
    return found


def written() -> list[tuple[str, str | None]]:
    """(name, parent) of the classes, in the order of the module."""
    classes = [each for each in vars(errors).values() if inspect.isclass(each) and each.__module__ == errors.__name__]
    return [(each.__name__, None if each is ServiceError else each.__bases__[0].__name__) for each in classes]


def leaves() -> list[type[CannotInvoice]]:
    """Every reason why no invoice can be made."""
    return [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, CannotInvoice)][1:]


def test_the_drawn_tree_is_the_tree() -> None:
    assert {(name, parent) for name, parent, _ in drawn()} == set(written())
    assert len(drawn()) == len(written())


def test_the_drawn_codes_are_the_codes() -> None:
    shown = {name: rest for name, _, rest in drawn()}
    for leaf in leaves():
        assert shown[leaf.__name__] == leaf.code
    for rejected in RequestRejected.__subclasses__():
        assert str(rejected.status) in shown[rejected.__name__].split(", ")


def test_every_reason_has_a_code_of_its_own() -> None:
    codes = [leaf.code for leaf in leaves()]
    assert len(set(codes)) == len(codes) > 20
    assert CannotInvoice.code not in codes
    for leaf in leaves():
        assert "code" in vars(leaf), f"{leaf.__name__} borrows its parent's code"
        assert re.fullmatch(r"[A-Z][A-Z_]+", leaf.code)
    rejections = [each.code for each in RequestRejected.__subclasses__()]
    assert len(set(rejections)) == len(rejections)
    assert all(400 <= each.status < 500 for each in RequestRejected.__subclasses__())


def test_the_branches_are_the_decisions() -> None:
    assert set(ServiceError.__subclasses__()) == {
        ConfigError,
        RequestRejected,
        CannotInvoice,
        NotConnected,
        TryLater,
        OutcomeUnknown,
    }


def test_every_code_is_known_to_the_readers_of_the_code() -> None:
    """A code nobody raises is a promise nobody keeps."""
    text = "\n".join(
        path.read_text()
        for path in Path(service.__file__).parent.rglob("*.py")
        if "sandbox" not in path.parts and path.name != "errors.py"
    )
    unraised = {leaf.__name__ for leaf in leaves() if not re.search(rf"\b{leaf.__name__}\b", text)}
    assert unraised == set()


def test_every_reason_is_told_in_a_story() -> None:
    """Reached as a customer would reach it, with its code read where HubSpot or the deal shows it."""
    here = Path(__file__).parent
    told = "\n".join(path.read_text() for folder in ("stories", "crash") for path in (here / folder).glob("*.py"))
    assert [leaf.code for leaf in leaves() if f'"{leaf.code}"' not in told and f"{leaf.code}: " not in told] == []


def test_an_error_says_its_sentence() -> None:
    error = CannotInvoice("The deal has no amount: give it one.")
    assert str(error) == error.sentence == "The deal has no amount: give it one."
    assert ConfigError(["a is missing", "b is wrong"]).problems == ["a is missing", "b is wrong"]
    assert str(ConfigError(["a is missing", "b is wrong"])) == "a is missing; b is wrong"
