"""What an operator does by hand to an emergency that no hospital has."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from gateway.hospitals.tables import availability, hospitals
from gateway.operators import interventions
from gateway.operators.alarm_board import alarm_list
from gateway.operators.casebook import open_emergencies
from gateway.operators.operator import Operator
from gateway.places.position import place_at
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import EmergencyState
from shared.errors import Conflict, HavenError, IllegalMove, InvalidInput, NotFound
from tests.gateway.operators.acting import (
    DUTY,
    KIBRA,
    NAIROBI_WEST,
    THIKA,
    acts,
    audited,
    nobody_answers,
    unsolved,
)
from tests.journeys.world import World

ACCEPTED_ELSEWHERE = "another hospital accepted first"


def place(uow: UnitOfWork, emergency: Row[Any], operator: Operator) -> None:
    interventions.place(uow, emergency, KIBRA, operator, "kibra, by the bridge")


def close(uow: UnitOfWork, emergency: Row[Any], operator: Operator) -> None:
    interventions.close(uow, emergency, "taken by a private ambulance", operator)


def cannot_treat(uow: UnitOfWork, emergency: Row[Any], of: int, operator: Operator) -> None:
    reason = CannotTreatReason.NO_BLOOD_OR_DRUG
    interventions.cannot_treat(uow, emergency, of, reason, "none since noon", operator)


def test_a_place_learnt_on_the_phone_asks_a_hospital_at_once(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().texts("nisaidie")
    world.forward(121)
    assert unsolved(world) == ["no_place"]
    acts(world, place)
    offer = box.rings()
    assert (offer.place_name, offer.place_text) == ("Kibra, Nairobi", "kibra, by the bridge")
    phone.reads("tunaarifu Mbagathi Hospital")
    assert unsolved(world) == []
    assert audited(world) == [("operator:JK", "place given")]


def test_a_place_given_before_the_alert_was_finished_raises_it(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().texts("nisaidie")
    acts(world, place)
    box.rings()


def test_a_hospital_that_the_ranking_left_out_is_asked(world: World) -> None:
    nobody_answers(world)
    closed = world.hospital("Closed Hospital", *THIKA)
    world.services.database.write(
        lambda c: c.execute(
            availability.update()
            .where(availability.c.hospital_id == closed.id)
            .values(status="diverting")
        )
    )
    acts(world, interventions.send, closed.id)
    closed.rings()
    world.phone().reads("telling Closed Hospital")
    sent = world.dispatches()[-1]
    assert sent.explanation == ["Chosen by operator JK, not by the ranking."]
    assert sent.reserved
    assert audited(world) == [("operator:JK", "hospital chosen")]
    world.forward(91)
    assert world.the_emergency().state == EmergencyState.UNANSWERED


def test_a_patient_on_the_way_is_not_called_back_by_a_hospital_that_is_asked_as_well(
    world: World,
) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    other = world.hospital("Thika Hospital", *THIKA)
    acts(world, interventions.send, other.id)
    other.rings()
    phone.reads("Keep going there", "Thika Hospital")


def test_whoever_was_asked_already_is_not_asked_again(world: World) -> None:
    box = nobody_answers(world)
    with pytest.raises(Conflict, match="asked already"):
        acts(world, interventions.send, box.id)
    assert len(world.dispatches()) == 1


def test_nobody_is_sent_without_a_place(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().texts("nisaidie")
    with pytest.raises(IllegalMove, match="raised by itself"):
        acts(world, interventions.send, box.id)
    world.forward(121)
    with pytest.raises(InvalidInput, match="emergencies place"):
        acts(world, interventions.send, box.id)
    box.is_silent()


def test_a_hospital_without_a_position_cannot_be_sent_to(world: World) -> None:
    nobody_answers(world)
    nowhere = world.hospital("Nowhere Hospital", *THIKA)
    world.services.database.write(
        lambda c: c.execute(
            hospitals.update().where(hospitals.c.id == nowhere.id).values(lat=None, lon=None)
        )
    )
    with pytest.raises(NotFound):
        acts(world, interventions.send, nowhere.id)
    assert len(world.dispatches()) == 1


def test_staff_who_said_yes_on_the_phone_expect_the_patient(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    assert unsolved(world) == ["not_reachable"]
    acts(world, interventions.accept, world.hospital_ids["Mbagathi Hospital"])
    phone.reads("Mbagathi Hospital expects you")
    (dispatch,) = world.dispatches()
    assert (dispatch.state, dispatch.answered_via, dispatch.answered_by) == (
        DispatchState.ACCEPTED,
        "operator",
        "JK",
    )
    assert unsolved(world) == []
    assert audited(world) == [("operator:JK", "spoke for the hospital")]


def test_the_box_hears_that_its_staff_accepted_on_the_phone(world: World) -> None:
    box = nobody_answers(world)
    acts(world, interventions.accept, box.id)
    assert box.changes()[-1].state is DispatchState.ACCEPTED
    assert box.changes()[-1].reason == "your staff accepted on the phone"


def test_a_yes_that_comes_too_late_changes_nothing(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    world.forward(91)
    far.rings()
    far.accepts()
    with pytest.raises(Conflict, match=ACCEPTED_ELSEWHERE):
        acts(world, interventions.accept, near.id)
    with pytest.raises(NotFound, match="was not asked"):
        acts(world, interventions.accept, 999)
    assert audited(world) == []


def test_staff_who_said_no_on_the_phone_pass_the_patient_on(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    world.hospital("Thika Hospital", *THIKA, box=False)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    acts(world, cannot_treat, world.hospital_ids["Mbagathi Hospital"])
    first, second = world.dispatches()
    assert (first.state, first.reason_note) == (DispatchState.CANNOT_TREAT, "none since noon")
    assert second.state == DispatchState.OFFERED
    # What was to be done about the first is done; the second has to be phoned now.
    alarms = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    waiting = [row.detail for row in alarms if row.solved_at is None]
    assert waiting == ["Thika Hospital"]


def test_a_patient_who_was_seen_at_the_hospital_has_arrived(world: World) -> None:
    box = nobody_answers(world)
    acts(world, interventions.arrived, None)
    assert world.the_emergency().state == EmergencyState.ARRIVED
    assert box.changes()[-1].state is DispatchState.ARRIVED
    assert unsolved(world) == []


def test_nobody_arrives_where_nobody_was_sent(world: World) -> None:
    world.phone().texts("nisaidie")
    world.forward(121)
    with pytest.raises(NotFound, match="emergencies close"):
        acts(world, interventions.arrived, None)


def test_closing_frees_the_bed_and_tells_everybody(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    acts(world, close)
    assert box.changes()[-1].state is DispatchState.WITHDRAWN
    assert "taken by a private ambulance" in box.changes()[-1].reason
    phone.reads("closed by our operators")
    world.phone(DUTY).reads("closed by Haven's operators")
    promised = select(availability.c.assigned_since)
    assert world.services.database.read(lambda c: c.execute(promised).scalar_one()) == 0
    assert audited(world) == [("operator:JK", "emergency closed")]
    texts = len(world.carrier.texts)
    world.clock.now += timedelta(hours=25)
    world.settle()
    assert len(world.carrier.texts) == texts
    with pytest.raises(IllegalMove, match="has ended"):
        acts(world, close)


@pytest.mark.parametrize("keys", [("1", "8", "6", "6"), ("1", "8", "6", "7")])
def test_somebody_who_may_be_watched_hears_nothing(world: World, keys: tuple[str, ...]) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "8", keys[3]).types("kibra")
    (listed,) = world.services.database.read(
        lambda c: open_emergencies(c, world.services.vault, world.clock.now)
    )
    assert listed.do_not_phone
    acts(world, place)
    acts(world, close)
    assert phone.inbox() == []


def test_every_intervention_refuses_an_emergency_that_has_ended(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", "2", "6").types("kibra").drops()
    world.phone().texts("cancel")
    for what, more in (
        (place, ()),
        (close, ()),
        (interventions.send, (box.id,)),
        (interventions.accept, (box.id,)),
        (cannot_treat, (box.id,)),
    ):
        with pytest.raises(HavenError):
            acts(world, what, *more)
    assert world.the_emergency().state == EmergencyState.CANCELLED
    assert audited(world) == []


@pytest.mark.parametrize("typed", ["", "J K", "1", "a" * 13, "JK\n", "ü"])
def test_initials_are_letters(typed: str) -> None:
    with pytest.raises(InvalidInput, match="initials"):
        Operator(typed)


def test_a_position_whose_numbers_are_swapped_is_refused() -> None:
    with pytest.raises(InvalidInput, match="swapped"):
        place_at(36.8, -1.31, "KE")
