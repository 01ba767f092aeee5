"""Haven's own CSV of places, for whoever keeps a list by hand (docs/importing.md)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_csv
from gateway.places.counties import Counties
from gateway.places.place_record import PlaceRecord
from shared.errors import InvalidInput
from shared.place import TYPICAL_RADIUS_M, PlaceKind

_COLUMNS = frozenset({"id", "name", "kind", "county", "parent", "lat", "lon", "aliases"})
_KINDS = {str(kind): kind for kind in PlaceKind if kind is not PlaceKind.POSITION}


class HavenPlacesFile:
    """One such file: `id,name,kind,county,parent,lat,lon,aliases`; aliases are apart by `|`."""

    format_name = "haven-places"

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
        """The place in a row.

        Raises InvalidInput.
        """
        kind = _KINDS.get(fields["kind"].lower())
        if kind is None:
            raise InvalidInput(f"kind should be one of {', '.join(_KINDS)}.")
        position = read.position(fields, "lat", "lon", self._country)
        if position is None:
            raise InvalidInput("lat and lon are empty.")
        written_county = read.required_text(fields, "county", 80)
        county = self._counties.find(written_county)
        if county is None:
            raise InvalidInput(f"county is {written_county!r}; no county is called so.")
        aliases = tuple(alias.strip() for alias in fields["aliases"].split("|") if alias.strip())
        if any(len(alias) > 80 for alias in aliases):
            raise InvalidInput("An alias has more than 80 characters.")
        record = PlaceRecord(
            source=self.format_name,
            source_id=read.required_text(fields, "id", 64),
            name=read.required_text(fields, "name", 120),
            kind=kind,
            county=county,
            parent=read.text(fields, "parent", 80),
            lat=position[0],
            lon=position[1],
            radius_m=TYPICAL_RADIUS_M[kind],
            aliases=aliases,
        )
        return Parsed(record)
