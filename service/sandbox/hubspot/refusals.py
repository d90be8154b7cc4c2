"""How HubSpot says no: the documented error bodies, and whether a documented client would get them."""

from __future__ import annotations

import itertools
from typing import Any

_numbers = itertools.count(1)


def correlation_id() -> str:
    """The id HubSpot prints on every error; counted, so that runs can be compared."""
    return f"5a4db0c5-0000-4000-8000-{next(_numbers):012d}"


class Refusal(Exception):
    """An error answer. `refused` names the strictness rule broken; None for business as usual."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str = "VALIDATION_ERROR",
        *,
        errors: list[dict[str, Any]] | None = None,
        refused: str | None = None,
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.category = status, message, category
        self.errors, self.refused, self.headers, self._body = errors, refused, headers or {}, body

    def body(self) -> dict[str, Any]:
        """The JSON of the answer. Contract 4.11."""
        if self._body is not None:
            return self._body
        said: dict[str, Any] = {"status": "error", "message": self.message, "correlationId": correlation_id()}
        if self.errors:
            said["errors"] = self.errors
        said["category"] = self.category
        return said


def unknown_path(path: str) -> Refusal:
    """No such route: no documented client would ask."""
    return Refusal(404, f"No such path {path}", "OBJECT_NOT_FOUND", refused=f"unknown path {path}")


def bad_input(message: str, refused: str | None = None) -> Refusal:
    """The body or query breaks the published description."""
    return Refusal(400, f"Invalid input JSON: {message}", refused=refused or message)


def not_found(message: str = "resource not found") -> Refusal:
    """The object is not there, or not any more: an ordinary answer."""
    return Refusal(404, message, "OBJECT_NOT_FOUND")


def bad_values(errors: list[dict[str, Any]], *, refused: bool = True) -> Refusal:
    """Property values HubSpot does not take, one error for each. Contract 4.11."""
    names = ", ".join(f"{e['context']['propertyName'][0]}: {e['code']}" for e in errors)
    return Refusal(400, f"Property values were not valid: {names}", errors=errors, refused=names if refused else None)


def value_error(name: str, code: str, message: str) -> dict[str, Any]:
    """One entry of `errors`."""
    return {"message": message, "code": code, "context": {"propertyName": [name]}}
