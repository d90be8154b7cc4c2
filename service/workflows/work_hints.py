"""Work on the hints of one realm or portal, and decide what every error means for them.

As `run_callback` is for callbacks: however it ends, each hint is done, or its row says when and why again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from service.errors import CannotInvoice, NotConnected, OutcomeUnknown, ServiceError, TryLater
from service.ids import PortalId
from service.logs import log
from service.store.hints import TakenHint
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.run_callback import DATABASE_AWAY, back_off
from service.workflows.services import Services

LOG = logging.getLogger("service.workflows")
Work = Callable[[Services, str, Sequence[TakenHint]], None]
MOST = 100
# A reconnect is not heard here; asking again costs no call while the access is known to be gone.
UNTIL_RECONNECTED = timedelta(minutes=5)
# What was refused is refused again, unless somebody changes something.
REFUSED = timedelta(hours=1)
LONGEST_REFUSED = timedelta(days=1)


def work_hints(
    services: Services, vendor: str, kinds: Collection[str], scope: str, work: Work, most: int = MOST
) -> int:
    """Take what is due in a scope and have `work` do all of it, `done` included; returns how many were taken.

    `work` raises what the gateways raise. Where one refusal may concern a single hint, each is tried alone.
    """
    taken = services.hints.take(vendor, kinds, services.clock.now(), most, scope=scope)
    if taken:
        _work(services, scope, taken, work)
    return len(taken)


def put_off(services: Services, taken: Sequence[TakenHint], error: ServiceError) -> None:
    """Later: when the error says, or twice as long after as the last time."""
    now = services.clock.now()
    after: timedelta | None = getattr(error, "after", None)
    for hint in taken:
        wait = after or (_after_refusal(hint) if isinstance(error, CannotInvoice) else back_off(hint.tries))
        services.hints.later([hint], now + wait, error.sentence)


def _work(services: Services, scope: str, taken: Sequence[TakenHint], work: Work) -> None:
    try:
        work(services, scope, taken)
    except (TryLater, OutcomeUnknown) as error:
        put_off(services, taken, error)
    except NotConnected as error:
        portal_id = PortalId(int(scope)) if error.vendor == "hubspot" and scope.isdecimal() else PortalId(0)
        note_lost_access(services, error, portal_id, scope)
        services.hints.later(taken, services.clock.now() + UNTIL_RECONNECTED, error.sentence)
    except CannotInvoice as error:
        if len(taken) > 1:
            for hint in taken:
                _work(services, scope, [hint], work)
            return
        put_off(services, taken, error)
        log(LOG, "hint refused", level=logging.WARNING, kind=taken[0].kind, scope=scope, code=error.code)
    except DATABASE_AWAY:
        raise  # they are free again when the lease is over
    except Exception as error:
        LOG.error("hints failed", exc_info=error, extra={"scope": scope, "count": len(taken)})
        if len(taken) > 1:
            for hint in taken:
                _work(services, scope, [hint], work)
            return
        note = f"the service failed: {type(error).__name__}"
        services.hints.later(taken, services.clock.now() + _after_refusal(taken[0]), note)


def _after_refusal(hint: TakenHint) -> timedelta:
    return min(REFUSED * (1 << min(hint.tries, 8)), LONGEST_REFUSED)
