"""A slice of what `make fuzz` posts without end: the same stories each time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.database.postgres import PostgresDatabase
from tests.databases import empty
from tests.fuzz.ledger import Ledger
from tests.fuzz.rubbish import DOORS
from tests.fuzz.slices import play, stage_in_memory
from tests.fuzz.stage import NUMBERS, Stage
from tests.fuzz.steps import Step
from tests.fuzz.story import Story


@pytest.fixture
def stage() -> Iterator[Stage]:
    """One gateway for a whole slice."""
    with stage_in_memory() as opened:
        yield opened


@pytest.mark.parametrize("seed", [384, 911])
def test_whatever_is_posted_nobody_is_lost_doubled_or_mixed_up(stage: Stage, seed: int) -> None:
    figures = play(stage, seed, 70)
    assert figures.turns > 2_000
    # What went wrong elsewhere might keep every story on the first screens.
    assert len(figures.screens) > 40, figures.screens
    assert {"receipt_told", "receipt_no_place", "my_alert", "staff"} <= figures.screens.keys()


def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    database = PostgresDatabase(postgres_url, connections=2)
    empty(database.engine)
    assert play(Stage(database, tmp_path), 384, 3).turns > 100
    database.close()


def test_a_ledger_that_sees_somebody_elses_place_says_so(stage: Stage) -> None:
    ledger = Ledger(stage)
    story = Story(stage, ledger)
    story.plays([Step("go_on", 0, which) for which in (0, 0, 1, 5, 5)], [])
    code = stage.world.emergencies()[0].help_code
    ledger.reads(NUMBERS[0], f"{code}: Zqambolo, Nairobi")
    for words in ("Zqambolo, Nairobi", f"{code} saved", "Quinzolam"):
        with pytest.raises(AssertionError):
            ledger.reads(NUMBERS[1], words)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("size", [None, "0", "-1", "99999999999", "many", "\u0663", "3"])
def test_a_body_whose_length_is_wrong_is_answered(
    stage: Stage, door: str, size: str | None
) -> None:
    status, body = stage.posts(door, b"sessionId=1&text=1&\xff\x00", size=size)
    assert status == 200
    assert door != "ussd" or body.startswith("END ")
