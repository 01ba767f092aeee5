"""The facilities of the register as places: people say that they are at Kenyatta hospital, and they
still stand there after it has closed.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from gateway.hospitals.tables import hospitals
from gateway.places.named_place import NamedPlace
from shared.place import TYPICAL_RADIUS_M, Place, PlaceKind


def read_landmarks(connection: Connection) -> Iterator[NamedPlace]:
    """Every facility whose position is known, in the order of their ids."""
    columns = hospitals.c
    rows = connection.execute(
        select(
            columns.id,
            columns.name,
            columns.official_name,
            columns.county,
            columns.ward,
            columns.lat,
            columns.lon,
        )
        .where(columns.lat.is_not(None), columns.lon.is_not(None))
        .order_by(columns.id)
    )
    for row in rows:
        yield landmark(*row)


def landmark(
    hospital_id: int, name: str, official_name: str, county: str, ward: str, lat: float, lon: float
) -> NamedPlace:
    """The place that a facility is. Its id is the hospital's, below zero: rows of `places` count
    from one.
    """
    place = Place(
        id=-hospital_id,
        name=name,
        kind=PlaceKind.LANDMARK,
        county=county,
        parent=ward,
        lat=lat,
        lon=lon,
        radius_m=TYPICAL_RADIUS_M[PlaceKind.LANDMARK],
    )
    return NamedPlace(place, (official_name,) if official_name not in ("", name) else ())
