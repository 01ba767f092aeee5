"""A caller says that they are the patient: the hospital that is asked sees what they agreed to
share, for as long as it is asked, and nobody else ever does.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from gateway.audit import audit_entries
from gateway.callers import store as callers
from gateway.emergencies import caller_answers, closing, store, summaries
from gateway.medical import consent, profile
from gateway.medical.consent import Scope, Shown
from gateway.medical.profile import ProfileField
from gateway.menus.tables import menu_sessions
from gateway.notifications.tables import messages
from gateway.operators.casebook import case_file
from gateway.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.identifier import to_text
from sync.codec import LAYOUTS, encode
from sync.events import (
    DispatchOffered,
    DispatchRemoved,
    Event,
    Lane,
    SummaryShared,
    SummaryWithdrawn,
)
from tests.journeys.world import HospitalBox, Phone, World

NEAR, FAR = (-1.3100, 36.8000), (-1.2900, 36.8900)
ALLERGY = "penicillin"
SHARE = Scope.SHARE_WITH_MATCHED_HOSPITAL
SHOWN = Shown("test", "ussd", "en")


@pytest.fixture
def near(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", *NEAR)


@pytest.fixture
def far(near: HospitalBox, world: World) -> HospitalBox:
    return world.hospital("Pumwani Hospital", *FAR)


def patient(world: World, number: str = "+254711000111", *, agrees: bool = True) -> Phone:
    """Somebody who has stated blood type and allergies, and agreed to share them."""
    phone = world.phone(number)

    def work(uow: UnitOfWork) -> None:
        caller_id = callers.find_or_add(uow, number).id
        callers.remember_language(uow, caller_id, "en")
        profile.put(uow, caller_id, ProfileField.BLOOD_TYPE, "O-")
        profile.put(uow, caller_id, ProfileField.ALLERGIES, ALLERGY)
        if agrees:
            consent.give(uow, caller_id, SHARE, SHOWN)

    world.services.write(work)
    return phone


def raises(phone: Phone) -> Phone:
    return phone.dials().chooses("2", "6").types("kibra").sees("END", "Telling")


def says_it_is_them(phone: Phone) -> Phone:
    raises(phone)
    phone.dials().sees("8 It is me").chooses("8").sees("yourself the patient").chooses("1")
    return phone.sees("END", "what you allowed")


def seen(box: HospitalBox) -> SummaryShared | None:
    """What the hospital's box shows of the patient: the latest word on its latest dispatch."""
    offers = box.offers()
    if not offers:
        return None
    about: list[Event] = [
        event
        for hospital_id, event in box.world.boxes.events
        if hospital_id == box.id
        and isinstance(event, SummaryShared | SummaryWithdrawn | DispatchRemoved)
        and event.dispatch_id == offers[-1].dispatch_id
    ]
    latest = about[-1] if about else None
    assert all(one.at < other.at for one, other in pairwise(about))
    return latest if isinstance(latest, SummaryShared) else None


def trail(world: World) -> list[tuple[str, str, str]]:
    query = select(audit_entries).order_by(audit_entries.c.id)
    rows = world.services.database.read(lambda c: c.execute(query).all())
    return [(row.actor, row.action, row.subject) for row in rows if "summary" in row.action]


def caller_id(world: World, phone: Phone) -> int:
    return int(world.services.write(lambda uow: callers.find_or_add(uow, phone.number)).id)


def test_the_hospital_sees_it_once_the_caller_says_that_they_are_the_patient(
    world: World, near: HospitalBox
) -> None:
    phone = raises(patient(world))
    assert seen(near) is None
    phone.dials().sees("8 It is me").chooses("8").sees("1 Yes, it is me").chooses("1")
    phone.sees("END", "the hospital we ask sees what you allowed")
    shown = seen(near)
    assert shown is not None
    assert (shown.blood_type, shown.allergies) == ("O-", ALLERGY)
    assert world.the_emergency().caller_is_patient
    who = f"caller:{to_text(caller_id(world, phone))}"
    about = f"dispatch:{to_text(shown.dispatch_id)}"
    assert trail(world) == [(who, "summary shared on consent", about)]


def test_it_is_taken_back_in_the_same_place(world: World, near: HospitalBox) -> None:
    phone = says_it_is_them(patient(world))
    phone.dials().chooses("8").sees("You are the patient").chooses("1").sees("what you allowed")
    assert seen(near) is not None
    phone.dials().chooses("8", "2").sees("END", "no hospital sees facts of yours")
    assert seen(near) is None
    assert not world.the_emergency().caller_is_patient
    assert [action for _, action, _ in trail(world)] == [
        "summary shared on consent",
        "summary withdrawn",
    ]


