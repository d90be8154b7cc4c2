"""Which record of one side is which of the other: by e-mail or SKU, then by name; in doubt, a person decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record as matching sees it. `strong`: e-mail address or SKU; both in the form in which they compare.

    `taken`: it is linked already.
    """

    id: str
    strong: str = ""
    name: str = ""
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What was found: sure, doubtful with a reason, or nothing.

    `by_name`: nothing but the name says so; `free`: one of the doubtful ones can be chosen.
    """

    sure: str | None = None
    doubtful: tuple[str, ...] = ()
    why: str = ""
    by_name: bool = False
    free: bool = True

    @property
    def is_nothing(self) -> bool:
        """Whether nobody fits."""
        return self.sure is None and not self.doubtful


NOTHING = Match()


def compare_name(text: str | None) -> str:
    """A name in the form in which names compare; QuickBooks has no colons in names."""
    return " ".join((text or "").replace(":", " ").split()).casefold()


def compare_strong(text: str | None) -> str:
    """An e-mail address (the first of several) or a SKU in the form in which they compare."""
    return (text or "").split(",")[0].strip().casefold()


def choose_match(one: Candidate, others: Iterable[Candidate], own: Iterable[Candidate] = ()) -> Match:
    """The other side's record that is the same, as far as that can be known.

    `own`: records of its own side that look alike; those not linked yet make a match doubtful.
    """
    found = list({each.id: each for each in others}.values())
    rivals = [each for each in own if each.id != one.id and not each.taken]
    strong = [each for each in found if one.strong and each.strong == one.strong]
    if strong:
        contested = any(each.strong == one.strong for each in rivals)
        return _among(one, strong, contested, "the same e-mail address or SKU")
    named = [each for each in found if one.name and each.name == one.name and not each.taken]
    if not named:
        # Nobody, or somebody of that name who is in step with another record already.
        return NOTHING
    if any(each.strong and one.strong for each in named):
        return Match(doubtful=_ids(named), why="the name is the same, e-mail address or SKU differ")
    match = _among(one, named, any(each.name == one.name for each in rivals), "the same name")
    return replace(match, by_name=True)


def follow_stored(one: Candidate, stored: Sequence[Candidate]) -> Match:
    """The record that a stored link leads to, or one of several; whether they look alike does not matter."""
    free = [each for each in stored if not each.taken]
    if not free:
        return Match(
            doubtful=_ids(stored), why="invoices or an earlier sync lead to it, which is another's already", free=False
        )
    if len(free) == 1:
        return Match(sure=free[0].id)
    match = choose_match(one, free)
    return match if match.sure else Match(doubtful=_ids(free), why="invoices of all of them go there")


def find_twin(one: Candidate, own: Iterable[Candidate], begun: Collection[str]) -> str | None:
    """A record of its own side that came first and that nothing tells apart: same address or SKU, or only a name."""
    for each in own:
        if each.id == one.id or not (each.taken or each.id in begun):
            continue
        if each.strong == one.strong if one.strong else one.name and each.name == one.name:
            return each.id
    return None


def _among(one: Candidate, fitting: Sequence[Candidate], contested: bool, reason: str) -> Match:
    free = [each for each in fitting if not each.taken]
    if not free:
        return Match(doubtful=_ids(fitting), why=f"{reason}, but it belongs to another record already", free=False)
    if contested:
        return Match(doubtful=_ids(free), why=f"several on its own side have {reason}")
    if len(free) == 1:
        return Match(sure=free[0].id)
    exact = [each for each in free if each.strong == one.strong and one.name and each.name == one.name]
    return Match(sure=exact[0].id) if len(exact) == 1 else Match(doubtful=_ids(free), why=f"several have {reason}")


def _ids(found: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(sorted((each.id for each in found), key=lambda each: (len(each), each)))[:20]
