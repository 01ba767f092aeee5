"""The composition root of the live process."""

import sys
from collections.abc import Mapping

from gateway import keys as gateway_keys
from gateway.config import from_environment
from gateway.database.postgres import PostgresDatabase
from gateway.database.sqlite import SqliteReader
from gateway.live.app import run_live
from gateway.live.heads import Watch
from gateway.live.watches import PostgresWatch, SqliteWatch
from gateway.machine import real_system
from gateway.processes.parent import leave_with_up
from shared.errors import HavenError
from sync.sealing import NodeKeys


def main(environment: Mapping[str, str]) -> int:
    """Runs the live process; the exit code of a script."""
    try:
        config = from_environment(environment)
        keys = gateway_keys.load(config.secret_dir)
        watch: Watch
        if config.on_sqlite:
            reader = SqliteReader(config.sqlite_path, keys.database)
            database: SqliteReader | PostgresDatabase = reader
            watch = SqliteWatch(reader.engine)
        else:
            database = PostgresDatabase(config.database_url, connections=4)
            watch = PostgresWatch(config.database_direct_url)
    except HavenError as error:
        print(error, file=sys.stderr)
        return 1
    leave_with_up(environment)
    try:
        run_live(config.live_listen, database, real_system(), NodeKeys(keys.boxes), watch)
    finally:
        database.close()
    return 0
