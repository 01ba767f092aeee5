"""`haven-edge bundle`: what a person carries to and from the gateway on a stick."""

import json
import os
from pathlib import Path

import click

from edge_node import link as link_module
from edge_node.acting import Actor
from edge_node.bundles import take_bundle, write_bundle
from edge_node.config import from_environment
from edge_node.identity import Identity
from edge_node.link import Link
from edge_node.machine import real_system
from edge_node.node import open_store
from shared.errors import HavenError
from sync.bundle_file import read_file, write_file


def bundle_commands() -> click.Group:
    """The command group. It works beside a running box and without one."""

    @click.group("bundle")
    def group() -> None:
        """Files for the gateway and from it, where no network reaches."""

    @group.command("export")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def export_command(file: Path, as_json: bool) -> None:
        """Write FILE: all that the gateway is not known to have."""
        config = from_environment(os.environ)
        identity = Identity(config.directory)
        site = identity.site()
        store = open_store(config, identity)
        try:
            content, events = write_bundle(store, real_system(), identity.node_keys(), site)
        finally:
            store.close()
        write_file(file, content)
        if as_json:
            click.echo(json.dumps({"events": events, "bytes": len(content)}))
            return
        click.echo(f"{events} events in {file}. At the gateway: haven-gateway bundle import {file}")

    @group.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def import_command(file: Path, as_json: bool) -> None:
        """Take in FILE, which the gateway wrote for this box. Twice is once."""
        config = from_environment(os.environ)
        identity = Identity(config.directory)
        site = identity.site()
        store = open_store(config, identity)
        try:
            content = read_file(file)
            system = real_system()
            now = system.now()
            link = Link(store.read(lambda connection: link_module.stored(connection, now)))
            # The running box sees the change, and its console rings; here nobody hears anything.
            actor = Actor(system, link, lambda: False)
            new = take_bundle(store, identity.node_keys(), site, actor, content)
        except HavenError as error:
            raise click.ClickException(f"{file}: {error}") from error
        finally:
            store.close()
        if as_json:
            click.echo(json.dumps({"new_events": new}))
            return
        click.echo(f"{new} new events. The console of this box shows them.")

    return group
