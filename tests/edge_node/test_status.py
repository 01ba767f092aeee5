"""What `haven-edge status` and `haven-edge sync` say of what has reached the gateway: never that
something is done when it is not.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update

from edge_node.condition import Condition, Progress
from edge_node.config import from_environment
from edge_node.machine import real_system
from edge_node.node import Node, open_node
from edge_node.status_text import status_lines, sync_lines
from edge_node.tables import streams
from edge_node.web import representation
from shared.dispatch import DispatchState
from shared.emergency import Kind, Priority
from shared.identifier import to_text
from sync import peer
from sync.stream_log import Position
from tests.edge_node.disks import small_disk
from tests.edge_node.test_processes import World, until
from tests.edge_node.two_sides import Gateway, Hospital, toy_dispatches

Both = tuple[Gateway, Hospital]


def shown(condition: Condition, hospital: Hospital) -> dict[str, Any]:
    return {"running": True, **representation.condition(condition, hospital.system.now())}


def test_the_condition_counts_what_waits_and_what_does_not(two_sides: Both) -> None:
    gateway, hospital = two_sides
    asked = [gateway.offers() for _ in range(3)]
    hospital.exchanges()
    assert hospital.condition().all_at_gateway
    hospital.network.cut = True
    hospital.box.accept(asked[0], "AK")
    gateway.clock.forward(90)
    hospital.box.write_note("No beds", "AK")
    condition = hospital.condition()
    assert (condition.answers, condition.reports) == (Progress(1, 0, 0), Progress(1, 0, 0))
    assert not condition.all_at_gateway
    lines = "\n".join(status_lines(shown(condition, hospital)))
    assert "all at the gateway   NO, 3 events wait" in lines
    assert "oldest that waits    90 s" in lines
    assert "somebody can hear    NO" in lines
    hospital.network.cut = False
    hospital.exchanges()
    condition = hospital.condition()
    assert (condition.answers, condition.reports) == (Progress(0, 0, 0), Progress(0, 1, 0))
    assert condition.all_at_gateway
    assert sync_lines(2, condition, "") == [
        "2 events received.",
        "Everything that this box has said is at the gateway.",
        "  1 reports are there and not decided on yet.",
    ]


def test_what_the_box_says_by_itself_counts_too(two_sides: Both) -> None:
    gateway, hospital = two_sides
    gateway.offers()
    hospital.exchanger.run()  # it comes, and that it has come is not said yet
    condition = hospital.condition()
    assert (condition.answers.waiting, condition.unsent_events) == (0, 2)
    assert not condition.all_at_gateway


def test_refused_answers_events_set_aside_and_conflicts_are_counted(two_sides: Both) -> None:
    gateway, hospital = two_sides
    asked = gateway.offers()
    hospital.exchanges()
    withdrawn = update(toy_dispatches).values(state=DispatchState.WITHDRAWN)
    gateway.quiet.write(lambda c: c.execute(withdrawn))
    hospital.box.accept(asked, "AK")
    hospital.exchanges()
    assert hospital.condition().answers == Progress(0, 0, 1)
    epoch = hospital.store.read(
        lambda c: c.execute(streams.incoming.streams.select()).first().epoch  # type: ignore[union-attr]
    )
    at = Position(1, epoch, 1)

    def spoil(connection: Any) -> None:
        streams.incoming.park(connection, peer.GATEWAY, Position(1, epoch, 2), "not known")
        streams.incoming.receive(connection, peer.GATEWAY, at, b"other", hospital.system.now())

    hospital.store.write(spoil)
    condition = hospital.condition()
    assert (condition.set_aside, condition.conflicts, condition.forks) == (1, 1, 0)
    assert any("2 events of the gateway" in problem for problem in condition.problems)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path, 3600)
    yield opened
    opened.close()


def box_of(folder: Path) -> Node:
    return open_node(from_environment({"HAVEN_EDGE_DIR": str(folder / "box")}), real_system())


@pytest.mark.processes
def test_the_command_line_is_done_only_when_everything_is_there(
    world: World, tmp_path: Path
) -> None:
    world.edge.run("enrol", world.url, world.gateway.issues_code())
    node = box_of(tmp_path)
    node.box.register_walk_in(Kind.BURN, Priority.HIGH, "AK")
    node.close()
    synced = world.edge.run("sync", "--json")
    assert synced.returncode == 0, synced.stderr
    assert json.loads(synced.stdout) == {
        "received": 0,
        "all_at_gateway": True,
        "answers": {"waiting": 0, "sent": 0, "refused": 0},
        "reports": {"waiting": 0, "sent": 1, "refused": 0},
        "unsent_claims": 0,
        "unsent_events": 0,
        "problem": "",
    }
    world.stops_answering()
    node = box_of(tmp_path)
    node.box.write_note("No beds", "AK")
    node.close()
    cut = world.edge.run("sync")
    assert cut.returncode == 1
    assert "NOT at the gateway yet: 2 events." in cut.stdout
    assert "1 reports wait for the link" in cut.stdout
    assert "cannot be reached" in cut.stdout
    stopped = world.edge.run("status", "--json")
    status = json.loads(stopped.stdout)
    assert stopped.returncode == 1
    assert (status["running"], status["all_at_gateway"]) == (False, False)
    assert (status["reports"]["waiting"], status["bearer"]) == (1, "https")
    assert (status["audible"], status["can_store"]) == (None, True)


@pytest.mark.processes
def test_a_box_on_a_disk_that_cannot_be_written_says_so_and_does_not_start(tmp_path: Path) -> None:
    def runs(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "edge_node", command],
            env=os.environ | {"HAVEN_EDGE_DIR": str(folder), "HAVEN_EDGE_LISTEN": "127.0.0.1:0"},
            capture_output=True,
            text=True,
            timeout=60,
        )

    with small_disk(tmp_path / "disk", 2) as disk:
        folder = disk.folder / "box"
        disk.fills()
        for command in ("serve", "status"):
            full = runs(command, folder)
            assert full.returncode == 1
            assert "disk" in full.stderr
            assert "Traceback" not in full.stderr
        disk.has_room_again()
        disk.becomes_read_only()
        read_only = runs("serve", folder)
        assert read_only.returncode == 1
        assert "Read-only file system" in read_only.stderr
        assert "Traceback" not in read_only.stderr


@pytest.mark.processes
def test_a_running_box_rings_on_over_a_full_disk_and_recovers_by_itself(tmp_path: Path) -> None:
    with small_disk(tmp_path / "box", 4) as disk:
        world = World(tmp_path, 1)
        try:
            world.edge.run("enrol", world.url, world.gateway.issues_code())
            world.box.starts()
            dispatch_id = world.gateway.offers()
            until("it rings", lambda: [each["rings"] for each in world.dispatches()] == [True])
            shown = to_text(dispatch_id)
            until(
                "it has said so",
                lambda: world.gateway.state_of(dispatch_id) is DispatchState.DELIVERED,
            )
            disk.fills()
            path = f"{world.box_url}/api/v1/dispatches/{shown}/accept"
            refused = requests.post(path, json={"by": "AK"}, timeout=20)
            assert refused.status_code == 503
            assert "disk is full" in refused.json()["detail"]
            assert [each["rings"] for each in world.dispatches()] == [True]
            status = json.loads(world.edge.run("status", "--json").stdout)
            assert (status["running"], status["can_store"]) == (True, False)
            assert any("disk is full" in problem for problem in status["problems"])
            disk.has_room_again()
            world.accept(shown)
            until(
                "the gateway has it",
                lambda: world.gateway.state_of(dispatch_id) is DispatchState.ACCEPTED,
            )
            until("nothing waits", lambda: world.get("/api/v1/link")["all_at_gateway"])
            assert world.get("/healthz")["status"] == "ok"
            assert world.box.ends(signal.SIGTERM) == 0
        finally:
            world.close()
