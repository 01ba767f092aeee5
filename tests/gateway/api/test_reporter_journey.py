"""Somebody with a smartphone and no account: a hospital rings as it does for a USSD caller."""

import hashlib
from datetime import timedelta

import pytest

from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Kind, Priority, Transport
from tests.gateway.api.smartphone import KIBRA, NAIROBI_WEST, THIKA, Smartphone
from tests.journeys.world import World


def test_a_report_rings_the_hospital_and_is_followed_to_the_end(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    raised = phone.raises(
        sign="bleeding",
        cause="injury",
        **KIBRA,
        accuracy_m=12.5,
        place_text="kibra near the stage",
        patient_count=2,
        age_years=31,
        note="Boda boda accident",
        phone="0722 000 111",
    )
    offer = mbagathi.rings()
    assert (offer.kind, offer.priority) == (Kind.INJURY, Priority.CRITICAL)
    assert offer.help_code == raised["help_code"]
    assert (offer.lat, offer.lon, offer.radius_m) == (KIBRA["lat"], KIBRA["lon"], 12)
    assert offer.place_text == "kibra near the stage"
    assert (offer.patient_count, offer.age_years) == (2, 31)
    assert offer.note == "Boda boda accident\nPhone as given, not verified: +254722000111"
    assert offer.caller_phone is None
    assert raised["state"] == "dispatched"
    assert raised["priority"] == "critical"
    assert raised["hospital"]["name"] == "Mbagathi Hospital"
    assert raised["hospital"]["informed"] is True
    assert raised["hospital"]["travel_min"] >= 1
    assert raised["advice"]["text"] == "Press hard on the wound."
    assert raised["emergency_numbers"][0] == "999"

    assert mbagathi.accepts().accepted
    seen = phone.sees()
    assert (seen["state"], seen["hospital"]["answer"]) == ("accepted", "accepted")
    assert phone.says("transport", answer="on_the_way").get_json()["transport"] == "on_the_way"
    assert mbagathi.changes()[-1].transport is Transport.ON_THE_WAY
    arrived = phone.says("transport", answer="arrived").get_json()
    assert (arrived["state"], arrived["transport"]) == ("arrived", "arrived")
    assert phone.says("transport", answer="arrived").status_code == 200
    assert mbagathi.changes()[-1].state is DispatchState.ARRIVED
    assert phone.says("cancel").status_code == 409
    assert phone.says("location", **KIBRA).status_code == 409

    timeline = phone.looks("/timeline").get_json()["entries"]
    happened = [(entry["event"], entry["by"]) for entry in timeline]
    assert happened[0] == ("emergency noted", "reporter")
    assert ("emergency raised", "gateway") in happened
    assert ("dispatch delivered", "hospital") in happened
    assert ("dispatch accepted", "hospital") in happened
    assert "Boda" not in phone.looks("/timeline").get_data(as_text=True)


def test_a_claimed_number_is_never_texted_and_joins_nobody(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    owner = world.phone("+254722000111").dials().chooses("1", "6").types("kibra")
    texts = len(owner.inbox())
    Smartphone(world).raises(kind="snakebite", **KIBRA, phone=owner.number)
    dialled, reported = sorted(world.emergencies(), key=lambda row: row.channel != "ussd")
    assert (dialled.channel, reported.channel) == ("ussd", "rest")
    assert reported.caller_id is None
    assert reported.incident_id != dialled.incident_id
    assert len(owner.inbox()) == texts


def test_the_token_is_stored_as_its_hash_only(world: World) -> None:
    token = Smartphone(world).raises(kind="burn", **KIBRA)["token"]
    assert len(token) == 43
    (row,) = world.emergencies()
    assert row.token_hash == hashlib.sha256(token.encode()).digest()


def test_an_unclear_place_is_chosen_and_then_a_hospital_rings(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    raised = phone.raises(kind="snakebite", place_text="olympic")
    assert (raised["state"], raised["hospital"]) == ("unanswered", None)
    world.phone("+254700000001").reads("place unknown")
    mbagathi.is_silent()
    choice = raised["place_choices"][0]
    assert choice["name"] == "Olympic, Nairobi"
    placed = phone.says("location", lat=choice["lat"], lon=choice["lon"], accuracy_m=400)
    assert placed.get_json()["hospital"]["name"] == "Mbagathi Hospital"
    assert placed.get_json()["place_choices"] == []
    assert mbagathi.rings().place_text == "olympic"


def test_a_place_that_is_understood_needs_no_asking(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    raised = Smartphone(world).raises(kind="fits", place_text="kibra", language="sw")
    assert raised["place"]["name"] == "Kibra, Nairobi"
    assert mbagathi.rings().place_name == "Kibra, Nairobi"


def test_a_bare_cry_is_taken_seriously(world: World) -> None:
    Smartphone(world).raises()
    emergency = world.the_emergency()
    assert emergency.state == EmergencyState.UNANSWERED
    assert emergency.priority == Priority.HIGH
    world.phone("+254700000001").reads("place unknown")


def test_moving_tells_the_hospital(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    phone.raises(kind="snakebite", **KIBRA)
    phone.says("location", lat=-1.30, lon=36.78)
    known = mbagathi.knows()
    assert (known.lat, known.lon, known.radius_m) == (-1.30, 36.78, 50)


def test_details_are_triaged_again_and_never_make_it_less_urgent(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    assert phone.raises(sign="injury", detail="other", **KIBRA)["priority"] == "high"
    worse = phone.says("details", detail="head", age_years=8, patient_count=1, note="sleepy now")
    assert worse.get_json()["priority"] == "critical"
    assert worse.get_json()["advice"]["code"] == "dont_move"
    known = mbagathi.knows()
    assert (known.priority, known.age_years) == (Priority.CRITICAL, 8)
    assert (known.signs, known.note) == (("injury", "head"), "sleepy now")
    milder = phone.says("details", sign="sickness", detail="other")
    assert milder.get_json()["priority"] == "critical"
    assert world.the_emergency().answers == {"sign": "sickness", "detail": "other"}


def test_getting_worse_is_critical_and_operators_hear_of_it(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    phone.raises(sign="injury", detail="other", **KIBRA)
    assert phone.says("details", worse=True).get_json()["priority"] == "critical"
    assert mbagathi.changes()[-1].priority is Priority.CRITICAL
    world.phone("+254700000001").reads("worse")


def test_cancelling_tells_the_hospital_and_the_token_lives_a_day_longer(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    phone.raises(kind="snakebite", **KIBRA)
    assert phone.says("cancel").get_json()["state"] == "cancelled"
    assert mbagathi.changes()[-1].state is DispatchState.WITHDRAWN
    assert phone.says("cancel").status_code == 200
    for what, body in (("details", {"note": "x"}), ("transport", {"answer": "none"})):
        refused = phone.says(what, **body)
        assert refused.status_code == 409
        assert "raise a new one" in refused.get_json()["detail"]
    world.clock.now += timedelta(hours=24) - timedelta(seconds=1)
    assert phone.looks().status_code == 200
    world.clock.now += timedelta(seconds=1)
    assert phone.looks().status_code == 404


@pytest.mark.parametrize(
    ("what", "body"), [("cancel", {}), ("transport", {"answer": "not_coming"})]
)
def test_whoever_holds_the_phone_of_an_assaulted_reporter_sees_it_end(
    world: World, what: str, body: dict[str, str]
) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=("sexual_assault_care",))
    phone = Smartphone(world)
    phone.raises(kind="assault", **KIBRA)
    ended = phone.says(what, **body).get_json()
    assert ended["state"] == "cancelled"
    assert ended["ended_at"] is not None
    told = phone.looks("/timeline").get_json()["entries"]
    assert told[-1]["event"] == "cancelled"
    world.forward(5)
    assert mbagathi.accepts().accepted
    assert world.the_emergency().state == EmergencyState.ACCEPTED
    assert phone.sees()["state"] == "cancelled"
    assert phone.looks("/timeline").get_json()["entries"] == told
    assert phone.says("cancel").status_code == 200
    for other, more in (("details", {"note": "x"}), ("transport", {"answer": "none"})):
        refused = phone.says(other, **more)
        assert refused.status_code == 409
        assert "raise a new one" in refused.get_json()["detail"]
    world.clock.now += timedelta(hours=24)
    assert phone.looks().status_code == 404


def test_not_coming_cancels(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    phone.raises(kind="snakebite", **KIBRA)
    assert phone.says("transport", answer="not_coming").get_json()["state"] == "cancelled"
    assert phone.says("transport", answer="not_coming").status_code == 200


def test_no_transport_alarms_operators(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    phone.raises(kind="snakebite", **KIBRA)
    assert phone.says("transport", answer="none").get_json()["transport"] == "none"
    world.phone("+254700000001").reads("transport")


def test_somebody_who_may_be_watched_is_not_given_away(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=("sexual_assault_care",))
    phone = Smartphone(world)
    raised = phone.raises(kind="assault", **KIBRA, phone="+254722000111")
    offer = box.rings()
    assert "722" not in offer.note
    assert raised["hospital"] is None
    box.accepts()
    answers = [
        phone.looks().get_data(as_text=True),
        phone.looks("/timeline").get_data(as_text=True),
    ]
    assert not any("Mbagathi" in answer for answer in answers)


def test_a_hospital_without_a_tested_channel_is_not_called_informed(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    raised = Smartphone(world).raises(kind="snakebite", **KIBRA)
    assert raised["hospital"]["informed"] is False


def test_silence_moves_on_for_a_smartphone_too(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = Smartphone(world)
    phone.raises(sign="bleeding", cause="injury", **KIBRA)
    near.rings()
    world.forward(91)
    far.rings()
    assert far.accepts().accepted
    assert phone.sees()["hospital"]["name"] == "Thika Hospital"


def test_unchanged_is_answered_with_304(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = Smartphone(world)
    phone.raises(kind="snakebite", **KIBRA)
    first = phone.looks()
    again = phone.looks(**{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    # The emergency's own row stays the same when a box says that it rings; the answer does not.
    mbagathi.rings()
    assert phone.looks(**{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_what_cannot_be_read_is_left_out_of_words(world: World) -> None:
    note = " two\tof\x00 them\ud800\nm\u00fcde \U0001f6d1 "
    Smartphone(world).raises(note=note, place_text="\x00")
    emergency = world.the_emergency()
    assert emergency.note == "two of them\nm\u00fcde \U0001f6d1"
    assert emergency.place_text == ""
