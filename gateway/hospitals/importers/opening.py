"""Which format a list of hospitals is in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.capability_table import load_capability_table
from gateway.hospitals.importers.haven_csv import HavenCsvFile
from gateway.hospitals.importers.kmhfl import KmhflFile, KmhflReading
from gateway.hospitals.importers.kmhfr_json import KmhfrJsonFile
from gateway.hospitals.importers.osm_geojson import OsmGeoJsonFile
from gateway.hospitals.importers.osm_table import load_osm_table
from gateway.hospitals.importers.ssa_list import SsaListFile, load_facility_types
from gateway.importing.importing import RegisterFile
from gateway.importing.json_reading import is_json, read_json
from gateway.importing.reading import UNREADABLE, FileRefused, read_header
from shared.errors import InvalidInput

_FOLDER = Path(__file__).parent
CAPABILITY_TABLE = _FOLDER / "kmhfl_capabilities.yaml"
OSM_TAGS = _FOLDER / "osm_tags.yaml"
FACILITY_TYPES = _FOLDER / "ssa_facility_types.yaml"
# The first records show what a JSON file is, unless they cannot be read themselves.
_FIRST_RECORDS = 100


class HospitalFile(RegisterFile[HospitalRecord], Protocol):
    """A list of hospitals. `source` is what its hospitals are stored under; `unit` is what its rows
    are counted by.
    """

    @property
    def source(self) -> str: ...

    @property
    def unit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """How an operator wants files to be read; each format takes what concerns it."""

    capabilities: Path = CAPABILITY_TABLE
    osm_tags: Path = OSM_TAGS
    facility_types: Path = FACILITY_TYPES
    assumed_levels: Mapping[str, int] = field(default_factory=dict)
    encoding: str = "utf-8-sig"
    now: datetime = datetime(9999, 1, 1, tzinfo=UTC)


def open_hospital_file(path: Path, country: str, reading: Reading | None = None) -> HospitalFile:
    """The file in the format that its header, or its first record, shows.

    Raises FileRefused when it is none that Haven knows, and InvalidInput for a broken table.
    """
    reading = reading or Reading()
    file = _open(path, country, reading)
    if reading.assumed_levels and not isinstance(file, OsmGeoJsonFile):
        raise InvalidInput(
            f"Levels can be assumed of OpenStreetMap's facilities only; this is {file.format_name}."
        )
    return file


def _open(path: Path, country: str, reading: Reading) -> HospitalFile:
    if is_json(path):
        return _open_json(path, country, reading)
    header = read_header(path, reading.encoding)
    if KmhflFile.recognises(header):
        return KmhflFile(path, _kmhfl(country, reading), reading.encoding)
    if SsaListFile.recognises(header):
        return SsaListFile(
            path,
            country,
            load_capability_table(reading.capabilities),
            load_facility_types(reading.facility_types, country),
            reading.encoding,
        )
    if HavenCsvFile.recognises(header):
        return HavenCsvFile(path, country, reading.encoding)
    raise FileRefused(
        f"{path.name} is no list of hospitals that Haven knows; its columns are "
        f"{', '.join(header[:12])[:200]}. See docs/importing.md for those that are."
    )


def _open_json(path: Path, country: str, reading: Reading) -> HospitalFile:
    record = _first_record(path)
    if OsmGeoJsonFile.recognises(record):
        osm_table = load_osm_table(reading.osm_tags)
        known = {kind for kinds in osm_table.kinds.values() for kind in kinds.values()}
        unknown = sorted(set(reading.assumed_levels) - known)
        if unknown:
            raise InvalidInput(
                f"No facility is a {unknown[0]!r}; a level can be assumed of "
                f"{', '.join(sorted(known))}."
            )
        return OsmGeoJsonFile(
            path,
            country,
            load_capability_table(reading.capabilities),
            osm_table,
            reading.assumed_levels,
        )
    if KmhfrJsonFile.recognises(record):
        return KmhfrJsonFile(path, _kmhfl(country, reading), reading.now)
    raise FileRefused(
        f"{path.name} is no list of hospitals that Haven knows; its first record has "
        f"{', '.join(list(record)[:12])[:200] or 'nothing'}. See docs/importing.md for those that "
        "are."
    )


def _first_record(path: Path) -> Mapping[str, Any]:
    unreadable = ""
    for _, record in islice(read_json(path), _FIRST_RECORDS):
        if UNREADABLE not in record:
            return record
        unreadable = unreadable or record[UNREADABLE]
    if unreadable:
        raise FileRefused(f"{path.name} holds no facilities. Its first record: {unreadable}")
    raise FileRefused(f"{path.name} is JSON and holds no facilities.")


def _kmhfl(country: str, reading: Reading) -> KmhflReading:
    return KmhflReading(country, load_capability_table(reading.capabilities))
