"""A hospital refers a patient onward: who is asked, who is told, and what becomes of both
emergencies.
"""

from functools import partial

import pytest
from sqlalchemy import select, update

from gateway.emergencies import dispatching, store
from gateway.emergencies.tables import timers
from gateway.emergencies.timers import CLOSE_AFTER
from gateway.hospitals.tables import availability, hospitals
from gateway.operators import interventions
from gateway.operators.case_text import case_lines
from gateway.operators.casebook import case_file
from gateway.providers.ports import Accepted
from gateway.staff import answers, referring
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Kind, Priority
from shared.errors import Conflict, InvalidInput, NotFound, SendRefused
from sync.codec import decode, encode
from tests.gateway.operators.acting import JK, OPERATOR, unsolved
from tests.gateway.staff.desk import (
    BASIC,
    DUTY,
    NAIROBI_WEST,
    OTHER_DUTY,
    THIKA,
    WHOLE,
    audited,
    does,
    refers,
    sees,
)
from tests.journeys.world import FakeCarrier, HospitalBox, Phone, World


def two_hospitals(world: World) -> tuple[HospitalBox, HospitalBox]:
    """One that cannot operate, and one that can, further away."""
    return (
        world.hospital(
            "Mbagathi Hospital", *NAIROBI_WEST, BASIC, lacks=("theatre",), duty_phone=DUTY
        ),
        world.hospital("Thika Hospital", *THIKA, WHOLE, duty_phone=OTHER_DUTY),
    )


def brought(world: World, hospital: HospitalBox) -> tuple[Phone, int]:
    """A patient who was sent to the hospital and is expected there; their phone, and dispatch."""
    phone = world.phone().dials().chooses("1", "6").types("kibra")
    (line,) = sees(world, hospital)
    does(world, lambda uow: answers.accept(uow, DUTY, line.dispatch_id))
    return phone, line.dispatch_id


def texts_to(world: World, number: str) -> list[str]:
    return [text for to, text in world.carrier.texts if to == number]


def taken_beds(world: World, hospital: HospitalBox) -> int:
    query = select(availability.c.assigned_since).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: int(c.execute(query).scalar_one()))


def test_somebody_who_came_by_themselves_is_referred(world: World) -> None:
    here, there = two_hospitals(world)
    asked = refers(world, here)
    assert asked.hospital is not None
    assert asked.hospital.name == "Thika Hospital"
    emergency = world.the_emergency()
    assert (emergency.rule_id, emergency.ruleset) == (
        "referral-surgery",
        world.services.rules.version,
    )
    assert (emergency.state, emergency.priority) == (EmergencyState.DISPATCHED, Priority.CRITICAL)
    assert (emergency.referred_by, emergency.referred_from) == (here.id, None)
    assert emergency.caller_id is None
    offer = there.rings()
    assert (offer.referred_by, offer.caller_phone) == ("Mbagathi Hospital", DUTY)
    assert offer.signs == ("referral", "surgery")
    assert (offer.place_name, offer.lat, offer.lon) == ("Mbagathi Hospital", *NAIROBI_WEST)
    assert decode(encode(offer)) == offer
    here.is_silent()
    assert "REFERRAL from Mbagathi" in texts_to(world, OTHER_DUTY)[-1]
    (told,) = texts_to(world, DUTY)
    assert told.startswith(f"HAVEN referral {emergency.help_code}: asking Thika Hospital")
    actor, action = audited(world)[0]
    assert (actor.partition(":")[0], action) == ("hospital", "emergency noted")


def test_the_patient_leaves_one_hospital_for_the_other(world: World) -> None:
    here, there = two_hospitals(world)
    phone, dispatch_id = brought(world, here)
    read = list(phone.inbox())
    refers(world, here, "surgery", dispatch_id)
    old, new = world.emergencies()
    # Whoever refers a patient has them.
    assert old.state == EmergencyState.ARRIVED
    assert (new.referred_from, new.incident_id) == (old.id, old.incident_id)
    there.rings()
    assert there.accepts().accepted
    assert "Thika Hospital expects the patient" in texts_to(world, DUTY)[-1]
    # Until they are there, the first hospital has them, and keeps their bed.
    assert world.emergencies()[0].state == EmergencyState.ARRIVED
    assert taken_beds(world, here) == 1
    there.reports_arrival()
    old, new = world.emergencies()
    assert (old.state, new.state) == (EmergencyState.CLOSED, EmergencyState.ARRIVED)
    assert (taken_beds(world, here), taken_beds(world, there)) == (0, 1)
    assert texts_to(world, DUTY)[-1].endswith("the patient has arrived at Thika Hospital")
    assert ("gateway", "emergency closed") in audited(world)
    # The patient's own phone is not sent to and fro.
    assert phone.inbox() == read
    assert unsolved(world) == []


