"""Exchanges on every kind of database."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text

from edge_node.dispatch import ClaimState
from gateway.database.database import Database
from gateway.database.postgres import PostgresDatabase
from gateway.database.sqlite import SqliteDatabase, SqliteReader
from gateway.live.heads import Heads, Watch
from gateway.live.watches import PostgresWatch, SqliteWatch
from gateway.sites.exchange_desk import Folded
from gateway.sites.publishing import publish
from gateway.sites.routes import sites_blueprint
from gateway.sites.tables import sites, streams
from shared.dispatch import DispatchState
from shared.errors import IllegalMove
from sync.events import AcceptDispatch, Claim, Event, Verdict
from tests.edge_node.two_sides import Clock, Gateway, Hospital, Network


@pytest.fixture
def gateway(database: Database) -> Gateway:
    return Gateway(database, Clock())


@pytest.fixture
def hospital(gateway: Gateway, tmp_path: Path) -> Iterator[Hospital]:
    box = Hospital(tmp_path / "box", gateway.clock, Network(gateway))
    box.enrols(gateway.issues_code())
    yield box
    box.store.close()


def test_a_dispatch_goes_down_and_its_answer_up(gateway: Gateway, hospital: Hospital) -> None:
    dispatch_id = gateway.offers(note="knife")
    hospital.exchanges()
    hospital.box.accept(dispatch_id, "AK")
    hospital.box.report_alarm(audible=True)
    hospital.exchanges()
    assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED
    assert hospital.box.dispatch(dispatch_id).claims[-1].state is ClaimState.ACCEPTED
    audible = select(sites.c.audible)
    assert gateway.quiet.read(lambda c: c.execute(audible).scalar_one()) is True


def test_nothing_is_published_where_there_is_no_box(gateway: Gateway, hospital: Hospital) -> None:
    dispatch_id = gateway.offers()
    hospital.exchanges()
    offer = hospital.box.dispatch(dispatch_id).offer
    assert offer is not None

    assert not gateway.quiet.write(lambda connection: publish(connection, 404, offer))


class FailsAt:
    """The gateway, which fails after it has written what this claim says."""

    def __init__(self, gateway: Gateway, dispatch_id: int, error: Exception | str) -> None:
        self.gateway = gateway
        self.dispatch_id = dispatch_id
        self.error = error

    def lock(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> None:
        self.gateway.lock(connection, hospital_id, events)

    def complete(self, connection: Connection, hospital_id: int, event: Event) -> None:
        self.gateway.complete(connection, hospital_id, event)

    def set_aside(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        return self.gateway.set_aside(connection, hospital_id, event)

    def opening(
        self, connection: Connection, hospital_id: int, *, removing: bool
    ) -> Sequence[Event]:
        return self.gateway.opening(connection, hospital_id, removing=removing)

    def recover(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> Folded:
        return self.gateway.recover(connection, hospital_id, events)

    def histories_differ(self, connection: Connection, hospital_id: int, *, lost: bool) -> None:
        self.gateway.histories_differ(connection, hospital_id, lost=lost)

    def is_known(self, connection: Connection, hospital_id: int, claim: Claim) -> bool:
        return self.gateway.is_known(connection, hospital_id, claim)

    def fold(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        folded = self.gateway.fold(connection, hospital_id, event)
        if isinstance(event, AcceptDispatch) and event.dispatch_id == self.dispatch_id:
            if isinstance(self.error, Exception):
                raise self.error
            if self.error == UNWRITABLE:
                (verdict,) = folded.answers
                assert isinstance(verdict, Verdict)
                return Folded([replace(verdict, reason="x" * 5000)])
            connection.execute(text(self.error))
        return folded


UNWRITABLE = "a verdict that is too long for the wire"
FAULTS: list[Exception | str] = [
    IllegalMove("not now"),
    KeyError("a defect"),
    # What poisons a whole transaction on PostgreSQL.
    "INSERT INTO effects (number, claim_id) VALUES (1, 1)",
    UNWRITABLE,
]


@pytest.mark.parametrize("error", FAULTS, ids=["refused", "defect", "database", "unwritable"])
def test_a_claim_that_cannot_be_folded_does_not_hold_up_the_others(
    gateway: Gateway, hospital: Hospital, error: Exception | str
) -> None:
    first, second = gateway.offers(), gateway.offers()
    hospital.exchanges()
    gateway.desk = replace(gateway.desk, claims=FailsAt(gateway, first, error))
    hospital.box.accept(first, "AK")
    hospital.box.accept(second, "AK")
    hospital.exchanges()
    assert gateway.state_of(first) is DispatchState.DELIVERED  # undone by itself
    assert gateway.state_of(second) is DispatchState.ACCEPTED
    assert len(gateway.effects()) == 3
    # Whoever accepted reads that it did not count.
    assert hospital.box.dispatch(first).claims[-1].state is ClaimState.REJECTED
    assert hospital.box.dispatch(second).claims[-1].state is ClaimState.ACCEPTED
    [trouble] = gateway.quiet.read(streams.incoming.troubles)
    assert "set aside" in trouble.what


def test_two_boxes_do_not_see_each_other(
    gateway: Gateway, hospital: Hospital, tmp_path: Path
) -> None:
    other = Hospital(tmp_path / "other", gateway.clock, Network(gateway), seed=9)
    other.enrols(gateway.issues_code(hospital_id=12))
    gateway.offers()
    other.exchanges()
    assert other.box.dispatches() == []
    other.store.close()


def test_the_routes_refuse_flatly(gateway: Gateway, hospital: Hospital) -> None:
    app = Flask(__name__)
    app.register_blueprint(
        sites_blueprint(
            gateway.quiet, gateway.system, gateway.keys, gateway, opening=gateway.opening
        )
    )
    client = app.test_client()
    hospital.exchanges()
    good = hospital.network.requests[-1]
    answers = [
        client.post(f"/sync/v1/{path}", data=body)
        for path in ("enrol", "exchange")
        for body in (b"", b"noise", bytes(200_000), good[:-1], good[:3] + b"\xff" + good[4:])
    ]
    assert {(answer.status_code, answer.data) for answer in answers} == {(403, b"refused")}
    assert client.post("/sync/v1/exchange", data=good).status_code == 200
    assert client.get("/sync/v1/exchange").status_code == 405


def test_the_live_process_learns_of_every_commit(
    gateway: Gateway, hospital: Hospital, database: Database, tmp_path: Path
) -> None:
    watch: Watch
    if isinstance(database, PostgresDatabase):
        watch = PostgresWatch(database.engine.url.render_as_string(hide_password=False))
        reader: Database = database
    else:
        assert isinstance(database, SqliteDatabase)
        reader = SqliteReader(tmp_path / "haven.db", bytes(32))
        watch = SqliteWatch(reader.engine)
    watch.wait(timeout_s=0.05)  # from here on it listens
    heads = Heads(reader)
    heads.refresh()
    site_id = hospital.identity.site().site_id
    before = heads.of(site_id)

    def look() -> None:
        watch.wait(30.0)
        heads.refresh()

    waiting = threading.Thread(target=look)
    waiting.start()
    gateway.offers()
    assert heads.wait(site_id, before, timeout_s=30.0) > before
    waiting.join()
    watch.close()
    if reader is not database:
        reader.close()
