"""`haven-gateway simulator` and `haven-gateway phone`."""

import sys
from collections.abc import Iterator

import click
import requests
from rich.console import Console

from gateway.machine import real_system
from gateway.simulator.app import create_simulator
from gateway.simulator.client import Phone, PhoneRefused
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.server import bind, stops_on_signals
from gateway.simulator.terminal_phone import HELP, TerminalPhone
from shared.errors import InvalidInput


@click.command()
@click.option("--listen", default="127.0.0.1:8200", show_default=True, help="HOST:PORT.")
@click.option(
    "--callback-url",
    default="http://127.0.0.1:8000",
    show_default=True,
    envvar="HAVEN_PUBLIC_URL",
    help="Where the gateway is (its HAVEN_PUBLIC_URL).",
)
@click.option(
    "--secret",
    required=True,
    envvar="HAVEN_CALLBACK_SECRET",
    help="The gateway's HAVEN_CALLBACK_SECRET; of two joined by a comma, the first is used.",
)
@click.option(
    "--api-key", required=True, envvar="HAVEN_AT_API_KEY", help="The gateway's HAVEN_AT_API_KEY."
)
@click.option("--username", default="sandbox", show_default=True, envvar="HAVEN_AT_USERNAME")
@click.option("--shortcode", default="20911", show_default=True, envvar="HAVEN_AT_SHORTCODE")
@click.option(
    "--voice-number",
    default="",
    envvar="HAVEN_VOICE_NUMBER",
    help="The number that people call and that calls come from (HAVEN_VOICE_NUMBER).",
)
@click.option("--service-code", default="*384*911#", show_default=True, help="The USSD code.")
def simulator(
    listen: str,
    callback_url: str,
    secret: str,
    api_key: str,
    username: str,
    shortcode: str,
    voice_number: str,
    service_code: str,
) -> None:
    """Africa's Talking on this machine, with a feature phone in the browser at /.

    Nothing leaves this machine but the callbacks to the gateway. The account stays open to whoever
    can reach the address, so keep it on 127.0.0.1 unless everybody on the network may use it.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter("write HOST:PORT, such as 127.0.0.1:8200", param_hint="--listen")
    try:
        config = SimulatorConfig(
            callback_url=callback_url,
            secret=secret.split(",")[0].strip(),
            api_key=api_key,
            username=username,
            shortcode=shortcode,
            voice_number=voice_number,
            service_code=service_code,
        )
    except InvalidInput as fault:
        raise click.ClickException(str(fault)) from None
    app = create_simulator(config, real_system())
    try:
        server = bind(app, host, int(port))
    except InvalidInput as fault:
        app.extensions["stop"]()
        raise click.ClickException(str(fault)) from None
    try:
        address = f"http://{host}:{server.server_port}"
        # Whoever reads the address may stop us at once, so signals are taken before it is told.
        stops_on_signals(server)
        click.echo(f"Phones at {address}/ and {address}/control for what goes wrong. Ctrl+C stops.")
        server.serve_forever()
    finally:
        server.server_close()
        app.extensions["stop"]()
    click.echo("Stopped.")


@click.command()
@click.option("--url", default="http://127.0.0.1:8200", show_default=True, help="The simulator.")
@click.option("--number", default="+254711000111", show_default=True, help="This phone's number.")
def phone(url: str, number: str) -> None:
    """A feature phone in this terminal, at a running simulator.

    Type a code to dial it, a digit or text to answer, /help for the rest. Lines may come from a
    pipe; the exit code is 1 when one of them failed.
    """
    interactive = sys.stdin.isatty()
    console = Console(width=None if interactive else 80)
    with Phone(url, number) as acting, Phone(url, number) as watching:
        try:
            name = acting.state()["network"]["name"]
        except PhoneRefused as refusal:
            raise click.ClickException(str(refusal)) from None
        except requests.exceptions.RequestException:
            raise click.ClickException(
                f"There is no simulator at {url}; start it with `haven-gateway simulator`."
            ) from None
        lines = _typed(console) if interactive else iter(sys.stdin)
        welcome = f"[bold]{number}[/] on {name}\n{HELP}" if interactive else ""
        sys.exit(TerminalPhone(acting, watching, console, interactive).run(lines, welcome))


def _typed(console: Console) -> Iterator[str]:
    """What is typed, line by line, until the end of input or Ctrl+C."""
    while True:
        try:
            yield console.input("")
        except (EOFError, KeyboardInterrupt):
            return
