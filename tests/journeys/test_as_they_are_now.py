"""What a hospital's box knows of a patient is what is true now, also where much has changed."""

from datetime import timedelta

import pytest

from gateway.emergencies import caller_answers, store
from shared import capability
from shared.capability import Capability
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Kind, Priority, Transport
from sync.codec import encode
from sync.events import DispatchChanged, DispatchOffered
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
WHOLE = ("emergency_24h", "theatre", "blood", "oxygen", "trauma_surgery", "cemonc", "bemonc")


def more_is_known(world: World, **answers: str) -> None:
    emergency_id = world.the_emergency().id
    world.services.write(
        lambda uow: caller_answers.details_given(uow, store.lock(uow, emergency_id), answers)
    )
    world.settle()


def test_other_answers_change_what_it_is_and_needs_and_by_when(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=WHOLE)
    world.phone().dials().chooses("1", "5", "8").types("kibra")
    offer = box.rings()
    assert (offer.kind, offer.priority) == (Kind.INJURY, Priority.HIGH)
    assert offer.answer_by == offer.at + timedelta(seconds=240)
    world.forward(10)
    more_is_known(world, sign="bleeding", cause="pregnancy")
    known = box.knows()
    assert (known.kind, known.priority) == (Kind.PREGNANCY, Priority.CRITICAL)
    assert known.signs == ("bleeding", "pregnancy")
    assert Capability.CEMONC in capability.Capability(known.needs)
    assert known.rule_id != offer.rule_id
    assert known.answer_by == offer.at + timedelta(seconds=90)
    assert known.note == ""


def test_only_what_changed_travels(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "8", "8").types("kibra")
    box.rings()
    phone.dials().chooses("4")
    (change,) = box.changes()
    assert (change.priority, change.reason) == (Priority.CRITICAL, "caller: got worse")
    assert change.answer_by == box.offers()[-1].at + timedelta(seconds=90)
    assert {change.place_name, change.note, change.signs, change.kind, change.needs} == {None}
    assert len(encode(change)) <= 60
    box.accepts()
    assert box.changes()[-1].priority is None


def test_a_new_place_comes_with_its_distance(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    offer = box.rings()
    phone.texts("PLACE thika")
    known = box.knows()
    assert known.place_name == "Thika, Kiambu"
    assert known.place_text == "thika"
    assert known.distance_m > 3 * offer.distance_m


def test_answers_after_a_session_was_raised_by_itself_reach_the_hospital(world: World) -> None:
    """The operator's session can outlive our patience: the next key is still an answer."""
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=WHOLE)
    phone = world.phone().dials().chooses("1", "8")
    world.forward(60)
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    world.phone().texts("kibra")
    assert box.rings().priority is Priority.HIGH
    phone.chooses("1")
    assert box.knows().priority is Priority.CRITICAL


def test_words_about_the_place_reach_a_hospital_that_was_asked_meanwhile(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    world.forward(60)
    world.phone().texts("kibra")
    assert box.rings().place_text == "kibra"
    phone.types("olymp")
    assert box.knows().place_text == "olymp"


@pytest.mark.parametrize("silent_s", [0, 95])
def test_a_new_box_starts_from_everybody_who_may_still_be_accepted(
    world: World, silent_s: int
) -> None:
    kenyatta = world.hospital("Kenyatta Hospital", -1.301, 36.807, box=False)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(silent_s)
    state = DispatchState.EXPIRED if silent_s else DispatchState.OFFERED
    opening = world.services.database.write(lambda c: world.desk.opening(c, kenyatta.id))
    offer, stands = opening
    assert isinstance(offer, DispatchOffered)
    assert isinstance(stands, DispatchChanged)
    assert offer.help_code == world.the_emergency().help_code
    assert (stands.dispatch_id, stands.state) == (offer.dispatch_id, state)
    assert stands.version == offer.version
    world.boxes.events += [(kenyatta.id, offer), (kenyatta.id, stands)]
    assert kenyatta.accepts().accepted


def test_a_new_box_hears_nothing_of_patients_whom_others_have(world: World) -> None:
    kenyatta = world.hospital("Kenyatta Hospital", -1.301, 36.807, box=False)
    thika = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(95)
    thika.rings()
    thika.accepts()
    assert world.services.database.write(lambda c: world.desk.opening(c, kenyatta.id)) == []


def test_a_new_box_knows_who_is_expected_and_how_they_come(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    phone.texts("2")
    _, stands = world.services.database.write(lambda c: world.desk.opening(c, box.id))
    assert isinstance(stands, DispatchChanged)
    assert (stands.state, stands.transport) == (DispatchState.ACCEPTED, Transport.ON_THE_WAY)
