"""Haven's own CSV of hospitals, for whoever keeps a list by hand (docs/importing.md)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.reading import read_csv
from gateway.places.counties import Counties
from shared.capability import mask
from shared.errors import InvalidInput
from shared.phone_number import normalise

_REQUIRED = frozenset({"id", "name", "level", "county", "lat", "lon", "has", "lacks"})


class HavenCsvFile:
    """One such file: `id,name,level,county,lat,lon,has,lacks` and the optional columns `owner,
    sub_county,ward,beds,open_24h,phone,closed,catchment,catchment_population`.
    """

    format_name = "haven-csv"
    source = "haven-csv"
    unit = "line"

    def __init__(self, path: Path, country: str, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._country = country
        self._counties = Counties(country)

    @staticmethod
    def recognises(header: Sequence[str]) -> bool:
        return set(header) >= _REQUIRED

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        return read_csv(self._path, self._encoding)

    def parse(self, fields: Mapping[str, str]) -> Parsed[HospitalRecord]:
        """The hospital in a row.

        Raises InvalidInput, also for a county that does not exist and for a capability that is both
        there and not: such a list is kept by hand and can be corrected.
        """
        name = read.required_text(fields, "name", 200)
        level = read.count(fields, "level")
        if level is None or not 1 <= level <= 6:
            raise InvalidInput("level should be 1 to 6.")
        position = read.position(fields, "lat", "lon", self._country)
        if position is None:
            raise InvalidInput("lat and lon are empty; without a place it is never matched.")
        written_county = read.required_text(fields, "county", 80)
        county = self._counties.find(written_county)
        if county is None:
            raise InvalidInput(f"county is {written_county!r}; no county is called so.")
        has = int(mask(fields["has"].split()))
        lacks = int(mask(fields["lacks"].split()))
        if has & lacks:
            raise InvalidInput("has and lacks name the same capability.")
        phone = read.text(fields, "phone", 24)
        record = HospitalRecord(
            source=self.source,
            source_id=read.required_text(fields, "id", 64),
            name=name,
            official_name=name,
            level=level,
            owner=read.text(fields, "owner", 120),
            county=county,
            sub_county=read.text(fields, "sub_county", 80),
            ward=read.text(fields, "ward", 80),
            position=position,
            has=has,
            lacks=lacks,
            beds=read.count(fields, "beds"),
            catchment=read.text(fields, "catchment", 400),
            catchment_population=read.count(fields, "catchment_population"),
            open_24h=read.flag(fields, "open_24h"),
            closed=bool(read.flag(fields, "closed")),
            duty_phone=normalise(phone, self._country) if phone else None,
        )
        return Parsed(record)
