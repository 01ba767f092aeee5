"""The OpenAPI document: valid, complete, and shown without the internet."""

import re

import pytest
from openapi_spec_validator import validate

from tests.journeys.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_document_is_valid_and_complete(world: World) -> None:
    document = world.client.get("/api/v1/openapi.json").get_json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    operations = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert operations == {
        ("POST", "/emergencies"),
        ("GET", "/emergencies/{id}"),
        ("GET", "/emergencies/{id}/timeline"),
        ("POST", "/emergencies/{id}/location"),
        ("POST", "/emergencies/{id}/details"),
        ("POST", "/emergencies/{id}/transport"),
        ("POST", "/emergencies/{id}/cancel"),
        ("GET", "/hospitals"),
        ("GET", "/hospitals/{id}"),
        ("PUT", "/hospitals/{id}/availability"),
        ("GET", "/hospitals.geojson"),
        ("GET", "/hospitals/have"),
        ("POST", "/hospitals/match"),
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, method)


def test_the_page_needs_nothing_from_elsewhere(world: World) -> None:
    page = world.client.get("/api/v1/docs")
    assert page.status_code == 200
    html = page.get_data(as_text=True)
    assert "//" not in html
    linked = re.findall(r'(?:src|href)="(docs/[^"]+)"', html)
    assert len(linked) == 3
    for asset in linked:
        answer = world.client.get(f"/api/v1/{asset}")
        assert answer.status_code == 200
        assert len(answer.get_data()) > 100
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert world.client.get("/api/v1/docs/other.js").status_code == 404
