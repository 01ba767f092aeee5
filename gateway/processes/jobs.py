"""Jobs that may be run again or not at all without harm: huey runs them, at most once each.

Nothing that must not be lost lives here: a killed process loses the jobs it was at.
"""

import threading
from datetime import datetime, timedelta

import structlog
from huey import PostgresHuey, SqliteHuey, crontab
from huey.api import Huey
from sqlalchemy import Connection, delete

from gateway.config import Config
from gateway.database.database import Database
from gateway.database.exclusive import one_at_a_time
from gateway.emergencies.store import KEPT_ON_BOXES
from gateway.hospitals import experience, imposing
from gateway.hospitals.tables import availability_reports
from gateway.menus.tables import menu_sessions
from gateway.notifications.tables import delivery_reports, spoken_calls
from gateway.places.confirmations import KEPT as PICKS_KEPT
from gateway.places.tables import place_confirmations
from gateway.return_calls.tables import return_calls
from gateway.sites.tables import streams
from gateway.staff import refresh, weekly_ok
from gateway.unit_of_work import Services

_log = structlog.get_logger(__name__)

_SESSIONS_KEPT = timedelta(hours=24)
_REPORTS_KEPT = timedelta(days=90)
# No call lasts so long, and a key that is pressed answers what was heard on the same call.
_CALLS_KEPT = timedelta(hours=24)


def purge(services: Services) -> int:
    """Deletes sessions and what was heard on calls after a day, raw delivery reports and hospitals'
    reports after 90, what callers meant by a spelling after 400; how many rows went.
    """
    now: datetime = services.system.now()
    return services.write(
        lambda uow: sum(
            uow.connection.execute(statement).rowcount
            for statement in (
                delete(menu_sessions).where(menu_sessions.c.started_at < now - _SESSIONS_KEPT),
                delete(spoken_calls).where(spoken_calls.c.at < now - _CALLS_KEPT),
                delete(return_calls).where(return_calls.c.changed_at < now - _CALLS_KEPT),
                delete(delivery_reports).where(
                    delivery_reports.c.received_at < now - _REPORTS_KEPT
                ),
                delete(availability_reports).where(availability_reports.c.at < now - _REPORTS_KEPT),
                delete(place_confirmations).where(place_confirmations.c.on_day < now - PICKS_KEPT),
            )
        )
    )


def forget_told(services: Services) -> int:
    """Deletes what boxes and this gateway told each other longer ago than a backup may be old; how
    many events went. Numbers and hashes stay.
    """
    before = services.system.now() - KEPT_ON_BOXES
    return services.write(
        lambda uow: (
            streams.incoming.forget(uow.connection, before)
            + streams.readers.forget(uow.connection, before)
            + streams.texts.forget(uow.connection, before)
        )
    )


def build_huey(config: Config, database: Database) -> Huey:
    """The queue: a file of its own on SQLite, the database itself on PostgreSQL."""
    if config.on_sqlite:
        return SqliteHuey("haven", filename=str(config.data_dir / "jobs.sqlite"))
    url = config.database_direct_url.replace("postgresql+psycopg://", "postgresql://")

    def build(connection: Connection) -> Huey:
        # PostgreSQL refuses the second of two that create a table together, IF NOT EXISTS or not.
        one_at_a_time(connection, "build the queue")
        return PostgresHuey("haven", dsn=url)

    return database.write(build)


class JobRunner:
    """Runs the jobs in threads of this process, without taking over its signals."""

    def __init__(self, services: Services) -> None:
        self._huey = build_huey(services.config, services.database)

        def purge_hourly() -> None:
            _log.info("purged", rows=purge(services), events=forget_told(services))

        def look_after_channels() -> None:
            _log.info(
                "hospitals' channels looked after",
                asked_for_ok=weekly_ok.ask_for_ok(services),
                asked_for_beds=refresh.ask_for_beds(services),
                lapsed=weekly_ok.lapse(services),
            )

        self._huey.periodic_task(crontab(minute="17"), name="purge")(purge_hourly)

        def lift_what_has_run_out() -> None:
            def lift(connection: Connection) -> int:
                return len(imposing.run_out(connection, services.system))

            while lifted := services.database.write(lift):
                _log.info("lifted what had run out", hospitals=lifted)

        def forget_what_is_old() -> None:
            def forget(connection: Connection) -> int:
                return experience.forget(connection, services.system)

            while forgotten := services.database.write(forget):
                _log.info("forgot what was learned too long ago", hospitals=forgotten)

        self._huey.periodic_task(crontab(minute="*/10"), name="channels")(look_after_channels)
        self._huey.periodic_task(crontab(minute="37"), name="experience")(forget_what_is_old)
        self._huey.periodic_task(crontab(), name="impositions")(lift_what_has_run_out)
        self._consumer = self._huey.create_consumer(workers=1, periodic=True)

    def start(self) -> None:
        """Starts the scheduler and the worker."""
        # Consumer.start() would install signal handlers, which only a main thread may do.
        self._consumer.scheduler.start()
        for _, worker in self._consumer.worker_threads:
            worker.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Lets the job that runs finish."""
        self._consumer.stop_flag.set()
        for thread in (self._consumer.scheduler, *(w for _, w in self._consumer.worker_threads)):
            if isinstance(thread, threading.Thread):
                thread.join(timeout_s)
