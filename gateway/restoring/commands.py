"""`haven-gateway restores`: what waits since the database was set back to an older copy."""

import json
from typing import Any

import click
from sqlalchemy import Connection

from gateway.operators.opened import Openers
from gateway.operators.operator import Operator
from gateway.restoring import hold


def restores_commands(opened: Openers) -> click.Group:
    """The command group, on whatever the program's root wires in."""

    @click.group("restores")
    def group() -> None:
        """A database that was set back to an older copy."""

    @group.command("show")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def show_command(as_json: bool) -> None:
        """Show whether what was due before a restore waits, and for which boxes."""
        with opened.reading() as reading:
            shown = reading.database.read(_standing)
        if as_json:
            click.echo(json.dumps(shown))
            return
        if not shown["held"]:
            click.echo("Nothing waits for a restore.")
            return
        click.echo(
            f"The database was found set back to an older copy at {shown['noticed_at']}. Texts, "
            "calls and deadlines from before wait."
        )
        boxes = ", ".join(str(site) for site in shown["waits_for_boxes"])
        click.echo(
            f"They wait for these boxes (see: haven-gateway sites list): {boxes}"
            if boxes
            else "Every box was heard: they go on within seconds."
        )
        click.echo("Not to wait any longer: haven-gateway restores release --by YOU")

    @group.command("release")
    @click.option("--by", required=True, help="Your initials, for the audit trail.")
    def release_command(by: str) -> None:
        """Let everything that waits go on now, though a box may know better."""
        operator = Operator(by)
        with opened.acting() as services:
            services.write(lambda uow: hold.release(uow, operator.initials))
        click.echo("It goes on. Look at what is open: haven-gateway emergencies list")

    return group


def _standing(connection: Connection) -> dict[str, Any]:
    restore = hold.held(connection)
    if restore is None:
        return {"held": False, "noticed_at": None, "waits_for_boxes": []}
    return {
        "held": True,
        "noticed_at": restore.noticed_at.isoformat(timespec="seconds"),
        "waits_for_boxes": hold.waits_for(connection, restore),
    }
