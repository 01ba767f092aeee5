"""OSRM and Valhalla at the wire: their documented answers, their errors, and anything else."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import inf
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import responses
from responses import matchers

from gateway.travel.engine_http import EngineClient
from gateway.travel.osrm import OsrmTravel
from gateway.travel.trouble import EngineTrouble, NoRoadsHere
from gateway.travel.valhalla import ValhallaTravel
from shared.hospital import Hospital
from shared.travel import Origin, TravelTime
from tests.gateway.providers.test_http_post import server_that_writes

ORIGIN = Origin(-1.30001, 36.80002)
HOSPITALS = [
    Hospital(1, "First", 5, "Nairobi", -1.31, 36.81, 0, 0),
    Hospital(2, "Second", 5, "Nairobi", -1.32, 36.82, 0, 0),
]
# A Monday, half past five in the afternoon in Nairobi.
DEPARTS = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
OSRM = "http://127.0.0.1:5000"
VALHALLA = "http://127.0.0.1:8002"
OSRM_URL = (
    f"{OSRM}/table/v1/driving/36.80002,-1.30001;36.81000,-1.31000;36.82000,-1.32000"
    "?sources=0&annotations=duration&generate_hints=false"
)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def _osrm(client: EngineClient | None = None) -> OsrmTravel:
    return OsrmTravel(client or EngineClient(OSRM))


def _table(durations: Any, code: Any = "Ok", **more: Any) -> dict[str, Any]:
    return {"code": code, "durations": durations, **more}


def _point(distance: Any) -> dict[str, Any]:
    return {"name": "", "location": [36.8, -1.3], "distance": distance}


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        (_table([[0, 600, 1230.5]]), [10, 1230.5 / 60]),
        (_table([[0, None, 60]]), [inf, 1]),
        (_table([[0, 0, 0.1]]), [0, 0.1 / 60]),
        # The nearest road to the second hospital is on another island.
        (_table([[0, 60, 120]], destinations=[_point(3), _point(4), _point(9000)]), [1, inf]),
        (_table([[0, 60, 120]], sources=[_point(12.5)], destinations="none"), [1, 2]),
    ],
)
def test_osrms_table_is_read(
    wire: responses.RequestsMock, answer: Any, minutes: list[float]
) -> None:
    wire.get(OSRM_URL, json=answer)
    assert _osrm().minutes(ORIGIN, HOSPITALS, DEPARTS) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {"code": "NoTable", "message": "No table found"}),
        (400, {"code": "NoSegment", "message": "Could not find a matching segment"}),
        (200, _table([[0, 60, 60]], sources=[_point(40_000)])),
    ],
)
def test_osrm_knows_no_roads_there(wire: responses.RequestsMock, status: int, answer: Any) -> None:
    wire.get(OSRM_URL, json=answer, status=status)
    with pytest.raises(NoRoadsHere):
        _osrm().minutes(ORIGIN, HOSPITALS, DEPARTS)


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (400, {"code": "InvalidQuery", "message": "at 36.80002"}, "HTTP 400 with InvalidQuery"),
        (400, {"code": "TooBig", "message": "Too many table coordinates"}, "TooBig"),
        (400, {"code": "InvalidUrl"}, "InvalidUrl"),
        (400, {"code": "at 36.80002,-1.30001"}, "no code"),
        (400, {}, "no code"),
        (200, [], "no code"),
        (200, _table([[0, 60]]), "for every place"),
        (200, _table([[0, 60, 60, 60]]), "for every place"),
        (200, _table([]), "for every place"),
        (200, _table([[0, 1, 2], [1, 0, 2]]), "for every place"),
        (200, _table(None), "for every place"),
        (200, _table([[0, "60", 60]]), "a duration that is none"),
        (200, _table([[0, -1, 60]]), "a duration that is none"),
        (200, _table([[0, True, 60]]), "a duration that is none"),
        (200, _table([[0, 10**400, 60]]), "a duration that is none"),
    ],
)
def test_what_osrm_should_not_answer(
    wire: responses.RequestsMock, status: int, answer: Any, words: str
) -> None:
    wire.get(OSRM_URL, body=json.dumps(answer), status=status)
    with pytest.raises(EngineTrouble, match=words) as trouble:
        _osrm().minutes(ORIGIN, HOSPITALS, DEPARTS)
    assert "36.8" not in str(trouble.value)


def _row(*times: Any) -> dict[str, Any]:
    entries = [
        {"distance": 1.5, "time": time, "to_index": number, "from_index": 0}
        for number, time in enumerate(times)
    ]
    return {"units": "kilometers", "sources_to_targets": [entries]}


def _valhalla() -> ValhallaTravel:
    return ValhallaTravel(EngineClient(VALHALLA))


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        (_row(600, 90), [10, 1.5]),
        (_row(None, 60), [inf, 1]),
        ({"sources_to_targets": [list(reversed(_row(60, 120)["sources_to_targets"][0]))]}, [1, 2]),
        ({**_row(60, 120), "warnings": [{"code": 100}]}, [1, 2]),
    ],
)
def test_valhallas_matrix_is_read(
    wire: responses.RequestsMock, answer: Any, minutes: list[float]
) -> None:
    asked = {
        "sources": [{"lat": -1.30001, "lon": 36.80002}],
        "targets": [{"lat": -1.31, "lon": 36.81}, {"lat": -1.32, "lon": 36.82}],
        "costing": "auto",
        "date_time": {"type": 1, "value": "2026-11-23T17:30"},
    }
    wire.post(
        f"{VALHALLA}/sources_to_targets",
        json=answer,
        match=[matchers.json_params_matcher(asked)],
    )
    assert _valhalla().minutes(ORIGIN, HOSPITALS, DEPARTS) == pytest.approx(minutes)


def _error(code: Any) -> dict[str, Any]:
    return {"error_code": code, "error": "…", "status_code": 400, "status": "Bad Request"}


@pytest.mark.parametrize("code", [154, 170, 171, 442])
def test_valhalla_knows_no_roads_there(wire: responses.RequestsMock, code: int) -> None:
    wire.post(f"{VALHALLA}/sources_to_targets", json=_error(code), status=400)
    with pytest.raises(NoRoadsHere):
        _valhalla().minutes(ORIGIN, HOSPITALS, DEPARTS)


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (400, _error(150), "error 150"),
        (400, _error("150 at 36.8"), "no error code"),
        (400, {}, "no error code"),
        (404, _error(106), "HTTP 404 with error 106"),
        (200, {}, "without a row"),
        (200, [], "no object"),
        (200, {"sources_to_targets": {"durations": [[1, 2]]}}, "without a row"),
        (200, _row(60), "for every hospital"),
        (200, _row(60, 60, 60), "for every hospital"),
        (200, {"sources_to_targets": [[{"time": 60}, {"time": 60}]]}, "for nobody"),
        (200, {"sources_to_targets": [[None, None]]}, "for nobody"),
        (200, _row("60", 60), "a duration that is none"),
        (200, _row(60, -5), "a duration that is none"),
    ],
)
def test_what_valhalla_should_not_answer(
    wire: responses.RequestsMock, status: int, answer: Any, words: str
) -> None:
    wire.post(f"{VALHALLA}/sources_to_targets", json=answer, status=status)
    with pytest.raises(EngineTrouble, match=words):
        _valhalla().minutes(ORIGIN, HOSPITALS, DEPARTS)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 429, "json": {"code": "TooMany"}}, "HTTP 429"),
        ({"status": 500, "body": "<html>Oops</html>"}, "HTTP 500"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, "HTTP 502"),
        ({"status": 200, "body": "<html>Welcome to nginx</html>"}, "something else than JSON"),
        ({"status": 404, "body": "Not found"}, "something else than JSON"),
        ({"status": 200, "body": ""}, "something else than JSON"),
        ({"status": 200, "body": b"\xff\xfe\x00"}, "something else than JSON"),
        ({"status": 200, "body": "[" * 100_000}, "something else than JSON"),
        ({"status": 302, "headers": {"Location": "http://198.51.100.7/"}}, "redirects"),
        ({"status": 308, "headers": {"Location": "/elsewhere"}}, "redirects"),
        ({"status": 200, "body": " " * 600_000 + "{}"}, "too large"),
        ({"body": requests.exceptions.ConnectTimeout()}, "in time"),
        ({"body": requests.exceptions.ReadTimeout()}, "in time"),
        ({"body": requests.exceptions.ConnectionError("36.8")}, "cannot be reached"),
        ({"body": requests.exceptions.ChunkedEncodingError()}, "cannot be reached"),
    ],
)
@pytest.mark.parametrize("engine", [_osrm, _valhalla])
def test_an_engine_in_trouble(
    wire: responses.RequestsMock,
    engine: Callable[[], TravelTime],
    answer: dict[str, Any],
    words: str,
) -> None:
    if engine is _osrm:
        wire.get(OSRM_URL, **answer)
    else:
        wire.post(f"{VALHALLA}/sources_to_targets", **answer)
    with pytest.raises(EngineTrouble, match=words) as trouble:
        engine().minutes(ORIGIN, HOSPITALS, DEPARTS)
    assert "36.8" not in str(trouble.value)
    # Nothing is chained: the library's errors hold the address, and with it a place.
    assert trouble.value.__cause__ is None
    assert trouble.value.__context__ is None or trouble.value.__suppress_context__


@pytest.mark.parametrize(
    "written",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{half",
        b"",
    ],
    ids=["half a head", "half a body", "silence"],
)
def test_a_slow_engine_is_cut_off(written: bytes) -> None:
    with server_that_writes(written, then_waits=True) as url:
        client = EngineClient(url, connect_s=0.5, answer_s=0.2)
        with pytest.raises(EngineTrouble):
            _osrm(client).minutes(ORIGIN, HOSPITALS, DEPARTS)
        client.close()


def test_an_engine_that_is_gone() -> None:
    with server_that_writes(b"") as url:
        port = urlsplit(url).port
        client = EngineClient(f"http://127.0.0.1:{port}")
        with pytest.raises(EngineTrouble):
            _osrm(client).minutes(ORIGIN, HOSPITALS, DEPARTS)
    with pytest.raises(EngineTrouble, match="cannot be reached"):
        _osrm(client).minutes(ORIGIN, HOSPITALS, DEPARTS)


def test_no_proxy_of_the_environment_hears_where_somebody_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.dumps(_table([[0, 60, 120]])).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server_that_writes(head + body) as url:
        assert _osrm(EngineClient(url)).minutes(ORIGIN, HOSPITALS, DEPARTS) == [1, 2]


def test_an_engine_that_may_not_be_asked_is_not() -> None:
    def refuse() -> None:
        raise EngineTrouble("no")

    with responses.RequestsMock(), pytest.raises(EngineTrouble, match="no"):
        _osrm(EngineClient(OSRM, refuse)).minutes(ORIGIN, HOSPITALS, DEPARTS)
