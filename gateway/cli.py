"""`haven-gateway`: everything an operator does on the command line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gateway import keys as keys_module
from gateway.config import Config, from_environment
from gateway.database.polite import PoliteWriter
from gateway.importing.commands import Registers
from gateway.operators.opened import Reading
from gateway.unit_of_work import Services
from shared.errors import HavenError, InvalidInput
from shared.identifier import to_text
from shared.system import System
from sync.sealing import NodeKeys

# What is heavy to import is imported by the command that needs it: `--help` answers at once.


def _config() -> Config:
    return from_environment(os.environ)


class _Program(click.Group):
    """Turns a refusal into one clear line and an exit code, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HavenError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Program)
@click.version_option(package_name="haven")
def main() -> None:
    """Haven's gateway: tells the right hospital that a patient is coming."""


@main.command()
def up() -> None:
    """Run everything of one machine: web, live and, on PostgreSQL, a worker."""
    from gateway.processes.up import up as run

    sys.exit(run(_config()))


@main.command()
def serve() -> None:
    """Run the web process alone."""
    from gateway.processes.serve import serve as run

    run(_config())


@main.command()
def worker() -> None:
    """Run a worker alone (PostgreSQL only: on SQLite the web process does its work)."""
    from gateway import logs
    from gateway.processes.worker import run_worker

    config = _config()
    if config.on_sqlite:
        raise InvalidInput(
            "On SQLite the web process does the worker's work: start `serve` or `up`."
        )
    logs.configure()
    run_worker(config)


@main.command()
def live() -> None:
    """Run the live process alone: the sockets that tell boxes when something waits."""
    # gevent has to replace the blocking calls before anything else is imported: a fresh
    # interpreter.
    os.execv(sys.executable, [sys.executable, "-m", "gateway.live"])  # noqa: S606


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema."""
    from gateway import bootstrap
    from gateway.database import migrate

    config = _config()
    database = bootstrap.open_database(config, bootstrap.load_or_make_keys(config))
    click.echo(f"The database is at revision {migrate.current(database.engine)}.")
    database.close()


@main.group()
def keys() -> None:
    """The keys in HAVEN_SECRET_DIR."""


@keys.command("init")
def keys_init() -> None:
    """Make the keys of a new gateway. Every machine of it mounts the same ones."""
    config = _config()
    if config.on_sqlite and config.sqlite_path.exists():
        raise InvalidInput(
            f"{config.sqlite_path} exists already and needs the keys it was started with. "
            "Mount those; new keys would make it unreadable."
        )
    keys_module.make(config.secret_dir)
    click.echo(f"Made new keys in {config.secret_dir}. Back them up apart from the database.")


def _open_for_command() -> tuple[PoliteWriter, System, NodeKeys]:
    from gateway import bootstrap
    from gateway.machine import real_system

    config = _config()
    loaded = bootstrap.load_or_make_keys(config)
    database = PoliteWriter(bootstrap.open_database(config, loaded))
    return database, real_system(), NodeKeys(loaded.boxes)


@contextmanager
def _registers() -> Iterator[Registers]:
    database, system, _ = _open_for_command()
    try:
        yield Registers(database, system, _config().country)
    finally:
        database.close()


@contextmanager
def _reading() -> Iterator[Reading]:
    from gateway import bootstrap
    from gateway.machine import real_system

    config = _config()
    loaded = keys_module.load(config.secret_dir)
    reader = bootstrap.open_reader(config, loaded)
    try:
        yield Reading(reader, real_system(), keys_module.PhoneVault(loaded.phone_numbers))
    finally:
        reader.close()


@contextmanager
def _acting() -> Iterator[Services]:
    from gateway import bootstrap
    from gateway.machine import real_system

    services = bootstrap.open_beside(_config(), real_system())
    try:
        yield services
    finally:
        services.database.close()


@main.group()
def emergencies() -> None:
    """What is going on, and acting on it by hand."""


@emergencies.command("watch")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def emergencies_watch(as_json: bool) -> None:
    """Show the emergencies of the last day, who has them, and what needs a person."""
    import json

    from gateway.operators.overview import overview, own_alarms

    with _reading() as reading:
        now = reading.system.now()
        rows = reading.database.read(lambda connection: overview(connection, now))
        alarms = reading.database.read(own_alarms)
    if as_json:
        shown = {"alarms": alarms, "emergencies": [row.as_dict() for row in rows]}
        click.echo(json.dumps(shown))
        return
    for alarm in alarms:
        click.echo(f"! {alarm['kind']}: {alarm['detail']} (since {alarm['raised_at']})")
    for row in rows:
        click.echo(row.line())


@main.group()
def deliveries() -> None:
    """Messages: sent, waiting, failed."""


@deliveries.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.option("--waiting", is_flag=True, help="Only those that are not sent yet or failed.")
def deliveries_list(as_json: bool, waiting: bool) -> None:
    """Show the latest messages and what became of each."""
    import json

    from gateway import bootstrap
    from gateway.delivery.overview import latest

    config = _config()
    reader = bootstrap.open_reader(config, keys_module.load(config.secret_dir))
    rows = reader.read(lambda connection: latest(connection, only_waiting=waiting))
    reader.close()
    if as_json:
        click.echo(json.dumps([row.as_dict() for row in rows]))
        return
    for row in rows:
        click.echo(row.line())


@deliveries.command("retry")
@click.argument("message")
def deliveries_retry(message: str) -> None:
    """Send a failed or waiting MESSAGE again now."""
    from gateway.delivery.overview import retry_now

    database, system, _ = _open_for_command()
    changed = database.write(lambda connection: retry_now(connection, message, system.now()))
    database.close()
    click.echo(f"Message {to_text(changed)} is due now.")


def _register() -> None:
    from gateway.hospitals.commands import hospitals_group
    from gateway.hospitals.lookup import find_hospital
    from gateway.operators.alarm_commands import alarm_commands
    from gateway.operators.emergency_commands import add_emergency_commands
    from gateway.operators.opened import Openers
    from gateway.places.commands import places_group
    from gateway.simulator.commands import phone, simulator
    from gateway.sites.commands import sites_commands

    main.add_command(hospitals_group(_registers))
    main.add_command(places_group(_registers))
    main.add_command(sites_commands(_open_for_command, find_hospital))
    openers = Openers(_reading, _acting)
    add_emergency_commands(emergencies, openers)
    main.add_command(alarm_commands(openers))
    main.add_command(simulator)
    main.add_command(phone)


_register()
