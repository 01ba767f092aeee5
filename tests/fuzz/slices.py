"""A slice: many stories from one seed. What fails is shrunk, and told with all that was posted."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
from hypothesis import HealthCheck, Phase

from gateway.database.schema import metadata
from tests.fuzz.ledger import Ledger
from tests.fuzz.one_thread import OneThread
from tests.fuzz.stage import Stage, faults_kept
from tests.fuzz.steps import Step, stories
from tests.fuzz.story import Story


@dataclass
class Figures:
    """What was played."""

    turns: int = 0
    stories: int = 0
    screens: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.turns + other.turns,
            self.stories + other.stories,
            self.screens + other.screens,
            self.kinds + other.kinds,
        )


@contextmanager
def stage_in_memory() -> Iterator[Stage]:
    """A stage whose database is gone afterwards."""
    with TemporaryDirectory() as folder:
        database = OneThread()
        metadata.create_all(database.engine)
        yield Stage(database, Path(folder))
        database.close()


def play(stage: Stage, seed: int, count: int) -> Figures:
    """Plays `count` stories that this seed makes; the same seed makes the same ones.

    Raises AssertionError with the shortest story that still fails.
    """
    figures = Figures()
    ledger = Ledger(stage, figures.screens)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(steps=stories)
    def stories_of_seed(steps: list[Step]) -> None:
        with faults_kept() as faults:
            story = Story(stage, ledger)
            try:
                story.plays(steps, faults)
            except BaseException:
                hypothesis.note("\n".join(story.told))
                raise
            finally:
                figures.turns += story.turns
                figures.stories += 1
                figures.kinds += story.kinds

    stories_of_seed()
    return figures
