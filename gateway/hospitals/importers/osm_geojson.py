"""Facilities of OpenStreetMap as GeoJSON: exports of healthsites.io, overpass and osmium.

A feature is known by its element in OpenStreetMap (`node/123`), which healthsites.io writes as
`osm_type` and `osm_id`, overpass as `@id` and osmium as `w123`; so one export updates what another
put in. The tags stand in the properties, or in `tags` within them. Levels, kinds and capabilities
come from an editable table. A phone in OpenStreetMap is a public number and no duty phone.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.capability_table import CapabilityTable
from gateway.hospitals.importers.osm_table import OsmTable, Tags
from gateway.hospitals.importers.representative_point import representative_point
from gateway.importing import fields as read
from gateway.importing.importing import Parsed
from gateway.importing.json_reading import read_json
from gateway.places.counties import Counties
from shared.errors import InvalidInput
from shared.geo import check_in_country

_ELEMENT = re.compile(r"(node|way|relation)/([0-9]{1,19})")
# osmium names areas by the doubled number of their way, and relations by one more than that.
_OSMIUM = re.compile(r"([nwra])([0-9]{1,19})")
_OSMIUM_TYPES = {"n": "node", "w": "way", "r": "relation"}
_HEALTHSITES_ID = re.compile(r"[0-9a-f-]{16,36}")
_CLOSED = frozenset({"closed", "non_operational", "non operational", "abandoned", "off"})
_KEYS_WITH_COLON = (
    "addr:county",
    "addr:state",
    "addr:subcounty",
    "addr:ward",
    "capacity:beds",
    "name:en",
    "operator:type",
)
_NEGATIVE = re.compile(r"-\s*[0-9]")


class OsmGeoJsonFile:
    """One such file. `assumed_levels` are KEPH levels that an operator gives to kinds of facility
    whose level no tag says.
    """

    format_name = "osm-geojson"
    source = "osm"
    unit = "feature"

    def __init__(
        self,
        path: Path,
        country: str,
        table: CapabilityTable,
        osm_table: OsmTable,
        assumed_levels: Mapping[str, int],
    ) -> None:
        self._path = path
        self._country = country
        self._table = table
        self._osm_table = osm_table
        self._assumed_levels = assumed_levels
        self._counties = Counties(country)

    @staticmethod
    def recognises(record: Mapping[str, Any]) -> bool:
        return record.get("type") == "Feature" and "geometry" in record

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        return read_json(self._path)

    def parse(self, fields: Mapping[str, Any]) -> Parsed[HospitalRecord] | None:
        """The facility in a feature; None for a feature that is no place to take a patient to.

        Raises InvalidInput.
        """
        if not self.recognises(fields):
            raise InvalidInput("This is no GeoJSON Feature.")
        tags = _tags(fields.get("properties"))
        kind = self._osm_table.kind(tags)
        if kind is None:
            return None
        oddities: list[tuple[str, str]] = []
        name = read.text(tags, "name", 200) or read.required_text(tags, "name:en", 200)
        level = self._osm_table.level(tags)
        if level == 0 and kind in self._assumed_levels:
            level = self._assumed_levels[kind]
            oddities.append(("level assumed", f"Level {level} is assumed of a {kind}."))
        if level == 0:
            oddities.append(("no level", "No level: asked only where nothing capable is in reach."))
        position = representative_point(fields["geometry"])
        if position is None:
            oddities.append(("no coordinates", "No coordinates: kept, but never matched."))
        else:
            check_in_country(*position, self._country)
        beds, beds_oddity = _beds(tags)
        if beds_oddity:
            oddities.append(("no number of beds", beds_oddity))
        open_24h = True if tags.get("opening_hours") == "24/7" else None
        stated, stated_lacks = self._osm_table.capabilities(tags)
        has, lacks = self._table.capabilities(level, (), open_24h, stated)
        county_name = read.text(tags, "addr:county", 80) or read.text(tags, "addr:state", 80)
        state = (tags.get("operational_status", ""), tags.get("opening_hours", ""))
        record = HospitalRecord(
            source=self.source,
            source_id=_element(fields, tags),
            name=name,
            official_name=read.text(tags, "official_name", 200) or name,
            level=level,
            owner=read.text(tags, "operator", 120) or read.text(tags, "operator:type", 120),
            county=self._counties.find(county_name) or county_name,
            sub_county=read.text(tags, "addr:subcounty", 80),
            ward=read.text(tags, "addr:ward", 80),
            position=position,
            has=has,
            lacks=(lacks | stated_lacks) & ~has,
            beds=beds,
            open_24h=open_24h,
            closed=any(word.casefold() in _CLOSED for word in state),
        )
        return Parsed(record, tuple(oddities))


def _tags(properties: Any) -> Tags:
    """The tags as strings, by OpenStreetMap's own keys; null and what is no single value is left
    out. healthsites.io writes `_` for `:` in keys, and some exports true for `yes`.
    """
    if not isinstance(properties, dict):
        return {}
    nested = properties.get("tags")
    flat = {**properties, **nested} if isinstance(nested, dict) else properties
    tags = {
        key: {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value).strip()
        for key, value in flat.items()
        if isinstance(value, str | int | float)
    }
    for key in _KEYS_WITH_COLON:
        tags.setdefault(key, tags.get(key.replace(":", "_"), ""))
    return tags


def _element(feature: Mapping[str, Any], tags: Tags) -> str:
    """The feature's element, as `way/123`, or its number at healthsites.io.

    Raises InvalidInput when it has neither.
    """
    kind = tags.get("osm_type") or tags.get("@type") or tags.get("type")
    number = (tags.get("osm_id") or tags.get("@id") or tags.get("id") or "").removesuffix(".0")
    for written in (feature.get("id"), tags.get("@id"), f"{kind}/{number}"):
        if _ELEMENT.fullmatch(str(written)):
            return str(written)
        osmium = _OSMIUM.fullmatch(str(written))
        if osmium is not None:
            letter, digits = osmium[1], int(osmium[2])
            if letter == "a":
                return f"{'relation' if digits % 2 else 'way'}/{digits // 2}"
            return f"{_OSMIUM_TYPES[letter]}/{digits}"
    uuid = tags.get("uuid", "").lower()
    if _HEALTHSITES_ID.fullmatch(uuid):
        return f"healthsites/{uuid}"
    raise InvalidInput(
        "The feature has no id such as node/123, no osm_type with osm_id, and no uuid; export it "
        "with its ids."
    )


def _beds(tags: Tags) -> tuple[int | None, str]:
    """The beds of the whole house, and why they are unknown where they are written.

    Raises InvalidInput when they are negative.
    """
    key = "beds" if tags.get("beds") else "capacity:beds"
    try:
        return read.count(tags, key) or None, ""
    except InvalidInput as error:
        if _NEGATIVE.match(tags[key]):
            raise
        # Mappers write free text; a hospital is worth more than its number of beds.
        return None, str(error)
