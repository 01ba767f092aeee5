"""The list of public health facilities in sub-Saharan Africa (Maina and others, KEMRI-Wellcome,
Scientific Data 2019; 98,745 rows), as CSV saved from its workbook.

Its columns are `Country, Admin1, Facility name, Facility type, Ownership, Lat, Long, LL source`, as
public scripts that read the workbook name them. Exports through shapefiles, whose names end at ten
letters, write `Facility_n`, `Facility_t` and `LL_source`. Some 2,350 rows have no coordinates.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pycountry

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.capability_table import CapabilityTable
from gateway.hospitals.importers.known_elsewhere import plain_name
from gateway.hospitals.importers.table_file import read_table
from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_csv
from gateway.places.counties import Counties
from shared.errors import InvalidInput

_NAMES = {"facility_n": "facility name", "facility_t": "facility type"}
_COLUMNS = frozenset({"country", "admin1", "facility name", "facility type", "lat", "long"})
# A list that was saved anew writes other last digits: four are some 11 metres.
_ID_DIGITS = 4

# Levels by the plain name of a type.
FacilityTypes = Mapping[str, int]


def load_facility_types(path: Path, country: str) -> FacilityTypes:
    """The country's part of a table such as ssa_facility_types.yaml; empty where it has none.

    Raises InvalidInput.
    """

    def build(content: Mapping[str, Any]) -> FacilityTypes:
        levels = {
            plain_name(str(written)): int(level)
            for written, level in (content.get(country) or {}).items()
        }
        for written, level in levels.items():
            if not 1 <= level <= 6:
                raise InvalidInput(f"{written} is level {level}; KEPH levels are 1 to 6.")
        return levels

    return read_table(path, "table of facility types", build)


class SsaListFile:
    """One such file. It has no identifiers: a facility is known by its name, type, area and place,
    and one that changed any of these comes in anew.
    """

    format_name = "ssa-list"
    source = "ssa"
    unit = "line"

    def __init__(
        self, path: Path, country: str, table: CapabilityTable, types: FacilityTypes, encoding: str
    ) -> None:
        self._path = path
        self._country = country
        self._table = table
        self._types = types
        self._encoding = encoding
        self._counties = Counties(country)
        self._country_names = _names_of(country)

    @staticmethod
    def recognises(header: Sequence[str]) -> bool:
        return {_NAMES.get(name, name) for name in header} >= _COLUMNS

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        for line, row in read_csv(self._path, self._encoding):
            yield line, {_NAMES.get(name, name): value for name, value in row.items()}

    def parse(self, fields: Mapping[str, str]) -> Parsed[HospitalRecord] | None:
        """The facility in a row; None for one of another country.

        Raises InvalidInput.
        """
        country = read.required_text(fields, "country", 80)
        if country.casefold() not in self._country_names:
            return None
        oddities: list[tuple[str, str]] = []
        name = read.required_text(fields, "facility name", 200)
        facility_type = read.text(fields, "facility type", 80)
        level = self._types.get(plain_name(facility_type), 0)
        if level == 0:
            oddities.append(
                (
                    "no level",
                    f"No level is known for {facility_type or 'no type'!r}: asked only where "
                    "nothing capable is in reach.",
                )
            )
        position = read.position(fields, "lat", "long", self._country)
        if position is None:
            oddities.append(("no coordinates", "No coordinates: kept, but never matched."))
        area = read.text(fields, "admin1", 80)
        county = self._counties.find(area)
        if county is None:
            oddities.append(("unknown county", f"No county is called {area!r}."))
        has, lacks = self._table.capabilities(level, (), None)
        return Parsed(
            HospitalRecord(
                source=self.source,
                source_id=_derived_id(self._country, area, name, facility_type, position),
                name=name,
                official_name=name,
                level=level,
                owner=read.text(fields, "ownership", 120),
                county=county or area,
                sub_county="",
                ward="",
                position=position,
                has=has,
                lacks=lacks,
                beds=None,
                open_24h=None,
                closed=False,
            ),
            tuple(oddities),
        )


def _derived_id(
    country: str, area: str, name: str, facility_type: str, position: tuple[float, float] | None
) -> str:
    place = (
        "" if position is None else ",".join(f"{degrees:.{_ID_DIGITS}f}" for degrees in position)
    )
    key = "\n".join((country, *map(plain_name, (area, name, facility_type)), place))
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _names_of(country: str) -> frozenset[str]:
    """What the country (ISO 3166 alpha-2) may be called in the list, without case."""
    known: Any = pycountry.countries
    found = known.get(alpha_2=country)
    names = {country} if found is None else {found.alpha_2, found.alpha_3, found.name}
    names |= {getattr(found, kind, country) for kind in ("common_name", "official_name")}
    if country == "TZ":
        # Zanzibar has a ministry of its own, and stands in the list as a country.
        names |= {"Tanzania", "Zanzibar"}
    return frozenset(name.casefold() for name in names)
