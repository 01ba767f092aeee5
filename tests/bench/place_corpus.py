"""A country's worth of place names to search: real ones from the maintainers' data, and invented
ones that stand in their way.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin
from pathlib import Path
from random import Random

from gateway.importing.importing import RegisterFile
from gateway.places.counties import Counties
from gateway.places.default_gazetteer import default_places
from gateway.places.importers.geonames import GeoNamesFile
from gateway.places.importers.gtfs_stops import GtfsStopsFile
from gateway.places.importers.wards import WardFile
from gateway.places.landmarks import landmark
from gateway.places.named_place import NamedPlace
from gateway.places.place_record import PlaceRecord
from shared.errors import InvalidInput
from shared.place import TYPICAL_RADIUS_M, Place, PlaceKind

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
COUNTRY = "KE"
_DEGREE_M = 111_195.0
# What people build and name after a village. Each stands farther from its namesake than what counts
# as found, so that it is a wrong answer.
_INVENTED = (
    "primary school", "market", "secondary school", "dispensary", "catholic church", "junction",
    "shopping centre", "police post", "polytechnic", "cattle dip", "borehole", "chief camp",
)  # fmt: skip
_NEAREST_M, _FARTHEST_M = 6_000.0, 25_000.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is searched, and which of it people ask for: the real places."""

    named: Sequence[NamedPlace]
    real: int

    @property
    def names(self) -> int:
        return sum(1 + len(each.aliases) for each in self.named)


def corpus(names: int, rng: Random) -> Corpus:
    """The towns that come with Haven, wards, GeoNames, Nairobi's stages, and facilities as
    landmarks; then invented names until there are so many in all.

    Raises FileNotFoundError where the maintainers' data is not beside the project.
    """
    if not DATA.is_dir():
        raise FileNotFoundError(
            f"{DATA} is not on this machine: places are measured on the maintainers' data."
        )
    named = [_named(number, record) for number, record in enumerate(_records(), start=1)]
    named += _facilities()
    real = len(named)
    missing = names - sum(1 + len(each.aliases) for each in named)
    settled = [
        each.place
        for each in named
        if each.place.kind in (PlaceKind.WARD, PlaceKind.TOWN, PlaceKind.VILLAGE)
    ]
    pairs = [(place, kind) for place in settled for kind in _INVENTED]
    for number, (place, kind) in enumerate(rng.sample(pairs, max(missing, 0))):
        named.append(NamedPlace(_invented(real + number + 1, place, kind, rng)))
    return Corpus(named, real)


def _records() -> Iterator[PlaceRecord]:
    yield from default_places(COUNTRY)
    files: tuple[RegisterFile[PlaceRecord], ...] = (
        WardFile(DATA / "kenya_wards_centroids.csv", COUNTRY),
        GeoNamesFile(DATA / "geonames_KE.txt", COUNTRY),
        GtfsStopsFile(DATA / "nairobi_stops.txt", COUNTRY),
    )
    for file in files:
        for _, fields in file.rows():
            try:
                parsed = file.parse(fields)
            except InvalidInput:
                continue
            if parsed is not None:
                yield parsed.record


def _named(number: int, record: PlaceRecord) -> NamedPlace:
    place = Place(
        number,
        record.name,
        record.kind,
        record.county,
        record.parent,
        record.lat,
        record.lon,
        record.radius_m,
    )
    return NamedPlace(place, record.aliases, record.population)


def _facilities() -> Iterator[NamedPlace]:
    counties = Counties(COUNTRY)
    with (DATA / "kmhfl_2020.csv").open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            if row["latitude"] and row["longitude"]:
                yield landmark(
                    number,
                    row["name"],
                    row["officialname"],
                    counties.find(row["county_name"]) or "",
                    row["ward_name"],
                    float(row["latitude"]),
                    float(row["longitude"]),
                )


def _invented(number: int, near: Place, kind: str, rng: Random) -> Place:
    away_m, bearing = rng.uniform(_NEAREST_M, _FARTHEST_M), rng.uniform(0, 2 * pi)
    lat = near.lat + away_m * cos(bearing) / _DEGREE_M
    lon = near.lon + away_m * sin(bearing) / (_DEGREE_M * cos(radians(near.lat)))
    return Place(
        number,
        f"{near.name} {kind}",
        PlaceKind.LANDMARK,
        near.county,
        "",
        lat,
        lon,
        TYPICAL_RADIUS_M[PlaceKind.LANDMARK],
    )
