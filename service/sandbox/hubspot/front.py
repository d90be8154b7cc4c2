"""What every HubSpot route does first and last: who calls, within which limit, answered in which shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, request

from service.sandbox.hubspot.portal import Portal
from service.sandbox.hubspot.refusals import Refusal, bad_input

if TYPE_CHECKING:
    from service.sandbox.hubspot.state import HubSpot

Reply = tuple[int, Any]


@dataclass(slots=True)
class Call:
    """One authenticated call: whose portal, what it may, the parsed body, the query."""

    portal: Portal
    scopes: frozenset[str]
    body: Any
    query: dict[str, list[str]]

    def first(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        return self.query[name][0] if name in self.query else default

    def names(self, name: str) -> list[str]:
        """A list parameter, comma-separated as in contract 4.2. Raises Refusal 400."""
        given = self.query.get(name, [])
        if len(given) > 1:
            raise bad_input(f"{name} is given {len(given)} times: separate its values by commas")
        return [part for value in given for part in value.split(",") if part]

    def number(self, name: str, default: int, largest: int) -> int:
        """A whole number of the query between 1 and `largest`. Raises Refusal 400."""
        text = self.first(name, str(default)) or ""
        if not text.isdigit() or not 0 < int(text) <= largest:
            raise bad_input(f"{name}={text} is not between 1 and {largest}")
        return int(text)


class Front:
    """Turns business functions into Flask views, under HubSpot's lock."""

    def __init__(self, hubspot: HubSpot) -> None:
        self._hubspot = hubspot

    def portal(
        self, view: Callable[..., Reply], *, allowed: tuple[str, ...] = (), search: bool = False
    ) -> Callable[..., Response]:
        """A view for a portal's access token; `allowed` are its query parameters."""

        def answer(**path: str) -> Response:
            headers: dict[str, str] = {}
            try:
                with self._hubspot.lock:
                    # Contract 4.11: usage is counted per installed portal; 4.10: searches apart, no headers.
                    token = self._hubspot.tokens.bearer(request.headers.get("Authorization", ""))
                    assert token.portal is not None
                    if search:
                        self._hubspot.limits.count_search(token.portal.id)
                    else:
                        headers = self._hubspot.limits.count(token.portal.id)
                    query = check_query(allowed)
                    status, said = view(Call(token.portal, token.scopes, parse_body(), query), **path)
            except Refusal as refusal:
                return refuse(refusal, headers)
            return reply(status, said, headers)

        return answer

    def open(self, view: Callable[..., Reply]) -> Callable[..., Response]:
        """A view that authenticates by itself, without limits."""

        def answer(**path: str) -> Response:
            try:
                with self._hubspot.lock:
                    status, said = view(**path)
            except Refusal as refusal:
                return refuse(refusal, {})
            return reply(status, said, {})

        return answer


def reply(status: int, said: Any, headers: dict[str, str]) -> Response:
    """JSON out; what a 207 refused inside is marked for the tape."""
    if isinstance(said, dict) and "errors" in said:
        broken = [error.pop("_refused", None) for error in said["errors"] if isinstance(error, dict)]
        if any(broken):
            request.environ["sandbox.refused"] = next(each for each in broken if each)
    if said is None:
        return Response(status=status, headers=headers)
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status=status, headers=headers, mimetype="application/json")


def refuse(refusal: Refusal, headers: dict[str, str]) -> Response:
    """An error answer; one that no documented client would get is marked for the tape."""
    if refusal.refused:
        request.environ["sandbox.refused"] = refusal.refused
    return reply(refusal.status, refusal.body(), headers | refusal.headers)


def parse_body() -> Any:
    """The JSON body, or fields and files of a form; None when there is none. Raises Refusal 400 or 415."""
    if request.mimetype == "multipart/form-data" and request.path.startswith("/files/"):
        return request.form.to_dict(), {name: each.read() for name, each in request.files.items()}
    raw = request.get_data(cache=False)
    if not raw:
        return None
    if request.mimetype == "text/plain":
        return raw.decode("utf-8", "replace")
    if request.mimetype != "application/json":
        raise Refusal(415, f"Content-Type {request.mimetype}", refused=f"content type {request.mimetype}")
    try:
        return json.loads(raw)
    except ValueError as error:
        raise bad_input("the body is not JSON") from error


def check_query(allowed: tuple[str, ...]) -> dict[str, list[str]]:
    """The query parameters. Raises Refusal 400 for one the published description does not have."""
    if not request.query_string:
        return {}
    query = request.args.to_dict(flat=False)
    for name in query:
        if name not in allowed:
            raise bad_input(f"unknown query parameter {name}")
    return query


def need_scope(call: Call, wanted: frozenset[str]) -> None:
    """The token has one of the wanted scopes. Raises Refusal 403 as contract 4.11 has it."""
    if not call.scopes & wanted:
        missing = sorted(wanted)
        message = "This app hasn't been granted all required scopes to make this call."
        entry = {"message": "One or more of the following scopes are required.",
                 "context": {"requiredGranularScopes": missing}}  # fmt: skip
        raise Refusal(403, message, "MISSING_SCOPES", errors=[entry])
