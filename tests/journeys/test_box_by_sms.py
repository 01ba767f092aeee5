"""A hospital whose internet is gone: its box and the gateway go on by SMS."""

from typing import Any

from sqlalchemy import select

from edge_node.dispatch import ClaimState
from edge_node.tables import streams as box_streams
from gateway.notifications.tables import messages
from gateway.sites.tables import streams
from shared import gsm
from shared.dispatch import CannotTreatReason, DispatchState
from sync import sms
from tests.journeys.box_with_modem import SIM, BoxWithModem, forward

LONG = " ".join(f"{number * 7919 % 10007}" for number in range(36))


def critical(box: BoxWithModem) -> None:
    box.world.phone().dials().chooses("1", "2", "6").types("kibra")


def urgent(box: BoxWithModem) -> None:
    box.world.phone().dials().chooses("1", "8", "8").types("kibra")


def state(box: BoxWithModem) -> str:
    return str(box.world.dispatches()[-1].state)


def test_a_new_box_tells_the_gateway_its_number_once(box: BoxWithModem) -> None:
    site: Any = box.site()
    assert site.sim_phone == SIM
    box.passes(60)
    assert box.up == []


def test_a_critical_patient_is_told_by_sms_at_once_and_answered_by_it(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    critical(box)
    box.passes(3)
    shown = box.knows()
    assert shown.rings
    assert shown.offer is not None
    assert shown.offer.caller_phone == "+254711000111"
    box.passes(2)
    assert state(box) == "delivered"
    claim = box.hospital.box.accept(shown.id, "AK")
    box.passes(3)
    assert state(box) == "accepted"
    box.world.phone().reads("expects you")
    box.passes(3)
    known = next(each for each in box.knows().claims if each.id == claim.id)
    assert known.state is ClaimState.ACCEPTED
    assert box.knows().state is DispatchState.ACCEPTED


def test_every_text_is_short_sealed_and_says_nothing(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    critical(box)
    box.passes(5)
    box.hospital.box.cannot_treat(
        box.knows().id, "Dr. Achieng Otieno", CannotTreatReason.NO_BED, "no theatre staff " * 11
    )
    box.passes(10)
    assert box.up
    assert box.down
    for text in (*box.up, *box.down):
        assert sms.is_ours(text)
        assert len(text) <= 150
        assert gsm.segments(text) == 1
        assert not {"kibra", "254711", "otieno"} & set(text.lower().split())


def test_what_the_network_carries_needs_no_text(box: BoxWithModem) -> None:
    urgent(box)
    box.passes(2)
    box.hospital.box.accept(box.knows().id, "AK")
    box.passes(120)
    assert (box.up, box.down) == ([], [])


def test_a_less_urgent_patient_goes_by_sms_when_the_network_stays_silent(box: BoxWithModem) -> None:
    box.cuts()
    urgent(box)
    box.passes(50)
    assert box.hospital.box.dispatches() == []
    box.passes(15)
    assert box.knows().rings


def test_the_whole_event_completes_the_brief_one_without_a_second_ring(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    critical(box)
    box.passes(4)
    box.hospital.box.cannot_treat(box.knows().id, "AK", CannotTreatReason.NO_BED, LONG)
    box.passes(4)
    brief = box.world.dispatches()[-1]
    assert brief.state == "cannot_treat"
    assert brief.reason_note != LONG
    changes = box.world.dispatches()
    box.heals()
    box.passes(5)
    whole = box.world.dispatches()[-1]
    assert whole.reason_note == LONG
    assert [row.state for row in box.world.dispatches()] == [row.state for row in changes]
    offer = box.knows().offer
    assert offer is not None
    assert offer.ruleset  # which a text had left out
    claims = [each for each in box.knows().claims if each.kind == "cannot_treat"]
    assert [each.state for each in claims] == [ClaimState.ACCEPTED]


def test_lost_texts_are_sent_again_and_twice_is_once(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    box.lost = lambda to, text: True
    critical(box)
    box.passes(10)
    assert box.hospital.box.dispatches() == []
    box.lost = lambda to, text: False
    box.passes(125)
    assert box.knows().offer is not None
    box.hospital.box.accept(box.knows().id, "AK")
    box.passes(5)
    again = list(box.up)
    for text in again:
        box.world.post("sms", box.form(text) | {"id": f"again-{text}"[:60]})
    box.passes(5)
    assert state(box) == "accepted"
    (claims,) = [box.knows().claims]
    assert {each.state for each in claims} == {ClaimState.ACCEPTED}


def test_what_was_heard_is_not_texted_again(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    critical(box)
    box.passes(5)
    box.hospital.box.accept(box.knows().id, "AK")
    box.passes(40)
    forward(box, minutes=30)
    box.passes(40)
    for read, texts in (
        (box.world.services.database.read, streams.texts.sent),
        (box.hospital.store.read, box_streams.texts.sent),
    ):
        times = read(lambda c, texts=texts: c.execute(select(texts.c.times)).scalars().all())  # type: ignore[misc]
        assert set(times) == {1}


def test_nothing_is_sent_after_its_time(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    box.world.carrier.fault = None
    box.lost = lambda to, text: True
    critical(box)
    box.passes(5)
    box.lost = lambda to, text: False
    forward(box, hours=3)
    box.passes(5)
    offers = [text for text in box.down if text]
    opened = box.hospital.box.dispatches()
    assert [each for each in opened if each.rings] == []
    sent = box.world.services.database.read(
        lambda c: c.execute(select(messages.c.valid_until).where(messages.c.purpose == "box")).all()
    )
    assert all(row.valid_until is not None for row in sent)
    assert len(offers) <= 1


def test_a_box_that_restarted_without_a_network_is_still_reached(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    box.restarts()
    critical(box)
    box.passes(4)
    assert box.knows().rings
    box.hospital.box.accept(box.knows().id, "AK")
    box.passes(4)
    assert state(box) == "accepted"
    box.heals()
    box.passes(5)
    unsent = box.world.services.database.read(lambda c: streams.readers.unacknowledged(c, 1))
    assert unsent == 0


def test_a_stranger_who_writes_like_a_box_is_heard_as_a_person(box: BoxWithModem) -> None:
    box.world.post("sms", box.form("HVN help me my brother is bleeding in kibra", "+254799111222"))
    assert box.world.emergencies() != []


def test_a_damaged_text_of_a_box_is_no_cry_for_help(box: BoxWithModem) -> None:
    box.world.post("sms", box.form("HVNBKEwd4VjQSKfox1UB1HzDRA"))
    assert box.world.emergencies() == []


def test_a_replayed_text_from_another_phone_does_not_take_the_number(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    critical(box)
    box.passes(4)
    for text in box.up:
        box.world.post("sms", box.form(text, "+254799111222") | {"id": f"stolen-{text}"[:60]})
    site: Any = box.site()
    assert site.sim_phone == SIM
