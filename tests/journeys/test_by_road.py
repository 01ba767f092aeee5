"""The hospital across the water is near as the crow flies; roads say how far it is."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import responses

from gateway import bootstrap
from gateway.config import ConfigError
from gateway.database.database import Database
from gateway.travel.fetching import RoadFetcher
from tests.journeys.world import World, build_world

# Of Olympic, Nairobi: 1.5 km and 12 km away.
ACROSS = (-1.3100, 36.7900)
ALONG = (-1.2400, 36.7000)
ENGINE = "http://127.0.0.1:5000"


class Osrm:
    """An OSRM whose roads lead around the water: minutes by a hospital's longitude and latitude."""

    def __init__(self, wire: responses.RequestsMock) -> None:
        self.minutes = {"36.79000,-1.31000": 95, "36.70000,-1.24000": 31}
        self.is_gone = False
        self.asked: list[str] = []
        wire.add_callback(
            responses.GET,
            re.compile(rf"{ENGINE}/table/v1/driving/.*"),
            self._answer,
        )

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if self.is_gone:
            raise requests.exceptions.ConnectionError("refused")
        first, *others = urlsplit(str(request.url)).path.rpartition("/")[2].split(";")
        self.asked.append(first)
        durations = [0, *(self.minutes[place] * 60 for place in others)]
        return 200, {}, json.dumps({"code": "Ok", "durations": [durations]})


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def _world(database: Database, folder: Path) -> tuple[World, RoadFetcher]:
    world = build_world(database, folder, HAVEN_ROUTING_URL=f"osrm+{ENGINE}")
    fetcher = bootstrap.road_fetcher(world.services)
    assert fetcher is not None
    return world, fetcher


def _fetch(fetcher: RoadFetcher) -> None:
    while fetcher.fetch_next():
        pass


def test_what_was_fetched_while_the_caller_read_decides(
    database: Database, tmp_path: Path, wire: responses.RequestsMock
) -> None:
    osrm = Osrm(wire)
    world, fetcher = _world(database, tmp_path)
    across = world.hospital("Across Hospital", *ACROSS)
    along = world.hospital("Along Hospital", *ALONG)
    world.services.database.read(world.services.hospitals.load)
    phone = world.phone().dials().chooses("1", "2", "2").types("olympic").sees("Which one?")
    _fetch(fetcher)
    phone.chooses("1").sees("Telling Along Hospital")
    along.rings()
    across.is_silent()
    (dispatch,) = world.dispatches()
    assert dispatch.travel_min == 31
    assert "About 31 min by road (11.8 km as the crow flies)." in dispatch.explanation
    # The engine heard of cells, not of where anybody is.
    assert "36.77670,-1.31370" not in osrm.asked
    # 95 minutes are too far for the first hour, and the next to be asked all the same.
    world.forward(91)
    across.rings()
    assert "About 1 h 40 min by road" in " ".join(world.dispatches()[1].explanation)


def test_an_engine_that_is_gone_is_not_waited_for_and_that_is_said(
    database: Database, tmp_path: Path, wire: responses.RequestsMock
) -> None:
    osrm = Osrm(wire)
    osrm.is_gone = True
    world, fetcher = _world(database, tmp_path)
    across = world.hospital("Across Hospital", *ACROSS)
    along = world.hospital("Along Hospital", *ALONG)
    world.services.database.read(world.services.hospitals.load)
    phone = world.phone().dials().chooses("1", "2", "2").types("olympic")
    _fetch(fetcher)
    assert fetcher.counts.failed > 0
    phone.chooses("1").sees("Telling Across Hospital")
    across.rings()
    (dispatch,) = world.dispatches()
    assert "(1.5 km as the crow flies); roads are not known." in " ".join(dispatch.explanation)
    # It comes back: a ranking that did without has asked, so the next one knows.
    osrm.is_gone = False
    world.forward(60)
    _fetch(fetcher)
    world.forward(31)
    along.rings()
    assert "About 31 min by road" in " ".join(world.dispatches()[1].explanation)


def test_the_place_of_last_time_is_looked_up_while_the_first_screen_is_read(
    database: Database, tmp_path: Path, wire: responses.RequestsMock
) -> None:
    Osrm(wire)
    world, fetcher = _world(database, tmp_path)
    along = world.hospital("Along Hospital", *ALONG)
    phone = world.phone()
    phone.dials().chooses("1", "2", "2").types("olympic").chooses("1")
    along.rings()
    along.accepts()
    along.reports_arrival()
    # So long ago that nothing is kept any more.
    world.clock.now += timedelta(days=1)
    _fetch(fetcher)
    world.clock.now += timedelta(days=1)
    across = world.hospital("Across Hospital", *ACROSS)
    world.services.database.read(world.services.hospitals.load)
    phone.dials()
    _fetch(fetcher)
    while "Last time: Olympic" not in phone.screen:
        phone.chooses("2")
    phone.chooses("1")
    across.is_silent()
    assert "About 31 min by road" in " ".join(world.dispatches()[-1].explanation)


def test_without_an_engine_nothing_is_said_of_roads(world: World) -> None:
    world.hospital("Across Hospital", *ACROSS)
    assert bootstrap.road_fetcher(world.services) is None
    world.phone().dials().chooses("1", "2", "2").types("olympic").chooses("1")
    (dispatch,) = world.dispatches()
    assert "road" not in " ".join(dispatch.explanation)


def test_hospitals_by_rest_say_which_times_are_by_road(
    database: Database, tmp_path: Path, wire: responses.RequestsMock
) -> None:
    Osrm(wire)
    world, fetcher = _world(database, tmp_path)
    world.hospital("Across Hospital", *ACROSS)
    world.hospital("Along Hospital", *ALONG)
    url = "/api/v1/hospitals?near=-1.3137,36.7767&needs=theatre"
    before = world.client.get(url).get_json()["hospitals"]
    assert [(row["name"], row["by_road"]) for row in before] == [
        ("Across Hospital", False),
        ("Along Hospital", False),
    ]
    _fetch(fetcher)
    after = world.client.get(url).get_json()["hospitals"]
    assert [(row["name"], row["by_road"], row["travel_min"]) for row in after] == [
        ("Along Hospital", True, 31),
        ("Across Hospital", True, 95),
    ]


def test_a_name_that_leads_to_a_public_address_is_refused_at_the_start(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda *args, **named: [(2, 1, 6, "", ("198.51.100.7", 0))]
    )
    roads = "osrm+http://roads.example:5000"
    with pytest.raises(ConfigError, match=r"leads to roads\.example, which is a public address"):
        build_world(database, tmp_path, HAVEN_ROUTING_URL=roads)
    build_world(database, tmp_path, HAVEN_ROUTING_URL=roads, HAVEN_ROUTING_REMOTE="yes")
