"""Hospitals with what they last reported, page by page, as every feed gives them out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import cos, degrees, radians
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from gateway.hospitals import changes
from gateway.hospitals.register import strictest
from gateway.hospitals.tables import availability, hospital_beds, hospital_changes, hospitals
from shared.bed_type import BedType
from shared.errors import InvalidInput
from shared.geo import EARTH_RADIUS_M, check_position, distance_m
from shared.hospital import HospitalStatus
from shared.identifier import first_at

MOST_AT_ONCE = 1_000
# Raised when a feed says something new of what has not changed.
_FORMAT = 1
_LONGEST_M = 500_000.0
# More than rounding does to a degree.
_MARGIN_DEGREES = 1e-6
_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BedsReported:
    """The latest count of one sort of beds; a count that is None was not given."""

    sort: BedType
    staffed: int | None
    free: int | None
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class PublishedHospital:
    """The public facts about a hospital and what it last reported.

    `has` and `lacks` are capability masks after what operators set; `status` is the strictest of
    what the register, the hospital and operators say. The beds are those for emergencies, None when
    never reported; `stock_has` and `stock_lacks` are masks. `heard_at` is the latest report.
    """

    id: int
    name: str
    level: int
    owner: str
    county: str
    sub_county: str
    ward: str
    lat: float | None
    lon: float | None
    has: int
    lacks: int
    open_24h: bool | None
    status: HospitalStatus
    reachable: bool
    staffed_beds: int | None
    free_beds: int | None
    beds_reported_at: datetime | None
    stock_has: int
    stock_lacks: int
    stock_reported_at: datetime | None
    heard_at: datetime | None
    beds: tuple[BedsReported, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """A circle on the ground; degrees and metres. Raises InvalidInput when it is none."""

    lat: float
    lon: float
    radius_m: float

    def __post_init__(self) -> None:
        check_position(self.lat, self.lon)
        if not 0 < self.radius_m <= _LONGEST_M:
            raise InvalidInput(f"km must be more than 0 and at most {_LONGEST_M / 1000:.0f}.")

    def holds(self, lat: float, lon: float) -> bool:
        """Whether that position lies inside."""
        return distance_m(self.lat, self.lon, lat, lon) <= self.radius_m

    @property
    def box(self) -> ColumnElement[bool]:
        """A condition on positions that is true of all inside, and of few others."""
        reach = degrees(self.radius_m / EARTH_RADIUS_M) + _MARGIN_DEGREES
        south, north = self.lat - reach, self.lat + reach
        rows = hospitals.c.lat.between(south, north)
        nearest_pole = max(abs(south), abs(north))
        if nearest_pole >= 89:
            return rows
        sideways = reach / cos(radians(nearest_pole))
        west, east = self.lon - sideways, self.lon + sideways
        if west < -180 or east > 180:
            return rows
        return and_(rows, hospitals.c.lon.between(west, east))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which hospitals a reader wants: of a county, within a circle, changed since a moment."""

    county: str = ""
    around: Around | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the hospitals, by ascending id; `next_after` is None at the end."""

    hospitals: Sequence[PublishedHospital]
    next_after: int | None


def version(connection: Connection) -> str:
    """What changes whenever anything about any hospital does: the number of the last change and its
    token, which tells it from one that was rolled back.
    """
    number = changes.last_number(connection)
    token = connection.execute(
        select(hospital_changes.c.token).where(hospital_changes.c.number == number)
    ).scalar()
    return f"{_FORMAT}-{number}-{token or 0}"


def page(connection: Connection, wanted: Wanted, after: int, limit: int) -> Page:
    """At most `limit` hospitals with ids above `after`. What changes between two pages is seen on
    those that are read later; no hospital is left out that was there all the time.
    """
    query = _select().where(hospitals.c.id > after)
    if wanted.county:
        query = query.where(func.lower(hospitals.c.county) == wanted.county.lower())
    if wanted.around is not None:
        query = query.where(wanted.around.box)
    if wanted.changed_since is not None:
        changed = _changed(connection, wanted.changed_since)
        if changed is not None:
            query = query.where(changed)
    rows = list(islice(_inside(connection, query, wanted.around), limit + 1))
    shown = rows[:limit]
    return Page(
        _published(connection, shown),
        next_after=shown[-1].id if len(rows) > limit else None,
    )


def find(connection: Connection, hospital_id: int) -> PublishedHospital | None:
    """One hospital; None when there is none of that id."""
    row = connection.execute(_select().where(hospitals.c.id == hospital_id)).first()
    return None if row is None else _published(connection, [row])[0]


def _inside(
    connection: Connection, query: Select[Any], around: Around | None
) -> Iterator[Row[Any]]:
    """The rows by ascending id, read a few at a time."""
    last = 0
    while True:
        batch = connection.execute(
            query.where(hospitals.c.id > last).order_by(hospitals.c.id).limit(_READ_AT_ONCE)
        ).all()
        for row in batch:
            if around is None or around.holds(row.lat, row.lon):
                yield row
        if len(batch) < _READ_AT_ONCE:
            return
        last = batch[-1].id


def _changed(connection: Connection, since: datetime) -> ColumnElement[bool] | None:
    """Whose log of changes names them since then; None when it does not go back so far, and
    everybody may have changed.
    """
    oldest = connection.execute(
        select(hospital_changes.c.number, hospital_changes.c.token)
        .order_by(hospital_changes.c.number)
        .limit(1)
    ).first()
    first = first_at(since)
    if oldest is not None and oldest.number > 1 and oldest.token > first:
        return None
    named = select(hospital_changes.c.hospital_id).where(hospital_changes.c.token >= first)
    # Beside the log, because a report may tell of a moment that is earlier than its arrival.
    return or_(hospitals.c.id.in_(named), availability.c.heard_at >= since)


def _published(connection: Connection, rows: Sequence[Row[Any]]) -> list[PublishedHospital]:
    beds: dict[int, list[BedsReported]] = {}
    counted = (
        select(hospital_beds)
        .where(hospital_beds.c.hospital_id.in_([row.id for row in rows]))
        .order_by(hospital_beds.c.hospital_id, hospital_beds.c.bed_type)
    )
    for bed in connection.execute(counted):
        beds.setdefault(bed.hospital_id, []).append(
            BedsReported(BedType(bed.bed_type), bed.staffed, bed.free, bed.reported_at)
        )
    return [
        PublishedHospital(
            id=row.id,
            name=row.name,
            level=row.level,
            owner=row.owner,
            county=row.county,
            sub_county=row.sub_county,
            ward=row.ward,
            lat=row.lat,
            lon=row.lon,
            has=row.has & ~row.imposed_lacks,
            lacks=row.lacks | row.imposed_lacks,
            open_24h=row.open_24h,
            status=strictest(row.status, row.reported_status or "", row.imposed_status),
            reachable=row.reachable,
            staffed_beds=row.staffed_beds,
            free_beds=row.free_beds,
            beds_reported_at=row.reported_at,
            stock_has=row.stock_has or 0,
            stock_lacks=row.stock_lacks or 0,
            stock_reported_at=row.stock_reported_at,
            heard_at=row.heard_at,
            beds=tuple(beds.get(row.id, ())),
        )
        for row in rows
    ]


def _select() -> Select[Any]:
    return select(
        hospitals,
        availability.c.status.label("reported_status"),
        availability.c.staffed_beds,
        availability.c.free_beds,
        availability.c.reported_at,
        availability.c.stock_has,
        availability.c.stock_lacks,
        availability.c.stock_reported_at,
        availability.c.heard_at,
    ).join_from(hospitals, availability, hospitals.c.id == availability.c.hospital_id, isouter=True)
