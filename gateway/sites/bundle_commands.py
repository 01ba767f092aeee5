"""`haven-gateway bundle`: what a person carries to and from hospitals' boxes on a stick."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click

from gateway.sites.bundles import take_bundle, write_bundle
from gateway.sites.exchange_desk import ExchangeDesk
from shared.errors import HavenError
from sync.bundle_file import read_file, write_file

# Opens what a command works on, when it runs and not before.
OpenDesk = Callable[[], AbstractContextManager[ExchangeDesk]]


def bundle_commands(open_desk: OpenDesk) -> click.Group:
    """The command group, on whatever the program's root wires in."""

    @click.group("bundle")
    def group() -> None:
        """Files for hospitals' boxes and from them, where no network reaches."""

    @group.command("export")
    @click.argument("site", type=int)
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--all", "everything", is_flag=True, help="Also what the box has confirmed.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def export_command(site: int, file: Path, everything: bool, as_json: bool) -> None:
        """Write FILE: all that box SITE is not known to have."""
        with open_desk() as desk, _about(f"Box {site}"):
            content, events = write_bundle(desk, site, everything=everything)
        write_file(file, content)
        if as_json:
            click.echo(json.dumps({"events": events, "bytes": len(content)}))
            return
        click.echo(f"{events} events in {file}. At box {site}: haven-edge bundle import {file}")

    @group.command("import")
    @click.argument("files", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True)
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def import_command(files: tuple[Path, ...], as_json: bool) -> None:
        """Take in FILES that boxes wrote, in any order. Twice is once."""
        taken = []
        with open_desk() as desk:
            for file in files:
                with _about(str(file)):
                    site, new = take_bundle(desk, read_file(file))
                taken.append({"file": str(file), "site": site, "new_events": new})
                if not as_json:
                    click.echo(f"{file}: {new} new events of box {site}.")
        if as_json:
            click.echo(json.dumps(taken))

    return group


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Says of what the error is."""
    try:
        yield
    except HavenError as error:
        raise click.ClickException(f"{what}: {error}") from error
