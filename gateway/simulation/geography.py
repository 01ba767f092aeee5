"""Ways: how long they are thought to take, and how long they really take."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gateway.simulation.calendar import START
from gateway.simulation.country import Country
from shared.geo import EARTH_RADIUS_M
from shared.travel import GreatCircleTravel, Pace

Floats = NDArray[np.float64]

# One standard deviation of the logarithm: of a road against the model, and of a patient's vehicle.
ROAD_SPREAD = 0.3
VEHICLE_SPREAD = 0.2


class Geography:
    """Estimated minutes, as the gateway reckons them, from any origin to every site.

    An origin is a number: wards first, then sites, from which a patient is moved on.
    """

    def __init__(self, country: Country, travel: GreatCircleTravel) -> None:
        self._wards = country.wards
        self._sites = country.sites
        self._travel = travel
        # The register's numbers of the sites, by row.
        self.site_ids = [site.hospital.id for site in country.sites]
        self._lat = np.radians([site.hospital.lat for site in country.sites])
        self._lon = np.radians([site.hospital.lon for site in country.sites])
        self._estimates: dict[int, Floats] = {}
        self._by_nearness: dict[int, list[int]] = {}

    def of_site(self, row: int) -> int:
        """The origin that a site is."""
        return len(self._wards) + row

    def position(self, origin: int) -> tuple[float, float, float]:
        """Latitude, longitude, and how far off that may be, in metres."""
        if origin < len(self._wards):
            ward = self._wards[origin]
            return ward.lat, ward.lon, ward.radius_m
        hospital = self._sites[origin - len(self._wards)].hospital
        return hospital.lat, hospital.lon, 0.0

    def estimated_min(self, origin: int) -> Floats:
        """Minutes to every site, as the gateway's travel model estimates them."""
        found = self._estimates.get(origin)
        if found is None:
            lat, lon, radius_m = self.position(origin)
            metres = self._metres(lat, lon)
            road = self._travel.detour * np.sqrt(metres**2 + radius_m**2 / 2)
            pace = self._pace
            found = np.minimum(road, pace.stretch_m) * pace.near
            found += np.maximum(road - pace.stretch_m, 0.0) * pace.beyond
            self._estimates[origin] = found
        return found

    def by_nearness(self, origin: int) -> list[int]:
        """All sites, the nearest first."""
        found = self._by_nearness.get(origin)
        if found is None:
            found = self._by_nearness[origin] = np.argsort(
                self.estimated_min(origin), kind="stable"
            ).tolist()
        return found

    def model_min(self, lat: float, lon: float, row: int) -> float:
        """Minutes from an exact position to one site, by the same model."""
        metres = self.distance_m(lat, lon, row)
        return self._pace.minutes(self._travel.road_m(metres, 0.0))

    def distance_m(self, lat: float, lon: float, row: int) -> float:
        """Metres on the great circle from an exact position to one site."""
        return float(self._metres(lat, lon, row))

    @cached_property
    def nearest_ward(self) -> list[int]:
        """Of each site, whose ward's roads lead on from it."""
        wards = np.radians([(ward.lat, ward.lon) for ward in self._wards])
        return [
            int(np.argmin(_haversine(wards[:, 0], wards[:, 1], lat, lon)))
            for lat, lon in zip(self._lat, self._lon, strict=True)
        ]

    def roads(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """How much longer or shorter the way from each ward to each site takes than the model says:
        1 on average.
        """
        shape = (len(self._wards), len(self._sites))
        factors = rng.standard_normal(shape, np.float32)
        roads: NDArray[np.float32] = np.exp(
            factors * np.float32(ROAD_SPREAD) - np.float32(ROAD_SPREAD**2 / 2)
        )
        return roads

    @cached_property
    def _pace(self) -> Pace:
        """The pace where nobody knows whether a place is in a town, which holds at every hour."""
        return self._travel.pace(None, START)

    def _metres(self, lat: float, lon: float, row: int | None = None) -> Floats:
        rows = slice(None) if row is None else row
        return _haversine(self._lat[rows], self._lon[rows], np.radians(lat), np.radians(lon))


def _haversine(lat: Floats, lon: Floats, from_lat: float, from_lon: float) -> Floats:
    square = (
        np.sin((lat - from_lat) / 2) ** 2
        + np.cos(lat) * np.cos(from_lat) * np.sin((lon - from_lon) / 2) ** 2
    )
    metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(square, 1.0)))
    return metres
