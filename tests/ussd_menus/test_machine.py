"""The machine by itself: keys, back, home, wrong answers, free text."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import gsm
from ussd_menus import files
from ussd_menus.machine import Intent, Screen, Session, begin, step

MENUS = files.load()


class Gateway:
    """Answers intents as a gateway with one hospital and a gazetteer of three places would."""

    def __init__(self) -> None:
        self.intents: list[str] = []

    def __call__(self, intent: Intent, session: Session) -> Mapping[str, str]:
        self.intents.append(intent.name)
        return {
            "note_emergency": {"code": "7K2F", "emergency_id": "1", "advice": "rest"},
            "search_place": {
                "place": "choices",
                "hit_1": "Olympic, Nairobi",
                "hit_2": "Olympia, Kisumu",
                "hit_3": "",
            },
            "raise_emergency": {"told": "told", "hospital": "Mbagathi", "minutes": "12"},
            "cancel_emergency": {"cancelled": "staff"},
        }.get(intent.name, {})


def walk(*keys: str, **facts: str) -> tuple[Session, Screen, list[str]]:
    gateway = Gateway()
    session, screen = step(MENUS, begin(MENUS, {"number": "999", **facts}), None, gateway)
    for key in keys:
        session, screen = step(MENUS, session, key, gateway)
    return session, screen, gateway.intents


@pytest.mark.parametrize(
    ("keys", "screen", "says"),
    [
        ((), "language", "1 English"),
        (("1",), "what", "2 Heavy bleeding"),
        (("2",), "what", "2 Damu nyingi"),
        (("1", "2"), "cause", "7K2F saved"),
        (("1", "4"), "pregnancy", "5 Birth pains"),
        (("1", "6"), "where", "9 Don't know"),
        (("1", "6", "olympic"), "which", "1 Olympic, Nairobi"),
        (("1", "6", "olympic", "4"), "where_again", "Not found"),
        (("1", "6", "olympic", "1"), "receipt_told", "Telling Mbagathi"),
        (("1", "6", "9"), "receipt_told", "about 12 min"),
        (("1", "2", "0"), "what", "Press FIRST"),
        (("1", "2", "6", "00"), "language", "Haven"),
        (("1", "9"), "what", "Press a number shown:"),
        (("1", "2", "7"), "cause", "Press a number shown:"),
        (("1", "6", "7"), "where", "Please type the place"),
        (("1", "6", "olympic", "3"), "which", "Press a number shown:"),
        (("1", "9", "9", "9"), "helpless", "999"),
        (("1", "2#"), "cause", "7K2F saved"),
        (("1", " 2 "), "cause", "7K2F saved"),
    ],
)
def test_what_is_shown_after_these_keys(keys: tuple[str, ...], screen: str, says: str) -> None:
    _, shown, _ = walk(*keys)
    assert shown.name == screen
    assert says in shown.text


@pytest.mark.parametrize("alert", ["provisional", "open"])
def test_an_open_alert_is_what_a_second_dial_is_about(alert: str) -> None:
    _, screen, _ = walk(language="en", alert=alert, alert_code="7K2F", alert_state="dispatched")
    assert screen.name == {"provisional": "resume", "open": "my_alert"}[alert]
    assert "7K2F" in screen.text


def test_cancelling_asks_first_and_says_what_happens() -> None:
    facts = {"language": "en", "alert": "open", "code": "7K2F", "alert_state": "accepted"}
    _, screen, intents = walk("5", **facts)
    assert screen.name == "cancel_sure"
    assert intents == []
    _, screen, intents = walk("5", "1", **facts)
    assert screen.name == "cancelled_staff"
    assert intents == ["cancel_emergency"]
    _, screen, intents = walk("5", "2", **facts)
    assert screen.name == "my_alert"
    assert intents == []


def test_the_first_answer_that_names_an_emergency_is_carried_out_at_once() -> None:
    assert walk("1", "2")[2] == ["remember_language", "note_emergency"]


def test_an_emergency_takes_at_most_four_screens_after_the_language() -> None:
    session, screen, _ = walk("1", "2", "6", "olympic", "1")
    assert screen.ends
    assert len(session.trail) - 1 <= 4


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*"0123456789", "00", "olympic", "#", "*"]),
            st.text(max_size=100),
        ),
        max_size=12,
    )
)
def test_no_answers_ever_break_it_or_overflow_a_screen(keys: list[str]) -> None:
    gateway = Gateway()
    session, screen = step(MENUS, begin(MENUS, {"number": "999"}), None, gateway)
    for key in keys:
        if screen.ends:
            break
        session, screen = step(MENUS, session, key, gateway)
        assert screen.text
        assert (gsm.septets(screen.text) or 999) <= MENUS.limit_septets
        assert screen.ends or session.shown or screen.name.startswith("where")
