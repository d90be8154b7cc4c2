"""What HubSpot's refusals mean for us: the one place where its answers become our errors.

By status and code, never by English text. Nothing of an answer's text reaches a sentence, only
codes, scopes and property names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.errors import NotConnected, OutcomeUnknown, RefusedByHubSpot, ServiceError, TryLater
from service.hubspot.limits import pause_span
from service.wire import Answer, NoAnswer

UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"
READ_ONLY_PROPERTY = "READ_ONLY_VALUE"
MISSING_SCOPES = "MISSING_SCOPES"
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,120}", re.ASCII)
_LONGEST_WAIT = timedelta(days=1)

# https://developers.hubspot.com/docs/api-reference/error-handling
_LOCKED, _MIGRATING = 423, 477
_LOCKED_FOR = timedelta(seconds=2)
_MIGRATING_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Fault:
    """The parts of an error body that are codes; all of them may be missing."""

    category: str = ""
    policy: str = ""
    correlation_id: str = ""
    codes: tuple[str, ...] = ()
    property_names: tuple[str, ...] = ()
    unknown_properties: tuple[str, ...] = ()
    read_only_properties: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def parse_fault(body: bytes) -> Fault:
    """Read an error body; whatever is not as documented is left out."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Fault()
    if not isinstance(data, dict):
        return Fault()
    errors = [each for each in _list(data.get("errors")) if isinstance(each, dict)]
    unknown = [each for each in errors if each.get("code") == UNKNOWN_PROPERTY]
    read_only = [each for each in errors if each.get("code") == READ_ONLY_PROPERTY]
    return Fault(
        category=_name(data.get("category")),
        policy=_name(data.get("policyName")),
        correlation_id=_name(data.get("correlationId")),
        codes=_names(each.get("code") for each in errors),
        property_names=_from_contexts(errors, "propertyName"),
        unknown_properties=_from_contexts(unknown, "propertyName"),
        read_only_properties=_from_contexts(read_only, "propertyName"),
        scopes=_from_contexts(errors, "requiredGranularScopes"),
    )


def is_token_refused(answer: Answer) -> bool:
    """Whether a newer access token may help: once, then the portal must be connected again."""
    if answer.status == 403:
        return parse_fault(answer.body).category != MISSING_SCOPES
    return answer.status == 401


def retry_span(answer: Answer) -> timedelta | None:
    """How long HubSpot wants to be left alone; None when it does not say."""
    # https://developers.hubspot.com/docs/api-reference/error-handling (Retry-After, here in seconds)
    asked = answer.headers.get("Retry-After") or ""
    seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 0
    span = min(timedelta(seconds=seconds), _LONGEST_WAIT)
    if answer.status == 429:
        return max(span, pause_span(parse_fault(answer.body).policy))
    if answer.status == _LOCKED:
        return max(span, _LOCKED_FOR)
    if answer.status == _MIGRATING:
        return span or _MIGRATING_FOR
    return span or None


def check_answer(answer: Answer, *, creates: bool = False) -> None:
    """Pass a good answer, raise what any other means.

    `creates`: the call makes something new, so that an answer which leaves open whether it was
    made must not be followed by a plain repetition.

    Raises: RefusedByHubSpot, NotConnected, TryLater, OutcomeUnknown (only with `creates`).
    """
    status = answer.status
    if 200 <= status < 300:
        return
    if status in (408, 429, _LOCKED, _MIGRATING):
        raise TryLater(f"HubSpot asks us to come back later (HTTP {status})", retry_span(answer))
    if not 400 <= status < 500:
        raise _unusable(f"HubSpot could not answer (HTTP {status})", retry_span(answer), creates)
    if is_token_refused(answer):
        raise NotConnected("HubSpot no longer lets us into this portal: connect the portal again", "hubspot")
    raise _refusal(status, parse_fault(answer.body))


def explain_silence(error: NoAnswer, *, creates: bool = False) -> ServiceError:
    """What it means that no answer came: only a sent create leaves a doubt."""
    return _unusable(f"HubSpot did not answer ({error})", None, creates and error.sent)


def explain_garbage(*, creates: bool = False) -> ServiceError:
    """What it means that a good status came with a body that is not HubSpot's."""
    return _unusable("HubSpot's answer could not be read", None, creates)


def list_unknown_properties(error: RefusedByHubSpot) -> tuple[str, ...]:
    """The properties a write was refused for because the portal does not have them."""
    names: tuple[str, ...] = getattr(error, "unknown_properties", ())
    return names


def list_unwritable_properties(error: RefusedByHubSpot) -> tuple[str, ...]:
    """The properties that the portal lets nobody write, whatever the value."""
    names: tuple[str, ...] = getattr(error, "unwritable_properties", ())
    return names


def list_property_names(error: RefusedByHubSpot) -> tuple[str, ...]:
    """The properties whose values a write was refused for."""
    names: tuple[str, ...] = getattr(error, "property_names", ())
    return names


def explain_refusal(status: int, body: bytes) -> RefusedByHubSpot:
    """What the refusal of one input of a batch means; `body`: its part of the answer."""
    return _refusal(status, parse_fault(body))


def _refusal(status: int, fault: Fault) -> RefusedByHubSpot:
    if status == 403:
        wanted = ", ".join(fault.scopes) or "not named by HubSpot"
        sentence = f"The HubSpot connection lacks permissions ({wanted}): connect the portal again and grant them"
    elif fault.unknown_properties:
        sentence = f"The portal has no property {', '.join(fault.unknown_properties)}: run `properties ensure`"
    elif fault.property_names:
        why = f" ({', '.join(fault.codes)})" if fault.codes else ""
        sentence = f"HubSpot does not take the values of {', '.join(fault.property_names)}{why}: correct them"
    elif status == 404:
        sentence = "HubSpot does not have what was asked for: it was deleted or never existed"
    else:
        said = " ".join(dict.fromkeys(each for each in (f"HTTP {status}", fault.category, *fault.codes) if each))
        sentence = f"HubSpot refused the request ({said}): try again, and tell the operator if it stays so"
    error = RefusedByHubSpot(sentence, status, fault.category)
    vars(error).update(
        unknown_properties=fault.unknown_properties,
        property_names=fault.property_names,
        unwritable_properties=fault.unknown_properties + fault.read_only_properties,
    )
    return error


def _unusable(sentence: str, after: timedelta | None, creates: bool) -> ServiceError:
    return OutcomeUnknown(sentence, after) if creates else TryLater(sentence, after)


def _from_contexts(errors: list[dict[str, Any]], key: str) -> tuple[str, ...]:
    contexts = (each.get("context") for each in errors)
    return _names(name for each in contexts if isinstance(each, dict) for name in _list(each.get(key)))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(value: Any) -> str:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def _names(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in values if (name := _name(each))))
