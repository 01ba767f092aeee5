"""`python -m tests.fuzz`: posts generated turns, slice after slice with new seeds, until there were
enough of them.
"""

import sys
import time
from secrets import randbelow

import click

from tests.fuzz.slices import Figures, play, stage_in_memory

_STORIES = 250


@click.command()
@click.option("--turns", default=1_000_000, show_default=True, help="How many turns to post.")
@click.option("--seed", type=int, help="The first slice's seed; by chance when it is not given.")
@click.option("--stories", default=_STORIES, show_default=True, help="Stories in each slice.")
def main(turns: int, seed: int | None, stories: int) -> None:
    """Fuzzes the callbacks. The exit code is 1, and the shortest failing story and its seed are
    printed, when something is found.
    """
    seed = randbelow(10**9) if seed is None else seed
    done = Figures()
    started_s = time.perf_counter()
    while done.turns < turns:
        with stage_in_memory() as stage:
            try:
                done += play(stage, seed, stories)
            except BaseException:
                click.echo(f"found by seed {seed}: --seed {seed} --stories {stories}", err=True)
                raise
        rate = done.turns / (time.perf_counter() - started_s)
        click.echo(f"seed {seed}: {done.turns:,} turns so far, {rate:,.0f} a second")
        seed += 1
    for title, counted in (("Screens reached", done.screens), ("Steps taken", done.kinds)):
        click.echo(f"{title}:")
        for name, count in counted.most_common():
            click.echo(f"{count:>10,} {name}")
    click.echo(f"{done.turns:,} turns in {done.stories:,} stories, nothing found")


if __name__ == "__main__":
    sys.exit(main())
