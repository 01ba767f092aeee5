"""Sealed SMS: every event of lane 1 fits one, and nothing but its reader can open it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import gsm
from shared.dispatch import DispatchState
from shared.emergency import Kind, Priority
from sync import exchange, sms
from sync.briefing import shorter_forms
from sync.codec import decode, encode, lane_of
from sync.events import (
    CannotTreat,
    DispatchChanged,
    DispatchOffered,
    EpochStarted,
    Event,
    Lane,
    Verdict,
)
from sync.exchange import Session
from sync.heard import Heard, mark_of
from sync.sealing import Direction, NodeKeys, Refused
from sync.stream_log import Position
from tests.bench.corpus import emergencies
from tests.sync.event_strategies import any_event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOX, GATEWAY = NodeKeys(b"b" * 32), NodeKeys(b"g" * 32)
SITE, EPOCH, GATEWAY_EPOCH = 99_999, 0xFFFF_FFFE, 0xFEDC_BA98
WHOLE = "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 180


def at_box(epoch: int = EPOCH) -> Session:
    return exchange.session(BOX, GATEWAY.public, SITE, epoch)


def at_gateway(epoch: int = EPOCH) -> Session:
    return exchange.session(GATEWAY, BOX.public, SITE, epoch)


def sent_down(event: Event, seq: int = 100_000, heard: Heard | None = None) -> str:
    return sms.build_event(
        at_gateway(),
        Direction.DOWN,
        Position(Lane.EMERGENCIES, GATEWAY_EPOCH, seq),
        encode(event),
        reader_knows_epoch=False,
        heard=heard,
    )


def an_offer(**more: object) -> DispatchOffered:
    return replace(emergencies(1)[0], **more)  # type: ignore[arg-type]


def test_an_offer_comes_down_and_its_claim_goes_up() -> None:
    offer = an_offer(note="", place_text="", signs=(), rule_id="", ruleset="")
    text = sent_down(offer, heard=Heard(7, 3, 5))
    came = sms.open_message(text, [at_box()], Direction.DOWN, [1, 2])
    assert came.position == Position(1, GATEWAY_EPOCH, 100_000)
    assert (decode(came.payload), came.brief) == (offer, False)
    claim = encode(
        CannotTreat(at=NOON, claim_id=1 << 60, dispatch_id=1 << 60, by="AK", age_s=9, reason=1)  # type: ignore[arg-type]
    )
    up = sms.build_event(
        at_box(),
        Direction.UP,
        Position(1, EPOCH, 2),
        claim,
        reader_knows_epoch=True,
        heard=Heard(9, 0, 1),
    )
    label = sms.read_label(up)
    assert (label.site_id, label.epoch) == (SITE, EPOCH)
    came = sms.open_message(up, [at_gateway()], Direction.UP, [EPOCH])
    assert (came.payload, came.brief, came.heard) == (claim, False, Heard(9, 0, 1))


@settings(deadline=None)
@given(any_event.filter(lambda event: lane_of(event) is Lane.EMERGENCIES), st.integers(1, 2**40))
def test_whatever_fits_whole_comes_back_to_the_letter(event: Event, seq: int) -> None:
    packed = encode(event)
    if len(packed) > 70:
        return
    at = Position(1, GATEWAY_EPOCH, seq)
    text = sms.build_event(at_gateway(), Direction.DOWN, at, packed, reader_knows_epoch=True)
    came = sms.open_message(text, [at_box()], Direction.DOWN, [3, GATEWAY_EPOCH])
    assert (came.position, came.payload, came.brief) == (at, packed, False)


@pytest.mark.parametrize(
    "event",
    [
        an_offer(
            note=WHOLE, place_text=WHOLE, place_name=WHOLE, referred_by=WHOLE, signs=(WHOLE,) * 3
        ),
        DispatchChanged(
            at=NOON,
            dispatch_id=an_offer().dispatch_id,
            version=900,
            state=DispatchState.ACCEPTED,
            reason=WHOLE,
            note=WHOLE,
            place_text=WHOLE,
            place_name=WHOLE,
            lat=-1.23456,
            lon=36.98765,
            radius_m=20_000,
            patient_count=99,
            age_years=99,
            priority=Priority.CRITICAL,
            travel_min=999,
            kind=Kind.BLEEDING,
            needs=(1 << 27) - 1,
            signs=(WHOLE,),
            answer_by=NOON + timedelta(seconds=45),
            distance_m=999_999,
            rule_id=WHOLE,
            ruleset=WHOLE,
            still_needed=False,
        ),
        Verdict(
            at=NOON,
            claim_id=an_offer().dispatch_id,
            dispatch_id=an_offer().dispatch_id,
            accepted=False,
            state=DispatchState.SUPERSEDED,
            version=900,
            reason=WHOLE,
        ),
        EpochStarted(
            at=NOON, previous_epoch=2**32 - 1, previous_seq=10**9, previous_hash=b"h" * 16
        ),
    ],
)
def test_the_longest_events_are_sent_in_brief_with_all_that_decides(event: Event) -> None:
    text = sent_down(event, heard=Heard(65535, 10**6, 2**32 - 1))
    assert len(text) <= sms.LONGEST_LETTERS
    came = sms.open_message(text, [at_box()], Direction.DOWN, [])
    brief = decode(came.payload)
    free_text = {"note", "reason", "place_text", "place_name", "referred_by", "by", "signs"}
    free_text |= {"rule_id", "ruleset", "lat", "lon", "radius_m"}
    for name in type(event).__dataclass_fields__:
        if name not in free_text:
            assert getattr(brief, name) == getattr(event, name), name


def test_a_change_in_brief_says_nothing_of_what_it_leaves_out() -> None:
    change = DispatchChanged(
        at=NOON, dispatch_id=1, version=2, state=DispatchState.ACCEPTED, note="n", signs=("s",)
    )
    *_, shortest = shorter_forms(change)
    assert isinstance(shortest, DispatchChanged)
    assert (shortest.note, shortest.signs) == (None, None)


def test_every_text_of_a_thousand_is_gsm_7_and_short() -> None:
    for seq, offer in enumerate(emergencies(1000), start=2):
        text = sent_down(offer, seq, heard=Heard(1, seq))
        assert len(text) <= sms.LONGEST_LETTERS
        assert gsm.segments(text) == 1


def test_what_a_carrier_adds_is_ignored() -> None:
    text = sent_down(an_offer())
    plain = sms.open_message(text, [at_box()], Direction.DOWN, [])
    added = f"\n {text}\nSTOP*456*9*5#"
    assert sms.open_message(added, [at_box()], Direction.DOWN, []) == plain
    assert sms.is_ours(added)
    assert not sms.is_ours("Haven: YES 4831")


@settings(deadline=None)
@given(st.integers(0, 10**6), st.characters(codec="ascii"))
def test_no_other_letter_opens(place: int, letter: str) -> None:
    text = sent_down(an_offer(note=""))
    place %= len(text)
    if text[place] == letter:
        return
    damaged = text[:place] + letter + text[place + 1 :]
    # The last letter may hold bits that no byte needs.
    if place == len(text) - 1:
        return
    with pytest.raises(Refused):
        sms.open_message(damaged, [at_box()], Direction.DOWN, [])


@settings(deadline=None)
@given(st.text(max_size=160))
def test_rubbish_is_refused(rubbish: str) -> None:
    for text in (rubbish, f"HVN{rubbish}", f"HVNAC{rubbish}"):
        with pytest.raises(Refused):
            sms.open_message(text, [at_box()], Direction.DOWN, [GATEWAY_EPOCH])
        with pytest.raises(Refused):
            sms.open_message(text, [at_gateway()], Direction.UP, [EPOCH])


def test_a_text_opens_for_its_reader_its_direction_and_its_stream_alone() -> None:
    at = Position(1, GATEWAY_EPOCH, 9)
    text = sms.build_event(
        at_gateway(), Direction.DOWN, at, encode(an_offer()), reader_knows_epoch=True
    )
    other = exchange.session(NodeKeys(b"x" * 32), GATEWAY.public, SITE, EPOCH)
    for sessions, direction, epochs in (
        ([other], Direction.DOWN, [GATEWAY_EPOCH]),
        ([at_box(EPOCH - 1)], Direction.DOWN, [GATEWAY_EPOCH]),
        ([at_box()], Direction.UP, [GATEWAY_EPOCH]),
        ([at_box()], Direction.DOWN, [GATEWAY_EPOCH + 1]),
        ([at_box()], Direction.DOWN, []),
    ):
        with pytest.raises(Refused):
            sms.open_message(text, sessions, direction, epochs)
    assert (
        sms.open_message(
            text, [other, at_box(EPOCH - 1), at_box()], Direction.DOWN, [8, GATEWAY_EPOCH]
        ).position
        == at
    )


def test_what_was_heard_goes_by_itself() -> None:
    heard = Heard(mark_of(0xABCD1234), 70, 0b101)
    text = sms.build_heard(at_box(), Direction.UP, heard)
    came = sms.open_message(text, [at_gateway()], Direction.UP, [])
    assert (came.position, came.heard) == (None, heard)
    assert [seq for seq in range(68, 76) if heard.covers(seq)] == [68, 69, 70, 71, 73]


@settings(deadline=None)
@given(st.sets(st.integers(2, 200)), st.sets(st.integers(2, 200)))
def test_what_was_heard_only_grows(first: set[int], second: set[int]) -> None:
    said = Heard.of(5, first).grown_by(Heard.of(5, second))
    for seq in range(1, 240):
        if said.covers(seq):
            assert seq == 1 or seq in first | second
    for each in (Heard.of(5, first), Heard.of(5, second)):
        assert all(said.covers(seq) for seq in range(1, each.upto + 1))
    assert said.grown_by(Heard.of(5, first)) == said
