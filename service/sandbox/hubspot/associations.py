"""Which object belongs to which, in both directions, with the type of belonging. Contract 4.1, 4.3."""

from __future__ import annotations

from typing import Any

from service.sandbox.hubspot.object_types import ASSOCIATION_TYPES, DEFAULT_TYPE, PARENTS_OF_LINE_ITEMS, PRIMARY_TYPES
from service.sandbox.hubspot.refusals import Refusal, bad_input

HUBSPOT_DEFINED, USER_DEFINED = "HUBSPOT_DEFINED", "USER_DEFINED"
Kind = tuple[str, int]  # category and type id
Neighbours = dict[str, set[Kind]]  # id of the other object -> the kinds of belonging


class Associations:
    """The associations of one portal. The labels a portal made for itself are `USER_DEFINED` types."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Neighbours] = {}
        self._said: dict[tuple[str, str, Kind], dict[str, Any]] = {}
        # (from, to) -> {type id: (label, type id of the way back)}
        self.labels: dict[tuple[str, str], dict[int, tuple[str, int]]] = {}

    def define_label(self, start: str, end: str, type_id: int, label: str) -> None:
        """A label of the portal's own, e.g. "Billing contact"; the way back has the next id."""
        self.labels.setdefault((start, end), {})[type_id] = (label, type_id + 1)
        self.labels.setdefault((end, start), {})[type_id + 1] = (label, type_id)

    def of(self, start: str, start_id: str, end: str) -> Neighbours:
        """The objects of one type that belong to an object, oldest association first."""
        return self._known.get((start, start_id, end), {})

    def add(
        self, start: str, start_id: str, end: str, end_id: str, kind: Kind | None = None, *, one_parent: bool = True
    ) -> set[Kind]:
        """Associate two objects (both ways) and return the kinds they now have. Raises Refusal 400."""
        category, type_id = kind or (HUBSPOT_DEFINED, self.default_type(start, end))
        back = self.way_back(start, end, category, type_id)
        if one_parent:
            self._check_parent(start, start_id, end, end_id)
            self._check_parent(end, end_id, start, start_id)
        kinds = {(category, type_id): back}
        if category == HUBSPOT_DEFINED and type_id in PRIMARY_TYPES:
            self._demote(start, start_id, end, end_id, type_id, back)
            kinds[HUBSPOT_DEFINED, PRIMARY_TYPES[type_id]] = PRIMARY_TYPES[back]
        elif self._first_company(start, start_id, end) or self._first_company(end, end_id, start):
            primary = next(p for p, plain in PRIMARY_TYPES.items() if plain == DEFAULT_TYPE[start, end])
            kinds[HUBSPOT_DEFINED, primary] = ASSOCIATION_TYPES[start, end][primary]
            kinds[HUBSPOT_DEFINED, DEFAULT_TYPE[start, end]] = DEFAULT_TYPE[end, start]
        there = self._known.setdefault((start, start_id, end), {}).setdefault(end_id, set())
        here = self._known.setdefault((end, end_id, start), {}).setdefault(start_id, set())
        for (each_category, each_id), each_back in kinds.items():
            there.add((each_category, each_id))
            here.add((each_category, each_back))
        return there

    def forget(self, object_type: str, object_id: str) -> None:
        """The object is gone: nothing belongs to it any more."""
        for (start, end), _ in ASSOCIATION_TYPES.items():
            if start == object_type:
                for other in self._known.pop((start, object_id, end), {}):
                    self._known.get((end, other, start), {}).pop(object_id, None)

    def move(self, object_type: str, object_id: str, heir_id: str) -> None:
        """A merge: everything that belonged to the object belongs to its heir."""
        for start, end in ASSOCIATION_TYPES:
            if start != object_type:
                continue
            for other, kinds in list(self.of(start, object_id, end).items()):
                for category, type_id in sorted(kinds):
                    if type_id not in PRIMARY_TYPES:
                        self.add(start, heir_id, end, other, (category, type_id), one_parent=False)
        self.forget(object_type, object_id)

    def default_type(self, start: str, end: str) -> int:
        """The type an association has when none is named. Raises Refusal 400."""
        if (start, end) not in DEFAULT_TYPE:
            raise bad_input(f"{start} cannot be associated with {end}")
        return DEFAULT_TYPE[start, end]

    def way_back(self, start: str, end: str, category: str, type_id: int) -> int:
        """The type id of the other direction. Raises Refusal 400 for a type that does not exist."""
        if category == HUBSPOT_DEFINED and type_id in ASSOCIATION_TYPES.get((start, end), {}):
            return ASSOCIATION_TYPES[start, end][type_id]
        if category == USER_DEFINED and type_id in self.labels.get((start, end), {}):
            return self.labels[start, end][type_id][1]
        raise bad_input(f"{category} association type {type_id} from {start} to {end} does not exist")

    def label(self, start: str, end: str, kind: Kind) -> str | None:
        """The label of a kind; None for an unlabelled one."""
        category, type_id = kind
        if category == USER_DEFINED:
            return self.labels[start, end][type_id][0]
        return "Primary" if type_id in PRIMARY_TYPES else None

    def kinds_json(self, start: str, end: str, kinds: set[Kind]) -> list[dict[str, Any]]:
        """The `associationTypes` of an answer."""
        return [self._kind_json(start, end, kind) for kind in (sorted(kinds) if len(kinds) > 1 else kinds)]

    def _kind_json(self, start: str, end: str, kind: Kind) -> dict[str, Any]:
        said = self._said.get((start, end, kind))
        if said is None:
            said = {"category": kind[0], "typeId": kind[1], "label": self.label(start, end, kind)}
            self._said[start, end, kind] = said
        return said

    def _first_company(self, start: str, start_id: str, end: str) -> bool:
        return end == "companies" and start in ("deals", "contacts") and not self.of(start, start_id, end)

    def _demote(self, start: str, start_id: str, end: str, end_id: str, type_id: int, back: int) -> None:
        """An object has one primary company: the earlier one becomes a plain one."""
        if end != "companies":
            start, start_id, end, type_id, back = end, end_id, start, back, type_id
        for other, kinds in self.of(start, start_id, end).items():
            kinds.discard((HUBSPOT_DEFINED, type_id))
            self.of(end, other, start).get(start_id, set()).discard((HUBSPOT_DEFINED, back))

    def _check_parent(self, start: str, start_id: str, end: str, end_id: str) -> None:
        # Contract 4.5: a line item has one parent; make a second set for the invoice.
        if start != "line_items" or end not in PARENTS_OF_LINE_ITEMS:
            return
        for parent in PARENTS_OF_LINE_ITEMS:
            if any(parent != end or other != end_id for other in self.of(start, start_id, parent)):
                reason = f"line item {start_id} already has a parent"
                raise Refusal(400, reason, refused="a line item has one parent")
