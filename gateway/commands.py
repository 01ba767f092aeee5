"""The commands that open the gateway's database: an operator's, and whoever sets it up."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import click

from gateway import bootstrap
from gateway import keys as keys_module
from gateway.box_desk import BoxDesk
from gateway.config import Config, from_environment
from gateway.database import migrate
from gateway.database.polite import PoliteWriter
from gateway.delivery.costs import costs
from gateway.delivery.overview import latest, retry_now
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.commands import hospitals_group
from gateway.hospitals.lookup import find_hospital
from gateway.importing.commands import Registers
from gateway.machine import real_system
from gateway.mass_casualty.commands import mass_casualty_commands
from gateway.operators.alarm_commands import alarm_commands
from gateway.operators.emergency_commands import add_emergency_commands
from gateway.operators.hospital_commands import add_hospital_commands
from gateway.operators.opened import Openers, Reading
from gateway.places.commands import places_group
from gateway.restoring.commands import restores_commands
from gateway.simulation.commands import simulate_group
from gateway.sites.bundle_commands import bundle_commands
from gateway.sites.commands import sites_commands
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.unit_of_work import Services
from shared.errors import InvalidInput
from shared.identifier import to_text
from shared.system import System
from sync.sealing import NodeKeys


def _config() -> Config:
    return from_environment(os.environ)


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema."""
    config = _config()
    database = bootstrap.open_database(config, bootstrap.load_or_make_keys(config))
    click.echo(f"The database is at revision {migrate.current(database.engine)}.")
    database.close()


@click.group()
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
    config = _config()
    loaded = keys_module.load(config.secret_dir)
    reader = bootstrap.open_reader(config, loaded)
    try:
        system = real_system()
        vault = keys_module.PhoneVault(loaded.phone_numbers)
        yield Reading(reader, system, vault, bootstrap.hospital_directory(config, system))
    finally:
        reader.close()


@contextmanager
def _acting() -> Iterator[Services]:
    services = bootstrap.open_beside(_config(), real_system())
    try:
        yield services
    finally:
        services.database.close()


@contextmanager
def _exchange_desk() -> Iterator[ExchangeDesk]:
    with _acting() as services:
        keys = NodeKeys(keys_module.load(services.config.secret_dir).boxes)
        claims = BoxDesk(services, AvailabilityBoard(services.system))
        yield ExchangeDesk(services.database, services.system, keys, claims)


@click.group()
def emergencies() -> None:
    """What is going on, and acting on it by hand."""


@click.group()
def deliveries() -> None:
    """Messages: sent, waiting, failed."""


@deliveries.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.option("--waiting", is_flag=True, help="Only those that are not sent yet or failed.")
def deliveries_list(as_json: bool, waiting: bool) -> None:
    """Show the latest messages and what became of each."""
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
    database, system, _ = _open_for_command()
    changed = database.write(lambda connection: retry_now(connection, message, system.now()))
    database.close()
    click.echo(f"Message {to_text(changed)} is due now.")


@deliveries.command("costs")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def deliveries_costs(days: int, as_json: bool) -> None:
    """Show what the messages of the last days cost, by what they were for."""
    config = _config()
    reader = bootstrap.open_reader(config, keys_module.load(config.secret_dir))
    since = real_system().now() - timedelta(days=days)
    rows = reader.read(lambda connection: costs(connection, since))
    reader.close()
    if as_json:
        click.echo(json.dumps([row.as_dict() for row in rows]))
        return
    for row in rows:
        click.echo(row.line())


def database_commands() -> Mapping[str, click.Command]:
    """All of them by name."""
    openers = Openers(_reading, _acting)
    add_emergency_commands(emergencies, openers)
    hospitals = hospitals_group(_registers)
    add_hospital_commands(hospitals, openers)
    made = (
        alarm_commands(openers),
        bundle_commands(_exchange_desk),
        db,
        deliveries,
        emergencies,
        hospitals,
        keys,
        mass_casualty_commands(openers),
        places_group(_registers),
        restores_commands(openers),
        simulate_group(_reading),
        sites_commands(_open_for_command, find_hospital),
    )
    return {str(command.name): command for command in made}
