"""When two places are one to a caller: sources overlap, and a ward, its village and its market
often share a name.
"""

from gateway.places.spelling import plain
from shared.geo import distance_m
from shared.place import Place, PlaceKind

_NEARBY_M = 10_000.0


def are_one(place: Place, other: Place) -> bool:
    """True when nobody could choose between them: one name in one county, and near each other. A
    county lies wherever its source puts its middle.
    """
    if place.county != other.county or plain(place.name) != plain(other.name):
        return False
    if place.kind is other.kind is PlaceKind.COUNTY:
        return True
    return distance_m(place.lat, place.lon, other.lat, other.lon) < _NEARBY_M