def test_nobody_else_is_asked(world: World, near: HospitalBox) -> None:
    for phone in (world.phone("+254711000112"), patient(world, "+254711000113", agrees=False)):
        if phone.number.endswith("112"):
            phone.dials().chooses("1")
        raises(phone)
        phone.dials().sees("7 Wrong place")
        assert "It is me" not in phone.screen
        phone.chooses("8").sees("Press a number shown")
        phone.texts("IT IS ME")
        assert near.knows().note.endswith("IT IS ME")
    assert seen(near) is None
    assert trail(world) == []


@pytest.mark.parametrize(
    "keys", [("8", "5"), ("8", "6"), ("1", "5")], ids=["child", "assault", "sick child"]
)
def test_neither_for_a_child_nor_on_a_phone_that_may_be_watched(
    world: World, near: HospitalBox, keys: tuple[str, str]
) -> None:
    phone = patient(world).dials().chooses(*keys).types("kibra")
    phone.sees("END").dials()
    assert "It is me" not in phone.screen


def test_who_calls_for_several_is_not_asked(world: World, near: HospitalBox) -> None:
    phone = says_it_is_them(patient(world))

    def more(uow: UnitOfWork) -> None:
        emergency = store.lock(uow, world.the_emergency().id)
        caller_answers.details_given(uow, emergency, emergency.answers, patient_count=3)

    world.services.write(more)
    assert seen(near) is None
    phone.dials().chooses("8").sees("You are the patient")


def test_nobody_says_it_of_anothers_emergency(world: World, near: HospitalBox) -> None:
    raises(patient(world))
    other = caller_id(world, patient(world, "+254711000112"))
    with pytest.raises(NotFound):
        world.services.write(
            lambda uow: summaries.say(
                uow, store.lock(uow, world.the_emergency().id), other, is_patient=True
            )
        )
    assert seen(near) is None


def test_by_sms_it_is_said_and_taken_back(world: World, near: HospitalBox) -> None:
    phone = raises(patient(world)).texts("it's me")
    phone.reads("noted that you are the patient", "NOT ME")
    assert seen(near) is not None
    assert near.knows().note == ""
    phone.texts("Not me").reads("noted that you are not the patient")
    assert seen(near) is None


def erases(uow: UnitOfWork, caller_id: int) -> None:
    profile.erase(uow, caller_id)


def withdraws(uow: UnitOfWork, caller_id: int) -> None:
    consent.withdraw(uow, caller_id, SHARE, SHOWN)


@pytest.mark.parametrize("takes_back", [erases, withdraws])
def test_what_is_taken_back_leaves_the_hospital(
    world: World, near: HospitalBox, takes_back: Callable[[UnitOfWork, int], None]
) -> None:
    phone = says_it_is_them(patient(world))
    who = caller_id(world, phone)

    def work(uow: UnitOfWork) -> None:
        with summaries.kept_true(uow, who):
            takes_back(uow, who)

    world.services.write(work)
    assert seen(near) is None


def test_through_the_menus_erasing_withdrawing_and_changing_reach_the_hospital(
    world: World, near: HospitalBox
) -> None:
    phone = says_it_is_them(patient(world))
    more = ("6", "9")  # another patient, and no emergency after all
    phone.dials().chooses(*more, "2", "3", "5").sees("Saved")
    shown = seen(near)
    assert shown is not None
    assert shown.blood_type == "B+"
    phone.dials().chooses(*more, "3", "2").sees("Nothing is shared")
    assert seen(near) is None
    phone.dials().chooses(*more, "3", "98", "1").sees("You allow it")
    assert seen(near) is not None
    phone.dials().chooses(*more, "2", "5", "1").sees("Deleted")
    assert seen(near) is None


# Who sees it after which step of a story; each step is done by the hospital named first.
Step = Callable[[World, HospitalBox, HospitalBox, Phone], object]
STORY: list[tuple[str, Step, bool, bool]] = [
    ("is asked", lambda world, near, far, phone: None, True, False),
    ("rings", lambda world, near, far, phone: near.rings(), True, False),
    ("is silent: the next is asked", lambda w, n, f, p: w.forward(95), False, True),
    ("accepts late: the other is not needed", lambda w, n, f, p: n.accepts(), True, False),
    ("cannot treat after all", lambda w, n, f, p: n.cannot_treat(), False, True),
    ("takes that back", lambda w, n, f, p: n.can_treat_after_all(), True, False),
    ("has the patient", lambda w, n, f, p: n.reports_arrival(), True, False),
    ("a day later it is closed", lambda w, n, f, p: w.forward(24 * 3600 + 1), False, False),
]


