"""`python -m tests.simulation`: new seeds, until told to stop or until one finds something."""

import itertools
import sys
import time
from secrets import randbelow

import click
import structlog

from tests.simulation.seed import SeedFailed, live_through

_SAYS_EVERY_S = 10


@click.command()
@click.option("--seeds", type=int, help="How many; without end when it is not given.")
@click.option("--first", type=int, help="The first one; by chance when it is not given.")
def main(seeds: int | None, first: int | None) -> None:
    """Lives through seed after seed. The exit code is 1, and the seed, the invariant and the last
    steps are printed, when one finds something.
    """
    # What the programs say of themselves would hide what is found.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    first = randbelow(10**9) if first is None else first
    started_s = said_s = time.perf_counter()
    done = 0
    click.echo(f"seeds from {first} on; Ctrl-C ends it")
    try:
        for seed in itertools.count(first) if seeds is None else range(first, first + seeds):
            live_through(seed)
            done += 1
            now_s = time.perf_counter()
            if now_s - said_s >= _SAYS_EVERY_S:
                said_s = now_s
                click.echo(_figures(done, now_s - started_s))
    except SeedFailed as failed:
        click.echo(str(failed), err=True)
        click.echo(_figures(done, time.perf_counter() - started_s))
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo()
    click.echo(f"{_figures(done, time.perf_counter() - started_s)}, nothing found")


def _figures(done: int, seconds: float) -> str:
    return f"{done:,} seeds, {done / max(seconds, 0.001):.1f} a second"


if __name__ == "__main__":
    main()
