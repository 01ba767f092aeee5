"""The settings of matching as a file, in the names of `shared.match_policy.MatchPolicy`."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.capability import Capability, mask
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.match_policy import MatchPolicy
from shared.travel import GreatCircleTravel

_BY_PRIORITY = {priority.name.lower(): priority for priority in Priority}
_WHOLE_NUMBERS = {"lowest_level", "mass_casualty_patients", "stop_level"}


def load_match_policy(path: Path) -> MatchPolicy:
    """Haven's own policy with what the file sets otherwise.

    Raises InvalidInput naming the file and the first setting that is unknown or makes no sense.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name} is no TOML file: {error}.") from None
    try:
        return _policy(content)
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from None


def _policy(content: Mapping[str, Any]) -> MatchPolicy:
    settings = dict(content)
    values: dict[str, Any] = {}
    travel = GreatCircleTravel()
    if "local_time" in settings:
        zone = _zone(settings.pop("local_time"))
        values["local_time"] = zone
        travel = replace(travel, local_time=zone)
    for name, value in settings.items():
        if name == "travel":
            travel = _travel(travel, _table(name, value))
        elif name == "tiers_min":
            values[name] = _tiers(_table(name, value))
        elif name == "assumed_beds":
            values[name] = _assumed_beds(_table(name, value))
        elif name == "capability_weights":
            values[name] = _weights(_table(name, value))
        elif name in _names(MatchPolicy):
            values[name] = _number(name, value, whole=name in _WHOLE_NUMBERS)
        else:
            raise InvalidInput(_unknown(name, MatchPolicy))
    return MatchPolicy(travel=travel, **values)


def _travel(default: GreatCircleTravel, settings: Mapping[str, Any]) -> GreatCircleTravel:
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name == "peak_hours":
            pairs = value if isinstance(value, list) else [value]
            if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
                raise InvalidInput("travel.peak_hours are pairs, such as [[6.5, 9.5], [16, 20]].")
            values[name] = tuple(
                (_number(f"travel.{name}", first), _number(f"travel.{name}", last))
                for first, last in pairs
            )
        elif name in _names(GreatCircleTravel) - {"local_time"}:
            values[name] = _number(f"travel.{name}", value)
        else:
            raise InvalidInput(_unknown(name, GreatCircleTravel))
    return replace(default, **values)


def _tiers(settings: Mapping[str, Any]) -> Mapping[Priority, tuple[float, ...]]:
    tiers = dict(MatchPolicy().tiers_min)
    for name, minutes in settings.items():
        if name not in _BY_PRIORITY or not isinstance(minutes, list):
            raise InvalidInput(
                f"tiers_min.{name} should be a list of minutes for critical, high or medium, such "
                "as critical = [60, 120, 240]."
            )
        tiers[_BY_PRIORITY[name]] = tuple(_number(f"tiers_min.{name}", each) for each in minutes)
    return tiers


def _weights(settings: Mapping[str, Any]) -> Mapping[Capability, float]:
    weights = dict(MatchPolicy().capability_weights)
    for code, weight in settings.items():
        weights[Capability(mask([code]))] = _number(f"capability_weights.{code}", weight)
    return weights


def _assumed_beds(settings: Mapping[str, Any]) -> Mapping[int, int]:
    beds = dict(MatchPolicy().assumed_beds)
    for level, value in settings.items():
        if level not in {"0", "1", "2", "3", "4", "5", "6"}:
            raise InvalidInput(f"assumed_beds.{level}: levels are 0 (unknown) to 6.")
        beds[int(level)] = int(_number(f"assumed_beds.{level}", value, whole=True))
    return beds


def _number(name: str, value: Any, *, whole: bool = False) -> float:
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise InvalidInput(f"{name} is {value!r}; it should be a {'whole ' * whole}number.")
    return value


def _table(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(f"{name} should be a table: write [{name}] and its settings below it.")
    return value


def _zone(name: Any) -> tzinfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"local_time is {name!r}; give a time zone such as 'Africa/Nairobi'."
        ) from None


def _names(kind: type) -> set[str]:
    # Holidays are the country's (HAVEN_COUNTRY, HAVEN_HOLIDAYS).
    return {field.name for field in fields(kind)} - {"is_holiday"}


def _unknown(name: str, kind: type) -> str:
    known = ", ".join(sorted(_names(kind) - {"local_time"}))
    return f"there is no setting {name!r} here. There are: {known}."
