"""What gateway and box do for each other, as stories."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from edge_node.dispatch import ClaimKind, ClaimState
from edge_node.gateway_connection import GatewayRefused, GatewayUnreachable
from edge_node.tables import streams as box_streams
from gateway.sites.tables import sites
from gateway.sites.tables import streams as gateway_streams
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import Kind, Priority
from shared.errors import IllegalMove
from sync import exchange
from sync.events import DispatchChanged
from sync.sealing import Bearer, Refused
from tests.edge_node.two_sides import Gateway, Hospital

Both = tuple[Gateway, Hospital]


def test_an_emergency_rings_and_the_answer_gets_its_verdict(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers(note="knife")
    hospital.exchanges()

    shown = hospital.box.dispatch(dispatch_id)
    assert shown.rings
    assert shown.offer is not None
    assert (shown.offer.note, shown.offer.kind) == ("knife", Kind.BLEEDING)
    assert gateway.state_of(dispatch_id) is DispatchState.DELIVERED

    hospital.box.accept(dispatch_id, "AK")
    assert not hospital.box.dispatch(dispatch_id).rings
    assert hospital.box.dispatch(dispatch_id).state is DispatchState.DELIVERED
    hospital.exchanges()
    shown = hospital.box.dispatch(dispatch_id)
    assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED
    assert shown.state is DispatchState.ACCEPTED
    assert [(claim.kind, claim.state) for claim in shown.claims] == [
        (ClaimKind.DELIVERED, ClaimState.ACCEPTED),
        (ClaimKind.ACCEPT, ClaimState.ACCEPTED),
    ]


def test_with_the_cable_out_the_box_answers_and_tells_later(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    hospital.exchanges()
    hospital.network.cut = True
    hospital.box.accept(dispatch_id, "AK")
    with pytest.raises(GatewayUnreachable):
        hospital.exchanges()
    hospital.restarts()
    shown = hospital.box.dispatch(dispatch_id)
    assert shown.claims[-1].state is ClaimState.WAITING
    assert shown.local_state is DispatchState.ACCEPTED
    hospital.network.cut = False
    hospital.exchanges()
    assert hospital.box.dispatch(dispatch_id).claims[-1].state is ClaimState.ACCEPTED
    assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED


def test_a_claim_that_comes_too_late_says_why(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    hospital.exchanges()
    hospital.box.arrived(dispatch_id, "AK")
    hospital.exchanges()
    with pytest.raises(IllegalMove):
        hospital.box.accept(dispatch_id, "AK")


def test_saying_the_same_twice_is_one_claim(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    hospital.exchanges()
    first = hospital.box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_BLOOD_OR_DRUG, "O-")
    again = hospital.box.cannot_treat(dispatch_id, "BN", CannotTreatReason.NO_BED)
    assert first == again
    assert first.detail == "no_blood_or_drug: O-"
    hospital.exchanges()
    assert gateway.state_of(dispatch_id) is DispatchState.CANNOT_TREAT


def test_improved_facts_reach_the_screen_and_keep_the_rest(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers(note="knife")
    hospital.exchanges()
    gateway.publishes(
        DispatchChanged(
            at=gateway.system.now(),
            dispatch_id=dispatch_id,
            version=9,
            state=DispatchState.EXPIRED,
            reason="No answer in time.",
            priority=Priority.HIGH,
            lat=-1.3,
            lon=36.8,
        )
    )
    hospital.exchanges()
    shown = hospital.box.dispatch(dispatch_id)
    assert shown.offer is not None
    assert (shown.offer.priority, shown.offer.lat, shown.offer.note) == (
        Priority.HIGH,
        -1.3,
        "knife",
    )
    assert (shown.state, shown.reason) == (DispatchState.EXPIRED, "No answer in time.")
    assert not shown.rings


def test_what_comes_after_its_validity_is_late_and_silent(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers(valid=timedelta(minutes=10))
    gateway.clock.forward(seconds=601)
    hospital.exchanges()
    shown = hospital.box.dispatch(dispatch_id)
    assert (shown.late, shown.rings) == (True, False)


def test_a_request_again_changes_nothing(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    hospital.exchanges()
    hospital.box.accept(dispatch_id, "AK")
    hospital.exchanges()
    before = (gateway.effects(), gateway.quiet.read(gateway_streams.outgoing.heads))
    for request in list(hospital.network.requests[1:]):
        hospital.network.deliver("/sync/v1/exchange", request)
    assert (gateway.effects(), gateway.quiet.read(gateway_streams.outgoing.heads)) == before


def test_damaged_requests_and_answers_are_refused_flatly(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    hospital.exchanges()
    hospital.box.accept(dispatch_id, "AK")
    now = hospital.system.now()
    prepared = hospital.store.read(
        lambda connection: hospital.exchanger._peer.request(connection, now, None)
    )
    good = hospital.network.deliver("/sync/v1/exchange", prepared.body)
    effects = gateway.effects()
    rng = random.Random(5)
    for _ in range(150):
        damaged = bytearray(prepared.body)
        damaged[rng.randrange(len(damaged))] ^= rng.randrange(1, 256)
        with pytest.raises(GatewayRefused):
            hospital.network.deliver("/sync/v1/exchange", bytes(damaged))
        answer = bytearray(good)
        answer[rng.randrange(len(answer))] ^= rng.randrange(1, 256)
        with pytest.raises(Refused):
            exchange.open_answer(prepared.session, prepared.body, bytes(answer), Bearer.HTTPS)
    for noise in (b"", b"\x01", prepared.body[:-1], prepared.body + b"\x00", rng.randbytes(99)):
        with pytest.raises(GatewayRefused):
            hospital.network.deliver("/sync/v1/exchange", noise)
    assert gateway.effects() == effects


def test_an_answer_opens_only_for_its_own_request(two_sides: Both) -> None:
    _, hospital = two_sides
    hospital.exchanges()
    now, peer = hospital.system.now(), hospital.exchanger._peer
    one = hospital.store.read(lambda c: peer.request(c, now, None))
    other = hospital.store.read(lambda c: peer.request(c, now, None))
    answer = hospital.network.deliver("/sync/v1/exchange", one.body)
    peer.open(one, answer)
    with pytest.raises(Refused):
        peer.open(other, answer)


def test_an_idle_exchange_writes_nothing(two_sides: Both) -> None:
    gateway, hospital = two_sides
    gateway.offers()
    hospital.exchanges()
    hospital.exchanges()

    def refuse(when: str) -> bool:
        raise AssertionError("an idle exchange wrote to the gateway's database")

    gateway.desk.database._crashes = refuse  # type: ignore[attr-defined]
    gateway.clock.forward(seconds=15)
    assert hospital.exchanges() == 1
    assert hospital.link.state.connected


def test_the_gateway_knows_when_it_last_heard_a_box(two_sides: Both) -> None:
    gateway, hospital = two_sides

    def last_seen() -> object:
        query = select(sites.c.last_seen_at)
        return gateway.quiet.read(lambda connection: connection.execute(query).scalar_one())

    hospital.exchanges()
    assert last_seen() is None  # nothing yet proves that this was not an old request
    hospital.exchanges()
    assert last_seen() == gateway.clock.now
    old = hospital.network.requests[-1]
    gateway.clock.forward(seconds=3600)
    hospital.network.deliver("/sync/v1/exchange", old)
    assert last_seen() == gateway.clock.now - timedelta(hours=1)


def test_the_box_learns_the_gateways_clock(two_sides: Both) -> None:
    _, hospital = two_sides
    hospital.exchanges()
    assert hospital.link.state.offset == timedelta()


def test_a_box_that_lost_its_store_gets_everything_again(two_sides: Both) -> None:
    gateway, hospital = two_sides
    ids = {gateway.offers() for _ in range(5)}
    hospital.exchanges()
    hospital.store.close()
    (hospital.folder / "store.sqlite").write_bytes(b"not a database" * 400)
    hospital.starts()
    assert hospital.store.moved_aside is not None
    hospital.exchanges()
    assert {dispatch.id for dispatch in hospital.box.dispatches()} == ids
    gateway_troubles = gateway.quiet.read(gateway_streams.incoming.troubles)
    assert "older copy" in gateway_troubles[0].what


def test_a_cloned_disk_is_heard_and_shown(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    hospital.exchanges()
    hospital.store.close()
    copy = (hospital.folder / "store.sqlite").read_bytes()
    hospital.starts()
    hospital.box.accept(dispatch_id, "AK")
    hospital.exchanges()
    hospital.store.close()
    for leftover in hospital.folder.glob("store.sqlite*"):
        leftover.unlink()
    (hospital.folder / "store.sqlite").write_bytes(copy)
    hospital.starts()
    hospital.box.arrived(dispatch_id, "BN")
    hospital.exchanges()
    assert gateway.state_of(dispatch_id) is DispatchState.ARRIVED
    troubles = gateway.quiet.read(gateway_streams.incoming.troubles)
    assert any("Two copies" in trouble.what for trouble in troubles)


def test_a_new_box_retires_the_old_one_whose_claims_still_count(
    two_sides: Both, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gateway, old = two_sides
    dispatch_id = gateway.offers()
    old.exchanges()
    old.box.accept(dispatch_id, "AK")
    new = Hospital(tmp_path_factory.mktemp("new"), gateway.clock, old.network, seed=3)
    new.enrols(gateway.issues_code())
    old.exchanges()
    assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED
    assert old.link.state.retired
    later = gateway.offers()
    old.exchanges()
    new.exchanges()
    assert later not in {dispatch.id for dispatch in old.box.dispatches()}
    assert new.box.dispatch(later).rings
    new.store.close()


def test_a_backlog_comes_whole(two_sides: Both) -> None:
    gateway, hospital = two_sides
    ids = [gateway.offers(note=f"patient {number}") for number in range(120)]
    hospital.exchanges()
    listed = hospital.box.dispatches()
    assert [dispatch.id for dispatch in listed] == sorted(ids, reverse=True)
    assert hospital.store.read(lambda c: box_streams.readers.unacknowledged(c, 0)) == 0


def test_a_backlog_comes_over_a_line_that_never_carries_a_whole_answer(two_sides: Both) -> None:
    gateway, hospital = two_sides
    rng = random.Random(7)
    ids = [gateway.offers(note=rng.randbytes(60).hex()) for _ in range(600)]
    # One frame comes through, and a part of the next.
    hospital.network.breaks_after = 12_000
    known = 0
    for _ in range(20):
        try:
            hospital.exchanger.run()
        except GatewayUnreachable:
            now_known = len(hospital.box.dispatches(limit=1000))
            assert now_known > known
            known = now_known
        else:
            break
    assert known > 400
    hospital.exchanges()
    assert {each.id for each in hospital.box.dispatches(limit=1000)} == set(ids)
    delivered = [claim for each in hospital.box.dispatches(limit=1000) for claim in each.claims]
    assert len(delivered) == len(ids)
    assert set(Counter(gateway.effects()).values()) == {1}


def test_of_an_answer_that_broke_off_nothing_counts_that_is_not_whole(two_sides: Both) -> None:
    gateway, hospital = two_sides
    rng = random.Random(8)
    for _ in range(200):
        gateway.offers(note=rng.randbytes(60).hex())
    # All of them are in the first frame.
    for size in rng.sample(range(8_000), 20):
        hospital.network.breaks_after = size
        with pytest.raises(GatewayUnreachable):
            hospital.exchanger.run()
    assert hospital.box.dispatches() == []
    assert hospital.link.state.heard_at is None
    hospital.network.breaks_after = None
    hospital.exchanges()
    assert len(hospital.box.dispatches(limit=1000)) == 200
    assert set(Counter(gateway.effects()).values()) == {1}
    assert hospital.store.read(lambda c: box_streams.readers.unacknowledged(c, 0)) == 0