def test_whoever_is_asked_sees_it_and_only_as_long(
    world: World, near: HospitalBox, far: HospitalBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = says_it_is_them(patient(world))
    monkeypatch.setattr(world, "forward", lambda seconds: _leaps(world, seconds))
    for what, step, near_sees, far_sees in STORY:
        step(world, near, far, phone)
        assert (seen(near) is not None, seen(far) is not None) == (near_sees, far_sees), what


def _leaps(world: World, seconds: float) -> None:
    """A day is not gone through second by second."""
    world.clock.now += timedelta(seconds=seconds)
    world.settle()


def test_whoever_cancels_takes_it_back(world: World, near: HospitalBox) -> None:
    phone = says_it_is_them(patient(world))
    phone.dials().chooses("5", "1").sees("END")
    assert seen(near) is None


def test_operators_close_it(world: World, near: HospitalBox) -> None:
    says_it_is_them(patient(world))
    near.reports_arrival()
    assert seen(near) is not None
    world.services.write(lambda uow: closing.close(uow, store.lock(uow, world.the_emergency().id)))
    assert seen(near) is None


def test_a_hospital_without_a_box_is_told_nothing(world: World) -> None:
    world.hospital("Kibra Clinic", *NEAR, box=False, duty_phone="+254722000009")
    says_it_is_them(patient(world))
    assert trail(world) == []
    texts = [text for to, text in world.carrier.texts]
    assert not any(ALLERGY in text or "O-" in text for text in texts)


def test_a_new_box_starts_with_it_and_a_snapshot_takes_away_what_must_not_be_there(
    world: World, near: HospitalBox
) -> None:
    phone = says_it_is_them(patient(world))
    raises(patient(world, "+254711000112"))

    def opening(*, removing: bool) -> list[Event]:
        return world.services.database.write(
            lambda c: world.desk.opening(c, near.id, removing=removing)
        )

    mine, others = near.offers()[-2:]
    shared = [each for each in opening(removing=False) if isinstance(each, SummaryShared)]
    assert [each.dispatch_id for each in shared] == [mine.dispatch_id]
    told = opening(removing=True)
    assert [each.dispatch_id for each in told if isinstance(each, SummaryShared)] == [
        mine.dispatch_id
    ]
    assert [each.dispatch_id for each in told if isinstance(each, SummaryWithdrawn)] == [
        others.dispatch_id
    ]
    phone.texts("NOT ME")
    assert not any(isinstance(each, SummaryShared) for each in opening(removing=True))


def test_no_medical_fact_is_in_a_text_a_log_the_trail_a_session_or_an_operators_view(
    world: World, near: HospitalBox, far: HospitalBox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        phone = says_it_is_them(patient(world))
        world.forward(95)
        far.accepts()
        phone.texts("not me").texts("it is me")
    facts = (ALLERGY, "O-")
    (shared, *_) = (event for _, event in world.boxes.events if isinstance(event, SummaryShared))
    assert not any(fact in repr(shared) for fact in facts)
    assert ALLERGY.encode() in encode(shared)
    for table in (audit_entries, messages, menu_sessions):
        stored = str(world.services.database.read(lambda c, of=table: c.execute(select(of)).all()))  # type: ignore[misc]
        assert len(stored) > 2
        assert ALLERGY not in stored
    assert not any(fact in text for _, text in world.carrier.texts for fact in facts)
    assert ALLERGY not in caplog.text
    emergency = world.the_emergency()
    assert ALLERGY not in str(emergency)
    vault = world.services.vault
    case = world.services.database.read(lambda c: case_file(c, vault, emergency.id, revealed=True))
    assert "summary shared on consent" in str(case)
    assert ALLERGY not in str(case)
    offers = [event for _, event in world.boxes.events if isinstance(event, DispatchOffered)]
    assert not any(ALLERGY.encode() in encode(offer) for offer in offers)


def test_it_travels_after_everything_else() -> None:
    lanes = {layout.type: layout.lane for layout in LAYOUTS}
    assert lanes[SummaryShared] == lanes[SummaryWithdrawn] == Lane.SUMMARIES == max(lanes.values())
