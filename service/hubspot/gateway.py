"""HubSpot's API as this service needs it: few calls, many objects in each, for every portal.

hubspot-api-client puts the calls together; what it lacks (dated paths, time-outs, pacing, tokens
per portal) is in `transport`. Knows nothing of invoices. One gateway serves all threads: what
belongs to a portal travels with the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubspot.automation import actions
from hubspot.crm import objects
from hubspot.crm import properties as schema
from hubspot.crm.associations import v4 as neighbours

from service.errors import AccessLimited, RefusedByHubSpot, ServiceError
from service.hubspot import answers, faults, files, paths
from service.hubspot.answers import AccountDetails, Association, AssociationType, Completion, CrmRecord
from service.hubspot.batches import create_all, split_batches, write_all
from service.hubspot.properties import KnownProperty, PropertyDefinition, PropertyGroup, widened_options
from service.hubspot.records import Records
from service.hubspot.transport import PORTAL_HEADER, AccessToken, Line, PortalLine, attach
from service.ids import CallbackId, PortalId
from service.wire import Answer, NoAnswer, Pace, Wire

# What is known of a completion that HubSpot does not take: it never will.
_GONE = frozenset((400, 404, 409, 410))
_FORBIDDEN = 403
_CONFLICT = 409
MERGED_IDS = "hs_merged_object_ids"


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to be created, with what it belongs to."""

    properties: Mapping[str, str]
    associations: Sequence[Mapping[str, Any]] = ()


