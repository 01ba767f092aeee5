"""`haven-gateway simulate`: whether it helps, on the command line."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from gateway.operators.opened import Reading
from gateway.simulation import sources
from gateway.simulation.assumptions import assumptions
from gateway.simulation.case_mix import haven_case_mix
from gateway.simulation.country import Country
from gateway.simulation.experiment import Experiment, carry_out
from gateway.simulation.page import write_page
from gateway.simulation.policies import POLICIES
from gateway.simulation.report import as_json, print_tables
from gateway.simulation.settings import Settings
from shared.errors import InvalidInput
from shared.match_policy import MatchPolicy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DEFAULTS = Settings()


def simulate_group(opened: Callable[[], AbstractContextManager[Reading]]) -> click.Group:
    """The command group; `opened` opens the gateway's database when a command needs it."""

    @click.group("simulate", help="Simulations, for whoever decides how Haven is set up.")
    def group() -> None:
        pass

    @group.command("dispatch")
    @click.option("--hospitals", type=_FILE, help="A register (KMHFL CSV); else the database's.")
    @click.option("--wards", type=_FILE, help="Wards with centroids (CSV); else the database's.")
    @click.option("--country", default="KE", envvar="HAVEN_COUNTRY", show_default=True)
    @click.option("--lowest-level", default=3, show_default=True, help="Facilities from it up.")
    @click.option("--seed", default=_DEFAULTS.seed, show_default=True, help="The first seed.")
    @click.option("--seeds", default=_DEFAULTS.seeds, show_default=True, help="How many of them.")
    @click.option("--days", default=_DEFAULTS.days, show_default=True)
    @click.option("--patients-per-day", default=_DEFAULTS.patients_per_day, show_default=True)
    @click.option(
        "--load",
        "loads",
        type=float,
        multiple=True,
        default=_DEFAULTS.loads,
        show_default=True,
        help="Share of beds taken without us, 0 to 0.95; more than once for several.",
    )
    @click.option(
        "--report-age-h",
        default=_DEFAULTS.report_age_h,
        show_default=True,
        help="Mean age of a bed report, in hours.",
    )
    @click.option(
        "--missing-reports",
        default=_DEFAULTS.missing_reports,
        show_default=True,
        help="Share of facilities that never report.",
    )
    @click.option(
        "--stock-reports",
        default=_DEFAULTS.stock_reports,
        show_default=True,
        help="Share of those that report which report their stock too.",
    )
    @click.option(
        "--policy",
        "policies",
        multiple=True,
        default=_DEFAULTS.policies,
        help=f"More than once for several; else all: {', '.join(POLICIES)}.",
    )
    @click.option("--json", "json_too", is_flag=True, help="Print everything as JSON.")
    @click.option(
        "--page",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write a page with plots to this file.",
    )
    def dispatch(
        hospitals: Path | None,
        wards: Path | None,
        country: str,
        lowest_level: int,
        json_too: bool,
        page: Path | None,
        **chosen: object,
    ) -> None:
        """Compare ways to choose a hospital on the same made-up patients. See docs/matching.md."""
        settings = Settings(**chosen)  # type: ignore[arg-type]
        if not 1 <= lowest_level <= 6:
            raise InvalidInput(f"--lowest-level is {lowest_level}; KEPH levels are 1 to 6.")
        place = _country(hospitals, wards, country, lowest_level, opened)
        policy = MatchPolicy()
        experiment = _with_progress(place, settings, policy)
        listed = assumptions(settings, policy, experiment.ruleset)
        if page is not None:
            write_page(page, experiment, listed)
        if json_too:
            click.echo(as_json(experiment, listed))
        else:
            print_tables(experiment, Console(width=max(Console().width, 150)))

    return group


def _country(
    hospitals: Path | None,
    wards: Path | None,
    country: str,
    lowest_level: int,
    opened: Callable[[], AbstractContextManager[Reading]],
) -> Country:
    if hospitals is not None and wards is not None:
        return Country(
            sources.sites_of_file(hospitals, country, lowest_level),
            sources.wards_of_file(wards, country),
        )
    with opened() as reading:
        read = reading.database.read
        return Country(
            read(lambda connection: sources.sites_of_database(connection, lowest_level))
            if hospitals is None
            else sources.sites_of_file(hospitals, country, lowest_level),
            read(sources.wards_of_database)
            if wards is None
            else sources.wards_of_file(wards, country),
        )


def _with_progress(place: Country, settings: Settings, policy: MatchPolicy) -> Experiment:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with ProgressBar(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("Reading", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return carry_out(place, haven_case_mix(), settings, policy, progress)
