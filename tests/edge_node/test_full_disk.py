"""A box whose disk is full, can only be read, or fails: staff read so at once, nothing is half
stored, what rings goes on ringing, and it recovers by itself.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from edge_node.dispatch import ClaimState
from edge_node.store import Store, StoreUnusable
from edge_node.tables import claims, reports, streams
from edge_node.web.app import create_app
from shared.dispatch import DispatchState
from shared.errors import HavenError
from shared.identifier import to_text
from sync import peer
from tests.edge_node.disks import Disk, small_disk, worn_card
from tests.edge_node.two_sides import Clock, EngineDatabase, Gateway, Hospital, Network
from tests.sync.conftest import sqlite_engine


class Ward:
    """A hospital whose box stands on a disk that a test owns."""

    def __init__(self, disk: Disk, gateway: Gateway, hospital: Hospital) -> None:
        self.disk = disk
        self.gateway = gateway
        self.hospital = hospital
        self.client: FlaskClient = create_app(
            hospital.box, hospital.condition, frozenset()
        ).test_client()

    def says(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.open(
            path,
            method=method,
            data="" if body is None else json.dumps(body),
            headers={"Content-Type": "application/json", "Host": "localhost"},
        )
        return answer.status_code, answer.get_json(force=True)

    def stored(self) -> tuple[int, ...]:
        """How much of its own the box has, and how much waits for the gateway."""

        def count(connection: Any) -> tuple[int, ...]:
            rows = [connection.execute(each.select()).all() for each in (claims, reports)]
            pending = streams.outgoing.pending(connection, peer.GATEWAY)
            return (*map(len, rows), len(pending))

        return self.hospital.store.read(count)


def on(disk: Disk) -> Iterator[Ward]:
    engine = sqlite_engine()
    clock = Clock()
    gateway = Gateway(EngineDatabase(engine), clock)
    hospital = Hospital(disk.folder / "box", clock, Network(gateway))
    hospital.enrols(gateway.issues_code())
    hospital.exchanges()
    yield Ward(disk, gateway, hospital)
    hospital.store.close()
    engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Ward]:
    with small_disk(tmp_path / "disk", 4) as disk:
        yield from on(disk)


@pytest.fixture
def worn(tmp_path: Path) -> Iterator[Ward]:
    with worn_card(tmp_path / "card") as disk:
        yield from on(disk)


def says_everything_in_vain(ward: Ward, dispatch_id: int, sentence: str) -> None:
    before = ward.stored()
    for method, path, body in (
        ("POST", f"/api/v1/dispatches/{to_text(dispatch_id)}/accept", {"by": "AK"}),
        ("PUT", "/api/v1/availability", {"status": "normal", "free_beds": 1, "by": "AK"}),
        ("POST", "/api/v1/notes", {"text": "No beds", "by": "AK"}),
        ("POST", "/api/v1/walk-ins", {"kind": "burn", "priority": "high", "by": "AK"}),
    ):
        status, problem = ward.says(method, path, body)
        assert (status, problem["title"]) == (503, "This box cannot store anything")
        assert sentence in problem["detail"]
        assert "by SMS or telephone" in problem["detail"]
    assert ward.stored() == before
    status, health = ward.says("GET", "/healthz")
    assert (status, health["status"]) == (503, "cannot store")
    status, console = ward.says("GET", "/api/v1/console")
    assert status == 200
    assert [each["rings"] for each in console["dispatches"]] == [True]
    assert not console["link"]["can_store"]
    assert any(sentence in problem for problem in console["link"]["problems"])


def test_a_full_disk_says_so_and_recovers_by_itself(small: Ward) -> None:
    gateway, hospital = small.gateway, small.hospital
    rings = gateway.offers()
    hospital.exchanges()
    small.disk.fills()
    says_everything_in_vain(small, rings, "disk is full")
    # What comes now is not acknowledged, so that the gateway phones; and nothing is lost of it.
    comes = gateway.offers(note="x" * 900)
    with pytest.raises(StoreUnusable, match="disk is full"):
        hospital.exchanges()
    assert gateway.state_of(comes) is DispatchState.OFFERED
    small.disk.has_room_again()
    status, claim = small.says("POST", f"/api/v1/dispatches/{to_text(rings)}/accept", {"by": "AK"})
    assert (status, claim["state"]) == (200, "waiting")
    assert small.says("GET", "/healthz")[0] == 200
    hospital.exchanges()
    assert gateway.state_of(rings) is DispatchState.ACCEPTED
    assert hospital.box.dispatch(comes).rings
    assert [each.state for each in hospital.box.dispatch(rings).claims] == [
        ClaimState.ACCEPTED,
        ClaimState.ACCEPTED,
    ]
    assert set(gateway.effects()) == {
        claim.id for each in hospital.box.dispatches() for claim in each.claims
    }


def test_a_store_on_a_full_disk_is_not_taken_for_damaged(small: Ward) -> None:
    rings = small.gateway.offers()
    small.hospital.exchanges()
    small.hospital.store.close()
    small.disk.fills()
    path, key = small.hospital.folder / "store.sqlite", small.hospital.identity.store_key()
    with pytest.raises(StoreUnusable, match="full"):
        Store(path, key)
    small.disk.has_room_again()
    small.hospital.starts()
    assert small.hospital.store.moved_aside is None
    assert small.hospital.box.dispatch(rings).rings


def test_a_disk_that_can_only_be_read_at_the_start_is_named(small: Ward) -> None:
    rings = small.gateway.offers()
    small.hospital.exchanges()
    small.hospital.store.close()
    small.disk.becomes_read_only()
    path, key = small.hospital.folder / "store.sqlite", small.hospital.identity.store_key()
    try:
        with pytest.raises(HavenError, match="can only be read"):
            Store(path, key)
    finally:
        small.disk.becomes_writable()
    small.hospital.starts()
    assert small.hospital.store.moved_aside is None
    assert small.hospital.box.dispatch(rings).rings


def test_a_card_that_fails_while_the_box_runs_keeps_it_ringing(worn: Ward) -> None:
    rings = worn.gateway.offers()
    worn.hospital.exchanges()
    worn.disk.fails()
    says_everything_in_vain(worn, rings, "NOT saved: this box's disk")
    with pytest.raises(StoreUnusable):
        worn.gateway.offers(), worn.hospital.exchanges()
