"""What staff report at their box: what each report changes, what it is answered, and what it may
not undo.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.emergencies.tables import timers
from gateway.emergencies.timers import CLOSE_AFTER, LEAVES_BOXES_AFTER
from gateway.hospitals import contacts
from gateway.hospitals.contacts import NewContact
from gateway.hospitals.tables import availability
from gateway.operators.alarm_board import alarm_list
from gateway.operators.case_text import case_lines
from gateway.operators.casebook import case_file
from gateway.sites.exchange_desk import Folded
from gateway.staff.tables import walk_ins
from shared.capability import Capability
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Kind, Priority
from shared.hospital import HospitalStatus
from sync.events import (
    AvailabilityReported,
    DispatchChanged,
    DispatchOffered,
    DispatchRemoved,
    DutyPhonesSet,
    Event,
    NoteWritten,
    Report,
    ReportTaken,
    SimReported,
    StockReported,
    WalkInRegistered,
)
from tests.journeys.world import HospitalBox, World

MINUTE = timedelta(minutes=1)
NEVER_SET = datetime(2025, 1, 1, tzinfo=UTC)  # how 1970 arrives
IN_2038 = datetime(2038, 1, 19, tzinfo=UTC)


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", -1.31, 36.80)


@pytest.fixture
def thika(world: World) -> HospitalBox:
    return world.hospital("Thika Hospital", -1.0333, 37.0690)


def folds(world: World, hospital: HospitalBox, event: Event) -> Folded:
    """What the gateway makes of it, in the transaction of an exchange."""

    def exchange(connection: Any) -> Folded:
        world.desk.lock(connection, hospital.id, [event])
        return world.desk.fold(connection, hospital.id, event)

    folded = world.services.database.write(exchange)
    world.settle()
    return folded


def reports(
    world: World, hospital: HospitalBox, sort: type[Report], /, **said: Any
) -> tuple[bool, str]:
    """Whether the report was taken in, and what was said about it."""
    usual: dict[str, Any] = {
        "at": world.clock.now,
        "report_id": world.services.system.new_id(),
        "by": "AK",
    }
    report = sort(**(usual | said))
    (taken,) = folds(world, hospital, report).answers
    assert isinstance(taken, ReportTaken)
    assert taken.report_id == report.report_id
    return taken.accepted, taken.reason


def known(world: World, hospital: HospitalBox) -> Any:
    query = select(availability).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: c.execute(query).one())


def beds(free: int, **more: Any) -> dict[str, Any]:
    return {"status": HospitalStatus.NORMAL, "staffed_beds": 20, "free_beds": free, **more}


def alarms(world: World) -> list[tuple[str, str]]:
    rows = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    return [(row.kind, row.detail) for row in rows if row.solved_at is None]


def operator_texts(world: World) -> list[str]:
    return [text for to, text in world.carrier.texts if to == "+254700000001"]


def test_stock_stands_where_texted_stock_does(world: World, mbagathi: HospitalBox) -> None:
    said = {"has": int(Capability.BLOOD), "lacks": int(Capability.OXYGEN)}
    assert reports(world, mbagathi, StockReported, **said) == (True, "")
    assert reports(world, mbagathi, StockReported, has=0, lacks=int(Capability.ANTIVENOM)) == (
        True,
        "",
    )
    row = known(world, mbagathi)
    assert row.stock_has == Capability.BLOOD
    assert row.stock_lacks == Capability.OXYGEN | Capability.ANTIVENOM
    assert row.source == "box"


def test_what_makes_no_sense_is_refused_in_words(world: World, mbagathi: HospitalBox) -> None:
    accepted, why = reports(world, mbagathi, StockReported, has=int(Capability.CT), lacks=0)
    assert not accepted
    assert "Only these have a stock" in why
    accepted, why = reports(world, mbagathi, AvailabilityReported, **beds(30))
    assert not accepted
    assert "30 free of 20" in why
    assert known(world, mbagathi).free_beds == 10


def test_an_older_report_of_the_same_sort_does_not_undo_a_newer_one(
    world: World, mbagathi: HospitalBox
) -> None:
    now = world.clock.now
    reports(world, mbagathi, AvailabilityReported, **beds(3))
    accepted, why = reports(world, mbagathi, AvailabilityReported, **beds(9), at=now - 5 * MINUTE)
    assert not accepted
    assert "something newer was reported" in why
    # Nobody has said anything newer of the stock.
    blood = int(Capability.BLOOD)
    assert reports(world, mbagathi, StockReported, has=0, lacks=blood, at=now - 5 * MINUTE) == (
        True,
        "",
    )
    row = known(world, mbagathi)
    assert (row.free_beds, row.stock_lacks, row.heard_at) == (3, blood, now)
    assert row.stock_reported_at == now - 5 * MINUTE


@pytest.mark.parametrize("said_at", [NEVER_SET, IN_2038], ids=["1970", "2038"])
def test_a_box_with_a_wrong_clock_is_judged_by_arrival(
    world: World, mbagathi: HospitalBox, said_at: datetime
) -> None:
    assert reports(world, mbagathi, AvailabilityReported, **beds(3), at=said_at) == (True, "")
    assert (known(world, mbagathi).free_beds, known(world, mbagathi).reported_at) == (
        3,
        world.clock.now,
    )
    world.clock.now += MINUTE
    assert reports(world, mbagathi, AvailabilityReported, **beds(2)) == (True, "")
    assert known(world, mbagathi).free_beds == 2


def test_a_box_of_an_earlier_version_expects_no_answer(world: World, mbagathi: HospitalBox) -> None:
    said = AvailabilityReported(at=world.clock.now, **beds(4))
    assert folds(world, mbagathi, said).answers == []
    assert known(world, mbagathi).free_beds == 4


def test_a_note_about_a_patient_stands_in_their_case(
    world: World, mbagathi: HospitalBox, thika: HospitalBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    about = mbagathi.rings().dispatch_id
    words = "Family phoned from +254711000222: he is awake"
    assert reports(world, mbagathi, NoteWritten, text=words, dispatch_id=about) == (True, "")
    emergency = world.the_emergency()

    def shown(*, revealed: bool) -> str:
        case = world.services.database.read(
            lambda c: case_file(c, world.services.vault, emergency.id, revealed=revealed)
        )
        return "\n".join(case_lines(case))

    assert "Mbagathi Hospital wrote (AK): Family phoned from" in shown(revealed=False)
    assert "+254711000222" not in shown(revealed=False)
    assert "+254711000222" in shown(revealed=True)
    assert ("box_note", "Mbagathi Hospital") in alarms(world)
    assert "wrote a note about the patient" in operator_texts(world)[-1]
    assert "awake" not in "".join(operator_texts(world)) + caplog.text
    accepted, why = reports(world, thika, NoteWritten, text="?", dispatch_id=about)
    assert (accepted, why) == (False, "There is no such dispatch.")


def test_a_note_about_nobody_is_on_the_operators_list(world: World, mbagathi: HospitalBox) -> None:
    said = {"text": "The road is flooded", "report_id": 77}
    assert reports(world, mbagathi, NoteWritten, **said) == (True, "")
    detail = "Mbagathi Hospital, AK: The road is flooded"
    assert alarms(world) == [("box_wrote", detail)]
    assert "flooded" not in operator_texts(world)[-1]
    # A database that was set back hears it again.
    told = len(operator_texts(world))
    assert reports(world, mbagathi, NoteWritten, **said) == (True, "")
    assert len(operator_texts(world)) == told


def test_a_walk_in_takes_a_bed_once(world: World, mbagathi: HospitalBox) -> None:
    said = {"kind": Kind.BURN, "priority": Priority.HIGH, "patient_count": 2, "report_id": 78}
    assert reports(world, mbagathi, WalkInRegistered, **said) == (True, "")
    assert known(world, mbagathi).assigned_since == 2
    assert reports(world, mbagathi, WalkInRegistered, **said) == (True, "")
    assert known(world, mbagathi).assigned_since == 2
    # Whoever counted the beds since counted theirs as taken.
    world.clock.now += MINUTE
    reports(world, mbagathi, AvailabilityReported, **beds(4))
    before = {"kind": Kind.FITS, "priority": Priority.HIGH, "at": world.clock.now - MINUTE}
    assert reports(world, mbagathi, WalkInRegistered, **before) == (True, "")
    assert known(world, mbagathi).assigned_since == 0
    rows = world.services.database.read(lambda c: c.execute(select(walk_ins)).all())
    assert [(row.kind, row.patient_count, row.by) for row in rows] == [
        (Kind.BURN, 2, "AK"),
        (Kind.FITS, 1, "AK"),
    ]


def test_a_walk_in_who_was_expected_elsewhere_is_expected_there_no_more(
    world: World, mbagathi: HospitalBox, thika: HospitalBox
) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    mbagathi.accepts()
    code = world.the_emergency().help_code
    walk_in = WalkInRegistered(
        at=world.clock.now,
        report_id=79,
        by="BN",
        kind=Kind.BLEEDING,
        priority=Priority.CRITICAL,
        help_code=code,
    )
    folded = folds(world, thika, walk_in)
    (taken,) = folded.answers
    assert isinstance(taken, ReportTaken)
    assert (taken.accepted, taken.reason) == (
        True,
        f"{code} was expected at Mbagathi Hospital: it knows now",
    )
    told = [
        (event.state, event.reason)
        for hospital_id, event in folded.others
        if hospital_id == mbagathi.id and isinstance(event, DispatchChanged)
    ]
    assert told == [(DispatchState.WITHDRAWN, "the patient arrived elsewhere")]
    here = [event for hospital_id, event in folded.others if hospital_id == thika.id]
    assert [type(event) for event in here] == [DispatchOffered, DispatchChanged]
    emergency = world.the_emergency()
    assert emergency.state == EmergencyState.ARRIVED
    arrived = world.dispatches()[-1]
    assert (arrived.hospital_id, arrived.state) == (thika.id, DispatchState.ARRIVED)
    assert (known(world, mbagathi).assigned_since, known(world, thika).assigned_since) == (0, 1)
    # Once more, by somebody else of the ward: it is known.
    assert reports(
        world, thika, WalkInRegistered, kind=Kind.BLEEDING, priority=Priority.HIGH, help_code=code
    ) == (True, f"{code} was known to be with you")
    assert known(world, thika).assigned_since == 1
    assert phone.inbox()


def test_a_walk_in_of_whom_nobody_knew_the_place_is_found(
    world: World, mbagathi: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6", "9")
    world.forward(180)
    emergency = world.the_emergency()
    assert not world.dispatches()
    said = {"kind": Kind.BLEEDING, "priority": Priority.HIGH, "help_code": emergency.help_code}
    accepted, why = reports(world, mbagathi, WalkInRegistered, **said)
    assert (accepted, why) == (True, f"{emergency.help_code} is noted as arrived here")
    assert world.the_emergency().state == EmergencyState.ARRIVED
    assert alarms(world) == []


def test_a_code_that_nobody_has_is_said_and_counted(world: World, mbagathi: HospitalBox) -> None:
    said = {"kind": Kind.FITS, "priority": Priority.HIGH, "help_code": "ZZZZ"}
    assert reports(world, mbagathi, WalkInRegistered, **said) == (
        True,
        "no open alert has the code ZZZZ",
    )
    assert known(world, mbagathi).assigned_since == 1


def test_a_report_that_fails_is_refused_and_says_so(world: World, mbagathi: HospitalBox) -> None:
    report = NoteWritten(at=world.clock.now, report_id=80, text="?")
    folded = world.services.database.write(lambda c: world.desk.set_aside(c, mbagathi.id, report))
    (taken,) = folded.answers
    assert isinstance(taken, ReportTaken)
    assert not taken.accepted
    assert "by telephone" in taken.reason


def test_operators_hear_of_a_sim_that_fails_once(world: World, mbagathi: HospitalBox) -> None:
    def says(**said: Any) -> None:
        folds(world, mbagathi, SimReported(at=world.clock.now, **said))

    says(working=True, credit_cents=5000)
    says(working=True)
    assert alarms(world) == []
    says(working=True, credit_cents=4999)
    says(working=False, problem="no registration")
    assert alarms(world) == [("box_sim", "Mbagathi Hospital")]
    assert len(operator_texts(world)) == 1
    says(working=True, credit_cents=20_000)
    assert alarms(world) == []


def test_a_boxs_hospital_has_its_duty_phones_on_it(world: World, mbagathi: HospitalBox) -> None:
    def opening(*, removing: bool) -> list[Event]:
        return world.services.database.write(
            lambda c: world.desk.opening(c, mbagathi.id, removing=removing)
        )

    nobody = DutyPhonesSet(at=world.clock.now, phones=(), hours=())
    assert opening(removing=False) == []
    assert opening(removing=True) == [nobody]
    for contact in (
        NewContact("+254722000001", duty="mon-fri 08:00-17:00"),
        NewContact("+254722000002", sms=False),
        NewContact("+254722000003"),
    ):
        world.services.database.write(
            lambda c, contact=contact: contacts.add(c, mbagathi.id, contact)  # type: ignore[misc]
        )
    assert opening(removing=False) == [
        DutyPhonesSet(
            at=world.clock.now,
            phones=("+254722000001", "+254722000003"),
            hours=("mon-fri 08:00-17:00", ""),
        )
    ]


def test_boxes_forget_a_patient_a_day_after_the_end(
    world: World, mbagathi: HospitalBox, thika: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    mbagathi.accepts()
    mbagathi.reports_arrival()

    def removed() -> set[tuple[int, int]]:
        return {
            (hospital_id, event.dispatch_id)
            for hospital_id, event in world.boxes.events
            if isinstance(event, DispatchRemoved)
        }

    world.clock.now += CLOSE_AFTER
    world.settle()
    assert world.the_emergency().state == EmergencyState.CLOSED
    assert removed() == set()
    world.clock.now += LEAVES_BOXES_AFTER
    world.settle()
    assert removed() == {(row.hospital_id, row.id) for row in world.dispatches()}
    left = world.services.database.read(lambda c: c.execute(select(timers)).all())
    assert left == []
