"""The same request again: the same bytes, one emergency; another one under that key: refused."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from gateway.api.tables import idempotent_answers
from tests.gateway.api.smartphone import BASE, KIBRA, NAIROBI_WEST
from tests.journeys.world import World

KEY = {"Idempotency-Key": "5f9c1c52-0f0e-4d55-9d3b-6f1f6a3a2b10"}
BODY = {"kind": "snakebite", **KIBRA}


def test_the_same_request_again_gets_the_same_answer(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    first = world.client.post(f"{BASE}/emergencies", json=BODY, headers=KEY)
    world.settle()
    mbagathi.rings()
    # Spelled otherwise, but the same.
    reordered = dict(reversed(BODY.items()))
    again = world.client.post(f"{BASE}/emergencies", json=reordered, headers=KEY)
    assert (again.status_code, again.get_data()) == (201, first.get_data())
    assert again.headers["Location"] == first.headers["Location"]
    assert len(world.emergencies()) == 1
    assert len(mbagathi.offers()) == 1


def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    world.client.post(f"{BASE}/emergencies", json=BODY, headers=KEY)
    other = world.client.post(f"{BASE}/emergencies", json={**BODY, "age_years": 3}, headers=KEY)
    assert other.status_code == 409
    assert "new key" in other.get_json()["detail"]
    assert len(world.emergencies()) == 1


def test_a_refused_request_leaves_its_key_unused(world: World) -> None:
    wrong = {**BODY, "lat": KIBRA["lon"], "lon": KIBRA["lat"]}
    refused = world.client.post(f"{BASE}/emergencies", json=wrong, headers=KEY)
    assert refused.status_code == 422
    assert world.client.post(f"{BASE}/emergencies", json=BODY, headers=KEY).status_code == 201


def test_without_a_key_every_request_is_another_emergency(world: World) -> None:
    for _ in range(2):
        assert world.client.post(f"{BASE}/emergencies", json=BODY).status_code == 201
    assert len(world.emergencies()) == 2


def test_after_a_day_the_key_and_its_answer_are_forgotten(world: World) -> None:
    first = world.client.post(f"{BASE}/emergencies", json=BODY, headers=KEY)
    world.clock.now += timedelta(hours=24, seconds=1)
    again = world.client.post(f"{BASE}/emergencies", json=BODY, headers=KEY)
    assert again.get_json()["id"] != first.get_json()["id"]
    assert len(_stored(world)) == 1


def test_what_is_stored_tells_nothing(world: World) -> None:
    created = world.client.post(f"{BASE}/emergencies", json=BODY, headers=KEY).get_json()
    (row,) = _stored(world)
    for secret in (KEY["Idempotency-Key"], created["token"], created["help_code"], "snakebite"):
        for column in (row.reference, row.request_hash, row.answer_sealed):
            assert secret.encode() not in column


def _stored(world: World) -> list[Any]:
    query = select(idempotent_answers)
    return list(world.services.database.read(lambda c: c.execute(query).all()))
