"""`haven-gateway mass-casualty`: many hurt at once, as operators declare and end it."""

import json
from datetime import timedelta

import click

from gateway.mass_casualty import incidents
from gateway.mass_casualty.incidents import LASTS, RADIUS_M, Area
from gateway.operators.opened import Openers
from gateway.operators.operator import Operator
from gateway.operators.plain_words import age_words
from gateway.unit_of_work import UnitOfWork
from shared.errors import InvalidInput
from shared.geo import check_in_country
from shared.identifier import from_text, to_text

_by = click.option("--by", required=True, help="Your initials, for the audit trail.")


def mass_casualty_commands(opened: Openers) -> click.Group:
    """The command group, on whatever the program's root wires in."""

    @click.group("mass-casualty")
    def group() -> None:
        """Many hurt at one place: hospitals make room, and ones further away are asked."""

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
    def list_command(as_json: bool) -> None:
        """Show the incidents that go on."""
        with opened.reading() as reading:
            now = reading.system.now()
            rows = reading.database.read(lambda connection: incidents.active(connection, now))
        if as_json:
            click.echo(
                json.dumps(
                    [
                        {
                            "id": to_text(row.id),
                            "lat": row.lat,
                            "lon": row.lon,
                            "radius_m": row.radius_m,
                            "patients": row.patients,
                            "declared_by": row.declared_by or "haven",
                            "began_at": row.began_at.isoformat(),
                            "until": row.until.isoformat(),
                        }
                        for row in rows
                    ]
                )
            )
            return
        for row in rows:
            age = age_words(int((now - row.began_at).total_seconds())).strip()
            left = age_words(int((row.until - now).total_seconds())).strip()
            click.echo(
                f"{to_text(row.id)}  {row.lat:.4f}, {row.lon:.4f}, {row.radius_m / 1000:g} km  "
                f"{row.patients} hurt at least  for {age}, {left} left  "
                f"by {row.declared_by or 'Haven itself'}"
            )
        if not rows:
            click.echo("No mass-casualty incident goes on.")

    @group.command("declare")
    @click.option("--lat", type=float, required=True)
    @click.option("--lon", type=float, required=True)
    @click.option("--km", type=click.FloatRange(0.1, 200), default=RADIUS_M / 1000)
    @click.option("--patients", type=click.IntRange(1, 100_000), required=True)
    @click.option("--hours", type=click.FloatRange(0.1, 72), default=LASTS.total_seconds() / 3600)
    @_by
    def declare_command(
        lat: float, lon: float, km: float, patients: int, hours: float, by: str
    ) -> None:
        """Declare an incident: whoever is hurt within KM is sent as to hospitals that make room."""
        operator = Operator(by)

        def declare(uow: UnitOfWork) -> int:
            check_in_country(lat, lon, uow.services.config.country)
            area = Area(lat, lon, round(km * 1000))
            lasts = timedelta(hours=hours)
            return incidents.declare(uow, area, patients, lasts, operator.initials)

        with opened.acting() as services:
            made = services.write(declare)
        click.echo(f"Declared as {to_text(made)}. End it: mass-casualty end {to_text(made)}")

    @group.command("end")
    @click.argument("incident")
    @_by
    def end_command(incident: str, by: str) -> None:
        """End INCIDENT: hospitals are asked as on any day."""
        operator = Operator(by)
        try:
            incident_id = from_text(incident)
        except ValueError:
            raise InvalidInput("That is no incident's number; see: mass-casualty list") from None
        with opened.acting() as services:
            services.write(lambda uow: incidents.end(uow, incident_id, operator.initials))
        click.echo("Ended.")

    return group
