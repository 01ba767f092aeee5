"""Every screen that whoever holds the phone can come to once somebody has said that they were
attacked or want to die: none names a hospital, the kind, a place or anything that was said.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.callers.tables import callers
from gateway.database.schema import metadata
from shared.emergency import DISCREET_KINDS, Kind
from tests.fuzz.one_thread import OneThread
from tests.gateway.operators.acting import NAIROBI_WEST
from tests.journeys.world import FakePlaces, Phone, World, build_world

_KEY = re.compile(r"^([0-9]+) ", re.MULTILINE)
_HOSPITAL = "Mbagathi"
_LAST, _HOME = "Lastville", "Homeville"
# What was typed, or is where the phone was.
_PLACES = (_LAST, _HOME, "Kibra", "Thika", "Olympi")
_LANGUAGES = {"1": "en", "2": "sw", "3": "so"}
_DISCREET = {"6": Kind.ASSAULT, "7": Kind.SELF_HARM}
_EVERY = [(language, kind) for language in _LANGUAGES for kind in _DISCREET]
# What can be said about the place, first.
_WAYS = ("9", "1", "2", "kibra", "olympic stage", "nowhere at all", "0")


class Watcher:
    """Sees everything a phone shows, and presses all that it offers."""

    def __init__(self, world: World, language: str, kind: str) -> None:
        self.world, self.language, self.kind = world, language, kind
        self._numbers = count(1)
        catalogue = world.services.menus.catalogue(_LANGUAGES[language])
        # The words for the kinds, each with a line that stands beside them where they are only
        # offered, as they are to everybody.
        self._named = [
            (
                catalogue.text(f"screens.{screen}.{key}", {}),
                catalogue.text(f"screens.{screen}.1", {}),
            )
            for screen, key in (("sickness", "6"), ("sickness", "7"), ("find_need", "6"))
        ]
        # The other advice, to go where it is safe, stands on the receipt of both kinds.
        self._advice = catalogue.text("advice.stay_with", {})
        self.seen: set[str] = set()

    def phone(self) -> Phone:
        """Another phone, whose owner has told us of a home and was helped elsewhere before."""
        phone = self.world.phone(f"+2547110{next(self._numbers):05d}")
        phone.dials()
        remembered = {
            f"{which}_place_{what}": value
            for which, name in (("last", _LAST), ("home", _HOME))
            for what, value in (("name", name), ("lat", -1.31), ("lon", 36.79), ("radius_m", 800))
        }
        index = self.world.services.vault.index(phone.number)
        theirs = update(callers).where(callers.c.phone_index == index).values(remembered)
        self.world.services.database.write(lambda connection: connection.execute(theirs))
        return phone.dials()

    def says(self, *answers: str) -> Phone:
        """A new phone on which the kind was just said, and then this."""
        phone = self.phone().chooses(self.language, "8", self.kind)
        self.looks(phone, "")
        for answer in answers:
            self.presses(phone, answer)
        return phone

    def presses(self, phone: Phone, answer: str) -> None:
        """One turn more, if there is one to take."""
        if phone.screen.startswith("CON "):
            phone.chooses(answer)
            self.looks(phone, answer)

    def looks(self, phone: Phone, answer: str) -> None:
        """Nothing that gives anything away is on the screen, or in a text."""
        self.seen.add(phone.screen)
        shown = phone.screen
        assert _HOSPITAL not in shown, shown
        for place in _PLACES:
            # What was typed this very turn, and may mean three places, is asked back.
            just_typed = place == "Olympi" and "olymp" in answer
            # The example in the question is the same for everybody.
            named = place in shown.replace("Olympic Kibra", "").replace("Kibra Nairobi", "")
            assert just_typed or not named, shown
        assert self._advice not in shown, shown
        for words, beside in self._named:
            assert words not in shown or beside in shown, shown
        for text in phone.inbox():
            for word in (_HOSPITAL, *_PLACES, *(words for words, _ in self._named)):
                assert word not in text, text

    def offered(self, phone: Phone) -> Sequence[str]:
        """The keys on the screen, and the way back."""
        return [*_KEY.findall(phone.screen.partition("\n")[2]), "0", "00"]


@pytest.fixture
def one_hospital(tmp_path: Path) -> Iterator[World]:
    """A country with one hospital; which database it is in makes no difference to a screen."""
    database = OneThread()
    metadata.create_all(database.engine)
    world = build_world(database, tmp_path)
    world.hospital(
        "Mbagathi Hospital", *NAIROBI_WEST, needs=("emergency_24h", "sexual_assault_care")
    )
    yield world
    database.close()


def test_these_are_all_the_kinds_that_are_discreet() -> None:
    assert set(_DISCREET.values()) == DISCREET_KINDS


@pytest.mark.parametrize(("language", "kind"), _EVERY)
def test_no_screen_of_the_session_gives_anything_away(
    one_hospital: World, language: str, kind: str
) -> None:
    watcher = Watcher(one_hospital, language, kind)
    for first in _WAYS:
        for second in watcher.offered(watcher.says(first)):
            phone = watcher.says(first, second)
            if "0" not in (first, second[:1]):
                # Who goes back before it is raised chooses anew.
                watcher.presses(phone, "1")
                watcher.presses(phone, "kibra")
    assert len(watcher.seen) > 10


@pytest.mark.parametrize(("language", "kind"), _EVERY)
@pytest.mark.parametrize("before", [(), ("olympic stage",), ("9",), ("kibra",)])
def test_no_screen_of_a_dial_after_it_gives_anything_away(
    one_hospital: World, language: str, kind: str, before: tuple[str, ...]
) -> None:
    """Cut off before the place, among the choices, and after each receipt."""
    watcher = Watcher(one_hospital, language, kind)
    paths: list[tuple[str, ...]] = [()]
    for depth in range(3):
        longer = []
        for path in paths:
            phone = watcher.says(*before)
            phone.dials()
            watcher.looks(phone, "")
            for key in path:
                watcher.presses(phone, key)
            if phone.screen.startswith("CON "):
                longer += [(*path, key) for key in watcher.offered(phone)]
        # The first dial's keys are all pressed; of what lies deeper, enough.
        paths = longer if depth == 0 else longer[:: max(1, len(longer) // 12)]
    assert len(watcher.seen) > 5


@pytest.mark.parametrize("kind", ["6", "7"])
def test_a_place_where_somebody_was_attacked_is_not_offered_as_last_time(
    one_hospital: World, kind: str
) -> None:
    phone = one_hospital.phone().dials().chooses("1", "8", kind).types("kibra")
    assert one_hospital.the_emergency().place_name == FakePlaces.KNOWN.name
    phone.dials().chooses("5", "1").sees("cancelled")
    phone.dials().chooses("2", "6")
    assert "Kibra," not in phone.screen
