"""A country's dump of GeoNames: tab separated, 19 columns, no header."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_tabs
from gateway.places.counties import Counties
from gateway.places.place_record import PlaceRecord
from gateway.places.spelling import plain
from shared.errors import InvalidInput
from shared.place import TYPICAL_RADIUS_M, PlaceKind

COLUMNS = (
    "geonameid",
    "name",
    "asciiname",
    "alternatenames",
    "latitude",
    "longitude",
    "feature_class",
    "feature_code",
    "country_code",
    "cc2",
    "admin1",
    "admin2",
    "admin3",
    "admin4",
    "population",
    "elevation",
    "dem",
    "timezone",
    "changed",
)
_MOST_ALIASES = 8
_TOWN_POPULATION = 2_000
# Former provinces, the country itself: too large to say where somebody is.
_TOO_LARGE = frozenset({"ADM1H", "PCLI", "RGN", "CONT"})


class GeoNamesFile:
    """One such file. Rivers, hills and roads are left out: they name no place to find a patient."""

    format_name = "geonames"

    def __init__(self, path: Path, country: str) -> None:
        self._path = path
        self._country = country
        self._counties = Counties(country)
        self._county_of = self._read_counties()

    @staticmethod
    def recognises(path: Path) -> bool:
        """Whether the first line looks like GeoNames: a number, and 19 columns."""
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            values = file.readline().rstrip("\n").split("\t")
        return len(values) == len(COLUMNS) and values[0].isdigit()

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        return read_tabs(self._path, COLUMNS)

    def parse(self, fields: Mapping[str, str]) -> Parsed[PlaceRecord] | None:
        """The place in a line; None for a feature where nobody is.

        Raises InvalidInput.
        """
        source_id = read.required_text(fields, "geonameid", 20)
        if not source_id.isdigit():
            raise InvalidInput(f"geonameid is {source_id!r}; it should be a number.")
        population = read.count(fields, "population") or 0
        kind = _kind(fields["feature_class"], fields["feature_code"], population)
        if kind is None or fields["country_code"] != self._country:
            return None
        name = read.required_text(fields, "name", 200)
        position = read.position(fields, "latitude", "longitude", self._country)
        if position is None:
            raise InvalidInput("latitude and longitude are empty.")
        county = self._county_of.get(fields["admin1"], "")
        record = PlaceRecord(
            source=self.format_name,
            source_id=source_id,
            name=county if kind is PlaceKind.COUNTY and county else name,
            kind=kind,
            county=county,
            parent="",
            lat=position[0],
            lon=position[1],
            radius_m=TYPICAL_RADIUS_M[kind],
            population=population,
            aliases=_aliases(name, fields),
        )
        return Parsed(record)

    def _read_counties(self) -> dict[str, str]:
        """The county of each `admin1` code, out of the file's own first-level areas."""
        found: dict[str, str] = {}
        for _, fields in self.rows():
            if fields.get("feature_code") == "ADM1":
                county = self._counties.find(fields["name"])
                if county is not None:
                    found[fields["admin1"]] = county
        return found


def _kind(feature_class: str, feature_code: str, population: int) -> PlaceKind | None:
    if feature_code in _TOO_LARGE:
        return None
    if feature_code == "ADM1":
        return PlaceKind.COUNTY
    if feature_class == "P":
        is_town = population >= _TOWN_POPULATION or feature_code.startswith("PPLA")
        return PlaceKind.TOWN if is_town else PlaceKind.VILLAGE
    return {"A": PlaceKind.AREA, "L": PlaceKind.AREA, "S": PlaceKind.LANDMARK}.get(feature_class)


def _aliases(name: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Other names in Latin letters, as long as they are spelt otherwise than the name."""
    seen, chosen = {plain(name)}, []
    for alias in (fields["asciiname"], *fields["alternatenames"].split(",")):
        spelt = plain(alias)
        # Other scripts leave nothing, or only their digits.
        if len(spelt) < 3 or spelt in seen or len(alias) > 80 or not alias.isascii():
            continue
        seen.add(spelt)
        chosen.append(alias.strip())
    return tuple(chosen[:_MOST_ALIASES])
