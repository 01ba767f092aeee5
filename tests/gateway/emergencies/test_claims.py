"""A hospital's claim that cannot be carried out: nothing of it stays, and nobody is left to
guess.
"""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from gateway.alarms.tables import alarms
from gateway.box_desk import BoxDesk
from gateway.emergencies import claims
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.contacts import Roster
from gateway.hospitals.directory import HospitalDirectory
from gateway.hospitals.index import MatchIndex
from gateway.ports import HospitalCard
from shared.dispatch import DispatchState
from shared.errors import NotFound
from shared.match_policy import MatchPolicy
from shared.travel import EAST_AFRICA_TIME
from sync.events import AcceptDispatch, Verdict
from tests.journeys.world import HospitalBox, World


class NamelessHospitals(HospitalDirectory):
    """Hospitals whose names cannot be found: an acceptance fails when all but the text to the
    caller has been written.
    """

    def card(self, connection: Connection, hospital_id: int) -> HospitalCard:
        raise NotFound("There is no such hospital.")


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", -1.31, 36.80)


def the_claim(world: World, hospital: HospitalBox) -> AcceptDispatch:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    dispatch = hospital.rings()
    return AcceptDispatch(
        at=world.clock.now,
        claim_id=world.services.system.new_id(),
        dispatch_id=dispatch.dispatch_id,
        by="DK",
    )


def test_nothing_of_a_claim_that_fails_half_way_stays(world: World, mbagathi: HospitalBox) -> None:
    claim = the_claim(world, mbagathi)
    before = (world.emergencies(), world.dispatches(), len(mbagathi.changes()))
    hospitals = NamelessHospitals(
        MatchIndex(MatchPolicy()),
        AvailabilityBoard(world.services.system),
        Roster(EAST_AFRICA_TIME, lambda day: False),
    )
    failing = replace(world.services, hospitals=hospitals)
    verdict = failing.write(lambda uow: claims.fold(uow, mbagathi.id, claim))
    assert (world.emergencies(), world.dispatches(), len(mbagathi.changes())) == before
    (dispatch,) = world.dispatches()
    assert verdict == Verdict(
        at=world.clock.now,
        claim_id=claim.claim_id,
        dispatch_id=claim.dispatch_id,
        accepted=False,
        state=DispatchState.DELIVERED,
        version=dispatch.version,
        reason="There is no such hospital.",
    )
    # The same connection goes on, and the same claim counts as soon as it can.
    assert world.services.write(lambda uow: claims.fold(uow, mbagathi.id, claim)).accepted


def test_a_claim_that_is_set_aside_has_the_hospital_phoned(
    world: World, mbagathi: HospitalBox
) -> None:
    claim = the_claim(world, mbagathi)
    desk = BoxDesk(world.services, AvailabilityBoard(world.services.system))
    folded = world.services.database.write(lambda c: desk.set_aside(c, mbagathi.id, claim))
    (verdict,) = folded.answers
    assert isinstance(verdict, Verdict)
    assert (verdict.accepted, verdict.state) == (False, DispatchState.DELIVERED)
    assert "phone you" in verdict.reason
    query = select(alarms.c.kind, alarms.c.emergency_id)
    raised = world.services.database.read(lambda c: c.execute(query).all())
    assert raised == [("answer_failed", world.the_emergency().id)]
    world.settle()
    operator = [text for to, text in world.carrier.texts if to == "+254700000001"]
    assert "Mbagathi Hospital" in operator[-1]
    assert "Phone it now" in operator[-1]


def test_what_is_set_aside_of_another_hospitals_patient_alarms_nobody(
    world: World, mbagathi: HospitalBox
) -> None:
    other = world.hospital("Thika Hospital", -1.0333, 37.0690)
    claim = the_claim(world, mbagathi)
    desk = BoxDesk(world.services, AvailabilityBoard(world.services.system))
    folded = world.services.database.write(lambda c: desk.set_aside(c, other.id, claim))
    (verdict,) = folded.answers
    assert isinstance(verdict, Verdict)
    assert (verdict.accepted, verdict.version) == (False, 0)
    assert not world.services.database.read(lambda c: c.execute(select(alarms)).all())
