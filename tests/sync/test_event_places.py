"""Where the next byte stands is known through every event, and lost in none that is cut short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import packing
from sync.codec import LAYOUTS, encode
from sync.event_places import Place, following
from sync.frame import Frame, content_of
from sync.frozen_layouts import frozen_groups
from tests.sync.record_versions import as_after
from tests.sync.vectors import sample_events

_OTHER = 0


def _after(content: bytes) -> Place:
    place = Place()
    follows = following(place)
    next(follows)
    for byte in packing.block(content):
        follows.send(byte)
    return place


@pytest.mark.parametrize("event", sample_events(), ids=lambda event: type(event).__name__)
def test_an_event_ends_where_its_last_field_does(event: object) -> None:
    payload = encode(event)  # type: ignore[arg-type]
    if payload[0] != 1:  # in an SMS, which never carries the start of an epoch
        assert _after(payload).field == _OTHER
        # What came later than the frozen layouts has no places.
        assert (_after(payload[:-1]).field != _OTHER) is bool(frozen_groups(payload[0]))
    assert _after(content_of(Frame(1, 2**31, 5, (payload,)))).field == _OTHER


def test_what_a_newer_version_adds_has_no_place_of_its_own() -> None:
    for event in sample_events()[2:]:
        place = _after(as_after(event))
        assert (place.field, place.is_text) == (_OTHER, True)


def test_a_note_is_a_text_in_the_place_of_notes() -> None:
    payload = encode(sample_events()[3])
    place = _after(payload[: payload.index(b"amepigwa") + 3])
    groups = LAYOUTS[1].groups
    assert place.is_text
    # A place each for `at` and for the first group's bits come before the fields.
    assert place.field == 2 * 64 + 2 + [field.name for field in groups[0]].index("note")


@given(st.binary(max_size=300))
def test_anything_can_be_followed(content: bytes) -> None:
    _after(content)
