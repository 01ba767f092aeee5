"""Lives through one seed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulation.broken import Broken
from tests.simulation.world import World

_MEMORY = Path("/dev/shm")
_SHOWN_STEPS = 40


class SeedFailed(AssertionError):
    """A seed that found something: the invariant, what was seen, and the last steps."""

    def __init__(self, seed: int, broken: Broken, trace: list[str]) -> None:
        steps = "\n".join([trace[0], *trace[1:][-_SHOWN_STEPS:]])
        super().__init__(
            f"seed {seed}: {broken.invariant}\n{broken.where}\n"
            f"HAVEN_TEST_SEED={seed} runs it alone. Its last steps:\n{steps}"
        )
        self.seed = seed
        self.invariant = broken.invariant


def live_through(seed: int, **given: Any) -> None:
    """Raises SeedFailed when an invariant does not hold. `given` are values of the `Plan` that the
    seed does not choose.
    """
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        world = World(seed, Path(folder), given)
        try:
            world.lives()
            world.heals()
            world.check()
        except Broken as broken:
            raise SeedFailed(seed, broken, world.trace) from broken
        except Exception as error:
            failed = Broken("no program fails", f"{type(error).__name__}: {error}")
            raise SeedFailed(seed, failed, world.trace) from error
        finally:
            world.ends()
