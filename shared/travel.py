"""How long a patient travels: a port that a routing engine may fill, and the default model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from math import isfinite, sqrt
from typing import Protocol

from shared.errors import InvalidInput
from shared.geo import distance_m
from shared.hospital import Hospital

# Kenya, Uganda, Tanzania, Somalia and Ethiopia keep this time all year.
EAST_AFRICA_TIME = timezone(timedelta(hours=3), "EAT")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the patient is: WGS 84 degrees, how far off that may be in metres, and whether it is in
    a town (None: not known).
    """

    lat: float
    lon: float
    radius_m: float = 0.0
    urban: bool | None = None


class TravelTime(Protocol):
    """Estimates travel times. One that cannot answer raises, and the caller uses the default
    model.
    """

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        """Minutes of travel to each hospital, in their order; infinity where no way is known."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Minutes per metre of road: `near` for the first `stretch_m` metres, `beyond` after them."""

    near: float
    beyond: float
    stretch_m: float

    def minutes(self, road_m: float) -> float:
        """Minutes of travel over that much road; longer roads never take less."""
        if road_m <= self.stretch_m:
            return road_m * self.near
        return self.stretch_m * self.near + (road_m - self.stretch_m) * self.beyond


@dataclass(frozen=True, slots=True)
class GreatCircleTravel:
    """The default model: the great circle times a detour factor, at the pace of the vehicles that
    patients in fact use (motorcycle taxis, cars, buses; most have no ambulance).

    The first `stretch_m` metres of road go at the speed of the patient's surroundings, the rest at
    the rural speed, because nobody crosses a county at a city's pace. In a town, peak hours (local
    hours on weekdays) multiply the time of that first stretch. Raises InvalidInput when a setting
    makes no sense.
    """

    detour: float = 1.4
    urban_kmh: float = 20.0
    unknown_kmh: float = 30.0
    rural_kmh: float = 40.0
    stretch_m: float = 15_000.0
    peak_factor: float = 1.5
    peak_hours: tuple[tuple[float, float], ...] = ((6.5, 9.5), (16.0, 20.0))
    local_time: tzinfo = EAST_AFRICA_TIME

    def __post_init__(self) -> None:
        if not (isfinite(self.detour) and self.detour >= 1):
            raise InvalidInput(
                f"detour is {self.detour}; no road is shorter than the great circle, so give 1 or "
                "more."
            )
        for name in ("urban_kmh", "unknown_kmh", "rural_kmh"):
            speed: float = getattr(self, name)
            if not (isfinite(speed) and 1 <= speed <= 200):
                raise InvalidInput(f"{name} is {speed}; give a speed from 1 to 200 km/h.")
        if not (isfinite(self.stretch_m) and self.stretch_m >= 0):
            raise InvalidInput(f"stretch_m is {self.stretch_m}; give metres, 0 or more.")
        if not (isfinite(self.peak_factor) and self.peak_factor >= 1):
            raise InvalidInput(f"peak_factor is {self.peak_factor}; give 1 or more.")
        for start, end in self.peak_hours:
            if not 0 <= start < end <= 24:
                raise InvalidInput(
                    f"peak_hours has {start}-{end}; give local hours, the earlier one first."
                )

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        """Minutes of travel to each hospital, in their order."""
        pace = self.pace(origin.urban, depart_at)
        return [
            pace.minutes(
                self.road_m(
                    distance_m(origin.lat, origin.lon, hospital.lat, hospital.lon), origin.radius_m
                )
            )
            for hospital in hospitals
        ]

    def pace(self, urban: bool | None, depart_at: datetime) -> Pace:
        """The pace for a departure at this time (aware) from such surroundings."""
        kmh = {None: self.unknown_kmh, True: self.urban_kmh, False: self.rural_kmh}[urban]
        factor = self.peak_factor if urban and self.is_peak(depart_at) else 1.0
        return Pace(
            near=factor * 60 / (kmh * 1000),
            beyond=60 / (self.rural_kmh * 1000),
            stretch_m=self.stretch_m,
        )

    def road_m(self, great_circle_m: float, radius_m: float) -> float:
        """Metres of road to expect when the patient is anywhere within `radius_m` of the origin.

        sqrt(d² + r²/2) is the root mean square distance from a disc of radius r to a point d away
        from its centre: a rough place makes small differences of distance count less.
        """
        return self.detour * sqrt(great_circle_m * great_circle_m + radius_m * radius_m / 2)

    def is_peak(self, depart_at: datetime) -> bool:
        """Whether towns are crowded at that time (aware)."""
        local = depart_at.astimezone(self.local_time)
        hour = local.hour + local.minute / 60
        return local.weekday() < 5 and any(start <= hour < end for start, end in self.peak_hours)
