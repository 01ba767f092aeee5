"""How the live process learns of commits: SQLite's data version, or PostgreSQL's NOTIFY."""

import time
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from gateway.sites.publishing import CHANNEL

_log = structlog.get_logger()
_LOOK_EVERY_S = 0.025
_AGAIN_AFTER_S = 1.0


class SqliteWatch:
    """Asks one connection of its own whether another one has committed: 40 times a second, some
    10 microseconds each, without opening a transaction.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection()
        self._cursor: Any = self._connection.cursor()
        self._version = self._read()

    def wait(self, timeout_s: float) -> bool:
        for _ in range(int(timeout_s / _LOOK_EVERY_S)):
            version = self._read()
            if version != self._version:
                self._version = version
                return True
            time.sleep(_LOOK_EVERY_S)
        return False

    def close(self) -> None:
        self._connection.close()

    def _read(self) -> int:
        self._cursor.execute("PRAGMA data_version")
        return int(self._cursor.fetchone()[0])


class PostgresWatch:
    """Listens on a connection of its own, past any pooler, and opens it anew when it is lost."""

    def __init__(self, direct_url: str) -> None:
        url = make_url(direct_url).set(drivername="postgresql")
        self._conninfo = url.render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def wait(self, timeout_s: float) -> bool:
        try:
            connection = self._listening()
            return any(True for _ in connection.notifies(timeout=timeout_s, stop_after=1))
        except psycopg.OperationalError as error:
            _log.warning("listening again", reason=type(error).__name__)
            self.close()
            time.sleep(_AGAIN_AFTER_S)
            return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listening(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(self._conninfo, autocommit=True)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection
