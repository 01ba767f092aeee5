"""Kenya's Master Health Facility Registry (KMHFR) as its REST API answers:
`/api/facilities/facilities/?format=json`, pages of it, or single facilities.

Confirmed in the registry's published code and guide (MasterFacilityList/mfl_api: the facility
serializers and the worked example of a facility) and in public clients of the running service:
`results` as the list of a page; `id`, `name`, `official_name`, `code` (a number or null),
`keph_level_name` ("Level 2" or null), `facility_type_name`, `owner_name`, `owner_type_name`,
`operation_status_name`, `ward_name`, `sub_county_name` (a name or null), `number_of_beds`,
`open_whole_day`, `closed`, `closed_date`, `approved`, `is_published`, `active`, `deleted`, `county`
as a name, `county_name` beside it in newer answers where `county` is an identifier,
`facility_services` with `service_name` and `option_name`, `coordinates` as the identifier of
another resource. The search answers `beds` and `service_names` (a list of names) instead.

Not confirmed by an answer of the running service: how `lat_long` is written. A list, the text
"-1.29,36.82", and a GeoJSON point under `lat_long`, `coordinates`, `geometry` or `location` are all
read. A list answer may name fewer fields (`fields=`); what is not there is unknown.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.kmhfl import SOURCE, KmhflReading
from gateway.importing.importing import Parsed
from gateway.importing.json_reading import read_json
from shared.errors import InvalidInput

_REQUIRED = frozenset({"id", "name", "operation_status_name"})
_DATES = ("created", "updated", "date_established", "date_approved", "closed_date")
# A server's clock, or its time zone, may be ahead of ours.
_CLOCKS_DIFFER = timedelta(days=1)
_FIRST_POSITION = ("lat_long", "coordinates", "geometry", "location")
_IDENTIFIER_LENGTH = 36


class KmhfrJsonFile:
    """One such file."""

    format_name = "kmhfr-json"
    source = SOURCE
    unit = "facility"

    def __init__(self, path: Path, reading: KmhflReading, now: datetime) -> None:
        self._path = path
        self._reading = reading
        self._latest = (now + _CLOCKS_DIFFER).isoformat()

    @staticmethod
    def recognises(record: Mapping[str, Any]) -> bool:
        return set(record) >= _REQUIRED

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        return read_json(self._path)

    def parse(self, fields: Mapping[str, Any]) -> Parsed[HospitalRecord]:
        """The facility in an object.

        Raises InvalidInput.
        """
        if "operation_status_name" not in fields:
            raise InvalidInput("operation_status_name is missing; fetch it with the others.")
        lat, lon = _position(fields)
        retired = fields.get("deleted") is True or fields.get("active") is False
        parsed = self._reading.facility(
            {
                "id": _text(fields, "id"),
                "code": _text(fields, "code"),
                "name": _text(fields, "name"),
                "officialname": _text(fields, "official_name", "officialname"),
                "keph_level_name": _text(fields, "keph_level_name"),
                "owner_name": _text(fields, "owner_name"),
                "beds": _text(fields, "number_of_beds", "beds"),
                "facility_catchment_population": _text(fields, "facility_catchment_population"),
                "county_name": _county(fields),
                "sub_county_name": _text(fields, "sub_county_name"),
                "ward_name": _text(fields, "ward_name"),
                "operation_status_name": _text(fields, "operation_status_name"),
                "open_whole_day": _text(fields, "open_whole_day"),
                "closed": "yes" if retired else _text(fields, "closed"),
                "service_names": "|".join(services_of(fields)),
                "latitude": lat,
                "longitude": lon,
            }
        )
        return Parsed(parsed.record, (*parsed.oddities, *self._oddities(fields)))

    def _oddities(self, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if fields.get("approved") is False or fields.get("rejected") is True:
            yield "not approved", "The registry has not approved it."
        for name in _DATES:
            # Dates of the registry are ISO 8601, which sorts as it is written.
            if _text(fields, name) > self._latest:
                yield "date in the future", f"{name} is {_text(fields, name)[:25]!r}."


def _text(fields: Mapping[str, Any], *names: str) -> str:
    """The first of the members that is there, as text; empty for none and for null."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, dict | list):
            raise InvalidInput(f"{name} is a list or an object; it should be a single value.")
        if value is not None:
            return str(value).strip()
    return ""


def _county(fields: Mapping[str, Any]) -> str:
    written = _text(fields, "county_name", "county")
    looks_like_identifier = len(written) == _IDENTIFIER_LENGTH and written.count("-") == 4
    return "" if looks_like_identifier else written


def services_of(fields: Mapping[str, Any]) -> Iterator[str]:
    """The names of the services that the facility says it has.

    Raises InvalidInput.
    """
    listed = fields.get("facility_services")
    if listed is None:
        listed = fields.get("service_names")
    if listed is None:
        return
    if not isinstance(listed, list):
        raise InvalidInput("facility_services is no list.")
    for service in listed:
        if isinstance(service, str):
            yield service
            continue
        if not isinstance(service, dict):
            raise InvalidInput("facility_services holds something that is no service.")
        if _text(service, "option_name").casefold() != "no":
            yield _text(service, "service_name")


def _position(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Latitude and longitude as written; both empty where the facility has none."""
    for name in _FIRST_POSITION:
        value = fields.get(name)
        if isinstance(value, dict):
            point = value.get("geometry", value)
            pair = point.get("coordinates") if isinstance(point, dict) else None
            if not isinstance(pair, list) or len(pair) < 2:
                raise InvalidInput(f"{name} is no GeoJSON point.")
            return _degrees(name, pair[1]), _degrees(name, pair[0])
        if isinstance(value, str) and "," in value:
            value = value.split(",")
        if isinstance(value, list) and value:
            if len(value) != 2:
                raise InvalidInput(f"{name} has {len(value)} values; it should be two.")
            return _degrees(name, value[0]), _degrees(name, value[1])
    return (
        _text(fields, "latitude", "lat"),
        _text(fields, "longitude", "long", "lon"),
    )


def _degrees(name: str, value: Any) -> str:
    return _text({name: value}, name)
