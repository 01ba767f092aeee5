"""`haven-gateway alarms`: what only a person can solve."""

import json

import click

from gateway.operators.alarm_board import alarm_list, solve_by_hand
from gateway.operators.opened import Openers
from gateway.operators.operator import Operator


def alarm_commands(opened: Openers) -> click.Group:
    """The command group, on whatever the program's root wires in."""

    @click.group("alarms")
    def group() -> None:
        """What only a person can solve."""

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
    def list_command(as_json: bool) -> None:
        """Show what waits for a person, oldest first, and what was solved within a day."""
        with opened.reading() as reading:
            now = reading.system.now()
            rows = reading.database.read(lambda connection: alarm_list(connection, now))
        if as_json:
            click.echo(json.dumps([row.as_dict() for row in rows]))
            return
        if all(row.solved_at for row in rows):
            click.echo("No alarm waits.")
        for row in rows:
            click.echo("\n".join(row.lines()))

    @group.command("solve")
    @click.argument("alarm")
    @click.option("--by", required=True, help="Your initials, for the audit trail.")
    @click.option("--note", default="", help="What you did; no medical fact.")
    def solve_command(alarm: str, by: str, note: str) -> None:
        """Mark ALARM (its id, or a help code for all of an emergency's) as solved."""
        operator = Operator(by)
        with opened.acting() as services:
            kinds = services.write(lambda uow: solve_by_hand(uow, alarm, operator, note))
        click.echo(f"Solved: {', '.join(kinds)}. Nobody is reminded of it any more.")

    return group
