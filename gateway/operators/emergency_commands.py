"""`haven-gateway emergencies`: looking at emergencies, and acting on them by hand."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import click
from sqlalchemy import Connection, Row

from gateway.emergencies import store, telling
from gateway.hospitals.lookup import find_hospital
from gateway.operators import interventions
from gateway.operators.asked_next import AskedNext, asked_next
from gateway.operators.case_text import case_lines, open_line
from gateway.operators.casebook import (
    CaseFile,
    OpenEmergency,
    case_file,
    find_emergency,
    open_emergencies,
)
from gateway.operators.opened import Openers, Reading
from gateway.operators.operator import Operator
from gateway.places.position import place_at
from gateway.ports import FoundPlace
from gateway.unit_of_work import Services, UnitOfWork
from shared.dispatch import WAITING, CannotTreatReason, DispatchState
from shared.errors import InvalidInput, NotFound

_REASONS = {reason.name.lower().replace("_", "-"): reason for reason in CannotTreatReason}
_REDRAW_S = 1.0
_by = click.option("--by", required=True, help="Your initials, for the audit trail.")
_also_arrived = click.option("--arrived", is_flag=True, help="Also patients who are at a hospital.")
# One act on an emergency that is locked.
_Act = Callable[[UnitOfWork, Row[Any]], object]


def add_emergency_commands(group: click.Group, opened: Openers) -> None:
    """Adds the commands to the group `emergencies`."""

    def act(code: str, carry_out: _Act) -> None:
        """Carries it out, and shows how the emergency stands then."""

        def command(uow: UnitOfWork) -> list[str]:
            emergency = store.lock(uow, find_emergency(uow.connection, code))
            carry_out(uow, emergency)
            return _standing(uow, emergency.id)

        with opened.acting() as services:
            click.echo("\n".join(services.write(command)))

    @group.command("list")
    @_also_arrived
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
    def list_command(arrived: bool, as_json: bool) -> None:
        """Show every open emergency: what needs a person first, then the most urgent."""
        with opened.reading() as reading:
            found = _look(reading, arrived)
        if as_json:
            click.echo(json.dumps([row.as_dict() for row in found]))
        else:
            click.echo(_list_text(found))

    @group.command("watch")
    @_also_arrived
    def watch_command(arrived: bool) -> None:
        """Show the list anew every second, until Ctrl-C."""
        with opened.reading() as reading:
            _watch(lambda: _look(reading, arrived))

    @group.command("show")
    @click.argument("code")
    @click.option("--reveal-phone", is_flag=True, help="Show the caller's number; it is audited.")
    @click.option("--by", help="Your initials; needed with --reveal-phone.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def show_command(code: str, reveal_phone: bool, by: str | None, as_json: bool) -> None:
        """Show all that is kept of emergency CODE."""
        if reveal_phone:
            operator = Operator(by or "")
            with opened.acting() as services:
                services.write(
                    lambda uow: interventions.reveal_phone(
                        uow, store.lock(uow, find_emergency(uow.connection, code)), operator
                    )
                )
        with opened.reading() as reading:
            case, coming = reading.database.read(
                lambda connection: _case(reading, connection, code, revealed=reveal_phone)
            )
        if as_json:
            shown = {**case.as_dict(), "asked_next": coming.as_dict()}
            click.echo(json.dumps(shown, default=lambda at: at.isoformat()))
            return
        click.echo("\n".join(case_lines(case, coming)))

    @group.command("place")
    @click.argument("code")
    @click.option("--name", help="The place in words, such as 'Olympic Kibra'.")
    @click.option("--choice", type=click.IntRange(1, 3), help="Which of those that were offered.")
    @click.option("--lat", type=float, help="Latitude in degrees, with --lon.")
    @click.option("--lon", type=float, help="Longitude in degrees, with --lat.")
    @_by
    def place_command(
        code: str,
        name: str | None,
        choice: int | None,
        lat: float | None,
        lon: float | None,
        by: str,
    ) -> None:
        """Say where the patient of CODE is: a hospital is asked at once, the caller told."""
        operator = Operator(by)
        if (name is None) == (lat is None) or (lat is None) != (lon is None):
            raise click.UsageError("Give --name, or --lat and --lon.")
        with opened.acting() as services:
            if lat is not None and lon is not None:
                found = place_at(lat, lon, services.config.country)
            else:
                found = _named_place(services, name or "", choice)

            def command(uow: UnitOfWork) -> list[str]:
                emergency = store.lock(uow, find_emergency(uow.connection, code))
                interventions.place(uow, emergency, found, operator, name or "")
                return _standing(uow, emergency.id)

            click.echo(f"The patient is at {found.name} (within {found.radius_m} m).")
            click.echo("\n".join(services.write(command)))

    @group.command("send")
    @click.argument("code")
    @click.argument("hospital")
    @_by
    def send_command(code: str, hospital: str, by: str) -> None:
        """Ask HOSPITAL (number or whole name) about CODE now, whatever the ranking said."""
        operator = Operator(by)

        def send(uow: UnitOfWork, emergency: Row[Any]) -> None:
            hospital_id, _ = find_hospital(uow.connection, hospital)
            interventions.send(uow, emergency, hospital_id, operator)

        act(code, send)

    @group.command("accept")
    @click.argument("code")
    @click.argument("hospital")
    @_by
    def accept_command(code: str, hospital: str, by: str) -> None:
        """HOSPITAL said on the phone that it expects the patient of CODE."""
        operator = Operator(by)

        def accept(uow: UnitOfWork, emergency: Row[Any]) -> None:
            hospital_id = _asked(uow, emergency, hospital)
            interventions.accept(uow, emergency, hospital_id, operator)

        act(code, accept)

    @group.command("cannot-treat")
    @click.argument("code")
    @click.argument("hospital")
    @click.option("--reason", required=True, type=click.Choice(sorted(_REASONS)))
    @click.option("--note", default="", help="What else they said.")
    @_by
    def cannot_treat_command(code: str, hospital: str, reason: str, note: str, by: str) -> None:
        """HOSPITAL said on the phone that it cannot treat this: the next one is asked."""
        operator = Operator(by)

        def cannot_treat(uow: UnitOfWork, emergency: Row[Any]) -> None:
            hospital_id = _asked(uow, emergency, hospital)
            interventions.cannot_treat(
                uow, emergency, hospital_id, _REASONS[reason], note, operator
            )

        act(code, cannot_treat)

    @group.command("arrived")
    @click.argument("code")
    @click.argument("hospital", required=False)
    @_by
    def arrived_command(code: str, hospital: str | None, by: str) -> None:
        """The patient of CODE is at HOSPITAL (without it: where they were sent)."""
        operator = Operator(by)

        def arrived(uow: UnitOfWork, emergency: Row[Any]) -> None:
            hospital_id = None if hospital is None else _asked(uow, emergency, hospital)
            interventions.arrived(uow, emergency, hospital_id, operator)

        act(code, arrived)

    @group.command("close")
    @click.argument("code")
    @click.option("--reason", required=True, help="Why; the hospitals' staff read it.")
    @_by
    def close_command(code: str, reason: str, by: str) -> None:
        """End CODE: beds are free, boxes hear why, its alarms are solved."""
        operator = Operator(by)

        act(code, lambda uow, emergency: interventions.close(uow, emergency, reason, operator))


def _named_place(services: Services, name: str, choice: int | None) -> FoundPlace:
    """The place that the words mean beyond doubt, or the chosen one of those they may mean."""
    services.places.refresh()
    answer = services.places.search(name)
    if not answer.hits:
        raise NotFound(f"No place is called {name!r}. Give --lat and --lon instead.")
    if choice is not None and choice <= len(answer.hits):
        return answer.hits[choice - 1]
    if answer.sure and choice is None:
        return answer.hits[0]
    offered = "; ".join(f"{number} {hit.name}" for number, hit in enumerate(answer.hits, start=1))
    raise InvalidInput(f"Which one? Repeat it with --choice and its number: {offered}")


def _asked(uow: UnitOfWork, emergency: Row[Any], typed: str) -> int:
    """The hospital that was asked and is meant: part of its name is enough among so few."""
    typed = typed.strip()
    if not typed:
        raise InvalidInput("Name the hospital, or give its number.")
    hospitals = uow.services.hospitals
    meant = {
        card.id
        for card in (
            hospitals.card(uow.connection, row.hospital_id)
            for row in store.dispatches_of(uow.connection, emergency.id)
        )
        if typed.lower() in card.name.lower() or typed == str(card.id)
    }
    if len(meant) == 1:
        return meant.pop()
    return find_hospital(uow.connection, typed)[0]


def _list_text(rows: Sequence[OpenEmergency]) -> str:
    return "\n".join(map(open_line, rows)) or "No emergency is open."


def _case(
    reading: Reading, connection: Connection, code: str, *, revealed: bool
) -> tuple[CaseFile, AskedNext]:
    emergency_id = find_emergency(connection, code)
    case = case_file(connection, reading.vault, emergency_id, revealed=revealed)
    now = reading.system.now()
    return case, asked_next(connection, reading.hospitals, emergency_id, now)


def _look(reading: Reading, arrived: bool) -> list[OpenEmergency]:
    now = reading.system.now()
    return reading.database.read(
        lambda connection: open_emergencies(connection, reading.vault, now, arrived=arrived)
    )


def _watch(look: Callable[[], Sequence[OpenEmergency]]) -> None:
    try:
        while True:
            text = _list_text(look())
            # One list after the other where there is no screen to clear.
            click.clear()
            click.echo(text)
            time.sleep(_REDRAW_S)
    except KeyboardInterrupt:
        return


def _standing(uow: UnitOfWork, emergency_id: int) -> list[str]:
    """How the emergency stands, for whoever just changed it."""
    emergency = store.lock(uow, emergency_id)
    lines = [f"{emergency.help_code} is {emergency.state}."]
    for row in store.dispatches_of(uow.connection, emergency_id):
        name = uow.services.hospitals.card(uow.connection, row.hospital_id).name
        waits = DispatchState(row.state) in WAITING
        unproved = ", no proved channel: phone it" if waits and not row.reachable else ""
        lines.append(f"  {name}: {row.state}, about {row.travel_min} min{unproved}")
    if telling.is_discreet(emergency):
        lines.append("  The caller is told nothing: they may be watched. Do NOT phone them.")
    elif emergency.referred_by is not None:
        lines.append("  The staff who refer the patient are told by SMS.")
    elif emergency.caller_id is None:
        lines.append("  The reporter left no verified number: they see it in their app only.")
    return lines
