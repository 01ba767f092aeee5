from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.capability import Capability
from shared.dispatch import DispatchState, Part
from shared.emergency import Kind, Priority
from shared.errors import InvalidInput
from sync import events, packing
from sync.codec import LAYOUTS, decode, encode, lane_of
from sync.events import DispatchChanged, DispatchOffered, Event, Lane
from sync.packing import Reader, Unreadable
from tests.sync.event_strategies import any_event, identifiers, instants

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_offer() -> DispatchOffered:
    dispatch_id = packing.milliseconds(NOON) << 22 | 12345
    return DispatchOffered(
        at=NOON,
        dispatch_id=dispatch_id,
        emergency_id=dispatch_id - (3000 << 22),
        version=1,
        help_code="7K2F",
        answer_code="4831",
        kind=Kind.BLEEDING,
        priority=Priority.CRITICAL,
        needs=Capability.EMERGENCY_24H | Capability.BLOOD | Capability.THEATRE,
        raised_at=NOON - timedelta(seconds=3),
        answer_by=NOON + timedelta(seconds=45),
        valid_until=NOON + timedelta(hours=4),
        place_text="olympic kibra",
        place_name="Olympic, Nairobi",
        lat=-1.31421,
        lon=36.78012,
        radius_m=800,
        travel_min=14,
        distance_m=4200,
        caller_phone="+254711000111",
        age_years=34,
        signs=("bleeding",),
        rule_id="adult.bleeding",
        ruleset="ke1",
    )


@given(any_event)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(encode(event)) == event


@given(any_event)
def test_packing_again_gives_the_same_bytes(event: Event) -> None:
    packed = encode(event)
    assert encode(decode(packed)) == packed


@given(any_event, st.binary(min_size=1, max_size=20))
def test_what_a_newer_writer_added_is_kept_and_given_back(event: Event, added: bytes) -> None:
    packed = encode(event) + added
    understood = decode(packed)
    assert replace(understood, unknown_tail=event.unknown_tail) == event
    assert encode(understood) == packed


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_unreadable(noise: bytes) -> None:
    try:
        event = decode(noise)
    except Unreadable:
        return
    assert decode(encode(event)) == event


@given(any_event, st.data())
def test_damaged_events_do_no_more_than_be_unreadable(event: Event, data: st.DataObject) -> None:
    packed = bytearray(encode(event))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(packed))
    except Unreadable:
        return


def test_an_event_that_is_cut_short_is_unreadable() -> None:
    # Without the last bytes it is an offer of a version before: each added a group.
    whole = encode(an_offer())[:-2]
    for size in range(len(whole)):
        with pytest.raises(Unreadable):
            decode(whole[:size])


def test_a_full_emergency_is_about_a_hundred_and_twenty_bytes() -> None:
    assert len(encode(an_offer())) <= 120


def a_change() -> DispatchChanged:
    return DispatchChanged(
        at=NOON,
        dispatch_id=an_offer().dispatch_id,
        version=3,
        state=DispatchState.DELIVERED,
        reason="caller: got worse",
        priority=Priority.CRITICAL,
        answer_by=NOON + timedelta(seconds=45),
    )


def test_getting_worse_takes_few_bytes() -> None:
    assert len(encode(a_change())) <= 48


def test_a_change_from_before_it_could_say_what_is_needed_is_still_read() -> None:
    """The second group was added later: its bit map and `answer_by` are the last three bytes."""
    packed = encode(a_change())
    older = decode(packed[:-3])
    assert older == replace(a_change(), answer_by=None)


def test_an_offer_from_before_there_were_referrals_is_still_read() -> None:
    """The second group was added later: here it is the bit map of an empty one, as the third is."""
    packed = encode(an_offer())
    assert decode(packed[:-2]) == an_offer()
    referred = replace(an_offer(), referred_by="Mbagathi Hospital")
    assert decode(encode(referred)) == referred


def test_an_offer_from_before_a_hospital_could_only_stabilise_is_still_read() -> None:
    referred = replace(an_offer(), referred_by="Mbagathi Hospital")
    assert decode(encode(referred)[:-1]) == referred
    stabilised = replace(referred, part=Part.TAKE_OVER)
    assert decode(encode(stabilised)) == stabilised


def test_a_part_that_is_too_new_is_to_treat() -> None:
    packed = bytearray(encode(replace(an_offer(), part=Part.STABILISE)))
    packed[-1] = 99
    assert decode(bytes(packed)) == an_offer()


def test_an_event_that_would_not_fit_is_refused_with_advice() -> None:
    with pytest.raises(InvalidInput, match="shorten the note"):
        encode(replace(an_offer(), note="x" * 5000))


def test_an_emergency_of_a_kind_that_is_too_new_still_rings() -> None:
    packed = bytearray(encode(replace(an_offer(), kind=Kind.SELF_HARM)))
    position = next(
        place
        for place in range(len(packed))
        if packed[place] == Kind.SELF_HARM and packed[place + 1] == Priority.CRITICAL
    )
    packed[position] = 99
    assert decode(bytes(packed)) == replace(an_offer(), kind=Kind.UNKNOWN)


def test_the_table_names_every_field_of_every_event_once() -> None:
    for layout in LAYOUTS:
        listed = [field.name for group in layout.groups for field in group]
        declared = {field.name for field in fields(layout.type)} - {"at", "unknown_tail"}
        assert sorted(listed) == sorted(declared), layout.type.__name__
    assert len({layout.number for layout in LAYOUTS}) == len(LAYOUTS)


@pytest.mark.parametrize(
    ("event_type", "lane"),
    [
        (events.DispatchOffered, Lane.EMERGENCIES),
        (events.Verdict, Lane.EMERGENCIES),
        (events.AcceptDispatch, Lane.EMERGENCIES),
        (events.AvailabilityReported, Lane.REPORTS),
        (events.AlarmState, Lane.REPORTS),
    ],
)
def test_each_event_has_its_lane(event_type: type[Event], lane: Lane) -> None:
    assert next(layout.lane for layout in LAYOUTS if layout.type is event_type) == lane
    assert lane_of(an_offer()) == Lane.EMERGENCIES


@given(identifiers, instants)
def test_an_identifier_survives_any_reference(identifier: int, reference: datetime) -> None:
    reference_ms = packing.milliseconds(reference)
    packed = packing.identifier(identifier, reference_ms)
    assert packing.read_identifier(Reader(packed), reference_ms) == identifier
    assert len(packed) <= 10
