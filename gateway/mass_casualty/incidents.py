"""Incidents with many hurt: where they are, how they are noticed, and how they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, degrees, radians
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies.tables import emergencies
from gateway.mass_casualty.tables import mass_casualties
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState, Kind
from shared.errors import NotFound
from shared.geo import EARTH_RADIUS_M, distance_m
from shared.identifier import to_text
from sync.prepared import Prepared

# A bus, a market, a block of houses: who calls from within it means the same event.
RADIUS_M = 3_000
# How long hospitals keep making room, unless an operator ends it or declares it anew.
LASTS = timedelta(hours=6)
# Those who call about one event do so within this time, and are among the latest so many.
_WITHIN = timedelta(minutes=30)
_LOOKED_AT = 50
# How often, in patients sent to one hospital, it is worth looking: one event fills the hospital
# that is nearest to it.
_EVERY = 3
# What crashes, fires, collapses and gas do to people.
_OF_EVENTS = (Kind.INJURY, Kind.BLEEDING, Kind.BURN, Kind.UNRESPONSIVE, Kind.POISON)
# What callers press for "many hurt": the number they mean is not asked on the way.
_MANY = {"sign": "injury", "detail": "many"}

_ACTIVE = Prepared(
    select(mass_casualties)
    .where(mass_casualties.c.until > bindparam("now"))
    .order_by(mass_casualties.c.id)
)
_latest = (
    select(
        emergencies.c.lat,
        emergencies.c.lon,
        emergencies.c.kind,
        emergencies.c.state,
        emergencies.c.created_at,
        emergencies.c.patient_count,
    )
    .where(emergencies.c.referred_by.is_(None))
    .order_by(emergencies.c.id.desc())
    .limit(_LOOKED_AT)
    .subquery()
)
_PATIENTS_AROUND = Prepared(
    select(func.coalesce(func.sum(_latest.c.patient_count), 0)).where(
        _latest.c.lat.between(bindparam("south"), bindparam("north")),
        _latest.c.lon.between(bindparam("west"), bindparam("east")),
        _latest.c.created_at >= bindparam("since"),
        or_(*(_latest.c.kind == kind.value for kind in _OF_EVENTS)),
        _latest.c.state != EmergencyState.CANCELLED.value,
    )
)


@dataclass(frozen=True, slots=True)
class Area:
    """Where it is: WGS 84 degrees and metres."""

    lat: float
    lon: float
    radius_m: int = RADIUS_M


def covers(connection: Connection, lat: float, lon: float, now: datetime) -> bool:
    """Whether hospitals make room for whoever is at this position."""
    return any(
        distance_m(lat, lon, each.lat, each.lon) <= each.radius_m
        for each in _ACTIVE.all(connection, now=now)
    )


def notice_many(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Declares an incident when this caller alone reports so many hurt. The emergency has a
    place. Whoever is referred onward was counted where they came from.
    """
    if emergency.referred_by is not None:
        return
    many = all(emergency.answers.get(name) == value for name, value in _MANY.items())
    if many or emergency.patient_count >= uow.services.hospitals.mass_casualty_patients:
        _notice(uow, emergency, emergency.patient_count)


def notice_around(uow: UnitOfWork, emergency: Row[Any], assigned_since: int) -> None:
    """Declares an incident when many were hurt around this emergency within half an hour.
    `assigned_since` is how many of ours its hospital had before.
    """
    if (assigned_since + 1) % _EVERY or Kind(emergency.kind) not in _OF_EVENTS:
        return
    if emergency.referred_by is not None:
        return
    patients = _patients_around(uow, emergency.lat, emergency.lon)
    if patients >= uow.services.hospitals.mass_casualty_patients:
        _notice(uow, emergency, patients)


def declare(uow: UnitOfWork, area: Area, patients: int, lasts: timedelta, by: str) -> int:
    """Declares an incident; its number. `by` is an operator's initials, empty for Haven itself."""
    incident_id = uow.system.new_id()
    uow.connection.execute(
        insert(mass_casualties),
        {
            "id": incident_id,
            "lat": area.lat,
            "lon": area.lon,
            "radius_m": area.radius_m,
            "patients": patients,
            "declared_by": by,
            "began_at": uow.now,
            "until": uow.now + lasts,
        },
    )
    actor = f"operator:{by}" if by else "gateway"
    uow.audit(actor, "mass casualty declared", f"incident:{to_text(incident_id)}")
    return incident_id


def end(uow: UnitOfWork, incident_id: int, by: str) -> None:
    """Ends it now. Raises NotFound when it has ended already, or there is none."""
    ended = uow.connection.execute(
        update(mass_casualties)
        .where(mass_casualties.c.id == incident_id, mass_casualties.c.until > uow.now)
        .values(until=uow.now)
    )
    if not ended.rowcount:
        raise NotFound("No such incident goes on; see: haven-gateway mass-casualty list")
    uow.audit(f"operator:{by}", "mass casualty ended", f"incident:{to_text(incident_id)}")


def active(connection: Connection, now: datetime) -> list[Row[Any]]:
    """The incidents that go on, oldest first."""
    return list(_ACTIVE.all(connection, now=now))


def _notice(uow: UnitOfWork, emergency: Row[Any], patients: int) -> None:
    if covers(uow.connection, emergency.lat, emergency.lon, uow.now):
        return  # operators know
    radius_m = RADIUS_M + round(emergency.radius_m or 0)
    declare(uow, Area(emergency.lat, emergency.lon, radius_m), patients, LASTS, "")
    raise_alarm(uow, "mass_casualty", emergency=emergency)


def _patients_around(uow: UnitOfWork, lat: float, lon: float) -> int:
    high = degrees(RADIUS_M / EARTH_RADIUS_M)
    wide = high / max(cos(radians(lat)), 0.01)
    row = _PATIENTS_AROUND.one(
        uow.connection,
        south=lat - high,
        north=lat + high,
        west=lon - wide,
        east=lon + wide,
        since=uow.now - _WITHIN,
    )
    return int(row[0])