def test_when_the_other_hospital_cannot_treat_the_next_is_asked_and_staff_are_told(
    world: World,
) -> None:
    here, there = two_hospitals(world)
    further = world.hospital("Nyeri Hospital", -0.4201, 36.9476, WHOLE)
    _, dispatch_id = brought(world, here)
    code = refers(world, here, "surgery", dispatch_id).emergency.help_code
    there.cannot_treat()
    further.rings()
    assert texts_to(world, DUTY)[-1].startswith(
        f"HAVEN referral {code}: Thika Hospital cannot treat this. We are asking Nyeri Hospital"
    )
    further.accepts()
    assert "Nyeri Hospital expects the patient" in texts_to(world, DUTY)[-1]
    assert "Thika Hospital cannot treat this" in texts_to(world, DUTY)[-1]


def test_silence_asks_the_next_hospital_as_well_and_never_the_one_that_refers(
    world: World,
) -> None:
    here, there = two_hospitals(world)
    _, dispatch_id = brought(world, here)
    rung = len(here.offers())
    refers(world, here, "blood", dispatch_id)  # which it has itself, and has used up
    world.forward(91)
    referral = world.emergencies()[-1]
    assert referral.state == EmergencyState.UNANSWERED
    assert "no hospital has accepted. Keep the patient" in texts_to(world, DUTY)[-1]
    assert unsolved(world) == ["unanswered"]
    world.forward(3600)
    assert len(here.offers()) == rung
    there.accepts()
    assert "expects the patient" in texts_to(world, DUTY)[-1]


def test_nobody_is_moved_to_a_hospital_that_cannot_do_more(world: World) -> None:
    here = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, BASIC, duty_phone=DUTY)
    clinic = world.hospital("Kibra Clinic", *THIKA, BASIC, lacks=("theatre",), level=3)
    asked = refers(world, here)
    assert asked.dispatch is None
    clinic.is_silent()
    assert unsolved(world) == ["unanswered"]
    assert "Keep the patient" in texts_to(world, DUTY)[-1]
    assert taken_beds(world, clinic) == 0


def test_a_patient_is_referred_once_at_a_time(world: World) -> None:
    here, there = two_hospitals(world)
    _, dispatch_id = brought(world, here)
    code = refers(world, here, "surgery", dispatch_id).emergency.help_code
    with pytest.raises(Conflict, match=code):
        refers(world, here, "icu", dispatch_id)
    (referral,) = does(world, lambda uow: referring.open_referrals(uow, here.id))
    assert (referral.help_code, referral.state) == (code, EmergencyState.DISPATCHED)
    does(world, lambda uow: referring.withdraw(uow, here.id, referral.emergency_id))
    assert there.changes()[-1].state == DispatchState.WITHDRAWN
    assert there.changes()[-1].reason == "the referring hospital withdrew it"
    assert does(world, lambda uow: referring.open_referrals(uow, here.id)) == []
    assert refers(world, here, "icu", dispatch_id).emergency.rule_id == "referral-icu"
    assert world.emergencies()[0].state == EmergencyState.ARRIVED


def test_only_the_hospital_that_refers_withdraws_a_referral(world: World) -> None:
    here, there = two_hospitals(world)
    emergency_id = refers(world, here).emergency.id
    phone = world.phone().dials().chooses("1", "6").types("kibra")
    for hospital, which in (
        (there, emergency_id),
        (here, world.emergencies()[-1].id),
        (here, 4711),
    ):
        with pytest.raises(InvalidInput, match="not open any more"):
            does(world, partial(referring.withdraw, hospital_id=hospital.id, emergency_id=which))
    does(world, lambda uow: referring.withdraw(uow, here.id, emergency_id))
    with pytest.raises(InvalidInput, match="not open any more"):
        does(world, lambda uow: referring.withdraw(uow, here.id, emergency_id))
    assert phone.inbox()


def test_only_a_patient_who_is_there_is_referred(world: World) -> None:
    here, there = two_hospitals(world)
    world.phone().dials().chooses("1", "6").types("kibra")
    (line,) = sees(world, here)
    with pytest.raises(InvalidInput, match="Say first that they have arrived"):
        refers(world, here, "surgery", line.dispatch_id)
    with pytest.raises(InvalidInput, match="came by themselves"):
        refers(world, there, "surgery", line.dispatch_id)
    with pytest.raises(InvalidInput, match="came by themselves"):
        refers(world, here, "surgery", 4711)
    with pytest.raises(InvalidInput, match="surgery, caesarean, newborn"):
        refers(world, here, "a holiday")
    with pytest.raises(NotFound):
        does(world, lambda uow: referring.refer(uow, 4711, "surgery"))
    assert len(world.emergencies()) == 1


def test_a_patient_goes_on_from_hospital_to_hospital(world: World) -> None:
    here, there = two_hospitals(world)
    furthest = world.hospital("Coast Hospital", -1.2000, 37.2000, (*WHOLE, "ct"))
    _, dispatch_id = brought(world, here)
    refers(world, here, "icu", dispatch_id)
    there.accepts()
    there.reports_arrival()
    (line,) = [row for row in world.dispatches() if row.hospital_id == there.id]
    refers(world, there, "head", line.id)
    furthest.accepts()
    furthest.reports_arrival()
    assert [row.state for row in world.emergencies()] == ["closed", "closed", "arrived"]
    assert len({row.incident_id for row in world.emergencies()}) == 1


