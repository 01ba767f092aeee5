"""Texts as people send them: staff and callers, late, misspelt, about another alert."""

import pytest

from gateway.operators.alarm_board import AlarmRow, alarm_list
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Priority
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
DUTY = "+254722000001"
OPERATOR = "+254700000001"


def alarms_of(world: World) -> list[AlarmRow]:
    """What waits for a person and is about no emergency."""
    rows = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    return [row for row in rows if not row.code]


@pytest.mark.parametrize("words", ["yes", "Yes.", "YES, {code}!", "ndiyo {code}", "Yes: {code}"])
def test_staff_accept_in_their_own_spelling(world: World, words: str) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    (dispatch,) = world.dispatches()
    world.phone(DUTY).texts(words.format(code=dispatch.answer_code)).reads("thank you")
    phone.reads("Mbagathi Hospital expects you")
    assert len(world.emergencies()) == 1


@pytest.mark.parametrize(
    "words", ["NO one is breathing here", "no baby movement in kibra", "la hasha damu nyingi"]
)
def test_staff_who_cry_for_help_are_callers(world: World, words: str) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.phone(DUTY).texts(words)
    assert world.the_emergency().note == words


def test_a_bare_yes_that_could_mean_two_patients_accepts_neither(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    for number in ("+254711000111", "+254711000222"):
        world.phone(number).dials().chooses("1", "2", "6").types("kibra")
    world.phone(DUTY).texts("YES").reads("code of our message")
    assert {row.state for row in world.dispatches()} == {DispatchState.OFFERED}
    assert len(world.emergencies()) == 2


@pytest.mark.parametrize("words", ["3", "4", "1", "CANCEL", "safe"])
def test_a_late_answer_is_no_new_emergency(world: World, words: str) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    box.reports_arrival()
    phone.texts(words).reads("no open alert")
    assert world.the_emergency().state == EmergencyState.ARRIVED


def test_a_keyword_with_a_code_means_that_alert(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    first = world.the_emergency()
    phone.dials().chooses("6", "3", "6").types("kibra")
    phone.texts(f"cancel {first.help_code}").reads(f"{first.help_code} is cancelled")
    states = {row.help_code: row.state for row in world.emergencies()}
    assert states.pop(first.help_code) == EmergencyState.CANCELLED
    assert list(states.values()) == [EmergencyState.DISPATCHED]


@pytest.mark.parametrize("words", ["worse", "Hali mbaya sana", "amezidiwa"])
def test_got_worse_by_sms(world: World, words: str) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "8", "8").types("kibra")
    phone.texts(words).reads("it got worse")
    assert box.changes()[-1].priority is Priority.CRITICAL


def test_whoever_answers_where_the_patient_is_waits_no_longer(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().texts("nisaidie").reads("mgonjwa yuko wapi?")
    phone.texts("damu nyingi sana").reads("hatupati mahali hapo")
    box.is_silent()
    phone.texts("kibra").reads("tunaarifu Mbagathi Hospital")
    assert "damu nyingi sana" in (box.rings().note or "")


def test_words_to_an_alert_that_nobody_has_reach_people(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    texts = len(phone.inbox())
    phone.texts("please help he is dying")
    assert len(phone.inbox()) == texts + 1
    phone.reads("no hospital has answered")
    world.phone("+254700000001").reads("writes again")
    assert "dying" in (only.changes()[-1].note or "")


def test_a_corrected_place_is_asked_for_also_when_nobody_had_answered(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    opened = world.hospital("Thika Hospital", *THIKA)
    phone.texts("PLACE thika").reads("telling Thika Hospital")
    opened.rings()


def test_a_hospital_asked_for_another_place_does_not_call_the_patient_back(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    minutes = near.offers()[-1].travel_min
    phone.texts("PLACE thika").texts("2")
    far.rings()
    assert near.knows().travel_min > 3 * minutes
    near.accepts()
    assert not any("Mbagathi Hospital expects you" in text for text in phone.inbox())


def test_a_place_far_away_after_acceptance_is_decided_by_people(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.accepts()
    phone.texts("PLACE thika").reads("place noted: Thika, Kiambu")
    world.phone("+254700000001").reads("far from where Mbagathi Hospital expected")


@pytest.mark.parametrize(
    "words", ["OK", "asante sana", "Ok thanks, noted", "sawa", "👍", "Received."]
)
@pytest.mark.parametrize("number", [DUTY, OPERATOR])
def test_thanks_from_staff_are_no_emergency(world: World, number: str, words: str) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.phone(number).texts(words).reads("Text HELP and the place")
    assert world.emergencies() == []


@pytest.mark.parametrize("words", ["SOS", "help kibra", "Dharura! nisaidie", "*384*911#"])
@pytest.mark.parametrize("number", [DUTY, OPERATOR])
def test_staff_who_ask_for_help_get_it(world: World, number: str, words: str) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.phone(number).texts(words)
    assert world.the_emergency().note == words


def test_an_operators_own_alert_goes_on_as_anybodys(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    operator = world.phone(OPERATOR).texts("help")
    operator.texts("kibra").reads("telling Mbagathi Hospital")
    box.rings()


def test_words_about_a_patient_from_staff_reach_operators_and_raise_nothing(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    words = "We send our ambulance to kibra now"
    world.phone(DUTY).texts(words).reads("no alert was raised")
    assert len(world.emergencies()) == 1
    world.phone(OPERATOR).reads("Mbagathi Hospital wrote")
    (alarm,) = alarms_of(world)
    assert (alarm.kind, alarm.detail) == ("staff_wrote", f"Mbagathi Hospital: {words}")


def test_a_cry_that_may_mean_several_places_offers_them(world: World) -> None:
    kisumu = world.hospital("Kisumu Hospital", -0.0917, 34.7680)
    phone = (
        world.phone().texts("help olympic").reads("where is it?", "1 Olympic, Nairobi", "3 Olympia")
    )
    kisumu.is_silent()
    phone.texts("3").reads("telling Kisumu Hospital")
    assert kisumu.rings().place_name == "Olympia, Kisumu"


@pytest.mark.parametrize("sender", ["MPESA", "22141", ""])
def test_words_from_nobody_who_can_be_answered_are_read_by_people(
    world: World, sender: str
) -> None:
    form = {"id": "in-odd", "from": sender, "to": "40404", "text": "help, flood at kibra"}
    for _ in range(2):
        assert world.post("sms", form)[0] == 200
    world.settle()
    assert len(world.phone(OPERATOR).reads("no phone number").inbox()) == 1
    (alarm,) = alarms_of(world)
    assert alarm.detail == f"{sender or 'nobody named'}: help, flood at kibra"
    assert world.emergencies() == []


def test_rubbish_from_nobody_does_not_fill_operators_phones(world: World) -> None:
    for number in range(20):
        world.post(
            "sms", {"id": f"ad-{number}", "from": "PROMO", "text": f"Win {number} shillings"}
        )
    world.settle()
    assert len(world.phone(OPERATOR).inbox()) == 5
    assert len(alarms_of(world)) == 20


def test_two_hospitals_with_one_duty_phone_answer_each_for_itself(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.hospital("Thika Hospital", *THIKA, box=False, duty_phone=DUTY)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    duty = world.phone(DUTY).reads("Mbagathi Hospital: a patient")
    world.forward(91)
    first, second = world.dispatches()
    assert any("Thika Hospital: a patient" in text for text in duty.inbox())
    duty.texts(f"YES {second.answer_code}")
    answers = duty.inbox()[-2:]
    assert any(f"{second.answer_code}: thank you" in text for text in answers), answers
    assert any(f"{first.answer_code}: another hospital" in text for text in answers), answers
    phone.reads("Thika Hospital expects you")
    states = [row.state for row in world.dispatches()]
    assert states == [DispatchState.SUPERSEDED, DispatchState.ACCEPTED]
    assert first.hospital_id != second.hospital_id


def test_a_cry_without_the_carriers_name_for_it_is_heard(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", -1.3100, 36.8000)
    world.post("sms", {"from": "+254711000111", "text": "kibra"})
    world.forward(121)
    hospital.rings()
    world.post("sms", {"from": "+254711000111", "text": "she is bleeding"})
    world.post("sms", {"id": "", "from": "", "text": " "})
    assert "she is bleeding" in world.the_emergency().note


def test_a_phone_that_answers_by_itself_is_not_answered_for_ever(world: World) -> None:
    phone = world.phone()
    phone.texts("I am driving and will call you back")
    for _ in range(60):
        before = len(phone.inbox())
        world.forward(2)
        phone.texts("I am driving and will call you back")
        if len(phone.inbox()) == before:
            break
    assert len(phone.inbox()) <= 21
    operator = world.phone("+254700000001")
    assert sum("by itself" in text for text in operator.inbox()) == 1
    # What they write is read all the same, and answered again when it has become quiet.
    phone.texts("place kibra")
    assert world.the_emergency().place_name == "Kibra, Nairobi"
    world.forward(601)
    phone.texts("worse")
    phone.reads("worse")
