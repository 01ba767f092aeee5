"""Hospitals as GeoJSON (RFC 7946): a FeatureCollection of points, longitude first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from gateway.hospitals.feeds.published import PublishedHospital
from shared.capability import codes

MEDIA_TYPE = "application/geo+json"


def feature_collection(hospitals: Sequence[PublishedHospital], next_link: str | None) -> bytes:
    """The collection; `next` is a foreign member that names the page after it.

    It tells when something was reported, not how long ago: an answer that a reader has kept stays
    true.
    """
    collection: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [_feature(hospital) for hospital in hospitals],
    }
    if next_link is not None:
        collection["next"] = next_link
    return to_json(collection)


def _feature(hospital: PublishedHospital) -> dict[str, Any]:
    # A hospital that nobody has found on the map is an unlocated feature (RFC 7946, 3.2).
    is_located = hospital.lat is not None and hospital.lon is not None
    return {
        "type": "Feature",
        "id": hospital.id,
        "geometry": (
            {"type": "Point", "coordinates": [hospital.lon, hospital.lat]} if is_located else None
        ),
        "properties": {
            "id": hospital.id,
            "name": hospital.name,
            "level": hospital.level or None,
            "county": hospital.county,
            "status": hospital.status.value,
            "has": codes(hospital.has),
            "lacks": codes(hospital.lacks),
            "open_24h": hospital.open_24h,
            "reachable": hospital.reachable,
            "emergency_beds": {
                "staffed": hospital.staffed_beds,
                "free": hospital.free_beds,
                "reported_at": _instant(hospital.beds_reported_at),
            },
            "beds": {
                beds.sort.value: {
                    "staffed": beds.staffed,
                    "free": beds.free,
                    "reported_at": _instant(beds.reported_at),
                }
                for beds in hospital.beds
            },
            "stock": {
                "has": codes(hospital.stock_has),
                "used_up": codes(hospital.stock_lacks),
                "reported_at": _instant(hospital.stock_reported_at),
            },
            "reported_at": _instant(hospital.heard_at),
        },
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
