"""`haven-edge`: enrol, serve, sync, status."""

import json
import logging
import os
import sys
from typing import Any

import click
import requests
import structlog

from edge_node import enrolment as enrolment_module
from edge_node import lease as lease_module
from edge_node import link as link_module
from edge_node import server as server_module
from edge_node.bundle_commands import bundle_commands
from edge_node.condition import look
from edge_node.config import Config, from_environment
from edge_node.exchange import Exchanger
from edge_node.gateway_connection import HttpsConnection
from edge_node.identity import Identity, IdentityUnusable, NotEnrolled
from edge_node.link import Link
from edge_node.machine import real_system
from edge_node.node import open_node, open_store
from edge_node.status_text import status_lines, sync_lines
from edge_node.web import representation
from shared.errors import HavenError, InvalidInput

_ASK_S = 2
# A gateway that always has more is not asked for ever.
_MOST_EXCHANGES = 10_000


class _Commands(click.Group):
    """Errors of the domain become one sentence and exit code 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HavenError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
def main() -> None:
    """The hospital's box of Haven. Its folder is HAVEN_EDGE_DIR."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@main.command()
@click.argument("url")
@click.argument("code")
@click.option("--name", default="", help="What people call this box.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def enrol(url: str, code: str, name: str, as_json: bool) -> None:
    """Join the gateway at URL with the one-time CODE of its administrator."""
    if not url.startswith(("https://", "http://")):
        raise InvalidInput("URL must start with https:// (http:// only on one machine).")
    config = from_environment(os.environ)
    site = enrolment_module.enrol(
        Identity(config.directory),
        real_system(),
        HttpsConnection(url, config.ca_file),
        url,
        code,
        name,
    )
    if as_json:
        click.echo(json.dumps({"site_id": site.site_id, "hospital": site.hospital_name}))
    else:
        click.echo(f"This is now box {site.site_id} of {site.hospital_name}.")
        click.echo("Start it with: haven-edge serve")


@main.command()
def serve() -> None:
    """Run the box: its console and its link to the gateway."""
    config = from_environment(os.environ)
    with server_module.lock(config.directory):
        node = open_node(config, real_system())
        try:
            server_module.serve(node, config)
        finally:
            node.close()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sync(as_json: bool) -> None:
    """Exchange with the gateway now, until nothing waits, and say what has not reached it. Exit
    code 0 only when everything has.
    """
    config = from_environment(os.environ)
    node = open_node(config, real_system(), mends=False)
    try:
        if node.exchanger is None:
            raise NotEnrolled
        received, problem = _exchange(node.exchanger)
        condition = node.condition()
    finally:
        node.close()
    if as_json:
        shown = {"received": received, **representation.progress(condition), "problem": problem}
        click.echo(json.dumps(shown))
    else:
        click.echo("\n".join(sync_lines(received, condition, problem)))
    if problem or not condition.all_at_gateway:
        sys.exit(1)


def _exchange(exchanger: Exchanger) -> tuple[int, str]:
    """Exchanges until nothing waits: how many events came, and what stopped it."""
    received = 0
    try:
        for _ in range(_MOST_EXCHANGES):
            outcome = exchanger.run()
            received += outcome.received
            if not outcome.more:
                break
    except HavenError as error:
        return received, str(error)
    return received, ""


main.add_command(bundle_commands())


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show how the box and its link are. Exit code 1 when it is not in touch with the gateway."""
    shown = _status(from_environment(os.environ))
    if as_json:
        click.echo(json.dumps(shown))
    else:
        click.echo("\n".join(status_lines(shown)))
    if not shown["connected"]:
        sys.exit(1)


def _status(config: Config) -> dict[str, Any]:
    """What the running server says; without one, what it last wrote down."""
    here = requests.Session()
    here.trust_env = False  # the way to the gateway may have a proxy; the way to ourselves has none
    try:
        answer = here.get(f"http://{config.host}:{config.port}/api/v1/link", timeout=_ASK_S)
        answer.raise_for_status()
        return {"running": True, **answer.json()}
    except (requests.RequestException, ValueError):
        pass
    identity = Identity(config.directory)
    now = real_system().now()
    store = open_store(config, identity)
    try:
        link = Link(store.read(lambda connection: link_module.stored(connection, now)))
        try:
            identity.site()
            link.update(enrolled=True, problem="The box is not running. Start: haven-edge serve")
        except (NotEnrolled, IdentityUnusable) as error:
            link.update(problem=str(error))
        retired = link.state.retired
        lease = store.read(lambda connection: lease_module.stored(connection, retired=retired))
        condition = look(store, link.state, lease)
    finally:
        store.close()
    return {"running": False, **representation.condition(condition, now)}
