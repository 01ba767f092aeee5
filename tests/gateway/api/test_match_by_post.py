"""`POST /hospitals/match`: the same answer as by GET, with the place in the body."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.api.smartphone import BASE, NAIROBI_WEST, THIKA
from tests.journeys.world import World


def _positions() -> Iterator[tuple[str, float, float]]:
    yield "Mbagathi Hospital", *NAIROBI_WEST
    yield "Thika Hospital", *THIKA
    yield "Nakuru Hospital", -0.3031, 36.0800
    yield "Kisumu Hospital", -0.0917, 34.7680


def test_a_match_by_post_is_the_same_with_the_place_in_the_body(world: World) -> None:
    boxes = [world.hospital(*each) for each in _positions()]
    asked = {"lat": -1.3133, "lon": 36.789, "needs": ["theatre", "blood"], "priority": "critical"}
    posted = world.client.post(f"{BASE}/hospitals/match", json=asked)
    assert posted.status_code == 200
    got = world.client.get(
        f"{BASE}/hospitals?near=-1.3133,36.789&needs=theatre,blood&priority=critical"
    )
    assert posted.get_json() == got.get_json()
    # Whoever is not in the nearest tier is there to fall back to.
    fewest = world.client.post(f"{BASE}/hospitals/match", json={**asked, "limit": 3}).get_json()
    assert [row["id"] for row in fewest["hospitals"]] == [box.id for box in boxes[:3]]
    without = {**asked, "exclude": [boxes[0].id, 99_999], "stabilise_first": True, "radius_m": 500}
    rows = world.client.post(f"{BASE}/hospitals/match", json=without).get_json()["hospitals"]
    assert boxes[0].id not in [row["id"] for row in rows]
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lat": 91}, "/lat"),
        ({"lon": None}, "/lon"),
        ({"radius_m": -1}, "/radius_m"),
        ({"limit": 2}, "/limit"),
        ({"priority": "urgent"}, "/priority"),
        ({"exclude": ["first"]}, "/exclude/0"),
        ({"near": "-1.3,36.8"}, "/near"),
    ],
)
def test_a_wrong_field_of_a_match_is_named(
    world: World, change: dict[str, Any], pointer: str
) -> None:
    body = {"lat": -1.3, "lon": 36.8, **change}
    answer = world.client.post(f"{BASE}/hospitals/match", json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize("body", [{"lat": 0, "lon": 0}, {"lat": -1.3, "lon": 36.8, "needs": ["x"]}])
def test_a_match_that_makes_no_sense_says_why(world: World, body: dict[str, Any]) -> None:
    answer = world.client.post(f"{BASE}/hospitals/match", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["detail"]
