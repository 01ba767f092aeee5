"""Wards with their centroids, as CSV: `county,subcounty,ward,lat,lon`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_csv
from gateway.places.counties import Counties
from gateway.places.place_record import PlaceRecord
from gateway.places.spelling import plain
from shared.errors import InvalidInput
from shared.place import TYPICAL_RADIUS_M, PlaceKind

_COLUMNS = frozenset({"county", "subcounty", "ward", "lat", "lon"})


class WardFile:
    """One such file. Wards share names ("Township" names eight), so county, sub-county and ward
    together identify one.
    """

    format_name = "wards"

    def __init__(self, path: Path, country: str) -> None:
        self._path = path
        self._country = country
        self._counties = Counties(country)

    @staticmethod
    def recognises(header: Sequence[str]) -> bool:
        return set(header) >= _COLUMNS

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        return read_csv(self._path)

    def parse(self, fields: Mapping[str, str]) -> Parsed[PlaceRecord]:
        """The ward in a row.

        Raises InvalidInput.
        """
        name = read.required_text(fields, "ward", 80)
        parent = read.required_text(fields, "subcounty", 80)
        written_county = read.required_text(fields, "county", 80)
        county = self._counties.find(written_county)
        if county is None:
            raise InvalidInput(f"county is {written_county!r}; no county is called so.")
        position = read.position(fields, "lat", "lon", self._country)
        if position is None:
            raise InvalidInput("lat and lon are empty.")
        # A ward such as Ewalel/Chapchap is called by either half.
        halves = tuple(half.strip() for half in name.split("/") if half.strip())
        record = PlaceRecord(
            source=self.format_name,
            source_id="/".join(plain(part)[:20] for part in (county, parent, name)),
            name=name,
            kind=PlaceKind.WARD,
            county=county,
            parent=parent,
            lat=position[0],
            lon=position[1],
            radius_m=TYPICAL_RADIUS_M[PlaceKind.WARD],
            aliases=halves if len(halves) > 1 else (),
        )
        return Parsed(record)
