"""The machine by itself: keys, back, home, wrong answers, free text, pages, lists, going on."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import gsm
from ussd_menus import files
from ussd_menus.menus import Menus
from ussd_menus.paging import Limit
from ussd_menus.session import from_json, to_json
from ussd_menus.trial import TrialPhone

MENUS = files.load()
DATA = files.load_trial()
AIRTEL = MENUS.operators.of("63903").limit


def phone(**facts: str) -> TrialPhone:
    return TrialPhone(MENUS, DATA, facts)


def shown(trial: TrialPhone) -> str:
    assert trial.screen is not None
    return trial.screen.name


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
        (("1", "9", "4", "12"), "check_code", "4 letters or digits:"),
        (("1", "2", "7"), "cause", "Press a number shown:"),
        (("1", "6", "7"), "where", "Please type the place"),
        (("1", "6", ","), "where", "Please type the place"),
        (("1", "6", "-1.3,36.8"), "which", "1 Olympic, Nairobi"),
        (("1", "6", "olympic", "5"), "which", "Press a number shown:"),
        (("1", "98"), "what", "Press a number shown:"),
        (("1", "", " ", "x"), "helpless", "999"),
        (("1", "2#"), "cause", "7K2F saved"),
        (("1", " 2 "), "cause", "7K2F saved"),
        (("1", "2", "0#"), "what", "Press FIRST"),
        (("1", "9", "0#"), "what", "Press FIRST"),
        (("1", "2", "6", "00#"), "language", "Haven"),
        (("1", "6", "olympic", "4", "1", "98#"), "county", "1 Kirinyaga"),
        (("1", "6", "olympic", "4", "1", "taita taveta"), "county", "1 Taita-Taveta"),
        (("1", "6", "olympic", "4", "1", "98", ""), "county", "Not here. Number/letters:\n1 Kirin"),
        (("1", "6", "olympic", "4", "1", "?!"), "county", "Not here. Number/letters:"),
        (("1", "9", "2", "3", "1"), "consent_ask", "98 More"),
        (("1", "6", "olympic", "4", "1"), "county", "1 Baringo"),
        (("1", "6", "olympic", "4", "1", "98"), "county", "1 Kirinyaga"),
        (("1", "6", "olympic", "4", "1", "98", "0"), "county", "1 Baringo"),
        (("1", "6", "olympic", "4", "1", "98", "2"), "sub_county", "Which part of Kisii?"),
        (("1", "6", "olympic", "4", "1", "nai"), "county", "1 Nairobi"),
        (("1", "6", "olympic", "4", "1", "taveta"), "county", "Not here"),
        (("1", "6", "olympic", "4", "1", "nai", "0"), "county", "1 Baringo"),
        (("1", "6", "olympic", "4", "1", "zz"), "county", "Not here. Number/letters:"),
        (("1", "6", "olympic", "4", "1", "nai", "1", "1", "4"), "receipt_told", "Telling"),
    ],
)
def test_what_is_shown_after_these_keys(keys: tuple[str, ...], screen: str, says: str) -> None:
    trial = phone().dials().chooses(*keys).sees(says)
    assert shown(trial) == screen


def test_a_number_within_its_bounds_is_taken_and_any_other_asked_again() -> None:
    trial = phone(language="en", staff="one").dials().chooses("2", "2")
    for wrong in ("1000", "-1"):
        trial.chooses(wrong).sees("Type a number, 0 to 999")
    trial.chooses("012").ends("Saved for Mbagathi County Hospital")
    assert trial.session is not None
    assert trial.session.variables["free_beds"] == "12"


def test_plurals_follow_the_number() -> None:
    for waiting, words in (("1", "1 patient open"), ("2", "2 patients open"), ("0", "0 patients")):
        intents = {**DATA.intents, "look_up_hospital": {"staff": "one", "waiting": waiting}}
        data = DATA.model_copy(update={"intents": intents})
        TrialPhone(MENUS, data, {"language": "en", "staff": "one"}).dials().chooses("2").sees(words)


@pytest.mark.parametrize("alert", ["provisional", "no_place", "open", "several"])
def test_an_open_alert_is_what_a_second_dial_is_about(alert: str) -> None:
    facts = {"alert": alert, "alert_code": "7K2F", "alert_state": "dispatched", "hospital": "KNH"}
    trial = phone(language="en", **facts).dials().sees("7K2F", "Another patient")
    assert shown(trial) == {"open": "my_alert", "several": "which_alert"}.get(alert, "resume")


def test_cancelling_asks_first_and_says_what_happens() -> None:
    facts = {"language": "en", "alert": "open", "alert_code": "7K2F", "alert_state": "accepted"}
    phone(**facts).dials().chooses("5").sees("Cancel 7K2F?").did()
    phone(**facts).dials().chooses("5", "1").ends("we told the hospital").did("cancel_emergency")
    trial = phone(**facts).dials().chooses("5", "2").did()
    assert shown(trial) == "my_alert"


def test_the_first_answer_that_names_an_emergency_is_carried_out_at_once() -> None:
    phone().dials().chooses("1", "2").did("remember_language", "note_emergency")


def test_a_code_dialled_straight_walks_as_far_as_it_is_understood() -> None:
    for code, words in {
        "*384*911*1*3#": "saved. It is from",
        "*384*911*1*6*9#": "Telling Mbagathi",
        "*384*911*1*77*2#": "Press a number shown:",
        "*384*911*7#": "Press a number shown:",
        "*384*911*1*9*3*1#": "98 More",
    }.items():
        phone(language="sw").dials(code).sees(words)


def test_digits_dialled_ahead_answer_no_screen_that_must_be_seen_first() -> None:
    open_alert = {"alert": "open", "alert_code": "7K2F", "alert_state": "accepted"}
    trial = phone(**open_alert).dials("*384*911*1*5*1#").did("remember_language")
    assert shown(trial) == "my_alert"
    trial = phone(language="en").dials().chooses("9", "2").chooses("5*1").did()
    assert shown(trial) == "erase_sure"


def test_a_star_in_typed_words_stays_in_them() -> None:
    trial = phone().dials().chooses("1", "6").types("olympic*kibra")
    assert trial.session is not None
    assert trial.session.variables["place_typed"] == "olympic*kibra"


def test_who_was_cut_off_goes_on_where_they_were() -> None:
    trial = phone(language="en").dials().chooses("9", "1", "2")
    trial.dials().sees("You were cut off", "1 Go on", "2 Emergency/start anew")
    trial.chooses("1").sees("Near which place?").types("olympic").sees("1 Olympic, Nairobi")


def test_who_was_cut_off_may_start_anew() -> None:
    trial = phone(language="en").dials().chooses("9", "1", "2").dials().chooses("2")
    assert shown(trial) == "what"


def test_who_is_cut_off_while_asked_is_asked_again() -> None:
    trial = phone(language="en").dials().chooses("9", "1", "2").dials().dials()
    trial.sees("You were cut off").chooses("1").sees("Near which place?")


def test_nobody_is_asked_who_would_lose_nothing() -> None:
    trial = phone(language="en").dials().dials()
    assert shown(trial) == "what"
    trial = phone().dials().chooses("1")
    trial = phone(language="en")
    trial.session = phone().dials().chooses("1").session
    assert shown(trial.dials()) == "what"


def test_a_list_means_what_was_shown_whatever_changes_behind_it() -> None:
    trial = phone(language="en").dials().chooses("6").types("olympic").sees("2 Olympic Stage")
    trial.host.data = DATA.model_copy(update={"lists": {**DATA.lists, "place_choices": {}}})
    trial.chooses("2")
    assert trial.session is not None
    assert trial.session.variables["place_choice"] == "b"


def test_an_operator_that_shows_more_gets_fuller_pages() -> None:
    keys = ("9", "3")
    tight = phone(language="en").dials().chooses(*keys)
    roomy = TrialPhone(MENUS, DATA, {"language": "en"}, AIRTEL).dials().chooses(*keys)
    assert tight.screen is not None
    assert roomy.screen is not None
    assert (gsm.septets(tight.screen.text) or 0) <= 156 < (gsm.septets(roomy.screen.text) or 0)


def test_pages_together_say_the_whole_text() -> None:
    trial = phone(language="en").dials().chooses("9", "3")
    said = []
    for _ in range(5):
        assert trial.screen is not None
        said += trial.screen.lines[0].text.split()
        if "98" not in [line.key for line in trial.screen.lines]:
            break
        trial.chooses("98")
    whole = MENUS.catalogue("en").text("screens.consent_ask.title").split()
    assert said == whole


_KEYS = st.one_of(
    st.sampled_from([*"0123456789", "00", "98", "olympic", "k", "#", "*", "1*2", "7K2F"]),
    st.text(max_size=100),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_KEYS, max_size=14),
    st.sampled_from(sorted(MENUS.catalogues)),
    st.sampled_from(["", "one", "several"]),
    st.sampled_from([None, AIRTEL]),
)
def test_no_answers_ever_break_it_or_overflow_a_screen(
    keys: list[str], language: str, staff: str, limit: Limit | None
) -> None:
    trial = TrialPhone(MENUS, DATA, {"language": language, "staff": staff}, limit).dials()
    room = (limit or MENUS.operators.tightest).septets
    for key in keys:
        assert trial.screen is not None
        assert trial.session is not None
        assert from_json(to_json(trial.session)) == trial.session
        assert trial.screen.text
        assert (gsm.septets(trial.screen.text) or 999) <= room, trial.screen.text
        if trial.screen.ends:
            break
        assert trial.session.shown or shown(trial) in {"staff_beds"} | _TYPED
        trial.chooses(key)


_TYPED = {name for name, screen in MENUS.definitions.screens.items() if screen.kind == "text"}


def test_a_screen_that_new_menus_no_longer_have_begins_again() -> None:
    trial = phone(language="en").dials().chooses("2")
    assert trial.session is not None
    trial.session = trial.session.at("screen_of_yesterday", ("what",))
    trial.chooses("1").sees("Press FIRST").dials().sees("Press FIRST")


def test_items_with_one_label_keep_their_own_meaning() -> None:
    data = DATA.model_copy(
        update={"lists": {**DATA.lists, "hospitals": {"x": "Same name", "y": "Same name"}}}
    )
    trial = TrialPhone(MENUS, data, {"language": "en"}).dials().chooses("9", "1", "1", "1", "2")
    assert trial.session is not None
    assert trial.session.variables["found_hospital"] == "y"


def renamed(old: str) -> Menus:
    """Haven's own menus, in which one screen has another name."""
    new = f"{old}_of_today"

    def name(given: str) -> str:
        return new if given == old else given

    screens = {
        name(screen.name): replace(
            screen,
            name=name(screen.name),
            goto=screen.goto and name(screen.goto),
            empty=screen.empty and name(screen.empty),
            options=tuple(replace(each, goto=name(each.goto)) for each in screen.options),
            branches=tuple(replace(each, goto=name(each.goto)) for each in screen.branches),
        )
        for screen in MENUS.definitions.screens.values()
    }
    catalogues = {
        code: replace(
            catalogue,
            texts={
                text.replace(f"screens.{old}.", f"screens.{new}."): words
                for text, words in catalogue.texts.items()
            },
        )
        for code, catalogue in MENUS.catalogues.items()
    }
    definitions = replace(MENUS.definitions, screens=screens, start=name(MENUS.definitions.start))
    return replace(MENUS, definitions=definitions, catalogues=catalogues)


