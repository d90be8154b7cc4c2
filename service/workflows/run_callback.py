"""Run a callback: do its work, settle it, tell HubSpot; and decide what every error means.

The one place in the workflows where errors are caught. However it ends, the run leaves a row that
says so and holds no thread.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.errors import (
    CannotInvoice,
    GivenUp,
    InputInvalid,
    NotConnected,
    NotDoneInTime,
    OutcomeUnknown,
    PortalNotConnected,
    TryLater,
)
from service.ids import CallbackId, PortalId
from service.invoicing.actions import ACTIONS, output_names
from service.invoicing.invoice import failure_outputs
from service.logs import log
from service.store.callbacks import FAIL_CONTINUE, StoredCallback
from service.store.reservations import APPLY, ATTACH, CREATE, OPEN, SEND, UPDATE, VOID
from service.workflows.refresh_tokens import note_lost_access
from service.workflows.services import Services, current
from service.workflows.tell_hubspot import tell_hubspot

LOG = logging.getLogger("service.workflows")
Work = Callable[[Services, StoredCallback], None]

LONGEST_WAIT = timedelta(minutes=5)
FAILURES_BEFORE_GIVING_UP = 5
CRASHES_BEFORE_SUSPICION = 3
# Locked, gone, read-only, or no connection left: nothing is wrong with the callback.
DATABASE_AWAY = (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
WAITS_FOR_DATABASE = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
CRASHES_BEFORE_GIVING_UP = 10
DOUBTS = {
    CREATE: "QuickBooks never said whether it was created: look for the deal's id in the memos of the "
    "customer's invoices and payments before you enrol the deal again.",
    APPLY: "QuickBooks never said whether the credit was applied to the invoice: look there before you apply it.",
    SEND: "QuickBooks never said whether the e-mail was sent: look there before you send it again.",
    UPDATE: "QuickBooks never said whether the invoice was changed: look there.",
    ATTACH: "HubSpot never said whether the note with the PDF was created: look at the deal.",
    VOID: "QuickBooks never said whether the invoice was voided: look there.",
}
"""What nobody knows when a callback ends with a write still open, by the write's operation."""
SUSPECTED = "runs alone: a worker ended while it ran"


def run_callback(portal_id: int, callback_id: str, work: Work) -> str:
    """Carry the callback as far as it goes now; returns its state, for the engine's record.

    While our own database is away not even a postponement can be written: the run waits, then does all again.
    """
    services = current()
    for seconds in WAITS_FOR_DATABASE:
        try:
            return _run(services, portal_id, callback_id, work)
        except DATABASE_AWAY as error:
            kind = type(error).__name__
            log(LOG, "database away", level=logging.ERROR, kind=kind, portal_id=portal_id, callback_id=callback_id)
            services.clock.sleep(seconds)
    return _run(services, portal_id, callback_id, work)


def _run(services: Services, portal_id: int, callback_id: str, work: Work) -> str:
    """As `run_callback`. Raises: DATABASE_AWAY when how it ended could not be written."""
    began_at = services.clock.now()
    callback = services.callbacks.find(PortalId(portal_id), CallbackId(callback_id))
    if callback is None or callback.state != "running":
        return "not running"
    try:
        if callback.outcome is None:
            callback = _settled(services, callback, work)
        tell_hubspot(services, callback)
    except (TryLater, OutcomeUnknown) as error:
        return _postpone(services, callback, error)
    except NotConnected as error:
        services.callbacks.park(callback, error.sentence, services.clock.now())
        note_lost_access(services, error, callback.portal_id, callback.realm_id, began_at)
        log(LOG, "parked", level=logging.WARNING, vendor=error.vendor, **callback.key)
        return "parked"
    except CannotInvoice as error:
        # Only telling can still fail here, and it cannot be helped: the outcome is a row.
        services.callbacks.complete(callback, f"untold: {error.code}", services.clock.now())
        return "completed"
    except DATABASE_AWAY as error:
        log(LOG, "database busy", level=logging.WARNING, kind=type(error).__name__, **callback.key)
        return _postpone(services, callback, TryLater("The service's own database was busy."))
    except Exception as error:
        return _fail(services, callback, error)
    return "completed"


