"""The page: whole for any experiment, and nothing on it is taken for markup that is not."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from gateway.simulation import plots
from gateway.simulation.assumptions import assumptions
from gateway.simulation.case_mix import haven_case_mix
from gateway.simulation.experiment import carry_out
from gateway.simulation.page import page
from gateway.simulation.plots import Bar, DotRow
from gateway.simulation.settings import Settings
from shared.match_policy import MatchPolicy
from tests.gateway.simulation.county import county

_NAME = "<b>Muranga & sons</b>"


@pytest.mark.parametrize(
    "plot",
    [
        plots.bars(
            [Bar(_NAME, 3.2, 1.0, "3", "of-ours"), Bar("b", 0, None, "0", "of-ours")], "", ""
        ),
        plots.dots([DotRow(_NAME, {"of-ours": 12.0, "of-nearest": 0.0})], "min", _NAME),
        plots.curves({"of-ours": [0.0, 0.5, 1.0]}, [0, 60, 120], _NAME, ""),
        plots.lines({"of-ours": [(0.3, 100.0), (0.5, 130.0)]}, (_NAME, "min")),
    ],
)
def test_a_plot_is_whole_and_shows_names_as_they_are(plot: Markup) -> None:
    drawn = ElementTree.fromstring(plot)  # noqa: S314
    texts = [element.text or "" for element in drawn.iter()] + [drawn.get("aria-label", "")]
    assert any(_NAME in text for text in texts)


def test_bars_are_as_long_as_their_values() -> None:
    plot = plots.bars(
        [Bar("one", 10.0, None, "10", "of-ours"), Bar("two", 20.0, None, "20", "of-nearest")],
        "minutes",
        "",
    )
    one, two = (float(bar.get("width", 0)) for bar in ElementTree.fromstring(plot).iter("rect"))  # noqa: S314
    assert two == pytest.approx(2 * one, abs=0.2)


def test_one_seed_one_policy_and_no_hospital_of_ours_make_a_page_too() -> None:
    settings = Settings(seeds=1, days=1, patients_per_day=20, policies=("nearest",))
    place = county()
    wards = tuple(replace(ward, county=_NAME) for ward in place.wards)
    policy = MatchPolicy()
    experiment = carry_out(replace(place, wards=wards), haven_case_mix(), settings, policy)
    html = page(experiment, assumptions(settings, policy, experiment.ruleset))
    assert "Nearest facility" in html
    assert _NAME not in html
    assert "&lt;b&gt;Muranga &amp; sons&lt;/b&gt;" in html
