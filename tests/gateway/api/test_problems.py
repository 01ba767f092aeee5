"""What is refused, and that every refusal under /api/ is a problem that says what to do."""

import json
from typing import Any

import pytest

from gateway.api.address_guard import REQUESTS_PER_MINUTE
from tests.gateway.api.smartphone import BASE, KIBRA, NAIROBI_WEST, Smartphone
from tests.journeys.world import World

EMERGENCIES = f"{BASE}/emergencies"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lat": False, "lon": 36.8}, "/lat"),
        ({"lat": "-1.3", "lon": 36.8}, "/lat"),
        ({"lat": 91, "lon": 36.8}, "/lat"),
        ({"lat": -1.3}, ""),
        ({"patient_count": 0}, "/patient_count"),
        ({"patient_count": 2.5}, "/patient_count"),
        ({"age_years": -1}, "/age_years"),
        ({"note": 7}, "/note"),
        ({"note": "x" * 801}, "/note"),
        ({"note": "\ud800"}, "/note"),
        ({"kind": "plague"}, "/kind"),
        ({"sign": "BLEEDING"}, "/sign"),
        ({"language": "fr"}, "/language"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
    ids=str,
)
def test_a_wrong_field_is_pointed_at(world: World, body: dict[str, Any], pointer: str) -> None:
    answer = world.client.post(EMERGENCIES, json=body)
    problem = _problem(answer, 422)
    assert pointer in [fault["pointer"] for fault in problem["errors"]]
    assert all(fault["detail"] for fault in problem["errors"])
    assert world.emergencies() == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"lat": 0, "lon": 0}, "nobody knows it"),
        ({"lat": 36.7890, "lon": -1.3133}, "swapped"),
        ({"phone": "12"}, "write it like"),
        ({"cause": "injury"}, "needs sign"),
        ({"sign": "injury", "detail": "stroke"}, "penetrating"),
        ({"sign": "injury", "cause": "injury"}, "give detail"),
        ({"sign": "snakebite", "detail": "other"}, "leave it out"),
    ],
    ids=str,
)
def test_what_makes_no_sense_says_why(world: World, body: dict[str, Any], words: str) -> None:
    problem = _problem(world.client.post(EMERGENCIES, json=body), 422)
    assert words in problem["detail"]
    assert world.emergencies() == []


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 30_000, "application/json", 400),
        (b'{"lat": NaN}', "application/json", 400),
        (b'{"age_years": 1' + b"0" * 5000 + b"}", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"{}"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"kind=burn", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b'{"note": "' + b"x" * 65_536 + b'"}', "application/json", 413),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_that_is_no_object(
    world: World, data: bytes, content_type: str, status: int
) -> None:
    _problem(world.client.post(EMERGENCIES, data=data, content_type=content_type), status)
    assert world.emergencies() == []


@pytest.mark.parametrize("key", ["short", "x" * 256, "with a space in the key"], ids=len)
def test_a_key_that_could_be_guessed_is_refused(world: World, key: str) -> None:
    answer = world.client.post(EMERGENCIES, json={}, headers={"Idempotency-Key": key})
    assert _problem(answer, 422)["errors"][0]["parameter"] == "Idempotency-Key"


def test_nothing_else_is_there_and_nothing_else_is_allowed(world: World) -> None:
    for path in ("/api/", "/api/v1/nothing", "/api/v2/emergencies", f"{BASE}/hospitals/x"):
        _problem(world.client.get(path), 404)
    refused = world.client.delete(EMERGENCIES)
    _problem(refused, 405)
    assert "POST" in refused.headers["Allow"]


def test_a_token_that_does_not_open_it_learns_nothing(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    mine, other = Smartphone(world), Smartphone(world)
    mine.raises(kind="burn", **KIBRA)
    other.raises(kind="burn", **KIBRA)
    theirs = other.emergency["id"]
    unknown = "0" * 13
    paths = {"": "get", "/timeline": "get", "/cancel": "post", "/details": "post"}
    for below, method in paths.items():
        answers = set()
        for emergency_id, token in (
            (theirs, mine.emergency["token"]),
            (unknown, mine.emergency["token"]),
            (theirs, "x"),
            (theirs, "é"),
        ):
            answer = world.client.open(
                f"{EMERGENCIES}/{emergency_id}{below}",
                method=method.upper(),
                json={} if method == "post" else None,
                headers={"Authorization": f"Bearer {token}"},
            )
            _problem(answer, 404)
            answers.add((answer.get_data(), str(sorted(answer.headers))))
        assert len(answers) == 1
        for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
            asked = world.client.open(
                f"{EMERGENCIES}/{theirs}{below}",
                method=method.upper(),
                json={} if method == "post" else None,
                headers=headers,
            )
            _problem(asked, 401)
            assert asked.headers["WWW-Authenticate"].startswith("Bearer")
    assert [row.state for row in world.emergencies()] == ["dispatched", "dispatched"]


@pytest.mark.parametrize("emergency_id", ["x", "I" * 13, "Z" * 13, "8" + "0" * 12, "%00"])
def test_what_cannot_be_an_id_is_not_found(world: World, emergency_id: str) -> None:
    answer = world.client.get(
        f"{EMERGENCIES}/{emergency_id}", headers={"Authorization": "Bearer x"}
    )
    _problem(answer, 404)


def test_a_flood_from_one_address_waits_and_the_others_do_not(world: World) -> None:
    for _ in range(REQUESTS_PER_MINUTE):
        assert world.client.post(EMERGENCIES, json={}).status_code == 201
    refused = world.client.post(EMERGENCIES, json={})
    assert "USSD" in _problem(refused, 429)["detail"]
    assert int(refused.headers["Retry-After"]) >= 1
    other = {"REMOTE_ADDR": "197.136.0.9"}
    assert world.client.post(EMERGENCIES, json={}, environ_overrides=other).status_code == 201
    world.forward(1)
    assert world.client.post(EMERGENCIES, json={}).status_code == 201


def test_no_fault_of_ours_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("snakebite")

    monkeypatch.setattr(type(world.services.hospitals), "rank", broken)
    problem = _problem(world.client.get(f"{BASE}/hospitals?near=-1.3,36.8"), 500)
    assert "snakebite" not in json.dumps(problem)


def test_every_answer_under_api_is_closed_to_other_pages(world: World) -> None:
    for path in (f"{BASE}/hospitals?near=-1.3,36.8", f"{BASE}/nothing", f"{BASE}/openapi.json"):
        headers = world.client.get(path, headers={"Origin": "https://other.test"}).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Access-Control-Allow-Origin" not in headers


def _problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = answer.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"]
    return problem
