"""Somebody who may be watched: whoever holds their phone cannot call off the help."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.emergencies import caller_answers, store
from gateway.emergencies.timers import CLOSE_AFTER
from gateway.operators import interventions
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Transport
from shared.errors import IllegalMove
from tests.gateway.operators.acting import NAIROBI_WEST, OPERATOR, acts, unsolved
from tests.journeys.world import HospitalBox, Phone, World

NEEDS = ("emergency_24h", "sexual_assault_care")


def assaulted(world: World) -> tuple[Phone, HospitalBox]:
    """An assault that a hospital was asked for, and the phone that it was told from."""
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=NEEDS)
    return world.phone().dials().chooses("1", "8", "6").types("kibra"), hospital


def goes_on(world: World, hospital: HospitalBox) -> None:
    """Nothing was taken back, and operators know."""
    assert hospital.changes()[-1].state in (DispatchState.OFFERED, DispatchState.DELIVERED)
    assert "may not be the patient" in hospital.knows().note
    assert hospital.accepts().accepted
    assert unsolved(world) == ["cancel_asked"]
    code = world.the_emergency().help_code
    texts = [text for to, text in world.carrier.texts if to == OPERATOR]
    assert f"{code}: the phone asked to cancel" in texts[-1]
    assert "Do NOT phone" in texts[-1]


def test_a_dialled_cancellation_only_seems_to_be_one(world: World) -> None:
    phone, hospital = assaulted(world)
    phone.dials().chooses("5", "1").sees("cancel")
    goes_on(world, hospital)
    phone.dials().sees("Press FIRST")
    assert world.emergencies()[0].state == EmergencyState.ACCEPTED
    assert phone.inbox() == []


def test_a_texted_cancellation_reads_as_for_anybody_else(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=(*NEEDS, "theatre", "blood"))
    other = world.phone("+254711000112").dials().chooses("1", "2", "6").types("kibra")
    other.texts("CANCEL")
    theirs = world.the_emergency().help_code
    phone = world.phone().dials().chooses("1", "8", "6").types("kibra").texts("CANCEL")
    ours = world.emergencies()[-1]
    assert phone.inbox()[-1].replace(ours.help_code, theirs) == other.inbox()[-1]
    assert ours.state == EmergencyState.DISPATCHED
    # A second time, with or without its code, nothing is open to be cancelled.
    for said in ("CANCEL", f"CANCEL {ours.help_code}"):
        phone.texts(said).reads("no open alert")
        other.texts(said.replace(ours.help_code, theirs))
        assert phone.inbox()[-1] == other.inbox()[-1]


def test_not_coming_is_a_cancellation_too(world: World) -> None:
    phone, hospital = assaulted(world)
    phone.texts("4").reads("is cancelled")
    goes_on(world, hospital)
    assert world.the_emergency().transport is None


def test_no_text_comes_any_more_whatever_happens(world: World) -> None:
    phone, hospital = assaulted(world)
    phone.texts("CANCEL")
    read = list(phone.inbox())
    hospital.accepts()
    world.forward(2 * 3600)
    assert world.the_emergency().state == EmergencyState.NOT_ARRIVED
    hospital.reports_arrival()
    assert phone.inbox() == read


def test_what_nobody_had_heard_of_is_raised(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=NEEDS)
    phone = world.phone().dials().chooses("1", "8", "6")
    assert world.the_emergency().state == EmergencyState.PROVISIONAL
    phone.dials().sees("not finished").chooses("3", "1").sees("is cancelled")
    emergency = world.the_emergency()
    assert emergency.state == EmergencyState.UNANSWERED
    assert sorted(unsolved(world)) == ["cancel_asked", "no_place"]
    assert phone.inbox() == []
    phone.dials().sees("Press FIRST")
    hospital.is_silent()


def test_an_operator_ends_it(world: World) -> None:
    phone, hospital = assaulted(world)
    phone.texts("CANCEL")
    read = list(phone.inbox())
    acts(world, interventions.close, "the police are with her")
    assert world.the_emergency().state == EmergencyState.CLOSED
    assert hospital.changes()[-1].state == DispatchState.WITHDRAWN
    assert unsolved(world) == []
    assert phone.inbox() == read


def test_time_does_not_end_it(world: World) -> None:
    phone, hospital = assaulted(world)
    phone.texts("CANCEL")
    hospital.cannot_treat()
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    asked = [text for to, text in world.carrier.texts if to == OPERATOR and "cancel" in text]
    for _ in range(2):
        world.clock.now += CLOSE_AFTER + timedelta(minutes=10)
        world.settle()
        assert world.the_emergency().state == EmergencyState.UNANSWERED
        assert "cancel_asked" in unsolved(world)
        again = [text for to, text in world.carrier.texts if to == OPERATOR and "cancel" in text]
        assert len(again) > len(asked)
        asked = again
    # What the hospital's staff say ends it as it ends any other.
    hospital.reports_arrival()
    world.clock.now += CLOSE_AFTER + timedelta(minutes=10)
    world.settle()
    assert world.the_emergency().state == EmergencyState.CLOSED


def test_asking_twice_changes_nothing_and_the_phone_moves_it_no_more(world: World) -> None:
    phone, hospital = assaulted(world)
    emergency_id = world.the_emergency().id

    def says(what: Any) -> None:
        world.services.write(lambda uow: what(uow, store.lock(uow, emergency_id)))
        world.settle()

    # A session of another phone at the same alert, as one that began before.
    says(lambda uow, emergency: caller_answers.cancel(uow, emergency, by_sms=False))
    once = world.the_emergency()
    says(lambda uow, emergency: caller_answers.cancel(uow, emergency, by_sms=False))
    says(
        lambda uow, emergency: caller_answers.answer_transport(
            uow, emergency, Transport.ARRIVED, by_sms=False
        )
    )
    assert world.the_emergency() == once
    goes_on(world, hospital)
    assert phone.inbox() == []


def test_where_nothing_can_be_cancelled_this_cannot_either(world: World) -> None:
    _, hospital = assaulted(world)
    hospital.reports_arrival()
    emergency_id = world.the_emergency().id
    with pytest.raises(IllegalMove):
        world.services.write(
            lambda uow: caller_answers.cancel(uow, store.lock(uow, emergency_id), by_sms=False)
        )
    assert world.the_emergency().cancel_asked_at is None


@pytest.mark.parametrize("kind", ["6", "7"])
def test_without_a_place_nobody_is_said_to_help_and_the_next_dial_asks_for_it(
    world: World, kind: str
) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=NEEDS)
    phone = world.phone().dials().chooses("1", "8", kind, "9")
    phone.sees("END", "We need the place", "*384*911#", "will not call you")
    assert hospital.offers() == []
    phone.dials().sees("not finished").chooses("1").sees("Where is the patient?").types("kibra")
    phone.sees("END", "ask hospitals for help", "nearest hospital")
    hospital.rings()
    assert phone.inbox() == []


def test_whoever_dials_next_does_not_read_where_the_caller_is(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "8", "6").types("olympic").sees("1 Olympic")
    phone.dials().sees("not finished").chooses("1").sees("Where is the patient?")
    assert "Olympic, Nairobi" not in phone.screen
    phone.types("kibra").sees("END", "ask hospitals for help")
    phone.dials().chooses("6", "6").sees("Where is the patient?")
    assert "Last time" not in phone.screen
