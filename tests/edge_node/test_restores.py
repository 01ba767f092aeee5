"""Databases that are set back to an older copy, on either side: what the other one kept comes
back, and nothing counts twice.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, and_, func, select

from edge_node import bundles as box_bundles
from edge_node.dispatch import OPEN_CLAIMS, ClaimKind, ClaimState
from edge_node.gateway_connection import GatewayUnreachable
from edge_node.tables import streams as box_streams
from gateway.sites import bundles as gateway_bundles
from gateway.sites.exchange import retry_all_parked
from gateway.sites.tables import sites
from gateway.sites.tables import streams as gateway_streams
from shared.dispatch import CannotTreatReason, DispatchState
from shared.hospital import HospitalStatus
from sync.events import DispatchOffered, SummaryShared, SummaryWithdrawn
from sync.peer import GATEWAY, readable
from tests.edge_node.side import Side


def test_a_restored_gateway_gets_back_what_it_had_told(side: Side) -> None:
    before = side.gateway.offers()
    side.meets()
    restore = side.backs_up()
    lost = [side.gateway.offers() for _ in range(3)]
    side.meets()
    side.hospital.box.accept(before, "AK")
    side.hospital.box.accept(lost[0], "AK")
    side.hospital.box.cannot_treat(lost[1], "AK", CannotTreatReason.NO_BED)
    side.meets()
    restore()
    side.meets()
    assert side.gateway.alarms == ["lost"]
    assert side.gateway.state_of(before) is DispatchState.ACCEPTED
    assert side.gateway.state_of(lost[0]) is DispatchState.ACCEPTED
    assert side.gateway.state_of(lost[1]) is DispatchState.CANNOT_TREAT
    claims = {claim.id: claim for each in side.hospital.box.dispatches() for claim in each.claims}
    assert set(side.effects()) == set(claims)
    assert set(side.effects().values()) == {1}
    assert {claim.state for claim in claims.values()} == {ClaimState.ACCEPTED}
    later = side.gateway.offers()
    side.meets()
    assert side.hospital.box.dispatch(later).rings
    assert side.agree()


def test_a_gateway_that_wrote_on_after_its_restore_hears_both_stories(side: Side) -> None:
    side.gateway.offers()
    side.meets()
    restore = side.backs_up()
    lost = [side.gateway.offers(note="lost") for _ in range(2)]
    side.meets()
    side.hospital.box.accept(lost[1], "AK")
    side.meets()
    restore()
    # Under the numbers of what it has lost.
    others = [side.gateway.offers(note="other") for _ in range(9)]
    side.meets()
    assert "diverged" in side.gateway.alarms
    assert {side.gateway.state_of(each) for each in others} == {DispatchState.DELIVERED}
    assert side.gateway.state_of(lost[0]) is DispatchState.DELIVERED
    assert side.gateway.state_of(lost[1]) is DispatchState.ACCEPTED
    assert set(side.effects().values()) == {1}
    assert {each.id for each in side.hospital.box.dispatches()} >= {*lost, *others}
    assert side.agree()
    # All stand in the new epoch: it alone could be given back after another restore.
    streams, events = gateway_streams.outgoing.streams, gateway_streams.outgoing.events
    written = select(events.c.payload).join(
        streams, and_(streams.c.epoch == events.c.epoch, streams.c.lane == events.c.lane)
    )
    packed = side.gateway.quiet.read(
        lambda c: c.execute(written.where(streams.c.is_open.is_(True))).scalars().all()
    )
    offered = [event for event in readable(packed) if isinstance(event, DispatchOffered)]
    assert {offer.dispatch_id for offer in offered} >= {*lost, *others}


def test_an_old_request_again_brings_no_snapshot(side: Side) -> None:
    side.gateway.offers()
    side.meets()
    first = side.hospital.network.requests[1]
    heads = side.gateway.quiet.read(gateway_streams.outgoing.heads)
    side.gateway.clock.forward(3600)
    side.hospital.network.deliver("/sync/v1/exchange", first)
    assert side.gateway.quiet.read(gateway_streams.outgoing.heads) == heads
    side.meets()
    assert side.agree()


def test_a_box_that_lost_its_store_is_told_what_matters_and_gets_its_answers_back(
    side: Side,
) -> None:
    ids = [side.gateway.offers() for _ in range(20)]
    side.meets()
    side.hospital.box.accept(ids[3], "AK")
    side.hospital.box.cannot_treat(ids[4], "AK", CannotTreatReason.NO_STAFF, "two away")
    side.meets()
    effects = side.effects()
    side.box_loses_its_store()
    side.meets()
    box = side.hospital.box
    assert {each.id for each in box.dispatches()} == set(ids)
    assert [claim.by for claim in box.dispatch(ids[3]).claims if claim.by] == ["AK"]
    assert box.dispatch(ids[4]).claims[1].detail == "no_staff: two away"
    claims = [claim for each in box.dispatches() for claim in each.claims]
    assert not OPEN_CLAIMS & {claim.state for claim in claims}
    assert not box.dispatch(ids[3]).rings
    assert effects <= side.effects()
    assert set(side.effects().values()) == {1}
    assert side.agree()


def test_what_is_older_than_any_backup_is_forgotten_and_nothing_breaks(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    old = [gateway.offers() for _ in range(5)]
    side.meets()
    request = hospital.network.requests[-1]
    gateway.clock.forward(timedelta(days=36).total_seconds())
    since = gateway.clock.now - timedelta(days=35)
    assert gateway.quiet.write(lambda c: gateway_streams.incoming.forget(c, since)) > 4
    assert gateway.quiet.write(lambda c: gateway_streams.readers.forget(c, since)) > 4
    effects = side.effects()
    hospital.network.deliver("/sync/v1/exchange", request)
    new = gateway.offers()
    side.meets()
    assert hospital.box.dispatch(new).rings
    assert side.effects() > effects
    # The box has forgotten by itself whom it was told of longer ago.
    assert {each.id for each in hospital.box.dispatches()} == {new}
    side.box_loses_its_store()
    side.meets()
    assert {each.id for each in hospital.box.dispatches()} == {*old, new}
    assert side.agree()


def test_a_gateway_from_before_what_a_box_still_keeps_is_told_what_there_is(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    restore = side.backs_up()
    old = gateway.offers()
    side.meets()
    hospital.box.accept(old, "AK")
    side.meets()
    for _ in range(2):
        gateway.clock.forward(timedelta(days=36).total_seconds())
        side.meets()
    restore()
    gateway.notices_its_restore()
    new = gateway.offers()
    side.meets()
    hospital.box.accept(new, "AK")
    side.meets()
    assert gateway.state_of(new) is DispatchState.ACCEPTED
    claims = [claim for each in hospital.box.dispatches() for claim in each.claims]
    assert not OPEN_CLAIMS & {claim.state for claim in claims}
    assert not hospital.store.read(lambda c: box_streams.readers.unacknowledged(c, GATEWAY))
    assert not hospital.link.state.differs
    # And nothing is asked for again and again.
    assert hospital.exchanges() == 1


def test_a_box_without_a_clock_forgets_nobody_too_early(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    right = gateway.clock.now
    hospital.system = replace(
        hospital.system, now=lambda: datetime(1970, 1, 1, tzinfo=UTC) + (gateway.clock.now - right)
    )
    hospital.restarts()
    patient = gateway.offers()
    for _ in range(3):
        gateway.clock.forward(timedelta(days=1).total_seconds())
        hospital.exchanges()
    assert {each.id for each in hospital.box.dispatches()} == {patient}
    assert hospital.store.read(lambda c: c.execute(select(box_streams.outgoing.events)).all())
    gateway.clock.forward(timedelta(days=36).total_seconds())
    hospital.exchanges()
    assert hospital.box.dispatches() == []


def test_a_clock_that_was_wrong_by_months_costs_no_history(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    hospital.system = replace(hospital.system, now=lambda: gateway.clock.now - timedelta(days=60))
    hospital.restarts()
    hospital.box.report_availability(HospitalStatus.NORMAL, 5, 1, "AK")
    gateway.offers()
    for _ in range(3):
        gateway.clock.forward(timedelta(days=1).total_seconds())
        hospital.exchanges()

    def kept(connection: Connection) -> list[int]:
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (box_streams.outgoing.events, box_streams.incoming.events)
        ]

    # Each way: the start of an epoch on every lane, the patient and the verdict, the report, the
    # delivery.
    assert hospital.store.read(kept) == [4, 3]
    gateway.clock.forward(timedelta(days=37).total_seconds())
    hospital.exchanges()
    assert hospital.store.read(kept) == [2, 0]  # the last of each stream, for its hash


def test_a_box_that_was_put_back_learns_what_became_of_its_answers(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    gateway.offers()
    side.meets()
    put_back = side.copies_box()
    patient = gateway.offers()
    side.meets()
    hospital.box.accept(patient, "AK")
    side.meets()
    put_back()
    side.meets()
    claims = [claim for each in hospital.box.dispatches() for claim in each.claims]
    assert not OPEN_CLAIMS & {claim.state for claim in claims}
    accepted = {claim.kind for claim in claims if claim.state is ClaimState.ACCEPTED}
    assert accepted == {ClaimKind.DELIVERED, ClaimKind.ACCEPT}
    assert side.agree()


def test_a_box_that_was_put_back_to_before_a_verdict_hears_it_again(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    patient = gateway.offers()
    side.meets()
    hospital.box.accept(patient, "AK")
    put_back = side.copies_box()
    gateway.notices_its_restore()  # its verdict stands in a new epoch
    side.meets()
    put_back()
    side.meets()
    claims = hospital.box.dispatch(patient).claims
    assert {claim.state for claim in claims} == {ClaimState.ACCEPTED}
    assert side.agree()


def test_what_differed_is_mended_for_people_too(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    gateway.offers()
    side.meets()
    restore = side.backs_up()
    gateway.offers()
    side.meets()
    restore()
    # A box that has just started gives back what was lost before anybody has noted that it differs.
    hospital.restarts()
    side.meets()
    differs = gateway.quiet.read(lambda c: c.execute(select(sites.c.differs_at)).scalar_one())
    assert gateway.alarms == ["lost"]
    assert differs is None
    assert side.agree()


def test_a_gateway_that_lost_a_whole_stream_of_answers_hears_it_again(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    patient = gateway.offers()
    side.meets()
    restore = side.backs_up()
    hospital.restarts()  # a new epoch, of which the copy knows nothing
    hospital.box.accept(patient, "AK")
    hospital.box.report_availability(HospitalStatus.NORMAL, 5, 1, "AK")
    side.meets()
    restore()
    side.meets()
    assert gateway.state_of(patient) is DispatchState.ACCEPTED
    claims = {claim.id for claim in hospital.box.dispatch(patient).claims}
    assert side.effects() == Counter(claims)
    assert hospital.store.read(lambda c: box_streams.readers.unacknowledged(c, GATEWAY)) == 0
    assert side.agree()


def test_a_hospital_can_be_told_of_patients_after_the_very_first_were_lost(side: Side) -> None:
    gateway = side.gateway
    restore = side.backs_up()
    first = gateway.offers()
    side.meets()
    restore()
    side.meets()
    assert gateway.state_of(first) is DispatchState.DELIVERED
    second = gateway.offers()
    side.meets()
    assert side.hospital.box.dispatch(second).rings
    assert side.agree()


def test_a_box_on_a_bad_line_may_give_back_later(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    gateway.offers()
    side.meets()
    restore = side.backs_up()
    lost = gateway.offers()
    side.meets()
    told = gateway.quiet.read(_told)
    restore()
    gateway.clock.forward(15)
    for _ in range(2):
        hospital.exchanger.run()  # the second says all, and the gateway notes what it has lost
    hospital.network.cut = True
    for _ in range(6):
        gateway.clock.forward(15)
        with pytest.raises(GatewayUnreachable):
            hospital.exchanger.run()
    hospital.network.cut = False
    side.meets()
    assert gateway.state_of(lost) is DispatchState.DELIVERED
    assert gateway.quiet.read(_told) >= told
    assert side.agree()


def test_what_a_restored_gateway_said_before_it_knew_reaches_the_screen(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    patient = gateway.offers()
    side.meets()
    restore = side.backs_up()
    gateway.learns(patient, note="a lost word")
    side.meets()
    restore()
    # It writes in a new epoch, and gives the version of the lost word to another, and one more.
    gateway.quiet.write(lambda c: gateway_streams.outgoing.begin_epoch(c, 77))
    gateway.learns(patient, note="bleeds badly")
    gateway.learns(patient, age_years=30)
    side.meets()
    offer = hospital.box.dispatch(patient).offer
    assert offer is not None
    assert (offer.note, offer.age_years) == ("bleeds badly", 30)
    assert side.agree()


def test_a_gap_that_a_restore_has_made_is_filled(side: Side) -> None:
    hospital = side.hospital
    hospital.box.report_availability(HospitalStatus.NORMAL, 5, 1, "AK")
    side.meets()
    restore = side.backs_up()
    hospital.box.report_availability(HospitalStatus.NORMAL, 5, 2, "AK")
    side.meets()
    restore()
    hospital.box.report_availability(HospitalStatus.NORMAL, 5, 3, "AK")
    side.meets()
    assert hospital.store.read(lambda c: box_streams.readers.unacknowledged(c, GATEWAY)) == 0
    [lane_2] = [
        each
        for each in side.gateway.quiet.read(
            lambda c: gateway_streams.incoming.acknowledgements(c, 1, None)
        )
        if each.lane == 2
    ]
    assert (lane_2.cursor, lane_2.ahead) == (4, 0)


def test_sending_beside_does_not_give_up_what_is_given_back(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    patient = gateway.offers()
    side.meets()
    put_back = side.copies_box()
    hospital.box.accept(patient, "AK")
    side.meets()
    put_back()
    gateway.clock.forward(15)
    hospital.exchanger.run()
    hospital.exchanger.run()  # it has said that it has lost something, and waits for it
    for _ in range(2):
        hospital.exchanger.send(hospital.network)
    side.meets()
    claims = hospital.box.dispatch(patient).claims
    assert ClaimKind.ACCEPT in {claim.kind for claim in claims}
    assert side.agree()


def test_a_verdict_under_a_number_that_the_box_has_otherwise_is_told_again(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    patient = gateway.offers()
    side.meets()
    restore = side.backs_up()
    gateway.learns(patient, note="a lost word")
    side.meets()
    restore()
    hospital.box.accept(patient, "AK")
    keys, site = hospital.identity.node_keys(), hospital.identity.site()
    content, _ = box_bundles.write_bundle(hospital.store, hospital.system, keys, site)
    # The gateway does not know yet that it was put back, and judges at once.
    gateway_bundles.take_bundle(gateway.desk, content)
    side.meets()
    claims = hospital.box.dispatch(patient).claims
    assert not OPEN_CLAIMS & {claim.state for claim in claims}
    assert not hospital.link.state.differs


def test_an_answer_by_another_bearer_waits_for_what_a_restore_has_lost(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    gateway.offers()
    side.meets()
    restore = side.backs_up()
    lost = gateway.offers()
    side.meets()
    hospital.network.cut = True
    claim = hospital.box.accept(lost, "AK")
    restore()
    gateway.notices_its_restore()
    keys, site = hospital.identity.node_keys(), hospital.identity.site()
    content, _ = box_bundles.write_bundle(hospital.store, hospital.system, keys, site)
    gateway_bundles.take_bundle(gateway.desk, content)
    retry_all_parked(gateway.desk)  # as a gateway does that starts again
    assert claim.id not in side.effects()
    hospital.network.cut = False
    side.meets()
    assert gateway.state_of(lost) is DispatchState.ACCEPTED
    assert side.effects()[claim.id] == 1
    states = {each.id: each.state for each in hospital.box.dispatch(lost).claims}
    assert states[claim.id] is ClaimState.ACCEPTED
    assert side.agree()


def _told(connection: Connection) -> set[bytes]:
    return set(
        connection.execute(select(gateway_streams.outgoing.events.c.payload)).scalars().all()
    )


def test_what_was_said_of_summaries_before_a_restore_keeps_no_later_word_from_counting(
    side: Side,
) -> None:
    gateway, box = side.gateway, side.hospital.box
    asked = gateway.offers()

    def says(kind: type[SummaryShared | SummaryWithdrawn]) -> None:
        gateway.clock.forward(1)
        gateway.publishes(kind(at=gateway.system.now(), dispatch_id=asked))
        side.meets()

    says(SummaryShared)
    restore = side.backs_up()
    says(SummaryWithdrawn)
    says(SummaryShared)
    restore()
    side.meets()
    assert side.agree()
    assert asked in box.summaries([asked])
    says(SummaryWithdrawn)
    assert box.summaries([asked]) == {}
    assert side.agree()
