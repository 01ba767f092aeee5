"""What a person carries between a box and its gateway on a stick, in any order, again and again."""

import itertools
import random
from collections import Counter

import pytest

from edge_node import bundles as box_bundles
from edge_node.acting import Actor
from edge_node.dispatch import ClaimState
from gateway.sites import bundles as gateway_bundles
from gateway.sites.exchange import find_site
from gateway.sites.tables import SiteState, sites
from shared.dispatch import DispatchState
from sync.sealing import Refused
from tests.edge_node.two_sides import Gateway, Hospital, Network

Both = tuple[Gateway, Hospital]


class Stick:
    """Files between the two."""

    def __init__(self, gateway: Gateway, hospital: Hospital) -> None:
        self.gateway, self.hospital = gateway, hospital

    @property
    def site(self) -> int:
        return self.hospital.identity.site().site_id

    def from_gateway(self, *, everything: bool = False) -> bytes:
        content, _ = gateway_bundles.write_bundle(
            self.gateway.desk, self.site, everything=everything
        )
        return content

    def from_box(self) -> bytes:
        hospital = self.hospital
        content, _ = box_bundles.write_bundle(
            hospital.store,
            hospital.system,
            hospital.identity.node_keys(),
            hospital.identity.site(),
        )
        return content

    def to_gateway(self, content: bytes) -> int:
        _, new = gateway_bundles.take_bundle(self.gateway.desk, content)
        return new

    def to_box(self, content: bytes) -> int:
        hospital = self.hospital
        actor = Actor(hospital.system, hospital.link, lambda: False)
        return box_bundles.take_bundle(
            hospital.store,
            hospital.identity.node_keys(),
            hospital.identity.site(),
            actor,
            content,
        )


@pytest.fixture
def stick(two_sides: Both) -> Stick:
    return Stick(*two_sides)


def test_a_hospital_without_any_network_is_served_by_stick(stick: Stick) -> None:
    gateway, hospital = stick.gateway, stick.hospital
    dispatch_id = gateway.offers()
    assert stick.to_box(stick.from_gateway()) == 2  # the epoch's start, and the patient
    assert hospital.box.dispatch(dispatch_id).rings
    hospital.box.accept(dispatch_id, "AK")
    assert stick.to_gateway(stick.from_box()) == 3
    assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED
    stick.to_box(stick.from_gateway())
    shown = hospital.box.dispatch(dispatch_id)
    assert shown.state is DispatchState.ACCEPTED
    assert {claim.state for claim in shown.claims} == {ClaimState.ACCEPTED}
    # What each has confirmed need not be carried again.
    assert stick.to_gateway(stick.from_box()) == 0
    assert gateway_bundles.write_bundle(gateway.desk, stick.site, everything=False)[1] == 0


def test_sticks_in_any_order_again_and_again_have_one_effect(stick: Stick) -> None:
    gateway, hospital = stick.gateway, stick.hospital
    down, up = [], []
    for number in range(5):
        dispatch_id = gateway.offers(note=f"number {number}")
        down.append(stick.from_gateway())
        stick.to_box(down[-1])
        hospital.box.accept(dispatch_id, "AK")
        up.append(stick.from_box())
    rng = random.Random(3)
    carried = [*itertools.chain(up, up, up)]
    rng.shuffle(carried)
    for content in carried:
        stick.to_gateway(content)
    for content in rng.sample(down * 2, 10):
        assert stick.to_box(content) == 0
    stick.to_box(stick.from_gateway())
    assert set(Counter(gateway.effects()).values()) == {1}
    assert {each.state for each in hospital.box.dispatches()} == {DispatchState.ACCEPTED}
    # And by the network, when it is back, nothing comes twice.
    hospital.exchanges()
    assert set(Counter(gateway.effects()).values()) == {1}
    assert not hospital.link.state.differs


def test_everything_can_be_carried_again_to_a_box_that_lost_it(stick: Stick) -> None:
    ids = {stick.gateway.offers() for _ in range(3)}
    stick.hospital.exchanges()
    stick.hospital.exchanges()
    stick.hospital.store.close()
    (stick.hospital.folder / "store.sqlite").unlink()
    stick.hospital.starts()
    assert stick.to_box(stick.from_gateway()) == 0
    assert stick.to_box(stick.from_gateway(everything=True)) > 3
    assert {each.id for each in stick.hospital.box.dispatches()} == ids


def test_a_stick_does_not_say_that_the_box_is_in_touch(stick: Stick) -> None:
    gateway, hospital = stick.gateway, stick.hospital
    dispatch_id = gateway.offers()
    stick.to_box(stick.from_gateway())
    hospital.box.accept(dispatch_id, "AK")
    stick.to_gateway(stick.from_box())
    assert gateway.quiet.read(lambda c: find_site(c, stick.site)).last_seen_at is None


def test_rubbish_and_foreign_bundles_are_refused_with_words(
    stick: Stick, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stick.gateway.offers()
    good_down, good_up = stick.from_gateway(), stick.from_box()
    other = Hospital(
        tmp_path_factory.mktemp("other"), stick.gateway.clock, Network(stick.gateway), 9
    )
    other.enrols(stick.gateway.issues_code(hospital_id=12))
    with pytest.raises(Refused, match="is for box"):
        Stick(stick.gateway, other).to_box(good_down)
    other.store.close()
    with pytest.raises(Refused, match="for the gateway"):
        stick.to_box(good_up)
    with pytest.raises(Refused, match="for a box"):
        stick.to_gateway(good_down)
    rng = random.Random(1)
    for content, take in ((good_down, stick.to_box), (good_up, stick.to_gateway)):
        for noise in (b"", b"PK\x03\x04", content[:9], content[:-1], content + b"\0", bytes(500)):
            with pytest.raises(Refused):
                take(noise)
        for _ in range(60):
            damaged = bytearray(content)
            damaged[rng.randrange(len(damaged))] ^= rng.randrange(1, 256)
            with pytest.raises(Refused):
                take(bytes(damaged))
    assert stick.to_box(good_down) == 2


def test_a_revoked_box_brings_nothing(stick: Stick) -> None:
    content = stick.from_box()
    stick.gateway.quiet.write(lambda c: c.execute(sites.update().values(state=SiteState.REVOKED)))
    with pytest.raises(Refused):
        stick.to_gateway(content)
