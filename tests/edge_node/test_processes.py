"""Real programs: a gateway's routes on a socket, the live process, and `haven-edge serve`, which is
killed with -9 and started again while events flow.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import Connection, update
from werkzeug.serving import make_server

from edge_node.machine import real_system
from gateway import keys as gateway_keys
from gateway.database.metadata import metadata
from gateway.database.postgres import PostgresDatabase
from gateway.database.sqlite import SqliteDatabase
from gateway.sites import publishing
from gateway.sites.routes import sites_blueprint
from gateway.sites.tables import SiteState, sites
from shared.dispatch import DispatchState
from tests.bench.corpus import emergencies
from tests.edge_node.two_sides import HOSPITAL, Clock, Gateway
from tests.free_ports import free_ports

pytestmark = pytest.mark.processes
_DEADLINE_S = 60


def until(what: str, holds: Callable[[], Any]) -> Any:
    """What `holds` gives, as soon as that is true; fails after a deadline."""
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            if value := holds():
                return value
        except (requests.RequestException, KeyError):
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {_DEADLINE_S} s: {what}")
        time.sleep(0.05)


class Program:
    """A program of Haven in a process of its own."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._arguments = [sys.executable, "-m", *arguments]
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._arguments, *more],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
        )

    def starts(self) -> None:
        self._process = subprocess.Popen(self._arguments, env=self._environment)

    def ends(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=_DEADLINE_S)

    def is_cleared_away(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class World:
    """A gateway in this process, listening at `host`, and the programs around it."""

    def __init__(
        self,
        folder: Path,
        exchange_every_s: int,
        postgres_url: str = "",
        host: str = "127.0.0.1",
    ) -> None:
        keys = gateway_keys.make(folder / "secrets")
        self.database: SqliteDatabase | PostgresDatabase
        if postgres_url:
            self.database = PostgresDatabase(postgres_url, connections=4)
            self.database.write(metadata.drop_all)
        else:
            self.database = SqliteDatabase(folder / "haven.sqlite", keys.database)
        self.gateway = Gateway(self.database, Clock(), system=real_system(), keys=keys.boxes)
        live_port, box_port = free_ports(2)
        app = Flask(__name__)
        self._broken, self._listens = False, True
        app.before_request(lambda: ("broken", 500) if self._broken else None)
        app.register_blueprint(
            sites_blueprint(
                self.database,
                self.gateway.system,
                self.gateway.keys,
                self.gateway,
                opening=self.gateway.opening,
                doorbell_url=f"ws://{host}:{live_port}/sync/v1/doorbell",
            )
        )
        self._server = make_server(host, 0, app, threaded=True)
        self.url = f"http://{host}:{self._server.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.box_url = f"http://127.0.0.1:{box_port}"
        box = {
            "HAVEN_EDGE_DIR": str(folder / "box"),
            "HAVEN_EDGE_LISTEN": f"127.0.0.1:{box_port}",
            "HAVEN_EDGE_EXCHANGE_EVERY_S": str(exchange_every_s),
        }
        self.edge = Program(["edge_node"], box)
        self.box = Program(["edge_node", "serve"], box)
        self.live = Program(
            ["gateway.live"],
            {
                "HAVEN_DATA_DIR": str(folder),
                "HAVEN_DATABASE_URL": postgres_url,
                "HAVEN_SECRET_DIR": str(folder / "secrets"),
                "HAVEN_LIVE_LISTEN": f"{host}:{live_port}",
                "HAVEN_CALLBACK_SECRET": "a secret of enough letters",
                "HAVEN_AT_USERNAME": "sandbox",
                "HAVEN_AT_API_KEY": "key",
                "HAVEN_AT_SHORTCODE": "22384",
            },
        )

    def breaks(self) -> None:
        """Every exchange fails from here on."""
        self._broken = True

    def mends(self) -> None:
        self._broken = False

    def stops_answering(self) -> None:
        """From now on nothing listens at the gateway's address."""
        if self._listens:
            self._listens = False
            self._server.shutdown()
            self._server.server_close()

    def close(self) -> None:
        self.box.is_cleared_away()
        self.live.is_cleared_away()
        self.stops_answering()
        self.database.close()

    def get(self, path: str) -> Any:
        answer = requests.get(self.box_url + path, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def dispatches(self) -> list[dict[str, Any]]:
        return list(self.get("/api/v1/dispatches")["dispatches"])

    def lists_more_than(self, count: int) -> bool:
        return len(self.dispatches()) > count

    def accept(self, dispatch_id: str) -> None:
        requests.post(
            f"{self.box_url}/api/v1/dispatches/{dispatch_id}/accept",
            json={"by": "AK"},
            timeout=5,
        ).raise_for_status()


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(exchange_every_s: int, postgres_url: str = "") -> World:
        worlds.append(World(tmp_path, exchange_every_s, postgres_url))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


def test_kill_minus_nine_loses_nothing_while_events_flow(
    make_world: Callable[..., World],
) -> None:
    world = make_world(1)
    enrolled = world.edge.run("enrol", world.url, world.gateway.issues_code(), "--json")
    assert json.loads(enrolled.stdout)["hospital"] == "Kibra Hospital", enrolled.stderr
    offered: list[int] = []
    for round_number in range(4):
        world.box.starts()
        offered += [world.gateway.offers(note=f"round {round_number}") for _ in range(5)]
        until("something new is listed", partial(world.lists_more_than, 5 * round_number))
        for shown in world.dispatches():
            if shown["local_state"] in ("offered", "delivered"):
                world.accept(shown["id"])
        world.box.ends(signal.SIGKILL)
    world.box.starts()
    until("all are listed", lambda: len(world.dispatches()) == len(offered))
    for shown in world.dispatches():
        if shown["local_state"] in ("offered", "delivered"):
            world.accept(shown["id"])
    until(
        "all are accepted on both sides",
        lambda: all(shown["state"] == "accepted" for shown in world.dispatches()),
    )
    assert {world.gateway.state_of(dispatch_id) for dispatch_id in offered} == {
        DispatchState.ACCEPTED
    }
    effects = Counter(world.gateway.effects())
    assert set(effects.values()) == {1}
    assert len(effects) == 2 * len(offered)
    until("nothing waits", lambda: world.get("/api/v1/link")["unsent_claims"] == 0)
    assert world.box.ends(signal.SIGTERM) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_doorbell_brings_an_emergency_at_once(
    make_world: Callable[..., World], kind: str, request: pytest.FixtureRequest
) -> None:
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    world = make_world(3600, url)  # so that nothing but the doorbell can bring it
    world.live.starts()
    assert world.edge.run("enrol", world.url, world.gateway.issues_code()).returncode == 0
    world.box.starts()
    until("the doorbell is connected", lambda: world.get("/api/v1/link")["doorbell"])
    until("the first exchange is over", lambda: world.get("/api/v1/link")["connected"])
    world.gateway.offers()
    until("it rings", lambda: world.dispatches()[0]["rings"] if world.dispatches() else False)

    assert world.live.ends(signal.SIGTERM) == 0
    until("the loss is seen", lambda: not world.get("/api/v1/link")["doorbell"])
    world.live.starts()
    until("it is connected again", lambda: world.get("/api/v1/link")["doorbell"])
    world.gateway.offers()
    until("the second rings", lambda: len(world.dispatches()) == 2)
    status = world.edge.run("status", "--json")
    assert (status.returncode, json.loads(status.stdout)["running"]) == (0, True)


def _connected(world: World) -> None:
    world.live.starts()
    assert world.edge.run("enrol", world.url, world.gateway.issues_code()).returncode == 0
    world.box.starts()
    until("the doorbell is connected", lambda: world.get("/api/v1/link")["doorbell"])
    until("the first exchange is over", lambda: world.get("/api/v1/link")["connected"])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_ring_itself_brings_an_emergency_while_no_exchange_succeeds(
    make_world: Callable[..., World], kind: str, request: pytest.FixtureRequest
) -> None:
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    world = make_world(1, url)
    _connected(world)
    world.breaks()
    until("exchanges fail", lambda: not world.get("/api/v1/link")["connected"])
    offered = world.gateway.offers()
    until("it rings", lambda: world.dispatches()[0]["rings"] if world.dispatches() else False)
    world.mends()
    delivered = DispatchState.DELIVERED
    until("the gateway knows", lambda: world.gateway.state_of(offered) is delivered)
    assert len(world.dispatches()) == 1
    assert len(world.gateway.effects()) == 1


def test_a_ring_brings_nothing_to_a_box_that_was_revoked(make_world: Callable[..., World]) -> None:
    world = make_world(3600)
    _connected(world)
    box = world.database.read(lambda connection: publishing.active_box(connection, HOSPITAL))
    assert box is not None

    def revoke_and_publish(connection: Connection) -> None:
        connection.execute(update(sites).values(state=SiteState.REVOKED))
        publishing.publish_to(connection, box, emergencies(1)[0])

    world.database.write(revoke_and_publish)
    until("it is refused", lambda: "new code" in world.get("/api/v1/link")["problem"])
    assert world.dispatches() == []


def test_the_command_line_says_what_to_do(make_world: Callable[..., World]) -> None:
    world = make_world(3600)
    not_yet = world.edge.run("sync")
    assert (not_yet.returncode, "haven-edge enrol" in not_yet.stderr) == (1, True)
    typo = world.edge.run("enrol", world.url, "12")
    assert (typo.returncode, "16 letters" in typo.stderr) == (1, True)
    wrong = world.edge.run("enrol", world.url, "7K2F-9QRS-W3XB-M4NP")
    assert (wrong.returncode, "new code" in wrong.stderr) == (1, True)
    assert world.edge.run("enrol", world.url, world.gateway.issues_code()).returncode == 0
    world.gateway.offers()
    synced = world.edge.run("sync", "--json")
    assert json.loads(synced.stdout)["received"] >= 2  # an offer and its verdict
    stopped = world.edge.run("status", "--json")
    assert (stopped.returncode, json.loads(stopped.stdout)["running"]) == (1, False)
    for result in (not_yet, typo, wrong, synced, stopped):
        assert "Traceback" not in result.stderr
