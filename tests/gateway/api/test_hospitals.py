"""Looking for hospitals: ranked as an emergency would be, explained, and nothing reserved."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.hospitals.tables import availability
from tests.gateway.api.smartphone import BASE, NAIROBI_WEST, THIKA
from tests.journeys.world import World


def test_hospitals_are_ranked_and_explained_and_nothing_is_reserved(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    far = world.hospital("Thika Hospital", *THIKA)
    answer = world.client.get(
        f"{BASE}/hospitals?near=-1.3133,36.7890&needs=theatre,blood&priority=critical&limit=5"
    )
    assert answer.status_code == 200
    rows = answer.get_json()["hospitals"]
    assert [row["id"] for row in rows] == [near.id, far.id]
    first = rows[0]
    assert (first["name"], first["role"], first["missing"]) == ("Mbagathi Hospital", "treat", [])
    assert first["travel_min"] > 0
    assert first["score"] == pytest.approx(
        0.4 * first["parts"]["distance"]
        + 0.3 * first["parts"]["capacity"]
        + 0.3 * first["parts"]["specialty"]
    )
    assert all(row["explanation"] for row in rows)
    assert first["for_patient"].startswith("Mbagathi Hospital: about ")
    assert first["for_patient"].endswith(", open day and night, has what is needed.")
    assert first["nearer"] == ""
    assert "722000001" not in answer.get_data(as_text=True)
    reserved = world.services.database.read(
        lambda c: list(c.execute(select(availability.c.assigned_since)).scalars())
    )
    assert reserved == [0, 0]


def test_why_a_nearer_hospital_is_not_first(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, lacks=("blood",))
    world.hospital("Thika Hospital", *THIKA)
    answer = world.client.get(f"{BASE}/hospitals?near=-1.3133,36.7890&needs=blood&limit=2")
    first, second = answer.get_json()["hospitals"]
    assert first["name"] == "Thika Hospital"
    assert first["nearer"] == "Nearer, but not first: Mbagathi Hospital (no blood)."
    assert second["nearer"] == ""


def test_as_many_as_asked_for(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.hospital("Thika Hospital", *THIKA)
    rows = world.client.get(f"{BASE}/hospitals?near=-1.3,36.8&limit=1").get_json()["hospitals"]
    assert len(rows) == 1


def test_nobody_is_near_in_an_empty_register(world: World) -> None:
    answer = world.client.get(f"{BASE}/hospitals?near=-1,37")
    assert answer.get_json() == {"hospitals": []}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "near"),
        ("near=here", "near"),
        ("near=-1.3;36.8", "near"),
        ("near=-1.3,36.8&limit=0", "limit"),
        ("near=-1.3,36.8&limit=many", "limit"),
        ("near=-1.3,36.8&priority=urgent", "priority"),
        ("near=-1.3,36.8&need=blood", "need"),
    ],
)
def test_a_wrong_parameter_is_named(world: World, query: str, parameter: str) -> None:
    answer = world.client.get(f"{BASE}/hospitals?{query}")
    assert answer.status_code == 422
    assert [fault["parameter"] for fault in answer.get_json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    ("query", "words"),
    [("near=0,0", "nobody knows"), ("near=-1.3,36.8&needs=magic", "Known codes: emergency_24h")],
)
def test_a_parameter_that_makes_no_sense_says_why(world: World, query: str, words: str) -> None:
    answer = world.client.get(f"{BASE}/hospitals?{query}")
    assert answer.status_code == 422
    assert words in answer.get_json()["detail"]


def test_a_hospitals_public_facts(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    answer = world.client.get(f"{BASE}/hospitals/{box.id}")
    facts: dict[str, Any] = answer.get_json()
    assert facts["name"] == "Mbagathi Hospital"
    assert facts["has"] == ["emergency_24h", "theatre", "blood", "oxygen"]
    assert (facts["open_24h"], facts["status"]) == (True, "normal")
    assert "722000001" not in answer.get_data(as_text=True)
    for unknown in (box.id + 1, 2**63 - 1, 2**63, 0, -1):
        assert world.client.get(f"{BASE}/hospitals/{unknown}").status_code == 404
