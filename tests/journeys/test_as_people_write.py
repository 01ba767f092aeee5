"""Texts of strangers as people write them, against the towns of the country and the demo's places:
the language they are answered in, the place they are asked about, and whose phone never rings.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.database.schema import metadata
from gateway.places.commands import open_place_file
from gateway.places.default_gazetteer import seed_default
from gateway.places.finder import PlaceFinder
from gateway.places.place_record import PlaceRecord, store_places
from shared import gsm
from shared.emergency import DISCREET_KINDS, EmergencyState, Kind, Priority
from tests.fuzz.one_thread import OneThread
from tests.gateway.operators.acting import NAIROBI_WEST
from tests.journeys.world import World, build_world

_PLACES = Path(__file__).parents[2] / "deploy" / "demo" / "places.csv"
_OPERATOR = "+254700000001"
# Words by which a question for the place shows its language.
_ASKS = {"en": ("where is",), "sw": ("ni wapi", "yuko wapi"), "so": ("xaggee",)}
_DISCREET = {"en": "your message is with us", "sw": "ujumbe wako umefika"}
# What none of our texts may say back, whatever was written.
_ECHOES = {
    "mtoto", "mtoi", "blood", "damu", "chest", "degedege", "panga", "shot", "bleeding", "ajali",
    "uzazi", "mjamzito", "sumu", "poison", "snake", "fell", "down", "kufa", "ananipiga", "kill",
    "kibera", "kayole", "kondele",
}  # fmt: skip


def said_back(answer: str) -> set[str]:
    return _ECHOES.intersection(re.findall(r"\w+", answer.lower()))


@pytest.fixture(scope="module")
def finder() -> Iterator[PlaceFinder]:
    database = OneThread()
    metadata.create_all(database.engine)
    file = open_place_file(_PLACES, "KE")
    parsed = [file.parse(fields) for _, fields in file.rows()]
    own: Sequence[PlaceRecord] = [each.record for each in parsed if each is not None]

    def store(connection: Connection) -> None:
        store_places(connection, own, dry_run=False)

    database.write(store)
    seed_default(database, "KE")
    yield PlaceFinder(database, "KE")
    database.close()


@pytest.fixture
def kenya(finder: PlaceFinder, tmp_path: Path) -> Iterator[World]:
    database = OneThread()
    metadata.create_all(database.engine)
    world = build_world(database, tmp_path, finder)
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    yield world
    database.close()


# What is written, the language of the answer, and the first place that is offered ("" is none).
_WRITTEN = [
    (
        "nduthi imegongwa na mat githurai 45, wasee wawili wako down mmoja haongei",
        "sw",
        "Githurai 45, Nairobi",
    ),
    ("mtoi ameshikwa na degedege joto kali kayole junction", "sw", "Kayole Junction, Nairobi"),
    ("hali mbaya sana", "sw", ""),
    ("cant STOP the blood amekatwa panga shingo kiamaiko", "en", "Kiamaiko, Nairobi"),
    ("pls my dad chest pain n sweating 46yrs ngara fig tree", "en", "Ngara Fig Tree, Nairobi"),
    ("msaada mtoto amezimia kawangware", "sw", "Kawangware, Nairobi"),
    ("my wife is bleeding after birth we are at likoni", "en", "Likoni Ferry, Mombasa"),
    ("baba ameanguka hapumui vizuri tuko maseno karibu na soko", "sw", "Maseno, Kisumu"),
    ("watu wengi wameumia ajali ya matatu hapa nakuru", "sw", "Nakuru"),
    ("please send help my brother was shot in eastleigh", "en", "Eastleigh, Nairobi"),
    ("mzee amedunda ghafla mtaa ni umoja haongei", "sw", "Umoja, Nairobi"),
    ("mama mjamzito anatokwa na damu nyingi ahero", "sw", "Ahero, Kisumu"),
    ("mtoto amekunywa sumu tuko mathare 3c", "sw", "Mathare, Nairobi"),
    ("a snake has bitten my son, he can't stand", "en", ""),
    ("he fell from a roof near kondele kisumu and is not talking", "en", "Kondele, Kisumu"),
    ("damu nyingi sana", "sw", ""),
    ("fadlan i caawi ilmaha dhiig", "so", ""),
    ("HELP", "en", ""),
    ("SOS!!", "en", ""),
    ("nisaidie", "sw", ""),
]


@pytest.mark.parametrize(("text", "language", "place"), _WRITTEN)
def test_a_strangers_text_is_answered_in_its_language_with_its_place(
    kenya: World, text: str, language: str, place: str
) -> None:
    phone = kenya.phone().texts(text)
    (answer,) = phone.inbox()
    assert any(words in answer for words in _ASKS[language]), answer
    offered = f" 1 {place}" in answer
    assert offered if place else " 1 " not in answer, answer
    # A single segment of GSM-7, with no word of what was said.
    assert (gsm.septets(answer) or 999) <= 160, answer
    assert not said_back(answer) - set(place.lower().replace(",", "").split()), answer
    emergency = kenya.the_emergency()
    assert (emergency.language, emergency.note) == (language, text)
    if place:
        phone.texts("1")
        assert kenya.the_emergency().place_name == place
        assert kenya.the_emergency().state == EmergencyState.DISPATCHED
    else:
        kenya.forward(121)
        assert kenya.the_emergency().state == EmergencyState.UNANSWERED
        assert "place unknown" in kenya.phone(_OPERATOR).inbox()[-1]
    assert kenya.the_emergency().priority <= Priority.HIGH


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("siko salama ananipiga usinipigie simu", "sw", Kind.ASSAULT),
        ("my husband is beating me DON'T CALL", "en", Kind.ASSAULT),
        ("nimebakwa niko kayole nisaidieni", "sw", Kind.ASSAULT),
        ("he wants to kill me, please do not call. kibera", "en", Kind.ASSAULT),
        ("nataka kufa niko kondele", "sw", Kind.SELF_HARM),
        ("i want to die", "en", Kind.SELF_HARM),
    ],
)
def test_who_may_be_watched_is_never_phoned_and_reads_nothing_of_it(
    kenya: World, text: str, language: str, kind: Kind
) -> None:
    phone = kenya.phone().texts(text)
    # Raised at once: nobody asks them whether they meant it.
    emergency = kenya.the_emergency()
    assert (emergency.kind, emergency.state) == (kind, EmergencyState.UNANSWERED)
    kenya.forward(600)
    (answer,) = phone.inbox()
    assert answer.startswith(f"{emergency.help_code}: {_DISCREET[language]}. ")
    assert " 1 " not in answer
    assert not said_back(answer), answer
    assert "Do NOT phone the caller" in kenya.phone(_OPERATOR).inbox()[0]
    assert phone.number not in kenya.carrier.calls


@pytest.mark.parametrize("reply", ["nairobi", "Kayole Junction, Nairobi", "kayole"])
def test_the_place_of_who_may_be_watched_is_learnt_without_naming_it(
    kenya: World, reply: str
) -> None:
    phone = kenya.phone().texts("nimebakwa niko kayole nisaidieni")
    phone.texts(reply)
    emergency = kenya.the_emergency()
    assert emergency.place_name == "Kayole Junction, Nairobi"
    assert emergency.state == EmergencyState.DISPATCHED
    assert Kind(emergency.kind) in DISCREET_KINDS
    assert phone.inbox()[-1] == f"{emergency.help_code}: {_DISCREET['sw']}"


def test_a_number_chooses_no_place_that_was_never_offered(kenya: World) -> None:
    phone = kenya.phone().texts("nimebakwa niko kayole nisaidieni").texts("1")
    assert kenya.the_emergency().lat is None
    assert all(_DISCREET["sw"] in text for text in phone.inbox())


def test_an_alert_becomes_discreet_when_its_caller_says_so(kenya: World) -> None:
    phone = kenya.phone().texts("help")
    kenya.forward(121)
    assert "Phone the caller" in kenya.phone(_OPERATOR).inbox()[-1]
    phone.texts("don't call me he is beating me")
    assert kenya.the_emergency().kind == Kind.ASSAULT
    assert any("Do NOT phone the caller" in text for text in kenya.phone(_OPERATOR).inbox())
    assert phone.inbox()[-1].startswith(f"{kenya.the_emergency().help_code}: {_DISCREET['en']}")


def test_what_was_said_before_still_decides_what_the_hospital_needs(kenya: World) -> None:
    phone = kenya.phone().dials().chooses("1", "2", "2").types("kibera")
    before = kenya.the_emergency()
    phone.texts("usinipigie simu")
    after = kenya.the_emergency()
    assert Kind(after.kind) in DISCREET_KINDS
    assert (after.needs, after.priority) == (before.needs, before.priority)


def test_a_language_once_chosen_is_kept_in_doubt(kenya: World) -> None:
    phone = kenya.phone().dials().chooses("1").drops()
    kenya.forward(700)
    phone.texts("msaada kawangware jamani")
    assert "where is it" in phone.inbox()[-1]


def test_the_county_says_which_of_the_choices_it_is(kenya: World) -> None:
    phone = kenya.phone().texts("msaada mtoto amezimia kawangware").texts("Nairobi")
    assert kenya.the_emergency().place_name == "Kawangware, Nairobi"
    phone.reads("tunaarifu Mbagathi Hospital")
