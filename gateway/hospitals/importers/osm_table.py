"""The editable table that reads a facility's kind, level and capabilities from its tags in
OpenStreetMap.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.hospitals.importers.table_file import check_keys, read_table
from shared.capability import mask
from shared.errors import InvalidInput

# Tag keys and values as strings.
Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TagRule:
    """What a facility with all of these tags has and lacks, as capability masks."""

    when: Tags
    has: int = 0
    lacks: int = 0


@dataclass(frozen=True, slots=True)
class OsmTable:
    """The rules of a table file; see osm_tags.yaml for what each means."""

    kinds: Mapping[str, Mapping[str, str]]
    levels: Mapping[str, Mapping[str, int]]
    rules: tuple[TagRule, ...]

    def kind(self, tags: Tags) -> str | None:
        """The kind of facility; None when it is not of interest."""
        for key, kinds in self.kinds.items():
            for value in _values(tags, key):
                if value in kinds:
                    return kinds[value]
        return None

    def level(self, tags: Tags) -> int:
        """The KEPH level; 0 where no tag says it."""
        for key, levels in self.levels.items():
            for value in _values(tags, key):
                if value in levels:
                    return levels[value]
        return 0

    def capabilities(self, tags: Tags) -> tuple[int, int]:
        """The masks of what the tags say is there, and is not."""
        has = lacks = 0
        for rule in self.rules:
            if all(wanted in _values(tags, key) for key, wanted in rule.when.items()):
                has |= rule.has
                lacks |= rule.lacks
        return has, lacks & ~has


def load_osm_table(path: Path) -> OsmTable:
    """Reads a table file.

    Raises InvalidInput naming the part that is missing, unknown or of another kind.
    """
    return read_table(path, "table of OpenStreetMap tags", _osm_table)


def _osm_table(content: Mapping[str, Any]) -> OsmTable:
    check_keys("The table", content, {"kinds", "levels", "rules"})
    levels = {
        str(key): {_plain(value): int(level) for value, level in values.items()}
        for key, values in content["levels"].items()
    }
    for key, values in levels.items():
        for value, level in values.items():
            if not 1 <= level <= 6:
                raise InvalidInput(f"{key} {value} is level {level}; KEPH levels are 1 to 6.")
    return OsmTable(
        kinds={
            str(key): {_plain(value): str(kind) for value, kind in values.items()}
            for key, values in content["kinds"].items()
        },
        levels=levels,
        rules=tuple(_rule(rule) for rule in content["rules"]),
    )


def _rule(rule: Mapping[str, Any]) -> TagRule:
    check_keys("A rule", rule, {"when", "has", "lacks"})
    if not rule["when"]:
        raise InvalidInput("A rule has no tags under when; it would hold for every facility.")
    has, lacks = int(mask(rule.get("has", ()))), int(mask(rule.get("lacks", ())))
    if has & lacks:
        raise InvalidInput(f"The rule for {dict(rule['when'])} has and lacks the same capability.")
    when = {str(key): _plain(value) for key, value in rule["when"].items()}
    return TagRule(when=when, has=has, lacks=lacks)


def _plain(value: Any) -> str:
    # YAML reads a bare yes as a truth value.
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip().casefold()


def _values(tags: Tags, key: str) -> tuple[str, ...]:
    """Each of the tag's values; healthsites.io writes `_` for `:`."""
    written = tags.get(key) or tags.get(key.replace(":", "_")) or ""
    return tuple(_plain(value) for value in written.split(";") if value.strip())