def test_who_was_attacked_stays_protected_when_they_are_referred(world: World) -> None:
    here, there = two_hospitals(world)
    phone = world.phone().dials().chooses("1", "8", "7").types("kibra")
    (line,) = sees(world, here)
    does(world, lambda uow: answers.arrived(uow, DUTY, line.dispatch_id))
    refers(world, here, "icu", line.dispatch_id)
    there.accepts()
    there.reports_arrival()
    assert phone.inbox() == []
    assert there.offers()[-1].kind is Kind.SICKNESS


def test_a_hospital_whose_place_is_not_known_is_helped_by_operators(world: World) -> None:
    here, there = two_hospitals(world)
    nowhere = update(hospitals).where(hospitals.c.id == here.id).values(lat=None, lon=None)
    world.services.database.write(lambda c: c.execute(nowhere))
    asked = refers(world, here)
    assert asked.dispatch is None
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    assert unsolved(world) == ["no_place"]
    assert "do not know where your hospital is" in texts_to(world, DUTY)[-1]
    there.is_silent()


def test_an_operator_cannot_send_the_patient_back_to_where_they_are(world: World) -> None:
    here, there = two_hospitals(world)
    refers(world, here)
    there.cannot_treat()
    emergency_id = world.the_emergency().id
    with pytest.raises(Conflict, match="has the patient"):
        does(
            world,
            lambda uow: dispatching.offer_to(
                uow, store.lock(uow, emergency_id), here.id, "why not", sends_caller=False
            ),
        )


def test_operators_see_who_refers(world: World) -> None:
    here, _ = two_hospitals(world)
    emergency = refers(world, here).emergency
    case = world.services.database.read(lambda c: case_file(c, world.services.vault, emergency.id))
    assert case.referred_by == "Mbagathi Hospital"
    assert any("the staff of Mbagathi Hospital, who refer" in line for line in case_lines(case))


def test_an_operator_closes_a_referral_and_staff_hear_of_it(world: World) -> None:
    here, there = two_hospitals(world)
    emergency_id = refers(world, here).emergency.id
    does(
        world,
        lambda uow: interventions.close(uow, store.lock(uow, emergency_id), "went by air", JK),
    )
    assert texts_to(world, DUTY)[-1].endswith("closed by Haven's operators")
    assert there.changes()[-1].state == DispatchState.WITHDRAWN


def test_staff_are_asked_when_the_patient_does_not_arrive(world: World) -> None:
    here, there = two_hospitals(world)
    refers(world, here)
    there.accepts()
    world.forward(4 * 3600)
    assert world.the_emergency().state == EmergencyState.NOT_ARRIVED
    assert "Are they still with you" in texts_to(world, DUTY)[-1]


def test_a_referral_that_takes_longer_than_a_day_finds_the_earlier_emergency_ended(
    world: World,
) -> None:
    here, there = two_hospitals(world)
    _, dispatch_id = brought(world, here)
    refers(world, here, "surgery", dispatch_id)
    world.clock.now += CLOSE_AFTER
    world.settle()
    assert world.emergencies()[0].state == EmergencyState.CLOSED
    there.reports_arrival()
    world.forward(1)
    assert world.emergencies()[1].state == EmergencyState.ARRIVED
    left = world.services.database.read(lambda c: c.execute(select(timers.c.kind)).scalars().all())
    # Of the earlier one only that boxes forget it.
    assert sorted(left) == ["close", "leave_boxes"]


class _Deaf(FakeCarrier):
    """Takes no text for one number."""

    def send_sms(self, to: str, text: str, sender: str | None) -> Accepted:
        if to == DUTY:
            raise SendRefused("no such number")
        return super().send_sms(to, text, sender)


def test_operators_phone_the_staff_whom_our_texts_do_not_reach(world: World) -> None:
    here, _ = two_hospitals(world)
    world.carrier = _Deaf()
    refers(world, here)
    assert unsolved(world) == ["not_reachable"]
    texts = texts_to(world, OPERATOR)
    assert "Mbagathi Hospital does not answer" in texts[-1]


def test_the_duty_phone_of_the_other_hospital_is_told_on_a_call_too(world: World) -> None:
    here, _ = two_hospitals(world)
    refers(world, here)
    world.forward(21)
    assert world.carrier.calls == [OTHER_DUTY]
    _, heard = world.post(
        "voice",
        {"isActive": "1", "sessionId": "ATVId_1", "callerNumber": OTHER_DUTY, "direction": "o"},
    )
    assert "Mbagathi Hospital refers a critical patient" in heard


def test_whatever_the_menu_offers_can_be_referred_for(world: World) -> None:
    offered = world.services.menus.definitions.screens["staff_refer"].options
    known = world.services.write(referring.needs)
    assert tuple(option.value for option in offered) == known
