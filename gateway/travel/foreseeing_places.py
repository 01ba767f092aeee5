"""Places as callers look for them, with an eye on the roads from there: the next key comes seconds
later, and by then they are known.
"""

from collections.abc import Sequence

from gateway.ports import FoundPlace, PlaceAnswer, Places
from gateway.travel.road_times import RoadTimes


class ForeseeingPlaces:
    """See `gateway.ports.Places`; whatever is found is expected to be where a patient is."""

    def __init__(self, places: Places, roads: RoadTimes) -> None:
        self._places = places
        self._roads = roads

    def search(self, typed: str) -> PlaceAnswer:
        answer = self._places.search(typed)
        self._roads.expect((hit.lat, hit.lon) for hit in answer.hits)
        return answer

    def identify(self, place: FoundPlace) -> int | None:
        return self._places.identify(place)

    def counties(self) -> Sequence[str]:
        return self._places.counties()

    def sub_counties(self, county: str) -> Sequence[str]:
        return self._places.sub_counties(county)

    def wards(self, county: str, sub_county: str) -> Sequence[FoundPlace]:
        # At most a few dozen are listed and one is chosen: a ranking says which.
        return self._places.wards(county, sub_county)

    def towns(self, county: str) -> Sequence[FoundPlace]:
        return self._places.towns(county)

    def refresh(self) -> None:
        self._places.refresh()