def goes_on(trial: TrialPhone, menus: Menus) -> TrialPhone:
    """The same caller, after the menus were replaced."""
    after = TrialPhone(menus, DATA, {"language": "en"})
    after.session, after.screen = trial.session, trial.screen
    return after


def test_back_leads_to_what_new_menus_still_have() -> None:
    trial = phone(language="en").dials().chooses("9", "1", "2")
    assert shown(goes_on(trial, renamed("find_need")).chooses("0")) == "more"
    trial = phone(language="en").dials().chooses("2")
    assert shown(goes_on(trial, renamed("what")).chooses("0")) == "cause"


def test_who_was_offered_to_go_on_at_a_screen_that_is_gone_begins_again() -> None:
    trial = phone(language="en").dials().chooses("9", "1", "2").dials().sees("You were cut off")
    assert shown(goes_on(trial, renamed("find_where")).chooses("1")) == "what"


def test_a_list_that_became_a_menu_takes_no_line_for_an_answer() -> None:
    trial = phone(language="en").dials().chooses("6", "olympic")
    assert shown(trial) == "which"
    screens = dict(MENUS.definitions.screens)
    screens["which"] = replace(screens["cause"], name="which")
    texts = MENUS.catalogue("en").texts
    copied = {name.replace(".cause.", ".which."): words for name, words in texts.items()}
    english = replace(MENUS.catalogue("en"), texts={**texts, **copied})
    menus = replace(
        MENUS,
        definitions=replace(MENUS.definitions, screens=screens),
        catalogues={**MENUS.catalogues, "en": english},
    )
    goes_on(trial, menus).chooses("1").sees("Press a number shown:").chooses("1")
