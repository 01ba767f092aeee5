"""The editable table that reads a facility's capabilities from its level and listed services."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shared.capability import Capability, mask
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
        self, level: int, services: tuple[str, ...], open_24h: bool | None
    ) -> tuple[int, int]:
        """The masks of what is known to be there and known not to be."""
        listed = 0
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
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        services = {
            str(service).strip(): int(mask(names)) for service, names in content["services"].items()
        }
        levels = {int(level): _level_rule(rule) for level, rule in content["levels"].items()}
        return CapabilityTable(
            services=services,
            complete_list_services=int(content["complete_list_services"]),
            complete_list_up_to_level=int(content["complete_list_up_to_level"]),
            absent_means_no=int(mask(content["absent_means_no"])),
            emergency_24h_from_level=int(content["emergency_24h_from_level"]),
            levels=levels,
        )
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"{path.name} is not a capability table ({type(error).__name__}: {error}); compare it "
            "with the one that came with Haven."
        ) from None


def _level_rule(rule: Mapping[str, Any]) -> LevelRule:
    unknown = set(rule) - {"has", "never", "unless_listed"}
    if unknown:
        raise InvalidInput(f"A level knows has, never and unless_listed, not {min(unknown)}.")
    return LevelRule(**{name: int(mask(names)) for name, names in rule.items()})
