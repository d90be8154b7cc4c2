"""Coalescing: many runs ask for one thing each, one batch call goes out.

Whoever asks first leads: waits until a call may go, takes everything asked for meanwhile (at most
`most`), makes the call, and hands the lead to the next who waits. No timers, no threads: batches
grow exactly when calls are scarce or slow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class _Asked:
    key: Any
    value: Any
    woken: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    result: Any = None
    error: BaseException | None = None
    done: bool = False


class Lane(Generic[Key]):
    """One kind of call to one portal. `call` takes {key: value} and gives {key: result}.

    A result that is an exception is raised in the run that asked; a key without a result gives
    None. When the call itself raises, everybody in it gets the error.
    """

    def __init__(
        self, call: Callable[[Mapping[Key, Any]], Mapping[Key, Any]], ready: Callable[[], None], most: int = 100
    ) -> None:
        self._call, self._ready, self._most = call, ready, most
        self._lock = threading.Lock()
        self._waiting: list[_Asked] = []
        self._led = False

    def ask(self, key: Key, value: Any = None) -> Any:
        """The result for `key`, after at most a few calls of others. Raises what the call raised."""
        asked = _Asked(key, value)
        with self._lock:
            self._waiting.append(asked)
            if not self._led:
                self._led = asked.leads = True
        while not asked.done:
            if not asked.leads:
                asked.woken.wait()
                asked.woken.clear()
                continue
            self._lead(asked)
        if asked.error is not None:
            raise asked.error
        return asked.result

    def _lead(self, leader: _Asked) -> None:
        batch: list[_Asked] = []
        try:
            self._ready()
            batch = self._take(leader)
            results = self._call({asked.key: asked.value for asked in batch})
            for asked in batch:
                found = results.get(asked.key)
                asked.result, asked.error = (None, found) if isinstance(found, BaseException) else (found, None)
        except BaseException as error:
            batch = batch or self._take(leader)
            for asked in batch:
                asked.error = error
        finally:
            leader.leads = False
            for asked in batch:
                asked.done = True
                asked.woken.set()
            self._hand_over()

    def _take(self, leader: _Asked) -> list[_Asked]:
        """The leader's own and what else waits, each key once: a second write to it comes after the first."""
        with self._lock:
            taken, keys = [leader], {leader.key}
            for asked in self._waiting:
                if asked is not leader and asked.key not in keys and len(taken) < self._most:
                    taken.append(asked)
                    keys.add(asked.key)
            chosen = set(map(id, taken))
            self._waiting = [asked for asked in self._waiting if id(asked) not in chosen]
            return taken

    def _hand_over(self) -> None:
        with self._lock:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].woken.set()


class Lanes:
    """The lanes of all portals, made when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, Lane[Any]] = {}

    def lane(self, name: Hashable, make: Callable[[], Lane[Any]]) -> Lane[Any]:
        """The lane of that name."""
        found = self._lanes.get(name)
        if found is None:
            with self._lock:
                found = self._lanes.setdefault(name, make())
        return found
