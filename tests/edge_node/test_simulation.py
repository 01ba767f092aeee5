"""Seeded chance drops, repeats, delays, damages and reorders messages, and cuts the power of either
side before or after its commits. On failure the seed is in the test's name.
"""

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection

from edge_node.dispatch import ClaimState
from edge_node.gateway_connection import GatewayRefused, GatewayUnreachable
from edge_node.store import Store
from edge_node.tables import streams as box_streams
from gateway.sites.tables import streams as gateway_streams
from shared.dispatch import CannotTreatReason, DispatchState
from shared.errors import IllegalMove
from sync.sealing import Refused
from tests.edge_node.two_sides import Clock, Crash, EngineDatabase, Gateway, Hospital, Network
from tests.sync.conftest import sqlite_engine

_STEPS = 120
# More of them find rarer faults; a few keep the everyday run short.
_SEEDS = int(os.environ.get("HAVEN_TEST_SEEDS", "12"))


class BadNetwork(Network):
    """Loses, repeats, damages and delays, by chance."""

    def __init__(self, gateway: Gateway, rng: Random) -> None:
        super().__init__(gateway)
        self._rng = rng
        self.calm = True
        self._delayed: list[bytes] = []

    def post(self, path: str, body: bytes) -> bytes:
        if self.calm:
            return self.deliver(path, body)
        chance = self._rng.random()
        if chance < 0.15:
            raise GatewayUnreachable("lost on the way")
        if chance < 0.25:  # it arrives, but much later and out of order
            self._delayed.append(body)
            raise GatewayUnreachable("delayed")
        if chance < 0.3:
            damaged = bytearray(body)
            damaged[self._rng.randrange(len(body))] ^= 1 << self._rng.randrange(8)
            return self.deliver(path, bytes(damaged))
        if self._delayed and chance < 0.5:
            late = self._delayed.pop(self._rng.randrange(len(self._delayed)))
            self._survive(path, late)
        answer = self.deliver(path, body)
        if chance < 0.6:  # the box never hears that it worked
            raise GatewayUnreachable("answer lost")
        if chance < 0.7:
            self._survive(path, body)
        if chance < 0.75:
            return answer[:-1]
        return answer

    def _survive(self, path: str, body: bytes) -> None:
        try:
            self.deliver(path, body)
        except Crash:
            raise
        except GatewayRefused:
            raise AssertionError("an authentic request was refused") from None


class CrashingStore(Store):
    """A store whose power goes before or after commits, by chance."""

    rng: Random | None = None

    def write(self, work):  # type: ignore[no-untyped-def]
        if self.rng is None or self.rng.random() > 0.06:
            return super().write(work)
        if self.rng.random() < 0.5:

            def cut_off(connection: Connection) -> None:
                work(connection)
                raise Crash

            super().write(cut_off)
        super().write(work)
        raise Crash


@pytest.mark.parametrize("seed", range(_SEEDS))
def test_every_event_has_exactly_one_effect(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(seed)
    clock = Clock()
    engine = sqlite_engine()
    power = {"on": True}
    crashing = EngineDatabase(engine, lambda when: not power["on"] and rng.random() < 0.05)
    gateway = Gateway(EngineDatabase(engine), clock, crashing=crashing)
    network = BadNetwork(gateway, rng)
    monkeypatch.setattr("tests.edge_node.two_sides.Store", CrashingStore)
    hospital = Hospital(tmp_path / "box", clock, network, seed=seed)
    hospital.enrols(gateway.issues_code())
    network.calm, power["on"] = False, False
    CrashingStore.rng = rng
    dispatch_ids: list[int] = []
    made: set[int] = set()  # claims of which the box told its staff that they are stored
    try:
        for _ in range(_STEPS):
            clock.forward(rng.choice([0.2, 1, 20]))
            try:
                _step(rng, gateway, hospital, dispatch_ids, made)
            except Crash:
                _start_again(hospital)
    finally:
        CrashingStore.rng = None
    network.calm, power["on"] = True, True
    hospital.restarts()
    hospital.exchanges()
    hospital.exchanges()
    _check(gateway, hospital, dispatch_ids, made)
    hospital.store.close()
    engine.dispose()


def _step(
    rng: Random, gateway: Gateway, hospital: Hospital, dispatch_ids: list[int], made: set[int]
) -> None:
    chance = rng.random()
    if chance < 0.3:
        dispatch_ids.append(gateway.offers(note=f"number {len(dispatch_ids)}"))
    elif chance < 0.55:
        known = [each.id for each in hospital.box.dispatches()]
        if known:
            _answer(rng, hospital, rng.choice(known), made)
    elif chance < 0.6:
        hospital.restarts()
    else:
        try:
            hospital.exchanger.run()
        except (GatewayUnreachable, GatewayRefused, Refused):
            return


def _answer(rng: Random, hospital: Hospital, dispatch_id: int, made: set[int]) -> None:
    box = hospital.box
    try:
        match rng.randrange(4):
            case 0:
                claim = box.accept(dispatch_id, "AK")
            case 1:
                claim = box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_BED)
            case 2:
                claim = box.treat_after_all(dispatch_id, "AK")
            case _:
                claim = box.arrived(dispatch_id, "AK")
    except IllegalMove:
        return
    made.add(claim.id)


def _start_again(hospital: Hospital) -> None:
    while True:
        try:
            hospital.restarts()
            return
        except Crash:
            continue


def _check(gateway: Gateway, hospital: Hospital, dispatch_ids: list[int], made: set[int]) -> None:
    dispatches = {each.id: each for each in hospital.box.dispatches(limit=1000)}
    assert set(dispatches) == set(dispatch_ids), "a dispatch is missing"
    claims = [claim for each in dispatches.values() for claim in each.claims]
    assert made <= {claim.id for claim in claims}, "an answer that the box stored is gone"
    effects = Counter(gateway.effects())
    assert set(effects) == {claim.id for claim in claims}, "a claim has not arrived"
    assert set(effects.values()) <= {1}, "a claim had two effects"
    assert {claim.state for claim in claims} <= {ClaimState.ACCEPTED, ClaimState.REJECTED}
    for dispatch_id, shown in dispatches.items():
        assert shown.state is gateway.state_of(dispatch_id)
        assert shown.offer is not None
        assert shown.state is not DispatchState.OFFERED
    for trouble in (
        *gateway.quiet.read(gateway_streams.incoming.troubles),
        *hospital.store.read(box_streams.incoming.troubles),
    ):
        raise AssertionError(trouble.what)
    assert not hospital.link.state.differs
