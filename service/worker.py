"""The worker process: one slot, one engine, one heartbeat, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from service.config import Config
from service.engine.chores import Chores
from service.engine.rounds import Round, Rounds
from service.engine.runtime import Engine
from service.engine.slots import Slot
from service.engine.starter import Starter
from service.logs import configure_logs, log
from service.store.database import Database
from service.store.schema import migrate
from service.wiring import make_services, open_stores
from service.workflows import (
    adopt_invoice,
    answer_mappings,
    catch_up,
    check_invoices,
    follow_invoice,
    learn_connection,
    mirror_invoice,
    preview_invoice,
    refresh_options,
    refresh_tokens,
    show_payments,
    sweep_overdue,
    tell_deals,
)
from service.workflows.actions import declare_runs
from service.workflows.services import Services, provide
from service.workflows.synchronize import KEEP_SECONDS, Synchronizer

LOG = logging.getLogger("service.worker")
PATIENCE = timedelta(seconds=15)
RETRY_SECONDS = 1.0


def run_worker(config: Config) -> None:
    """Work until SIGTERM or SIGINT. Raises: ConfigError when there is no slot."""
    configure_logs(config.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stores = open_stores(config, pool_size=12)
    if not _reach(stores.database, stop):
        return
    slot = Slot(stores.database)
    services = make_services(stores)
    services.pacing.begin_again()
    provide(services)
    engine = Engine(stores.database, slot.executor_id)
    starter = Starter(stores.due, stores.connections, engine, slot, services.pacing, stores.clock)
    _count_own_crashes(engine, starter, slot)
    declare_runs()
    engine.launch()
    parts: tuple[Starter | Chores | Rounds, ...] = (
        *make_chores(services),
        Rounds("follow", make_round_list(services)),
        *make_sync(services),
        starter,
    )
    for each in reversed(parts):
        each.start()
    log(LOG, "working", slot=slot.number, database="sqlite" if stores.database.is_sqlite else "postgresql")
    stop.wait()
    log(LOG, "stopping")
    for each in parts:
        each.stop()
    engine.stop(PATIENCE)
    slot.release()
    if _runs_are_left():
        # Their threads would keep the process until the vendor answers; the next worker goes on with them.
        log(LOG, "left runs to the next worker", level=logging.WARNING)
        logging.shutdown()
        os._exit(0)


def _reach(database: Database, stop: threading.Event) -> bool:
    """Wait for the database, and bring it to this version; False when told to stop before.

    A worker that ended because it is away would be started again at once, and few supervisors do that for ever.
    """
    while not stop.is_set():
        try:
            migrate(database)
            return True
        except sa.exc.OperationalError as error:
            log(LOG, "database unavailable, waiting", level=logging.ERROR, kind=type(error).__name__)
            stop.wait(RETRY_SECONDS)
    return False


def _runs_are_left() -> bool:
    """Whether threads that cannot be ended still wait for something."""
    return any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())


def make_chores(services: Services) -> tuple[Chores, ...]:
    """What goes on beside the runs: one thread for access, one to read ahead, one for mirrors."""
    access = (
        (30.0, partial(refresh_tokens.refresh_ahead, services)),
        (60.0, partial(refresh_tokens.let_go_on, services)),
        (900.0, partial(refresh_tokens.keep_alive, services)),
        (3600.0, partial(refresh_tokens.reseal, services)),
    )
    reading = (
        (2.0, partial(learn_connection.learn_connections, services)),
        (5.0, partial(refresh_options.refresh_options, services)),
        (1.0, partial(preview_invoice.make_previews, services)),
        (1.0, partial(answer_mappings.answer_mappings, services)),
    )
    mirroring = (
        (2.0, partial(adopt_invoice.adopt_invoices, services)),
        (2.0, partial(mirror_invoice.mirror_invoices, services)),
    )
    by_the_clock = ((20.0, partial(sweep_overdue.sweep_overdue, services)),)
    catching_up = (
        (10.0, partial(catch_up.catch_up, services)),
        (60.0, partial(check_invoices.check_nightly, services)),
    )
    return (
        Chores("clock", services.clock, by_the_clock),
        Chores("catching up", services.clock, catching_up),
        Chores("access", services.clock, access),
        Chores("reading", services.clock, reading),
        Chores("mirroring", services.clock, mirroring),
    )


def make_round_list(services: Services) -> tuple[Round, ...]:
    """What vendors' webhooks lead to, realm by realm and portal by portal."""
    return (
        Round("realms", partial(follow_invoice.realms_due, services), partial(follow_invoice.follow_realm, services)),
        Round("deals", partial(tell_deals.portals_due, services), partial(tell_deals.tell_portal, services)),
        Round("notes", partial(show_payments.portals_due, services), partial(show_payments.show_in_portal, services)),
    )


def make_sync(services: Services) -> tuple[Rounds, Chores]:
    """What is kept in step, with threads of its own: a first sync of thousands holds up no invoice's way back."""
    synchronizer = Synchronizer(services)
    rounds = Rounds("sync", (Round("sync", synchronizer.due, synchronizer.work_on),), threads=4)
    return rounds, Chores("turns", services.clock, ((KEEP_SECONDS, synchronizer.keep_turns),))


def _count_own_crashes(engine: Engine, starter: Starter, slot: Slot) -> None:
    """Before the engine takes them up: what this slot's last worker was doing when it ended."""
    try:
        left = [run for run, _ in engine.interrupted([slot.executor_id])]
    except sa.exc.SQLAlchemyError:
        return  # the engine's tables come with its first launch
    starter.count_crash(left)
