"""`haven-gateway simulate dispatch` as somebody types it."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.simulation.policies import POLICIES

PROJECT = Path(__file__).resolve().parents[3]
DATA = PROJECT.parent / "shared" / "data"
HOSPITALS = PROJECT / "deploy" / "demo" / "hospitals.csv"
QUICK = ("--days", "1", "--patients-per-day", "40", "--seeds", "2")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "HAVEN_DATA_DIR": str(tmp_path / "data"),
        "HAVEN_CALLBACK_SECRET": "a-secret-for-tests-only",
        "HAVEN_AT_USERNAME": "sandbox",
        "HAVEN_AT_API_KEY": "no-key",
        "HAVEN_AT_SHORTCODE": "40404",
    }


@pytest.fixture
def wards(tmp_path: Path) -> Path:
    path = tmp_path / "wards.csv"
    path.write_text(
        "county,subcounty,ward,lat,lon\n"
        "Nairobi,Kibra,Lindi,-1.315,36.785\n"
        "Kiambu,Thika Town,Hospital,-1.04,37.07\n"
    )
    return path


def run(environment: dict[str, str], *words: str) -> Result:
    command = ("simulate", "dispatch", *words)
    return CliRunner().invoke(main, command, env=environment, catch_exceptions=False)


def test_files_are_enough(environment: dict[str, str], wards: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    files = ("--hospitals", str(HOSPITALS), "--wards", str(wards))
    result = run(environment, *files, *QUICK, "--json", "--page", str(page))
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["wards"] == 2
    assert document["settings"]["seeds"] == 2
    assert len(document["outcomes"]) == len(POLICIES)
    assert all(each["source"] for each in document["assumptions"])
    assert not (tmp_path / "data").exists()
    html = page.read_text()
    assert "<script" not in html
    # The name space of SVG is not even needed inside HTML.
    assert not re.search(r"(src|href)=|https?://|@import|url\(", html)
    assert html.count("<svg") == 7
    for outcome in document["outcomes"]:
        assert outcome["label"] in html


def test_the_terminal_shows_a_table_and_says_who_is_better(
    environment: dict[str, str], wards: Path
) -> None:
    files = ("--hospitals", str(HOSPITALS), "--wards", str(wards))
    chosen = ("--policy", "nearest", "--policy", "ours", "--load", "0.3", "--load", "0.7")
    result = run(environment, *files, *QUICK, *chosen)
    assert result.exit_code == 0
    assert "Load 0.3" in result.stdout
    assert len(re.findall(r"“Nearest facility” .* Haven", result.stdout)) == 2


def test_without_files_it_takes_what_the_gateway_knows(
    environment: dict[str, str], wards: Path
) -> None:
    runner = CliRunner()
    for words in (("keys", "init"), ("db", "upgrade")):
        assert runner.invoke(main, words, env=environment).exit_code == 0
    nobody = run(environment, *QUICK)
    assert nobody.exit_code == 1
    assert "at least 2 open hospitals" in nobody.output
    imported = runner.invoke(main, ("hospitals", "import", str(HOSPITALS)), env=environment)
    assert imported.exit_code == 0
    no_ward = run(environment, *QUICK)
    assert no_ward.exit_code == 1
    assert "needs wards" in no_ward.output
    assert runner.invoke(main, ("places", "import", str(wards)), env=environment).exit_code == 0
    from_database = run(environment, *QUICK, "--json")
    files = ("--hospitals", str(HOSPITALS), "--wards", str(wards))
    assert json.loads(from_database.stdout) == json.loads(
        run(environment, *files, *QUICK, "--json").stdout
    )
    mixed = run(environment, "--wards", str(wards), *QUICK, "--json")
    assert mixed.exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--load", "1.2"), "--load is 1.2; give 0 to 0.95"),
        (("--load", "0.5", "--load", "0.5"), "--load has the same value twice"),
        (("--seeds", "0"), "--seeds is 0; give 1 to 100"),
        (("--days", "-1"), "--days is -1"),
        (("--patients-per-day", "0"), "--patients-per-day is 0"),
        (("--report-age-h", "0"), "--report-age-h is 0; give 0.25 to 168 hours"),
        (("--report-age-h", "nan"), "--report-age-h is nan"),
        (("--missing-reports", "30"), "--missing-reports is 30; give a share"),
        (("--stock-reports", "-0.1"), "--stock-reports is -0.1"),
        (("--policy", "best"), "There is no policy 'best'. There are: nearest"),
        (("--policy", "ours", "--policy", "ours"), "--policy has the same value twice"),
        (("--lowest-level", "7"), "KEPH levels are 1 to 6"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    environment: dict[str, str], wards: Path, words: tuple[str, ...], says: str
) -> None:
    files = ("--hospitals", str(HOSPITALS), "--wards", str(wards))
    refused = run(environment, *files, *words)
    assert refused.exit_code == 1
    assert says in refused.output


def test_files_that_are_something_else_are_refused(
    environment: dict[str, str], wards: Path, tmp_path: Path
) -> None:
    swapped = run(environment, "--hospitals", str(wards), "--wards", str(HOSPITALS))
    assert swapped.exit_code == 1
    assert "no list of hospitals" in swapped.output
    no_wards = run(environment, "--hospitals", str(HOSPITALS), "--wards", str(HOSPITALS))
    assert "no list of wards" in no_wards.output
    rubbish = tmp_path / "rubbish.csv"
    rubbish.write_text("county,subcounty,ward,lat,lon\nNairobi,Kibra,Lindi,far,away\n")
    refused = run(environment, "--hospitals", str(HOSPITALS), "--wards", str(rubbish))
    assert refused.exit_code == 1
    assert "1 of 1 rows of rubbish.csv make no sense" in refused.output


def test_a_page_that_cannot_be_written_is_said(environment: dict[str, str], wards: Path) -> None:
    files = ("--hospitals", str(HOSPITALS), "--wards", str(wards))
    refused = run(environment, *files, *QUICK, "--page", "/no/such/folder/page.html")
    assert refused.exit_code == 1
    assert "cannot be written" in refused.output


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data (real Kenyan registers)")
def test_real_hospitals_and_wards(environment: dict[str, str]) -> None:
    result = run(
        environment,
        *("--hospitals", str(DATA / "kmhfl_2020.csv")),
        *("--wards", str(DATA / "kenya_wards_centroids.csv")),
        *("--days", "1", "--patients-per-day", "300", "--seeds", "1", "--json"),
        *("--policy", "nearest", "--policy", "ours", "--policy", "all-knowing"),
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["facilities"] > 2500
    assert document["wards"] == 1450
    means = {each["policy"]: each["measures"]["mean_min"]["mean"] for each in document["outcomes"]}
    assert means["all-knowing"] < means["ours"] < means["nearest"]
