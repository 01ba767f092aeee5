"""An emergency's rows as its reporter may see them: their own inputs and its state, no summary."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, select

from gateway.api.emergency_models import (
    Advice,
    EmergencyCreated,
    EmergencyNow,
    HospitalToGoTo,
    PlaceNow,
    Timeline,
    TimelineEntry,
    TransportAnswer,
)
from gateway.audit import audit_entries
from gateway.emergencies import store, telling
from gateway.emergencies.tables import dispatches
from gateway.unit_of_work import Services
from shared.emergency import Priority, Transport
from shared.identifier import to_text

_BY = {"anonymous": "reporter", "caller": "reporter", "reporter": "reporter"} | {
    name: name for name in ("gateway", "hospital")
}

# What was called off by a phone that may be in the wrong hands looks as it does for anybody else.
_SHOWN_AS = {"cancel asked": "cancelled"}
# One transaction may write all of these within a millisecond.
_BEGINNING = ("emergency noted", "emergency raised", "dispatch offered", "dispatch delivered")


def emergency_now(connection: Connection, services: Services, emergency: Row[Any]) -> EmergencyNow:
    """How the emergency stands."""
    return EmergencyNow(**_facts(connection, services, emergency))


def emergency_created(
    connection: Connection, services: Services, emergency: Row[Any], token: str
) -> EmergencyCreated:
    """How the new emergency stands, with its token."""
    return EmergencyCreated(token=token, **_facts(connection, services, emergency))


def timeline(connection: Connection, emergency: Row[Any]) -> Timeline:
    """What happened to the emergency and its dispatches, without any content."""
    asked = store.dispatches_of(connection, emergency.id)
    numbers = {f"dispatch:{to_text(row.id)}": row.position for row in asked}
    subjects = [f"emergency:{to_text(emergency.id)}", *numbers]
    query = (
        select(audit_entries)
        .where(audit_entries.c.subject.in_(subjects))
        .order_by(audit_entries.c.id)
    )
    entries = [
        _entry(row.at, row.action, row.actor, numbers.get(row.subject))
        for row in connection.execute(query)
    ]
    entries += [
        _entry(row.delivered_at, "dispatch delivered", "hospital:", row.position)
        for row in asked
        if row.delivered_at is not None
    ]
    if emergency.cancel_asked_at is not None:
        # For whoever holds the phone it ended there (docs/adr/012).
        entries = [entry for entry in entries if entry.at <= emergency.cancel_asked_at]
    return Timeline(entries=sorted(entries, key=_order))


def _order(entry: TimelineEntry) -> tuple[datetime, int]:
    begins = entry.event in _BEGINNING
    return entry.at, _BEGINNING.index(entry.event) if begins else len(_BEGINNING)


def _entry(at: datetime, event: str, actor: str, number: int | None) -> TimelineEntry:
    role = actor.partition(":")[0]
    return TimelineEntry.model_validate(
        {
            "at": at,
            "event": _SHOWN_AS.get(event, event),
            "by": _BY.get(role, "operator"),
            "hospital_number": number,
        }
    )


def _facts(connection: Connection, services: Services, emergency: Row[Any]) -> dict[str, Any]:
    catalogue = services.menus.catalogue(emergency.language)
    transport = None if emergency.transport is None else Transport(emergency.transport)
    return {
        "id": to_text(emergency.id),
        "help_code": emergency.help_code,
        "version": emergency.version,
        "state": telling.state_shown(emergency).value,
        "priority": Priority(emergency.priority).name.lower(),
        "hospital": _hospital(connection, services, emergency),
        "transport": None if transport is None else cast(TransportAnswer, transport.name.lower()),
        "place": None
        if emergency.lat is None
        else _place(emergency.place_name, emergency.lat, emergency.lon, emergency.radius_m),
        "place_choices": [_place(*choice) for choice in emergency.place_choices or []],
        "advice": Advice(code=emergency.advice, text=catalogue.text(f"advice.{emergency.advice}")),
        "emergency_numbers": list(services.config.emergency_numbers),
        "created_at": emergency.created_at,
        "ended_at": telling.ended_shown(emergency),
    }


def _place(name: str, lat: float, lon: float, radius_m: int) -> PlaceNow:
    return PlaceNow(name=name, lat=lat, lon=lon, radius_m=radius_m)


def _hospital(
    connection: Connection, services: Services, emergency: Row[Any]
) -> HospitalToGoTo | None:
    dispatch_id = emergency.accepted_dispatch_id or emergency.told_dispatch_id
    if dispatch_id is None or telling.is_discreet(emergency):
        return None
    row = connection.execute(select(dispatches).where(dispatches.c.id == dispatch_id)).one()
    return HospitalToGoTo(
        id=row.hospital_id,
        name=services.hospitals.card(connection, row.hospital_id).name,
        travel_min=row.travel_min,
        distance_m=row.distance_m,
        informed=row.reachable,
        answer=row.state,
    )
