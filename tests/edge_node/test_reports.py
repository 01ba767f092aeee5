"""What staff say of their hospital: kept, sent, answered, and said once however often it is
pressed; and what the gateway takes away again.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from edge_node import duty_phones
from edge_node.dispatch import ClaimState
from edge_node.dispatches import remove
from edge_node.reports import ReportKind
from edge_node.tables import (
    claims,
    dismissals,
    dispatch_changes,
    dispatches,
    readings,
    removals,
    reports,
)
from shared.capability import Capability
from shared.dispatch import DispatchState
from shared.emergency import Kind, Priority
from shared.errors import Conflict, InvalidInput, NotFound
from shared.hospital import HospitalStatus
from sync.events import DispatchChanged, DispatchRemoved, DutyPhonesSet, NoteWritten, ReportTaken
from tests.edge_node.two_sides import Gateway, Hospital

Both = tuple[Gateway, Hospital]


def says_everything(hospital: Hospital) -> list[int]:
    box = hospital.box
    return [
        box.report_availability(HospitalStatus.NORMAL, 8, 2, "AK").id,
        box.report_stock(Capability.BLOOD, Capability.OXYGEN, "AK").id,
        box.write_note("The road from Ngong is flooded", "AK").id,
        box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", age_years=4).id,
    ]


def states(hospital: Hospital) -> set[ClaimState]:
    return {each.state for each in hospital.box.reports()}


def test_every_report_shows_how_far_it_has_come(two_sides: Both) -> None:
    gateway, hospital = two_sides
    hospital.exchanges()
    hospital.network.cut = True
    beds, stock, note, walk_in = says_everything(hospital)
    assert [each.kind for each in hospital.box.reports()] == [
        ReportKind.WALK_IN,
        ReportKind.NOTE,
        ReportKind.STOCK,
        ReportKind.BEDS,
    ]
    assert states(hospital) == {ClaimState.WAITING}
    hospital.restarts()
    assert states(hospital) == {ClaimState.WAITING}
    hospital.network.cut = False
    hospital.exchanges()
    assert states(hospital) == {ClaimState.SENT}
    now = gateway.system.now()
    for report_id in (beds, stock, note):
        gateway.publishes(ReportTaken(at=now, report_id=report_id, accepted=True))
    why = "the help code belongs to nobody"
    gateway.publishes(ReportTaken(at=now, report_id=walk_in, accepted=False, reason=why))
    hospital.exchanges()
    newest, *others = hospital.box.reports()
    assert (newest.state, newest.why, newest.answered_at) == (ClaimState.REJECTED, why, now)
    assert {each.state for each in others} == {ClaimState.ACCEPTED}


def test_the_same_press_again_is_one_report(two_sides: Both) -> None:
    _, hospital = two_sides
    box = hospital.box
    first = box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", key="press-1")
    assert box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", key="press-1") == first
    with pytest.raises(Conflict, match="Idempotency-Key"):
        box.register_walk_in(Kind.FITS, Priority.HIGH, "AK", key="press-1")
    # Two who look alike are two.
    box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", key="press-2")
    box.register_walk_in(Kind.BURN, Priority.HIGH, "AK")
    assert len(box.reports()) == 3


def test_beds_said_again_late_do_not_undo_newer_ones(two_sides: Both) -> None:
    _, hospital = two_sides
    box = hospital.box
    box.report_availability(HospitalStatus.NORMAL, 8, 2, "AK", "press-1")
    box.report_availability(HospitalStatus.NORMAL, 8, 1, "BN", "press-2")
    box.report_availability(HospitalStatus.NORMAL, 8, 2, "AK", "press-1")
    shown = box.availability()
    assert shown is not None
    assert (shown.free_beds, shown.by) == (1, "BN")
    assert len(box.reports()) == 2


def test_what_makes_no_sense_is_said_at_once(two_sides: Both) -> None:
    _, hospital = two_sides
    box = hospital.box
    wrongs: tuple[Callable[[], object], ...] = (
        lambda: box.report_stock(0, 0, "AK"),
        lambda: box.report_stock(Capability.BLOOD, Capability.BLOOD, "AK"),
        lambda: box.report_stock(Capability.THEATRE, 0, "AK"),
        lambda: box.write_note("  ", "AK"),
        lambda: box.write_note("x" * 501, "AK"),
        lambda: box.write_note("beds", ""),
        lambda: box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", help_code="7K0F"),
        lambda: box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", patient_count=0),
        lambda: box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", "7K2F", 2),
        lambda: box.register_walk_in(Kind.BURN, Priority.HIGH, "AK", age_years=131),
        lambda: box.report_availability(HospitalStatus.NORMAL, 1, 2, "AK"),
    )
    for wrong in wrongs:
        with pytest.raises(InvalidInput):
            wrong()
    with pytest.raises(NotFound):
        box.write_note("about whom?", "AK", dispatch_id=5)
    assert box.reports() == []


def test_reports_are_said_by_the_gateways_clock(two_sides: Both) -> None:
    gateway, hospital = two_sides
    box_clock = gateway.clock.now
    hospital.link.update(offset=timedelta(days=400))
    report = hospital.box.write_note("by whose clock?", "AK")
    assert (report.at, report.said.at) == (box_clock, box_clock + timedelta(days=400))


def test_a_box_that_lost_its_store_gets_its_reports_back(two_sides: Both) -> None:
    _, hospital = two_sides
    says_everything(hospital)
    hospital.exchanges()
    said = {each.id: each.said for each in hospital.box.reports()}
    hospital.store.close()
    for file in hospital.folder.glob("store.sqlite*"):
        file.unlink()
    hospital.starts()
    for _ in range(3):
        hospital.exchanges()
    assert {each.id: each.said for each in hospital.box.reports()} == said
    assert states(hospital) == {ClaimState.SENT}


def test_a_patient_who_is_removed_leaves_nothing_on_the_box(two_sides: Both) -> None:
    gateway, hospital = two_sides
    gone, stays = gateway.offers(note="knife"), gateway.offers()
    hospital.exchanges()
    hospital.box.accept(gone, "AK")
    hospital.exchanges()
    hospital.box.understand(gone, 1)
    hospital.box.dismiss(gone)
    now = gateway.system.now()
    gateway.publishes(DispatchRemoved(at=now, dispatch_id=gone, reason="closed"))
    hospital.exchanges()
    assert [each.id for each in hospital.box.dispatches()] == [stays]
    with pytest.raises(NotFound):
        hospital.box.dispatch(gone)
    for table in (dispatch_changes, dismissals, readings, claims):
        rows = hospital.store.read(lambda c, table=table: c.execute(table.select()).all())  # type: ignore[misc]
        assert all(row.dispatch_id != gone for row in rows)
    # Whatever was said before and comes late is not shown again; a new offer is.
    late = DispatchChanged(
        at=now - timedelta(seconds=1), dispatch_id=gone, version=9, state=DispatchState.WITHDRAWN
    )
    gateway.publishes(late)
    hospital.exchanges()
    assert [each.id for each in hospital.box.dispatches()] == [stays]
    assert len(hospital.store.read(lambda c: c.execute(dispatches.select()).all())) == 1


def test_an_unsent_answer_about_a_removed_patient_stays_until_its_verdict(two_sides: Both) -> None:
    gateway, hospital = two_sides
    gone = gateway.offers()
    hospital.exchanges()
    hospital.box.accept(gone, "AK")
    removed = DispatchRemoved(at=gateway.system.now(), dispatch_id=gone)
    # By whatever bearer, before the answer has gone out.
    hospital.store.write(lambda connection: remove(connection, removed))
    assert hospital.box.dispatches() == []
    assert hospital.condition().answers.waiting == 1
    hospital.exchanges()
    assert hospital.store.read(lambda c: c.execute(claims.select()).all()) == []
    assert hospital.box.dispatches() == []
    assert gateway.state_of(gone) is DispatchState.ACCEPTED


def test_decided_reports_and_removals_are_forgotten_after_35_days(two_sides: Both) -> None:
    gateway, hospital = two_sides
    decided = hospital.box.write_note("decided", "AK").id
    undecided = hospital.box.write_note("undecided", "AK").id
    now = gateway.system.now()
    gateway.publishes(ReportTaken(at=now, report_id=decided, accepted=True))
    gateway.publishes(DispatchRemoved(at=now, dispatch_id=gateway.offers()))
    hospital.exchanges()
    assert len(hospital.store.read(lambda c: c.execute(removals.select()).all())) == 1
    gateway.clock.forward(36 * 86_400)
    hospital.exchanges()
    hospital.exchanges()
    kept = hospital.store.read(lambda c: c.execute(reports.select()).all())
    assert [row.id for row in kept] == [undecided]
    assert hospital.store.read(lambda c: c.execute(removals.select()).all()) == []


def test_duty_phones_are_the_gateways_latest_word(two_sides: Both) -> None:
    gateway, hospital = two_sides
    assert hospital.store.read(duty_phones.stored) == []
    now = gateway.system.now()
    newer = DutyPhonesSet(
        at=now, phones=("+254700000002", "+254700000003"), hours=("", "mon-fri 08:00-17:00")
    )
    gateway.publishes(newer)
    older = DutyPhonesSet(at=now - timedelta(hours=1), phones=("+254700000009",), hours=("",))
    gateway.publishes(older)
    hospital.exchanges()
    assert hospital.store.read(duty_phones.stored) == [
        ("+254700000002", ""),
        ("+254700000003", "mon-fri 08:00-17:00"),
    ]
    nobody = DutyPhonesSet(at=now + timedelta(hours=1), phones=(), hours=())
    gateway.publishes(nobody)
    hospital.exchanges()
    assert hospital.store.read(duty_phones.stored) == []


def test_what_was_written_is_kept_as_it_travels(two_sides: Both) -> None:
    _, hospital = two_sides
    said = hospital.box.write_note("  The lift\n is broken ", "AK").said
    assert isinstance(said, NoteWritten)
    assert said.text == "The lift is broken"