class Gateway:
    """All calls on behalf of portals.

    Every method raises NotConnected (the portal must be connected again), TryLater (nothing was
    done, or repeating is harmless) and RefusedByHubSpot (repeating has no sense), unless it says
    that it answers per object.
    """

    def __init__(self, *, api_url: str, version: str, wire: Wire, pace: Pace, access_token: AccessToken) -> None:
        self._line = PortalLine(Line(api_url, version, wire), pace, access_token)
        deliver = self._line.deliver
        self.records = Records(self._line)
        """Many objects at a time, for whoever keeps them in step."""
        crm = attach(objects.ApiClient(objects.Configuration()), deliver)
        self._objects, self._object_batches = objects.BasicApi(crm), objects.BatchApi(crm)
        self._searches = objects.SearchApi(crm)
        between = attach(neighbours.ApiClient(neighbours.Configuration()), deliver)
        self._associations = neighbours.BatchApi(between)
        defined = attach(schema.ApiClient(schema.Configuration()), deliver)
        self._properties, self._groups = schema.CoreApi(defined), schema.GroupsApi(defined)
        self._property_batches = schema.BatchApi(defined)
        self._callbacks = actions.CallbacksApi(attach(actions.ApiClient(actions.Configuration()), deliver))

    def read_objects(
        self, portal_id: PortalId, object_type: str, ids: Iterable[str], properties: Sequence[str]
    ) -> dict[str, CrmRecord]:
        """Read objects by id; those that were deleted or merged into another are absent."""
        found: dict[str, CrmRecord] = {}
        for some in split_batches(dict.fromkeys(ids)):
            body = {
                "properties": list(properties),
                "propertiesWithHistory": [],
                "inputs": [{"id": each} for each in some],
            }
            answer = self._call(portal_id, self._object_batches.read, object_type, body)
            found |= {each.id: each for each in answers.read_answer(answer, answers.parse_records)}
        return found

    def read_associations(
        self, portal_id: PortalId, from_type: str, to_type: str, ids: Iterable[str]
    ) -> dict[str, list[Association]]:
        """Which objects of `to_type` belong to each object, all pages; an empty list for none."""
        found: dict[str, list[Association]] = {each: [] for each in ids}
        for some in split_batches(found):
            inputs = [{"id": each} for each in some]
            while inputs:
                answer = self._call(portal_id, self._associations.get_page, from_type, to_type, {"inputs": inputs})
                following = []
                for object_id, page, after in answers.read_answer(answer, answers.parse_associations):
                    known = found.setdefault(object_id, [])
                    fresh = [each for each in page if each not in known]
                    known.extend(fresh)
                    # A page with nothing new would be followed for ever.
                    if after is not None and fresh:
                        following.append({"id": object_id, "after": after})
                inputs = following
        return found

    def update_objects(
        self, portal_id: PortalId, object_type: str, changes: Mapping[str, Mapping[str, str]]
    ) -> dict[str, ServiceError | None]:
        """Write properties by object id, in as few calls as possible; None where they are written.

        An empty text empties a property. Answers per object and raises nothing: writing the same
        values again is harmless, so that only the failed ones need to be repeated.
        """

        def write_one(object_id: str) -> None:
            body = {"properties": dict(changes[object_id])}
            answer = self._call(portal_id, self._objects.update, object_type, object_id, body)
            answers.read_answer(answer, answers.parse_record)

        def write_many(some: Sequence[str]) -> set[str]:
            body = {"inputs": [{"id": each, "properties": dict(changes[each])} for each in some]}
            answer = self._call(portal_id, self._object_batches.update, object_type, body)
            written = answers.read_answer(answer, answers.parse_ids)
            return written if answer.status == 207 else set(some)

        return write_all(changes, write_one, write_many)

    def create_object(
        self,
        portal_id: PortalId,
        object_type: str,
        properties: Mapping[str, str],
        associations: Sequence[Mapping[str, Any]] = (),
    ) -> CrmRecord:
        """Create one object. Raises also OutcomeUnknown: it may exist, look before repeating."""
        body = _new(NewObject(properties, associations))
        answer = self._call(portal_id, self._objects.create, object_type, body, creates=True)
        return answers.read_answer(answer, answers.parse_record, creates=True)

    def create_objects(
        self, portal_id: PortalId, object_type: str, asked: Mapping[str, NewObject]
    ) -> dict[str, CrmRecord | ServiceError]:
        """Create objects, each under a name of the caller's, in as few calls as possible.

        Answers per name and raises nothing; OutcomeUnknown: it may exist, look before repeating.
        """

        def create_one(name: str) -> CrmRecord:
            return self.create_object(portal_id, object_type, asked[name].properties, asked[name].associations)

        def create_many(some: Sequence[str]) -> tuple[dict[str, CrmRecord], set[str]]:
            inputs = [{**_new(asked[each]), "objectWriteTraceId": each} for each in some]
            answer = self._call(portal_id, self._object_batches.create, object_type, {"inputs": inputs}, creates=True)
            return answers.read_answer(answer, answers.parse_created, creates=True)

        return create_all(asked, create_one, create_many)

    def find_objects(
        self, portal_id: PortalId, object_type: str, unique_property: str, values: Iterable[str]
    ) -> dict[str, CrmRecord]:
        """Objects by the value of a property whose values are unique; read where they are kept, not searched."""
        found: dict[str, CrmRecord] = {}
        for some in split_batches(dict.fromkeys(values)):
            body = {
                "properties": [unique_property],
                "propertiesWithHistory": [],
                "idProperty": unique_property,
                "inputs": [{"id": each} for each in some],
            }
            answer = self._call(portal_id, self._object_batches.read, object_type, body)
            for each in answers.read_answer(answer, answers.parse_records):
                found[each.properties.get(unique_property) or ""] = each
        return found

    def find_heirs(self, portal_id: PortalId, object_type: str, gone_id: str) -> list[str]:
        """The objects into which one was merged: one, or none when it was deleted. Searched: seconds behind.

        None, too, where HubSpot does not search for that: neither property nor operator is promised.
        """
        # https://developers.hubspot.com/docs/api-reference/search/guide
        merged = {"propertyName": MERGED_IDS, "operator": "CONTAINS_TOKEN", "value": f"*{gone_id}*"}
        body = {"filterGroups": [{"filters": [merged]}], "properties": [MERGED_IDS], "limit": 100}
        try:
            answer = self._call(portal_id, self._searches.do_search, object_type, body)
        except RefusedByHubSpot:
            return []
        found = answers.read_answer(answer, answers.parse_records)
        return [each.id for each in found if gone_id in (each.properties.get(MERGED_IDS) or "").split(";")]

    def search_ids(self, portal_id: PortalId, object_type: str, name: str, value: str) -> list[str]:
        """The objects whose property has a value, at most a hundred. Searched: seconds behind, five a second."""
        # https://developers.hubspot.com/docs/api-reference/search/guide
        equal = {"propertyName": name, "operator": "EQ", "value": value}
        body = {"filterGroups": [{"filters": [equal]}], "properties": [name], "limit": 100}
        answer = self._call(portal_id, self._searches.do_search, object_type, body)
        return [each.id for each in answers.read_answer(answer, answers.parse_records)]

    def associate(
        self, portal_id: PortalId, from_type: str, to_type: str, type_id: int, pairs: Iterable[tuple[str, str]]
    ) -> None:
        """Associate objects; pairs of which one is gone are passed over, and repeating is harmless."""
        kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
        known = dict(pairs)
        for some in split_batches(known):
            inputs = [{"from": {"id": each}, "to": {"id": known[each]}, "types": kind} for each in some]
            self._call(portal_id, self._associations.create, from_type, to_type, {"inputs": inputs})

    def archive_objects(self, portal_id: PortalId, object_type: str, ids: Iterable[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        for some in split_batches(dict.fromkeys(ids)):
            body = {"inputs": [{"id": each} for each in some]}
            self._call(portal_id, self._object_batches.archive, object_type, body)

    def upload_file(self, portal_id: PortalId, name: str, folder: str, content: bytes) -> str:
        """Keep a private file in the portal, in place of one that has the name already; returns its id.

        Repeating is harmless.
        """

        def post(**call: Any) -> Answer:
            body, content_type = files.encode_upload(name, folder, content)
            headers = {"Accept": "application/json", "Content-Type": content_type, **call["_headers"]}
            return self._line.deliver("POST", paths.FILES, headers, body)

        return answers.read_answer(self._call(portal_id, post), answers.parse_id)

    def complete_callbacks(
        self, portal_id: PortalId, outputs: Mapping[CallbackId, Mapping[str, str]]
    ) -> dict[CallbackId, Completion | ServiceError]:
        """Tell the workflows how callbacks ended; `outputs` hold `hs_execution_state` as well.

        Answers per callback and raises nothing: completing twice is harmless.
        """

        def complete_one(callback_id: CallbackId) -> None:
            self._call(portal_id, self._callbacks.complete, callback_id, _completion(outputs[callback_id]))

        def complete_many(some: Sequence[CallbackId]) -> set[CallbackId]:
            body = {"inputs": [{"callbackId": each, **_completion(outputs[each])} for each in some]}
            answer = self._call(portal_id, self._callbacks.complete_batch, body)
            # Whether a batch can succeed in part is not documented; if it does, each is told singly.
            return set() if answer.status == 207 else set(some)

        ended = write_all(outputs, complete_one, complete_many)
        return {each: _judge_completion(error) for each, error in ended.items()}

    def account_details(self, portal_id: PortalId) -> AccountDetails:
        """The portal's time zone and currencies."""

        def get(**call: Any) -> Answer:
            headers = {"Accept": "application/json", **call["_headers"]}
            return self._line.deliver("GET", paths.PORTAL_DETAILS, headers, None)

        return answers.read_answer(self._call(portal_id, get), answers.parse_details)

    def property_names(self, portal_id: PortalId, object_type: str) -> set[str]:
        """The names of all properties an object type has in this portal."""
        answer = self._call(portal_id, self._properties.get_all, object_type)
        return answers.read_answer(answer, answers.parse_names)

    def ensure_properties(
        self, portal_id: PortalId, object_type: str, group: PropertyGroup, definitions: Sequence[PropertyDefinition]
    ) -> list[str]:
        """Create the properties that the portal lacks and return their names; what exists is left alone."""
        known = self.property_names(portal_id, object_type)
        return self.create_properties(
            portal_id, object_type, group, [each for each in definitions if each.name not in known]
        )

    def read_properties(self, portal_id: PortalId, object_type: str) -> dict[str, KnownProperty]:
        """All properties an object type has in this portal, by name."""
        answer = self._call(portal_id, self._properties.get_all, object_type)
        return answers.read_answer(answer, answers.parse_properties)

    def widen_property(
        self, portal_id: PortalId, object_type: str, definition: PropertyDefinition, known: KnownProperty
    ) -> None:
        """Add our options that the property lacks; it keeps every one it has."""
        body = {"options": widened_options(definition, known)}
        self._call(portal_id, self._properties.update, object_type, definition.name, body)

    def association_labels(self, portal_id: PortalId, from_type: str, to_type: str) -> list[AssociationType]:
        """The labels with which objects of two types may be associated."""

        def get(**call: Any) -> Answer:
            headers = {"Accept": "application/json", **call["_headers"]}
            return self._line.deliver("GET", paths.ASSOCIATION_LABELS.format(from_type, to_type), headers, None)

        return answers.read_answer(self._call(portal_id, get), answers.parse_labels)

    def create_properties(
        self, portal_id: PortalId, object_type: str, group: PropertyGroup, definitions: Sequence[PropertyDefinition]
    ) -> list[str]:
        """Create properties and their group; returns the names of those that were not there."""
        missing = {each.name: each for each in definitions}
        if not missing:
            return []
        self._create_once(portal_id, self._groups.create, object_type, group.body())
        created: set[str] = set()
        for some in split_batches(missing):
            created |= self._create_properties(portal_id, object_type, [missing[each].body(group) for each in some])
        return [
            name
            for name in missing
            if name in created
            or self._create_once(portal_id, self._properties.create, object_type, missing[name].body(group))
        ]

    def _create_properties(self, portal_id: PortalId, object_type: str, bodies: list[dict[str, Any]]) -> set[str]:
        """Create several at once; empty when HubSpot refuses the batch for the sake of one."""
        if len(bodies) == 1:
            return set()
        try:
            answer = self._call(portal_id, self._property_batches.create, object_type, {"inputs": bodies})
        except RefusedByHubSpot as error:
            if error.status == 403:
                raise
            return set()
        return answers.read_answer(answer, answers.parse_names)

    def _create_once(self, portal_id: PortalId, method: Callable[..., Any], *arguments: Any) -> bool:
        """Create a property or group; False when there is one already."""
        try:
            self._call(portal_id, method, *arguments)
        except RefusedByHubSpot as error:
            if error.status != _CONFLICT:
                raise
            return False
        return True

    def _call(self, portal_id: PortalId, method: Callable[..., Any], *arguments: Any, creates: bool = False) -> Answer:
        """Make one generated call for a portal and judge its answer."""
        try:
            answer: Answer = method(*arguments, _preload_content=False, _headers={PORTAL_HEADER: str(portal_id)})
        except NoAnswer as error:
            raise faults.explain_silence(error, creates=creates) from error
        faults.check_answer(answer, creates=creates)
        return answer


def _new(asked: NewObject) -> dict[str, Any]:
    return {"properties": dict(asked.properties), "associations": list(asked.associations)}


def _completion(outputs: Mapping[str, str]) -> dict[str, Any]:
    # https://developers.hubspot.com/docs/api-reference/automation-actions-v4/guide (asynchronous completion)
    # The description requires `typedOutputs`, the guide leaves it out: empty satisfies both.
    return {"outputFields": dict(outputs), "typedOutputs": {}}


def _judge_completion(error: ServiceError | None) -> Completion | ServiceError:
    if error is None:
        return Completion.COMPLETED
    if not isinstance(error, RefusedByHubSpot):
        return error
    if error.status == _FORBIDDEN:
        # Whatever is missing can be granted, and HubSpot waits for days.
        return AccessLimited(error.sentence, "hubspot")
    return Completion.GONE if error.status in _GONE else error
