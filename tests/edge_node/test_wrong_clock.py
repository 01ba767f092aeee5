"""A box whose clock is years wrong, or is set while it runs: it rings, counts and answers as one
whose clock is right.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from edge_node import link as link_module
from edge_node import machine
from edge_node.acting import Actor
from edge_node.bundles import take_bundle
from edge_node.tables import streams as box_streams
from edge_node.web import representation
from gateway.sites.bundles import write_bundle
from shared import identifier
from shared.dispatch import DispatchState
from shared.system import System
from sync.codec import decode
from sync.events import AcceptDispatch
from tests.edge_node.two_sides import Clock, EngineDatabase, Gateway, Hospital, Network
from tests.sync.conftest import sqlite_engine

IN_1970 = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
IN_2038 = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


class OwnClock(Clock):
    """The clock of a box, which goes as the gateway's does but stands elsewhere."""

    def __init__(self, gateway: Clock, ahead: timedelta) -> None:
        self._gateway = gateway
        self.ahead = ahead

    def system(self, seed: int) -> System:
        rng = Random(seed)

        def now() -> datetime:
            return self._gateway.now + self.ahead

        return System(now, identifier.maker(now, rng), rng)

    def is_set_to(self, moment: datetime) -> None:
        self.ahead = moment - self._gateway.now


class Side:
    def __init__(self, folder: Path) -> None:
        self.engine = sqlite_engine()
        self.clock = Clock()
        self.gateway = Gateway(EngineDatabase(self.engine), self.clock)
        self.box_clock = OwnClock(self.clock, timedelta())
        self.hospital = Hospital(folder / "box", self.box_clock, Network(self.gateway))
        self.hospital.enrols(self.gateway.issues_code())

    def starts_in(self, moment: datetime) -> None:
        self.box_clock.is_set_to(moment)
        self.hospital.store.close()
        self.hospital.starts()
        now = self.hospital.system.now()
        stored = self.hospital.store.read(lambda c: link_module.stored(c, now))
        self.hospital.link.update(offset=stored.offset, last_heard_at=stored.last_heard_at)

    def close(self) -> None:
        self.hospital.store.close()
        self.engine.dispose()


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    opened = Side(tmp_path)
    yield opened
    opened.close()


wrong = pytest.mark.parametrize("moment", [IN_1970, IN_2038], ids=["1970", "2038"])


@wrong
def test_a_box_that_starts_with_a_wrong_clock_rings_and_counts_by_the_gateways(
    side: Side, moment: datetime
) -> None:
    side.starts_in(moment)
    gateway, hospital = side.gateway, side.hospital
    rings, late = gateway.offers(), gateway.offers(valid=-timedelta(minutes=1))
    hospital.exchanges()
    assert hospital.box.dispatch(rings).rings
    assert not hospital.box.dispatch(late).rings
    # The countdown on the console runs by the gateway's clock.
    shown = representation.clock(hospital.box.now(), hospital.link.state)
    assert datetime.fromisoformat(shown["gateway"]) == side.clock.now
    side.clock.forward(25)
    hospital.box.accept(rings, "AK")
    hospital.exchanges()
    assert gateway.state_of(rings) is DispatchState.ACCEPTED
    assert ages_s(side) == [25]


def ages_s(side: Side) -> list[int]:
    """How old the dispatches were that staff accepted, as the gateway reads it."""
    table = box_streams.outgoing.events
    rows = side.hospital.store.read(lambda c: c.execute(table.select()).all())
    events = [decode(row.payload) for row in rows]
    return [each.age_s for each in events if isinstance(each, AcceptDispatch)]


@wrong
def test_a_clock_that_is_set_while_the_box_runs_changes_nothing(
    side: Side, moment: datetime
) -> None:
    gateway, hospital = side.gateway, side.hospital
    before = gateway.offers()
    hospital.exchanges()
    side.box_clock.is_set_to(moment)
    assert hospital.box.dispatch(before).rings
    side.clock.forward(15)
    after, late = gateway.offers(), gateway.offers(valid=-timedelta(minutes=1))
    hospital.exchanges()
    assert hospital.box.dispatch(after).rings
    assert not hospital.box.dispatch(late).rings
    hospital.box.accept(before, "AK")
    side.box_clock.is_set_to(side.clock.now)
    side.clock.forward(15)
    hospital.exchanges()
    hospital.box.accept(after, "AK")
    hospital.exchanges()
    assert {gateway.state_of(each) for each in (before, after)} == {DispatchState.ACCEPTED}
    assert all(0 <= age_s <= 30 for age_s in ages_s(side))
    assert hospital.link.state.offset == timedelta()


