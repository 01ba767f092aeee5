"""Hospitals for other systems: GeoJSON, pages, filters, and answers that are kept."""

import math
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, update
from werkzeug.test import TestResponse

from gateway.hospitals import changes
from gateway.hospitals.availability_report import BedCount
from gateway.hospitals.feeds.published import Around
from gateway.hospitals.tables import hospital_changes
from shared.bed_type import BedType
from shared.capability import Capability
from shared.errors import InvalidInput
from shared.geo import distance_m
from shared.hospital import HospitalStatus
from tests.gateway.api.have_schema import XNL, parsed
from tests.gateway.api.reported import impose, is_registered, reports
from tests.gateway.api.smartphone import BASE, NAIROBI_WEST, THIKA
from tests.journeys.world import World

GEOJSON, HAVE = f"{BASE}/hospitals.geojson", f"{BASE}/hospitals/have"


def _features(world: World, **query: Any) -> list[dict[str, Any]]:
    answer = world.client.get(f"{GEOJSON}?{urlencode(query)}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    features: list[dict[str, Any]] = answer.get_json()["features"]
    return features


def _names(world: World, **query: Any) -> list[str]:
    return [feature["properties"]["name"] for feature in _features(world, **query)]


def test_a_feature_says_what_is_public_and_what_was_reported(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    world.clock.now += timedelta(hours=1)
    reports(
        world,
        box.id,
        status=HospitalStatus.ADVISORY,
        staffed_beds=20,
        free_beds=3,
        stock_has=int(Capability.BLOOD),
        stock_lacks=int(Capability.ANTIVENOM),
        beds={BedType.ADULT_ICU: BedCount(6, 0), BedType.BURN: BedCount(None, 2)},
    )
    impose(world, box.id, HospitalStatus.DIVERTING, int(Capability.THEATRE))
    answer = world.client.get(GEOJSON)
    assert answer.content_type == "application/geo+json"
    collection = answer.get_json()
    assert (collection["type"], "next" in collection) == ("FeatureCollection", False)
    at = "2026-11-23T10:00:00Z"
    (feature,) = collection["features"]
    assert feature == {
        "type": "Feature",
        "id": box.id,
        # Longitude first (RFC 7946, 3.1.1).
        "geometry": {"type": "Point", "coordinates": [NAIROBI_WEST[1], NAIROBI_WEST[0]]},
        "properties": {
            "id": box.id,
            "name": "Mbagathi Hospital",
            "level": 5,
            "county": "Nairobi",
            "status": "diverting",
            "has": ["emergency_24h", "blood", "oxygen"],
            "lacks": ["theatre"],
            "open_24h": True,
            "reachable": True,
            "emergency_beds": {"staffed": 20, "free": 3, "reported_at": at},
            "beds": {
                "AdultICU": {"staffed": 6, "free": 0, "reported_at": at},
                "Burn": {"staffed": None, "free": 2, "reported_at": at},
            },
            "stock": {"has": ["blood"], "used_up": ["antivenom"], "reported_at": at},
            "reported_at": at,
        },
    }
    for feed in (GEOJSON, HAVE):
        assert "722000001" not in world.client.get(feed).get_data(as_text=True)


def test_a_hospital_that_nobody_has_found_on_the_map_is_there_without_a_place(
    world: World,
) -> None:
    box = world.hospital("Lost Hospital", *NAIROBI_WEST)
    is_registered(world, box.id, lat=None, lon=None, level=0)
    (feature,) = _features(world)
    assert feature["geometry"] is None
    assert feature["properties"]["level"] is None
    assert _features(world, near="-1.31,36.8", km=50) == []
    assert b"gml:pos" not in world.client.get(HAVE).get_data()


def test_pages_follow_each_other_until_all_were_seen(world: World) -> None:
    for number in range(7):
        world.hospital(f"Hospital {number}", -1.3 - number / 100, 36.8)
    for feed in (GEOJSON, HAVE):
        seen: list[str] = []
        link: str | None = f"{feed}?limit=3&county=nairobi"
        pages = 0
        while link is not None:
            answer = world.client.get(link)
            seen += _named_in(answer)
            link = (
                answer.headers["Link"].partition(">")[0][1:] if "Link" in answer.headers else None
            )
            if feed is GEOJSON:
                assert answer.get_json().get("next") == link
            pages += 1
        assert seen == [f"Hospital {number}" for number in range(7)]
        assert pages == 3
    assert len(_features(world, limit=7)) == 7


def _named_in(answer: TestResponse) -> list[str]:
    if answer.content_type == "application/geo+json":
        return [feature["properties"]["name"] for feature in answer.get_json()["features"]]
    return [str(name.text) for name in parsed(answer.get_data()).iter(f"{XNL}NameElement")]


def test_a_county_and_a_circle(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    is_registered(world, far.id, county="Kiambu")
    assert _names(world, county="KIAMBU") == ["Thika Hospital"]
    assert _names(world, county="Mombasa") == []
    km = distance_m(-1.3, 36.8, *THIKA) / 1000
    assert _names(world, near="-1.3,36.8", km=f"{km - 0.1:.3f}") == ["Mbagathi Hospital"]
    assert len(_names(world, near="-1.3,36.8", km=f"{km + 0.1:.3f}")) == 2
    assert _names(world, near="-1.3,36.8", km=500, county="Nairobi") == ["Mbagathi Hospital"]
    # Across the date line, and at a pole.
    is_registered(world, near.id, lat=0.5, lon=179.99)
    is_registered(world, far.id, lat=89.9, lon=-100.0)
    assert _names(world, near="0.5,-179.99", km=5) == ["Mbagathi Hospital"]
    assert _names(world, near="89.9,80", km=30) == ["Thika Hospital"]


# The box is the same arithmetic on both databases.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("lat", "lon", "km"), [(-1.3, 36.8, 40), (60, 10, 300), (88, 0, 90), (-70, 179.5, 450)]
)
def test_nobody_in_the_circle_is_outside_its_box(
    world: World, lat: float, lon: float, km: float
) -> None:
    around = Around(lat, lon, km * 1000)
    inside = []
    for turn in range(36):
        # Just inside the circle, all around it.
        angle, reach = math.radians(turn * 10), km * 1000 * 0.999 / 6_371_008.8
        there = math.asin(
            math.sin(math.radians(lat)) * math.cos(reach)
            + math.cos(math.radians(lat)) * math.sin(reach) * math.cos(angle)
        )
        aside = math.atan2(
            math.sin(angle) * math.sin(reach) * math.cos(math.radians(lat)),
            math.cos(reach) - math.sin(math.radians(lat)) * math.sin(there),
        )
        at = (math.degrees(there), (lon + math.degrees(aside) + 180) % 360 - 180)
        assert around.holds(*at)
        inside.append(world.hospital(f"Hospital {turn}", *at).id)
    found = _features(world, near=f"{lat},{lon}", km=km, limit=100)
    assert [feature["id"] for feature in found] == inside


@pytest.mark.parametrize("radius_m", [0, -1, 600_000, math.nan])
def test_a_circle_that_is_none(radius_m: float) -> None:
    with pytest.raises(InvalidInput, match="km must be"):
        Around(-1.3, 36.8, radius_m)


def test_what_has_changed_since(world: World) -> None:
    first = world.hospital("First Hospital", *NAIROBI_WEST)
    second = world.hospital("Second Hospital", *THIKA)
    world.clock.now += timedelta(hours=1)
    since = world.clock.now.isoformat().replace("+00:00", "Z")
    assert _names(world, updated_since=since) == []
    world.clock.now += timedelta(minutes=1)
    reports(world, first.id, free_beds=2, staffed_beds=10)
    assert _names(world, updated_since=since) == ["First Hospital"]
    # What operators set changes it too, though the hospital says nothing.
    impose(world, second.id, HospitalStatus.CLOSED)
    assert _names(world, updated_since=since) == ["First Hospital", "Second Hospital"]
    assert _names(world, updated_since="2026-11-23T10:30:00Z") == []
    # Somebody asks from another zone.
    assert _names(world, updated_since="2026-11-23T13:00:30+03:00") == [
        "First Hospital",
        "Second Hospital",
    ]


def test_a_log_that_does_not_go_back_so_far_leaves_nobody_out(world: World) -> None:
    for name in ("First Hospital", "Second Hospital", "Third Hospital"):
        world.hospital(name, *NAIROBI_WEST)
    since = (world.clock.now - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    pruned = delete(hospital_changes).where(hospital_changes.c.number <= 2)
    world.services.database.write(lambda c: c.execute(pruned))
    assert len(_names(world, updated_since=since)) == 3


@pytest.mark.parametrize("feed", [GEOJSON, HAVE])
def test_an_answer_that_is_kept_is_asked_for_again_only_after_a_change(
    world: World, feed: str
) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    answer = world.client.get(feed)
    etag = answer.headers["ETag"]
    assert answer.headers["Cache-Control"] == "public, no-cache"
    world.clock.now += timedelta(hours=2)
    again = world.client.get(feed, headers={"If-None-Match": etag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", etag)
    reports(world, box.id, free_beds=2, staffed_beds=10)
    changed = world.client.get(feed, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    # A number that was rolled back and given out anew is another version.
    last = changed.headers["ETag"]
    number = world.services.database.read(changes.last_number)
    other = update(hospital_changes).where(hospital_changes.c.number == number).values(token=7)
    world.services.database.write(lambda c: c.execute(other))
    assert world.client.get(feed, headers={"If-None-Match": last}).status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("near=here&km=5", "near"),
        ("near=-1.3,36.8&km=0", "km"),
        ("near=-1.3,36.8&km=501", "km"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-11-23T09:00:00", "updated_since"),
        ("limit=1001", "limit"),
        ("after=-1", "after"),
        ("country=KE", "country"),
    ],
)
@pytest.mark.parametrize("feed", [GEOJSON, HAVE])
def test_a_wrong_parameter_is_named(world: World, feed: str, query: str, parameter: str) -> None:
    answer = world.client.get(f"{feed}?{query}")
    assert answer.status_code == 422
    assert [fault["parameter"] for fault in answer.get_json()["errors"]] == [parameter]


@pytest.mark.parametrize("query", ["near=-1.3,36.8", "km=5", "near=0,0&km=5", "near=-95,36&km=5"])
def test_half_a_circle_and_one_that_cannot_be(world: World, query: str) -> None:
    assert world.client.get(f"{GEOJSON}?{query}").status_code == 422


def test_an_empty_register(world: World) -> None:
    assert world.client.get(GEOJSON).get_json() == {"type": "FeatureCollection", "features": []}
    assert list(parsed(world.client.get(HAVE).get_data())) == []
    etag = world.client.get(HAVE).headers["ETag"]
    assert world.client.get(HAVE, headers={"If-None-Match": etag}).status_code == 304


def test_a_hospitals_facts_have_what_it_reported(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    before = world.client.get(f"{BASE}/hospitals/{box.id}").get_json()
    assert before["emergency_beds"]["free"] == 10
    assert (before["beds"], before["reported_at"]) == ({}, None)
    assert before["stock"] == {"has": [], "used_up": [], "reported_at": None}
    reports(
        world,
        box.id,
        staffed_beds=12,
        free_beds=4,
        stock_has=int(Capability.OXYGEN),
        beds={BedType.BURN: BedCount(2, 1)},
    )
    impose(world, box.id, HospitalStatus.CLOSED, int(Capability.THEATRE))
    facts = world.client.get(f"{BASE}/hospitals/{box.id}").get_json()
    at = "2026-11-23T09:00:00Z"
    assert facts["emergency_beds"] == {"staffed": 12, "free": 4, "reported_at": at}
    assert facts["beds"] == {"Burn": {"staffed": 2, "free": 1, "reported_at": at}}
    assert facts["stock"] == {"has": ["oxygen"], "used_up": [], "reported_at": at}
    # What operators set stands above the register and the report.
    assert (facts["status"], facts["lacks"]) == ("closed", ["theatre"])
