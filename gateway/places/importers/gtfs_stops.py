"""Stops of public transport, as GTFS `stops.txt`: the matatu stages by which people say where they
are.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_csv
from gateway.places.place_record import PlaceRecord
from shared.errors import InvalidInput
from shared.place import TYPICAL_RADIUS_M, PlaceKind

_COLUMNS = frozenset({"stop_id", "stop_name", "stop_lat", "stop_lon"})


class GtfsStopsFile:
    """One such file. GTFS names no county: the gazetteer takes that of the nearest ward."""

    format_name = "gtfs-stops"

    def __init__(self, path: Path, country: str) -> None:
        self._path = path
        self._country = country

    @staticmethod
    def recognises(header: Sequence[str]) -> bool:
        return set(header) >= _COLUMNS

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        return read_csv(self._path)

    def parse(self, fields: Mapping[str, str]) -> Parsed[PlaceRecord]:
        """The stop in a row.

        Raises InvalidInput.
        """
        name = read.required_text(fields, "stop_name", 120)
        position = read.position(fields, "stop_lat", "stop_lon", self._country)
        if position is None:
            raise InvalidInput("stop_lat and stop_lon are empty.")
        halves = tuple(half.strip() for half in name.split("/") if half.strip())
        record = PlaceRecord(
            source=self.format_name,
            source_id=read.required_text(fields, "stop_id", 64),
            name=name,
            kind=PlaceKind.STAGE,
            county="",
            parent="",
            lat=position[0],
            lon=position[1],
            radius_m=TYPICAL_RADIUS_M[PlaceKind.STAGE],
            aliases=halves if len(halves) > 1 else (),
        )
        return Parsed(record)