@wrong
def test_a_clock_that_is_set_in_the_middle_of_an_exchange_makes_nobody_late(
    side: Side, moment: datetime
) -> None:
    hospital = side.hospital
    hospital.exchanges()
    rings = side.gateway.offers()
    deliver = hospital.network.deliver

    def set_meanwhile(path: str, body: bytes) -> bytes:
        side.box_clock.is_set_to(moment)
        return deliver(path, body)

    hospital.network.deliver = set_meanwhile  # type: ignore[method-assign]
    hospital.exchanges()
    assert hospital.box.dispatch(rings).rings


@wrong
def test_a_box_that_never_heard_the_gateways_clock_calls_nobody_late(
    side: Side, moment: datetime
) -> None:
    """By SMS or a stick the first offer may come before any exchange."""
    side.starts_in(moment)
    hospital = side.hospital
    actor = Actor(hospital.system, hospital.link, lambda: False)
    dispatch_id = side.gateway.offers()
    content, _ = write_bundle(side.gateway.desk, hospital.identity.site().site_id, everything=False)
    side.clock.forward(600)
    site, keys = hospital.identity.site(), hospital.identity.node_keys()
    assert take_bundle(hospital.store, keys, site, actor, content) > 0
    assert hospital.box.dispatch(dispatch_id).rings


def test_a_bundle_that_says_itself_that_it_is_late_does_not_ring(side: Side) -> None:
    side.starts_in(IN_1970)
    hospital = side.hospital
    late = side.gateway.offers()
    side.clock.forward(6 * 3600)
    content, _ = write_bundle(side.gateway.desk, hospital.identity.site().site_id, everything=False)
    actor = Actor(hospital.system, hospital.link, lambda: False)
    site, keys = hospital.identity.site(), hospital.identity.node_keys()
    take_bundle(hospital.store, keys, site, actor, content)
    assert not hospital.box.dispatch(late).rings


@pytest.mark.parametrize(
    ("was", "starts_in"),
    [(IN_1970, None), (None, IN_1970), (None, IN_2038), (IN_2038, None)],
    ids=["set since", "lost since", "jumped since", "set back since"],
)
def test_an_offset_of_another_clock_is_not_believed_after_a_restart(
    side: Side, was: datetime | None, starts_in: datetime | None
) -> None:
    side.box_clock.is_set_to(was or side.clock.now)
    side.hospital.exchanges()
    side.starts_in(starts_in or side.clock.now)
    assert side.hospital.link.state.offset is None
    assert side.hospital.link.gateway_now(side.hospital.system.now()) is None


def test_an_offset_is_believed_after_a_restart_of_the_program_alone(side: Side) -> None:
    side.box_clock.ahead = -HOUR
    side.hospital.exchanges()
    side.clock.forward(3 * 86_400)
    side.starts_in(side.clock.now - HOUR)
    assert side.hospital.link.state.offset == HOUR
    assert side.hospital.link.gateway_now(side.hospital.system.now()) == side.clock.now


def test_history_is_kept_by_the_gateways_clock(side: Side) -> None:
    """A clock a year behind would else make every event 35 days old on its first day."""
    side.starts_in(side.clock.now - timedelta(days=365))
    side.hospital.exchanges()
    kept = side.gateway.offers()
    side.hospital.exchanges()
    side.hospital.box.accept(kept, "AK")
    side.hospital.box.write_note("No beds", "AK")
    side.hospital.exchanges()

    def history() -> list[int]:
        tables = (box_streams.incoming.events, box_streams.outgoing.events)
        return side.hospital.store.read(
            lambda c: [len(c.execute(table.select()).all()) for table in tables]
        )

    before = history()
    side.clock.forward(2 * 86_400)
    side.hospital.exchanges()
    assert history() == before
    side.clock.forward(36 * 86_400)
    side.hospital.exchanges()
    assert kept not in {each.id for each in side.hospital.box.dispatches()}


def test_the_boxes_own_clock_only_counts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    steady_s, on_the_wall = 100.0, IN_1970
    monkeypatch.setattr(machine, "datetime", SimpleNamespace(now=lambda _: on_the_wall))
    monkeypatch.setattr(machine, "_steady_s", lambda: steady_s)
    now = machine.real_system().now
    assert now() == IN_1970
    on_the_wall = IN_2038
    steady_s += 7.5
    assert now() == IN_1970 + timedelta(seconds=7.5)
    assert machine.real_system().now() == IN_2038
