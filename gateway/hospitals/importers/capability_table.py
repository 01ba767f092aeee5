"""The editable table that reads a facility's capabilities from its level and listed services."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gateway.hospitals.importers.table_file import check_keys, read_table
from shared.capability import Capability, codes, mask
from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class LevelRule:
    """What a KEPH level says by itself, as capability masks."""

    has: int = 0
    never: int = 0
    unless_listed: int = 0


@dataclass(frozen=True, slots=True)
class CapabilityTable:
    """The rules of a table file; see kmhfl_capabilities.yaml for what each means."""

    services: Mapping[str, int]
    complete_list_services: int
    complete_list_up_to_level: int
    absent_means_no: int
    emergency_24h_from_level: int
    levels: Mapping[int, LevelRule]

    def capabilities(
        self, level: int, services: tuple[str, ...], open_24h: bool | None, stated: int = 0
    ) -> tuple[int, int]:
        """The masks of what is known to be there and known not to be. `stated` is what the source
        says in other ways than by services; it counts as listed.
        """
        listed = stated
        for service in services:
            listed |= self.services.get(service, 0)
        rule = self.levels.get(level, LevelRule())
        has = (listed | rule.has) & ~rule.never
        if open_24h and level >= self.emergency_24h_from_level:
            has |= int(Capability.EMERGENCY_24H)
        lacks = rule.never | rule.unless_listed
        complete = len(services) >= self.complete_list_services
        if complete and level <= self.complete_list_up_to_level:
            lacks |= self.absent_means_no
        return has, lacks & ~has


def load_capability_table(path: Path) -> CapabilityTable:
    """Reads a table file.

    Raises InvalidInput naming the part that is missing, unknown or of another kind.
    """
    return read_table(path, "capability table", _capability_table)


def _capability_table(content: Mapping[str, Any]) -> CapabilityTable:
    check_keys("The table", content, {field.name for field in fields(CapabilityTable)})
    levels = {int(level): _level_rule(level, rule) for level, rule in content["levels"].items()}
    for level in levels:
        if not 0 <= level <= 6:
            raise InvalidInput(f"levels has {level}; KEPH levels are 1 to 6, and 0 is unknown.")
    return CapabilityTable(
        services={
            str(service).strip(): int(mask(names)) for service, names in content["services"].items()
        },
        complete_list_services=int(content["complete_list_services"]),
        complete_list_up_to_level=int(content["complete_list_up_to_level"]),
        absent_means_no=int(mask(content["absent_means_no"])),
        emergency_24h_from_level=int(content["emergency_24h_from_level"]),
        levels=levels,
    )


def _level_rule(level: Any, rule: Mapping[str, Any]) -> LevelRule:
    check_keys(f"Level {level}", rule, {field.name for field in fields(LevelRule)})
    understood = LevelRule(**{name: int(mask(names)) for name, names in rule.items()})
    both = codes(understood.has & (understood.never | understood.unless_listed))
    if both:
        raise InvalidInput(f"Level {level} both has and lacks {', '.join(both)}.")
    return understood
