"""How many objects share a call, and what happens to each of them when the call fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from service.errors import OutcomeUnknown, RefusedByHubSpot, ServiceError

T = TypeVar("T")
K = TypeVar("K", bound=str)

# https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide (batch: at most 100 inputs)
LARGEST = 100
_FORBIDDEN = 403


def split_batches(keys: Iterable[K]) -> Iterator[list[K]]:
    """The keys in groups that HubSpot takes in one call."""
    left = list(keys)
    for start in range(0, len(left), LARGEST):
        yield left[start : start + LARGEST]


def write_all(
    keys: Iterable[K], write_one: Callable[[K], None], write_many: Callable[[Sequence[K]], set[K]]
) -> dict[K, ServiceError | None]:
    """Write every key: together first, then singly those that did not succeed; None where written.

    `write_many` returns the keys that were written, or raises when none was.
    """
    ended: dict[K, ServiceError | None] = {}
    for some in split_batches(keys):
        ended |= _write_batch(some, write_many) if len(some) > 1 else {}
        ended |= _write_singly([key for key in some if key not in ended], write_one)
    return ended


def create_all(
    keys: Iterable[K],
    create_one: Callable[[K], T],
    create_many: Callable[[Sequence[K]], tuple[Mapping[K, T], set[K]]],
) -> dict[K, T | ServiceError]:
    """Create every key's object: together first, then singly those that were surely not created.

    `create_many` returns what was made and which keys were refused; a key in neither may exist: OutcomeUnknown.
    """
    ended: dict[K, T | ServiceError] = {}
    for some in split_batches(keys):
        if len(some) > 1:
            ended |= _create_batch(some, create_many)
        for key in some:
            if key not in ended:
                ended[key] = _create_one(key, create_one)
    return ended


def _create_batch(
    some: Sequence[K], create_many: Callable[[Sequence[K]], tuple[Mapping[K, T], set[K]]]
) -> dict[K, T | ServiceError]:
    try:
        made, refused = create_many(some)
    except RefusedByHubSpot as error:
        # A whole batch that is refused has created nothing.
        return dict.fromkeys(some, error) if error.status == _FORBIDDEN else {}
    except ServiceError as error:
        return dict.fromkeys(some, error)
    silent = OutcomeUnknown("HubSpot did not say what became of it")
    return {key: made.get(key, silent) for key in some if key not in refused}


def _create_one(key: K, create_one: Callable[[K], T]) -> T | ServiceError:
    try:
        return create_one(key)
    except ServiceError as error:
        return error


def _write_batch(some: Sequence[K], write_many: Callable[[Sequence[K]], set[K]]) -> dict[K, ServiceError | None]:
    try:
        written = write_many(some)
    except RefusedByHubSpot as error:
        # One bad object makes HubSpot refuse them all, a missing scope concerns them all.
        return dict.fromkeys(some, error) if error.status == _FORBIDDEN else {}
    except ServiceError as error:
        return dict.fromkeys(some, error)
    return {key: None for key in some if key in written}


def _write_singly(some: Sequence[K], write_one: Callable[[K], None]) -> dict[K, ServiceError | None]:
    ended: dict[K, ServiceError | None] = {}
    for key in some:
        try:
            write_one(key)
            ended[key] = None
        except RefusedByHubSpot as error:
            ended[key] = error
        except ServiceError as error:
            # HubSpot is away or shut: the others would hear the same, and would only add to its load.
            return ended | {each: error for each in some if each not in ended}
    return ended