def _settled(services: Services, callback: StoredCallback, work: Work) -> StoredCallback:
    """The callback with its outcome. Raises: TryLater, OutcomeUnknown, NotConnected, and bugs."""
    late = services.clock.now() >= callback.deadline_at
    try:
        _suspect(services, callback)
        _check_connection(services, callback)
        _check_object(callback)
        work(services, callback)
    except CannotInvoice as error:
        _settle_failure(services, callback, error)
    except (TryLater, OutcomeUnknown, NotConnected) as error:
        if not late:
            raise
        # What is unknown is said with the open write; the rest of that sentence is for whoever repeats it.
        why = "" if isinstance(error, OutcomeUnknown) else f" {error.sentence.rstrip('.')}."
        _settle_failure(services, callback, NotDoneInTime(f"It was not done in time.{why}"))
    except DATABASE_AWAY:
        raise
    except Exception as error:
        if callback.failures + 1 < FAILURES_BEFORE_GIVING_UP and not late:
            raise
        LOG.error("given up", exc_info=error, extra=callback.key)
        _settle_failure(services, callback, _give_up(callback, "failed"))
    found = services.callbacks.find(callback.portal_id, callback.callback_id)
    if found is None or found.outcome is None:
        raise RuntimeError("the work ended without an outcome")
    return found


def _suspect(services: Services, callback: StoredCallback) -> None:
    """What ended a worker again and again runs alone, and then no more. Raises: TryLater, GivenUp."""
    if callback.crashes >= CRASHES_BEFORE_GIVING_UP:
        raise _give_up(callback, "ended")
    if callback.crashes >= CRASHES_BEFORE_SUSPICION and callback.note != SUSPECTED:
        raise TryLater(SUSPECTED, timedelta(seconds=random.uniform(1, 5 * callback.crashes)))  # noqa: S311


def _give_up(callback: StoredCallback, what: str) -> GivenUp:
    return GivenUp(
        f"The service {what} again and again while it worked on this: "
        f"tell its operator the callback id {callback.callback_id}."
    )


def _check_connection(services: Services, callback: StoredCallback) -> None:
    """A connection may have been removed while the callback waited. Raises: PortalNotConnected."""
    live = services.connections.of_portal_lately(callback.portal_id)
    if all(connection.realm_id != callback.realm_id for connection in live):
        raise PortalNotConnected("The connection to QuickBooks was removed: connect it again, then enrol again.")


def _check_object(callback: StoredCallback) -> None:
    """Raises: InputInvalid when the workflow runs on something the action cannot be used on."""
    action = ACTIONS[callback.action]
    if callback.object_type not in action.object_types:
        known = ", ".join(f"{each.lower()}s" for each in action.object_types).replace("companys", "companies")
        raise InputInvalid(f"The {action.title} action works on {known}: use it in a workflow based on one of these.")


def _settle_failure(services: Services, callback: StoredCallback, error: CannotInvoice) -> None:
    now = services.clock.now()
    sentence = error.sentence
    begun = services.reservations.all(callback.portal_id, callback.callback_id)
    # Given up between sending and hearing: nobody may read this as "there is none".
    doubts = [DOUBTS[each.operation] for each in begun if each.state == OPEN]
    if isinstance(error, NotDoneInTime) and not doubts:
        doubts = ["Enrol again."]
    for doubt in doubts:
        sentence = f"{sentence.rstrip('.')}. {doubt}"
    with services.database.write() as tx:
        services.callbacks.settle(
            tx,
            callback,
            FAIL_CONTINUE,
            failure_outputs(error.code, sentence, output_names(callback.action)),
            now,
            (error.code, sentence),
        )
    log(LOG, "cannot be done", level=logging.WARNING, code=error.code, **callback.key)


def _postpone(services: Services, callback: StoredCallback, error: TryLater | OutcomeUnknown) -> str:
    """Later: after the time the error names, or twice as long as the last time; never past the deadline."""
    now = services.clock.now()
    due_at = now + (error.after or back_off(callback.tries))
    services.callbacks.postpone(callback, _not_past_deadline(callback, due_at, now), error.sentence, now)
    return "waiting"


def _fail(services: Services, callback: StoredCallback, error: Exception) -> str:
    """A bug: written down with its place, and tried again a few times."""
    LOG.error("failed", exc_info=error, extra=callback.key)
    now = services.clock.now()
    due_at = _not_past_deadline(callback, now + back_off(callback.failures + 2), now)
    services.callbacks.postpone(callback, due_at, f"the service failed: {type(error).__name__}", now, failed=True)
    return "waiting"


def back_off(tries: int) -> timedelta:
    """2 s, 4 s, 8 s … 5 min, each a little more or less, so that many do not come back together."""
    seconds = min(2.0 ** min(tries + 1, 12), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311


def _not_past_deadline(callback: StoredCallback, due_at: datetime, now: datetime) -> datetime:
    return max(now, min(due_at, callback.deadline_at)) if callback.outcome is None else due_at
