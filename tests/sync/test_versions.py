"""One version apart, both ways, on recorded bytes: what the version before this one sent, and what
the one after it will.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from edge_node.acting import Actor
from gateway.sites.exchange import answer, retry_all_parked
from gateway.sites.tables import SiteState, sites, streams
from shared.dispatch import DispatchState, Part
from sync import exchange
from sync.codec import LAYOUTS, Field, Layout, decode, encode
from sync.events import AlarmState, DispatchOffered, Event, Lane
from sync.packing import Unreadable
from sync.sealing import Bearer, NodeKeys
from tests.edge_node.two_sides import Clock, EngineDatabase, Gateway, Hospital, Network
from tests.sync import record_versions
from tests.sync.conftest import sqlite_engine
from tests.sync.vectors import BOX_SECRET, EPOCH, GATEWAY_SECRET, NOON, SITE, sample_events

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "recorded_versions.json").read_text("utf-8")
)
SAMPLES = sample_events()


def test_the_recorded_bytes_are_what_they_say() -> None:
    """The file is frozen; a change of it means that versions can no longer talk to each other."""
    assert json.loads(json.dumps(record_versions.record())) == RECORDED


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_events_of_the_version_before_are_read_with_usual_values(number: int) -> None:
    event = decode(bytes.fromhex(RECORDED["before"]["events"][number]))
    newest = layout_of(type(SAMPLES[number])).groups
    expected = SAMPLES[number]
    if len(newest) > 1:
        usual: dict[str, Any] = {field.name: field.usual for field in newest[-1]}
        expected = replace(expected, **usual)
    assert event == expected


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_what_the_version_after_adds_survives_a_round_trip(number: int) -> None:
    packed = bytes.fromhex(RECORDED["after"]["events"][number])
    event = decode(packed)
    assert replace(event, unknown_tail=b"") == SAMPLES[number]
    assert encode(event) == packed


def test_an_event_of_the_version_after_cannot_be_read_and_says_so() -> None:
    with pytest.raises(Unreadable, match="update the program"):
        decode(bytes.fromhex(RECORDED["after"]["unknown_event"]))


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = sqlite_engine()
    yield engine
    engine.dispose()


@pytest.fixture
def gateway(engine: Engine) -> Gateway:
    """The gateway of the recorded exchanges, with their box and their patient."""
    clock = Clock()
    clock.now = NOON
    gateway = Gateway(EngineDatabase(engine), clock, keys=GATEWAY_SECRET)
    box = NodeKeys(BOX_SECRET).public
    gateway.quiet.write(
        lambda c: c.execute(
            sites.insert().values(
                id=SITE,
                hospital_id=11,
                name="recorded",
                exchange_key=box.exchange,
                signing_key=box.signing,
                state=SiteState.ACTIVE,
                enrolled_at=NOON,
            )
        )
    )
    gateway.quiet.write(lambda c: streams.outgoing.begin_epoch(c, 5))
    offer = SAMPLES[3]
    assert isinstance(offer, DispatchOffered)
    gateway.knows([offer])
    return gateway


def test_a_box_of_the_version_before_is_heard(gateway: Gateway) -> None:
    answer(gateway.desk, bytes.fromhex(RECORDED["before"]["exchange"]["request"]))
    [offer] = [each for each in SAMPLES if isinstance(each, DispatchOffered)][1:]
    assert gateway.state_of(offer.dispatch_id) is DispatchState.ACCEPTED
    assert gateway.quiet.read(streams.incoming.troubles) == []


def test_a_box_of_the_version_after_is_heard_and_what_is_new_is_parked(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = bytes.fromhex(RECORDED["after"]["exchange"]["request"])
    answer(gateway.desk, request)
    [offer] = [each for each in SAMPLES if isinstance(each, DispatchOffered)][1:]
    assert gateway.state_of(offer.dispatch_id) is DispatchState.ACCEPTED
    [trouble] = gateway.quiet.read(streams.incoming.troubles)
    assert "set aside" in trouble.what
    # The gateway is updated: at its start what was parked is acted on.
    know_the_new_type(monkeypatch)
    assert retry_all_parked(gateway.desk) == 1
    assert retry_all_parked(gateway.desk) == 0
    assert gateway.quiet.read(streams.incoming.troubles) == []


def test_a_gateway_of_either_version_is_heard_by_this_box(tmp_path: Path) -> None:
    for version in ("before", "after"):
        clock = Clock()
        clock.now = NOON
        other = Gateway(EngineDatabase(sqlite_engine()), clock)
        hospital = Hospital(tmp_path / version, clock, Network(other))
        recorded = RECORDED[version]["exchange"]
        session = exchange.session(
            NodeKeys(BOX_SECRET), NodeKeys(GATEWAY_SECRET).public, SITE, EPOCH
        )
        message = exchange.open_answer(
            session,
            bytes.fromhex(recorded["request"]),
            bytes.fromhex(recorded["answer"]),
            Bearer.HTTPS,
        )
        actor = Actor(hospital.system, hospital.link, lambda: True)
        for frame in message.frames:
            with hospital.store.writing() as connection:
                actor.take_frame(connection, frame)
        [shown] = hospital.box.dispatches()
        assert shown.rings
        assert shown.offer is not None
        expected = Part.TREAT if version == "before" else Part.STABILISE
        assert (shown.offer.help_code, shown.offer.part) == ("7K2F", expected)
        assert bool(shown.offer.unknown_tail) is (version == "after")
        hospital.store.close()


def know_the_new_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next version, which knows the new type: as if it were another state of an alarm."""
    flag = next(field.form for field in layout_of(AlarmState).groups[0] if not field.optional)
    layout = Layout(
        record_versions.NEW_TYPE, AlarmState, Lane.EMERGENCIES, ((Field("audible", flag),),)
    )
    known = {each.number: each for each in (*LAYOUTS, layout)}
    monkeypatch.setattr("sync.codec._BY_NUMBER", known)


def layout_of(event_type: type[Event]) -> Layout:
    return next(layout for layout in LAYOUTS if layout.type is event_type)
