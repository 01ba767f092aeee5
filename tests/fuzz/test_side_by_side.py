"""Many callers at the same time, each turn posted twice at once and a stranger at every session:
each caller sees what they would have seen alone.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from gateway.database.database import Database
from gateway.database.schema import metadata
from gateway.database.sqlite import SqliteDatabase
from tests.fuzz.stage import Stage, faults_kept
from tests.journeys.world import SAFARICOM, SERVICE_CODE

_WALKERS = 6
_TURNS = 40
_STRANGER = "+254733000333"
_KEY = re.compile(r"^([0-9]+) ", re.MULTILINE)
# What chance and the others decide: codes, and which hospital has a bed.
_BY_CHANCE = re.compile(
    r"\b[2-9A-HJ-KMNP-TV-Z]{4}\b|[A-Z][a-z]+ (?:Hospital|Clinic)|[0-9.]+ (?:min|km)\b|dk [0-9]+"
)


class Walker:
    """A caller who presses keys by chance: the same ones whenever the screens are the same."""

    def __init__(self, stage: Stage, place: int) -> None:
        self.number = f"+2547220002{place:02d}"
        self.mark = "zqwalker" + "abcdefgh"[place]
        self.seen: list[str] = []
        self.history: list[str] = []
        self._stage = stage
        self._rng = Random(place)
        self._screen = ""
        self._sessions = 0

    def posts(self, number: str) -> str:
        """The answer to the turn that is due, from this number."""
        form = {
            "sessionId": f"ATUid_{self.number}_{self._sessions}",
            "phoneNumber": number,
            "networkCode": SAFARICOM,
            "serviceCode": SERVICE_CODE,
            "text": "*".join(self.history),
        }
        status, body = self._stage.posts("ussd", form)
        assert status == 200
        assert body.startswith(("CON ", "END "))
        return body

    def walks(self, posts: Callable[[str], str]) -> None:
        """Dials, and presses what the screens offer, turn by turn."""
        for _ in range(_TURNS):
            if not self._screen.startswith("CON "):
                self._sessions += 1
                self.history = []
            elif "stage" in self._screen and "town" in self._screen:
                self.history.append(f"{self.mark} {self._rng.choice(['town', 'stage'])}")
            else:
                keys = _KEY.findall(self._screen.partition("\n")[2]) * 3
                self.history.append(self._rng.choice([*keys, "0", "7"]))
            self._screen = posts(self.number)
            self.seen.append(_BY_CHANCE.sub("?", self._screen))


def _walk_in_a_crowd(walkers: list[Walker]) -> None:
    """All of them at once. Every turn comes twice at the same moment, and once more from a stranger
    as soon as it is somebody's session.
    """

    def crowded(walker: Walker) -> None:
        with ThreadPoolExecutor(3) as threads:

            def at_once(number: str) -> str:
                numbers = [number, number, *([_STRANGER] if walker.history else [])]
                ready = threading.Barrier(len(numbers))

                def one(number: str) -> str:
                    ready.wait(60)
                    return walker.posts(number)

                answers = list(threads.map(one, numbers, timeout=60))
                assert answers[0] == answers[1], "one turn was answered in two ways"
                assert all("999" in answer and "?" not in answer for answer in answers[2:])
                return answers[0]

            walker.walks(at_once)

    with ThreadPoolExecutor(len(walkers)) as all_at_once:
        list(all_at_once.map(crowded, walkers, timeout=300))


def _raised(stage: Stage) -> Counter[str]:
    """How many emergencies each place has, by state: each walker has a place of their own."""
    return Counter(f"{row.place_name} {row.state}" for row in stage.world.emergencies())


def test_in_a_crowd_everybody_sees_what_they_would_see_alone(
    database: Database, tmp_path: Path
) -> None:
    crowd = Stage(database, tmp_path)
    crowd.begins()
    together = [Walker(crowd, place) for place in range(_WALKERS)]
    with faults_kept() as faults:
        _walk_in_a_crowd(together)
        assert not faults
    quiet = SqliteDatabase(tmp_path / "alone.db", bytes(32))
    metadata.create_all(quiet.engine)
    empty = Stage(quiet, tmp_path)
    empty.begins()
    alone = [Walker(empty, place) for place in range(_WALKERS)]
    for walker in alone:
        walker.walks(walker.posts)
    for one, other in zip(together, alone, strict=True):
        assert one.seen == other.seen
    assert _raised(crowd) == _raised(empty)
    assert len(_raised(empty)) > _WALKERS
    quiet.close()
