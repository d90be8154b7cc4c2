"""The app's workflow actions as registered over REST, with their revisions. Contract 1.1 to 1.4, 1.10."""

from __future__ import annotations

from typing import Any

from service.sandbox.clock import SandboxClock
from service.sandbox.hubspot.definition_rules import FUNCTION_TYPES, PATCHABLE, check_definition
from service.sandbox.hubspot.moments import stamp
from service.sandbox.hubspot.properties import check_keys
from service.sandbox.hubspot.refusals import bad_input, not_found

FIRST_ID = 10_646_377


class Registered:
    """One definition with everything that belongs to it."""

    def __init__(self, id: str, definition: dict[str, Any]) -> None:
        self.id = id
        functions = definition.pop("functions")
        self.functions: dict[tuple[str, str | None], str] = {}
        for each in functions:
            self.functions[each["functionType"], each.get("id")] = each.get("functionSource", "")
        self.definition = definition
        self.requires_object = False
        self.archived = False
        self.revisions: list[dict[str, Any]] = []

    def to_json(self) -> dict[str, Any]:
        """As HubSpot answers it: functions shrink to their names."""
        names = sorted(self.functions, key=str)
        functions = [{"functionType": kind, **({"id": field} if field else {})} for kind, field in names]
        newest = self.revisions[-1]["revisionId"] if self.revisions else "1"
        return {**self.definition, "functions": functions, "id": self.id, "revisionId": newest}

    def add_revision(self, now: str) -> None:
        """Every change makes one. Contract 1.10."""
        number = str(len(self.revisions) + 1)
        revision: dict[str, Any] = {"id": f"{self.id}-{number}", "revisionId": number, "createdAt": now}
        self.revisions.append(revision)
        revision["definition"] = self.to_json()


class Definitions:
    """All definitions of the app. The caller holds HubSpot's lock."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._known: dict[str, Registered] = {}

    def create(self, body: Any) -> dict[str, Any]:
        """Register an action. Raises Refusal 400."""
        check_definition(body)
        made = Registered(str(FIRST_ID + len(self._known)), {"archivedAt": None, **body})
        made.add_revision(stamp(self._clock.now()))
        self._known[made.id] = made
        return made.to_json()

    def change(self, definition_id: str, body: Any) -> dict[str, Any]:
        """A PATCH: any subset but functions and archivedAt; makes a revision. Raises Refusal 400, 404."""
        known = self.find(definition_id)
        check_keys(body, PATCHABLE, "definition")
        changed = {**known.definition, **body}
        check_definition({**changed, "functions": []})
        known.definition = changed
        known.add_revision(stamp(self._clock.now()))
        return known.to_json()

    def archive(self, definition_id: str) -> None:
        """Take an action away. Raises Refusal 404."""
        known = self.find(definition_id)
        known.archived = True
        known.definition["archivedAt"] = stamp(self._clock.now())

    def find(self, definition_id: str, *, archived: bool = False) -> Registered:
        """The definition of that id. Raises Refusal 404."""
        known = self._known.get(definition_id)
        if known is None or known.archived != archived:
            raise not_found(f"action definition {definition_id} does not exist")
        return known

    def all(self, *, archived: bool = False) -> list[Registered]:
        """The definitions, oldest first."""
        return [each for each in self._known.values() if each.archived == archived]

    def put_function(self, definition_id: str, kind: str, field: str | None, source: Any) -> dict[str, Any]:
        """Set a function's source, sent as plain text. Raises Refusal 400, 404."""
        known = self.find(definition_id)
        if kind not in FUNCTION_TYPES or not isinstance(source, str):
            raise bad_input(f"function {kind}")
        known.functions[kind, field] = source
        return self.get_function(definition_id, kind, field)

    def get_function(self, definition_id: str, kind: str, field: str | None) -> dict[str, Any]:
        """A function with its source. Raises Refusal 404."""
        known = self.find(definition_id)
        if (kind, field) not in known.functions:
            raise not_found(f"function {kind}")
        source = known.functions[kind, field]
        return {"functionType": kind, "functionSource": source, **({"id": field} if field else {})}

    def for_action(self, action: str) -> tuple[int | None, int, list[str]]:
        """Id, newest revision and wanted object properties of the action of that name; None if unregistered."""
        for known in self.all():
            if _is_of(known, action):
                wanted = known.definition.get("objectRequestOptions") or {}
                return int(known.id), int(known.revisions[-1]["revisionId"]), wanted.get("properties", [])
        return None, 1, []

    def field_of(self, action: str, url_field: str) -> tuple[str, set[str]]:
        """The input whose optionsUrl ends with a name, and the inputs it depends on; unregistered: no others."""
        for known in self.all():
            for each in known.definition["inputFields"] if _is_of(known, action) else ():
                name = each["typeDefinition"]["name"]
                if (each["typeDefinition"].get("optionsUrl") or "").endswith(f"/{url_field}"):
                    dependencies = known.definition.get("inputFieldDependencies") or []
                    return name, {d["controllingFieldName"] for d in dependencies if name in d["dependentFieldNames"]}
        return url_field, set()


def _is_of(known: Registered, action: str) -> bool:
    named: bool = known.definition["actionUrl"].endswith(f"/hubspot/actions/{action}")
    return named
