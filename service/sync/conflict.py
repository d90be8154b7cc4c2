"""What must be written where: field by field, since the two sides last agreed."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.sync.direction import Direction, Side, common_direction
from service.sync.echo import Agreement, Values, hash_value, pair_name
from service.sync.mapping import FieldMapping, Mapping, to_hubspot, to_quickbooks
from service.sync.values import Unusable


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed one field: whose value stays, and the value that was lost.

    `is_first`: they had never agreed, they differed when they were matched.
    """

    hubspot: str
    quickbooks: str
    winner: Side
    lost: str | None
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot cross over, with what to do."""

    hubspot: str
    quickbooks: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes two records agree: canonical values by property and by path."""

    to_hubspot: dict[str, str | None] = field(default_factory=dict)
    to_quickbooks: dict[str, str | None] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether anything must be written."""
        return bool(self.to_hubspot or self.to_quickbooks)


@dataclass(frozen=True, slots=True)
class Rules:
    """How an object is kept in step."""

    direction: Direction = Direction.BOTH
    winner: Side = Side.HUBSPOT


def plan_alignment(
    mapping: Mapping, hubspot: Values, quickbooks: Values, agreed: Agreement | None, rules: Rules
) -> Plan:
    """What to write on each side.

    A field that changed on one side goes to the other; one that changed on both goes to the winner, and the
    lost value is named; one that never agreed fills the side that has none. An edit on a side that only
    receives stays until the other side changes that field.
    """
    plan = Plan()
    for each in mapping.fields:
        way = common_direction(rules.direction, each.direction)
        if way is not None:
            _plan_field(mapping, each, way, rules.winner, hubspot, quickbooks, agreed, plan)
    _follow_through(mapping, rules, {**hubspot, **plan.to_hubspot}, {**quickbooks, **plan.to_quickbooks}, plan)
    return plan


def _follow_through(mapping: Mapping, rules: Rules, ours: Values, theirs: Values, plan: Plan) -> None:
    """What is written to one side goes on to the other where a second, one-way field is drawn from it."""
    here, there = set(plan.to_hubspot), set(plan.to_quickbooks)
    for each in mapping.fields:
        way = common_direction(rules.direction, each.direction)
        if way is Direction.TO_QUICKBOOKS and each.hubspot in here and each.quickbooks not in there:
            _give(mapping, each, Side.HUBSPOT, ours.get(each.hubspot), theirs.get(each.quickbooks), plan)
        elif way is Direction.TO_HUBSPOT and each.quickbooks in there and each.hubspot not in here:
            _give(mapping, each, Side.QUICKBOOKS, ours.get(each.hubspot), theirs.get(each.quickbooks), plan)


def _plan_field(
    mapping: Mapping,
    each: FieldMapping,
    way: Direction,
    winner: Side,
    hubspot: Values,
    quickbooks: Values,
    agreed: Agreement | None,
    plan: Plan,
) -> None:
    ours, theirs = hubspot.get(each.hubspot), quickbooks.get(each.quickbooks)
    before = _agreed_on(each, agreed)
    changed_here = before is None or before[0] != hash_value(each.hubspot, ours)
    changed_there = before is None or before[1] != hash_value(each.quickbooks, theirs)
    sends_here = changed_here and way.reaches_quickbooks
    sends_there = changed_there and way.reaches_hubspot
    if not (sends_here or sends_there) or _same(mapping, each, ours, theirs):
        return
    if sends_here and sends_there:
        if before is None and (ours is None or theirs is None):
            giver = Side.QUICKBOOKS if ours is None else Side.HUBSPOT
        else:
            giver = winner
            _note_loss(each, giver, ours, theirs, plan, is_first=before is None)
    else:
        giver = Side.HUBSPOT if sends_here else Side.QUICKBOOKS
        if before is None and (ours if sends_here else theirs) is None:
            return  # nothing was ever agreed: nothing is taken away
        if before is None and (theirs if sends_here else ours) is not None:
            _note_loss(each, giver, ours, theirs, plan, is_first=True)
    _give(mapping, each, giver, ours, theirs, plan)


def _note_loss(
    each: FieldMapping, giver: Side, ours: str | None, theirs: str | None, plan: Plan, *, is_first: bool
) -> None:
    lost = theirs if giver is Side.HUBSPOT else ours
    plan.conflicts.append(Conflict(each.hubspot, each.quickbooks, giver, lost, is_first))


def _give(mapping: Mapping, each: FieldMapping, giver: Side, ours: str | None, theirs: str | None, plan: Plan) -> None:
    try:
        if giver is Side.HUBSPOT:
            value = to_quickbooks(mapping, each, ours)
            if value != theirs:
                plan.to_quickbooks[each.quickbooks] = value
        else:
            value = to_hubspot(mapping, each, theirs)
            if value != ours:
                plan.to_hubspot[each.hubspot] = value
    except Unusable as error:
        plan.problems.append(Problem(each.hubspot, each.quickbooks, str(error)))


def settle_agreement(
    mapping: Mapping, hubspot: Values, quickbooks: Values, before: Agreement | None, plan: Plan
) -> Agreement:
    """What is agreed after the plan was carried out and both sides hold these values.

    A field with a problem keeps what was agreed before, so that it is tried again.
    """
    ours = {name: hash_value(name, hubspot.get(name)) for name in mapping.properties}
    theirs = {path: hash_value(path, quickbooks.get(path)) for path in mapping.paths}
    for problem in plan.problems:
        for known, name, kept in (
            (ours, problem.hubspot, before.hubspot if before else {}),
            (theirs, problem.quickbooks, before.quickbooks if before else {}),
        ):
            known.pop(name, None)
            if name in kept:
                known[name] = kept[name]
    bad = {(each.hubspot, each.quickbooks) for each in plan.problems}
    pairs = frozenset(
        pair_name(*pair) for pair in mapping.pairs if pair not in bad or (before is not None and before.has(*pair))
    )
    return Agreement(ours, theirs, pairs)


def _agreed_on(each: FieldMapping, agreed: Agreement | None) -> tuple[str, str] | None:
    if agreed is None or not agreed.has(each.hubspot, each.quickbooks):
        return None
    return agreed.hubspot[each.hubspot], agreed.quickbooks[each.quickbooks]


def _same(mapping: Mapping, each: FieldMapping, ours: str | None, theirs: str | None) -> bool:
    """Whether one is what the other would become."""
    try:
        if to_quickbooks(mapping, each, ours) == theirs:
            return True
    except Unusable:
        pass
    try:
        return to_hubspot(mapping, each, theirs) == ours
    except Unusable:
        return False
