"""Kenya's Master Health Facility List (KMHFL, later KMHFR) as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.capability_table import CapabilityTable
from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_csv
from gateway.places.counties import Counties
from shared.errors import InvalidInput

SOURCE = "kmhfl"
_COLUMNS = frozenset(
    {
        "id",
        "name",
        "keph_level_name",
        "county_name",
        "operation_status_name",
        "open_whole_day",
        "service_names",
        "latitude",
        "longitude",
    }
)
# From here on a facility that is not flagged as open the whole day usually is: 192 of 844.
_HOSPITAL_LEVEL = 4


class KmhflReading:
    """How a facility's fields are understood, whether they came as CSV or from the registry's API:
    both name a facility by the same `id`, so either updates what the other put in.
    """

    def __init__(self, country: str, table: CapabilityTable) -> None:
        self._country = country
        self._table = table
        self._counties = Counties(country)

    def facility(self, fields: Mapping[str, str]) -> Parsed[HospitalRecord]:
        """The facility in a row.

        One without coordinates is kept, since operators can phone it and place it, but it cannot be
        matched. Raises InvalidInput.
        """
        oddities: list[tuple[str, str]] = []
        name = read.required_text(fields, "name", 200)
        level = _level(read.text(fields, "keph_level_name", 40))
        if level == 0:
            oddities.append(("no level", "No level: asked only where nothing capable is in reach."))
        position = read.position(fields, "latitude", "longitude", self._country)
        if position is None:
            oddities.append(("no coordinates", "No coordinates: kept, but never matched."))
        county_name = read.required_text(fields, "county_name", 80)
        county = self._counties.find(county_name)
        if county is None:
            oddities.append(("unknown county", f"No county is called {county_name!r}."))
        open_24h = read.flag(fields, "open_whole_day")
        if open_24h is False and level >= _HOSPITAL_LEVEL:
            open_24h = None
        has, lacks = self._table.capabilities(level, listed_services(fields), open_24h)
        status = read.text(fields, "operation_status_name", 80)
        record = HospitalRecord(
            source=SOURCE,
            source_id=read.required_text(fields, "id", 64),
            name=name,
            official_name=read.text(fields, "officialname", 200) or name,
            level=level,
            owner=read.text(fields, "owner_name", 120),
            county=county or county_name,
            sub_county=read.text(fields, "sub_county_name", 80),
            ward=read.text(fields, "ward_name", 80),
            position=position,
            has=has,
            lacks=lacks,
            # The register writes 0 where nobody counted.
            beds=read.count(fields, "beds") or None,
            catchment_population=read.count(fields, "facility_catchment_population") or None,
            open_24h=open_24h,
            closed=bool(read.flag(fields, "closed")) or status.casefold() != "operational",
            code=read.text(fields, "code", 20).removesuffix(".0"),
        )
        return Parsed(record, tuple(oddities))


class KmhflFile:
    """One such file. `code` is often missing, so `id` identifies a facility."""

    format_name = "kmhfl"
    source = SOURCE
    unit = "line"

    def __init__(self, path: Path, reading: KmhflReading, encoding: str) -> None:
        self._path = path
        self._reading = reading
        self._encoding = encoding

    @staticmethod
    def recognises(header: Sequence[str]) -> bool:
        return set(header) >= _COLUMNS

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        return read_csv(self._path, self._encoding)

    def parse(self, fields: Mapping[str, str]) -> Parsed[HospitalRecord]:
        """The facility in a row.

        Raises InvalidInput.
        """
        return self._reading.facility(fields)


def listed_services(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the services that a facility lists."""
    services = fields["service_names"].split("|")
    return tuple(service.strip() for service in services if service.strip())


def _level(written: str) -> int:
    if not written:
        return 0
    number = written.casefold().removeprefix("level").strip()
    if number not in {"1", "2", "3", "4", "5", "6"}:
        raise InvalidInput(f"keph_level_name is {written!r}; it should be Level 1 to Level 6.")
    return int(number)
