"""`haven-gateway`: everything an operator does on the command line."""

import os
import sys
from collections.abc import Callable, Mapping

import click

from gateway.config import Config, from_environment
from shared.errors import HavenError, InvalidInput

# What is heavy to import is imported by the command that needs it: a gateway that has died is back
# the sooner, and each of its processes starts here.


def _config() -> Config:
    return from_environment(os.environ)


def _database_commands() -> Mapping[str, click.Command]:
    from gateway.commands import database_commands

    return database_commands()


def _simulator_commands() -> Mapping[str, click.Command]:
    from gateway.simulator.commands import phone, simulator

    return {"simulator": simulator, "phone": phone}


def _menu_commands() -> Mapping[str, click.Command]:
    from gateway.menus.commands import menus_group
    from gateway.voice.commands import record_command

    menus_group.add_command(record_command)
    return {"menus": menus_group}


_FURTHER: Mapping[str, Callable[[], Mapping[str, click.Command]]] = {
    "alarms": _database_commands,
    "db": _database_commands,
    "deliveries": _database_commands,
    "emergencies": _database_commands,
    "hospitals": _database_commands,
    "keys": _database_commands,
    "mass-casualty": _database_commands,
    "menus": _menu_commands,
    "places": _database_commands,
    "sites": _database_commands,
    "simulate": _database_commands,
    "simulator": _simulator_commands,
    "phone": _simulator_commands,
}


class _Program(click.Group):
    """Finds a command when it is asked for, and turns a refusal into one clear line and an exit
    code, instead of a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_FURTHER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _FURTHER and cmd_name not in self.commands:
            self.commands.update(_FURTHER[cmd_name]())
        return super().get_command(ctx, cmd_name)

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
