"""What a box learns from the gateway's texts beside their events."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge_node import epochs
from edge_node.dispatch import ClaimState
from sync import exchange, sms
from sync.codec import encode
from sync.events import Lane
from sync.exchange import Session
from sync.heard import Heard, mark_of
from sync.sealing import Direction
from sync.stream_log import Position
from tests.bench.corpus import emergencies
from tests.edge_node.modem_folders import SHORTCODE, ModemFolders, modem_of
from tests.edge_node.two_sides import Gateway, Hospital, running
from tests.sync.conftest import sqlite_engine


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[Gateway, Hospital, ModemFolders]]:
    with running(sqlite_engine(), tmp_path) as (gateway, box):
        yield gateway, box, ModemFolders(tmp_path / "modem")


def session_of(gateway: Gateway, box: Hospital) -> Session:
    site = box.identity.site()
    epoch = box.store.read(epochs.known)[0]
    return exchange.session(gateway.keys, box.identity.node_keys().public, site.site_id, epoch)


def texted(gateway: Gateway, box: Hospital, modem: ModemFolders, *texts: str) -> None:
    thread = modem_of(box, modem)
    for text in texts:
        modem.receives(SHORTCODE, text, gateway.clock.now)
    thread.look()
    thread.look()


def test_an_answer_that_the_gateway_has_heard_counts_as_sent(
    sides: tuple[Gateway, Hospital, ModemFolders],
) -> None:
    gateway, box, modem = sides
    dispatch_id = gateway.offers()
    box.exchanges()
    box.network.cut = True
    claim = box.box.accept(dispatch_id, "AK")
    assert claim.state is ClaimState.WAITING
    epoch = box.store.read(epochs.known)[0]
    for heard, state in (
        (Heard(mark_of(epoch) ^ 1, 9), ClaimState.WAITING),  # of another epoch
        (Heard(mark_of(epoch), 2), ClaimState.WAITING),  # that it rings, and no more
        (Heard(mark_of(epoch), 3), ClaimState.SENT),
    ):
        text = sms.build_heard(session_of(gateway, box), Direction.DOWN, heard)
        texted(gateway, box, modem, text)
        assert box.box.dispatch(dispatch_id).claims[-1].state is state


def test_a_box_that_never_heard_the_time_learns_it_from_a_text(
    sides: tuple[Gateway, Hospital, ModemFolders],
) -> None:
    gateway, box, modem = sides
    offer = emergencies(1)[0]
    assert box.link.state.offset is None
    at = Position(Lane.EMERGENCIES, 77, 2)
    texted(
        gateway,
        box,
        modem,
        sms.build_event(
            session_of(gateway, box),
            Direction.DOWN,
            at,
            encode(offer),
            reader_knows_epoch=False,
        ),
    )
    offset = box.link.state.offset
    assert offset is not None
    assert abs(gateway.clock.now + offset - offer.at) < timedelta(seconds=5)
    (shown,) = box.box.dispatches()
    assert shown.rings
    assert (box.link.state.bearer, box.link.state.last_heard_at) == ("SMS", offer.at)
