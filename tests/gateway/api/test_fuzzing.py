"""Whatever is sent, valid or not: no server error, and only answers that the document declares."""

from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.gateway.api.smartphone import BASE, KIBRA, NAIROBI_WEST, Smartphone
from tests.journeys.world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/emergencies"),
    ("GET", "/emergencies/{id}"),
    ("GET", "/emergencies/{id}/timeline"),
    ("POST", "/emergencies/{id}/location"),
    ("POST", "/emergencies/{id}/details"),
    ("POST", "/emergencies/{id}/transport"),
    ("POST", "/emergencies/{id}/cancel"),
    ("GET", "/hospitals"),
    ("GET", "/hospitals/{id}"),
    ("GET", "/hospitals.geojson"),
    ("GET", "/hospitals/have"),
    ("POST", "/hospitals/match"),
]
QUIET = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", GenerationMode, ids=str)
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=str)
def test_every_answer_is_a_declared_one(
    world: World, method: str, path: str, mode: GenerationMode
) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    waiting, ended = Smartphone(world), Smartphone(world)
    ended.raises(kind="snakebite", **KIBRA)
    ended.says("cancel")
    schema = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", world.client.application)
    statuses = set()

    @QUIET
    @given(case=schema[f"{BASE}{path}"][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case[Any]) -> None:
        # As a stranger with what was generated, and as one whom it concerns.
        statuses.add(_checked(case))
        if path.startswith("/emergencies/"):
            waiting.raises(kind="snakebite", **KIBRA)
            for phone in (waiting, ended):
                case.path_parameters["id"] = phone.emergency["id"]
                token = f"Bearer {phone.emergency['token']}"
                statuses.add(_checked(case, Authorization=token))
        if path.startswith("/hospitals/"):
            case.path_parameters["id"] = hospital.id
            statuses.add(_checked(case))
        # Nobody is to be held off for sending quickly.
        world.clock.now += timedelta(seconds=2)

    send()
    if mode is GenerationMode.POSITIVE:
        assert min(statuses) < 300, statuses


def _checked(case: schemathesis.Case[Any], **headers: str) -> int:
    answer = case.call(headers=headers)
    case.validate_response(answer, checks=CHECKS)
    return answer.status_code
