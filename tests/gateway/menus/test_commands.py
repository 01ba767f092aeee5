"""`haven-gateway menus`: what a clinician or a translator does with it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.config import ConfigError
from gateway.menus.loading import load_for_callers
from shared.errors import InvalidInput
from tests.journeys.world import config_for
from tests.ussd_menus.broken import changed
from ussd_menus import files
from ussd_menus.diagram import draw


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["menus", *arguments], input=typed)


def test_havens_own_menus_pass() -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "no faults" in result.output
    assert "signed by nobody" in result.output


def test_faults_are_told_and_make_the_command_fail(tmp_path: Path) -> None:
    folder = changed(
        tmp_path / "menus", "menus.yaml", lambda d: d["screens"].update(alone={"kind": "end"})
    )
    result = run("check", "--folder", str(folder))
    assert result.exit_code == 1
    assert "Screen alone: nothing leads to it" in result.output
    told = json.loads(run("check", "--folder", str(folder), "--json").stdout)
    assert {
        "where": "Screen alone",
        "what": "nothing leads to it. Remove it, or lead to it.",
    } in told


def test_menus_that_cannot_be_read_are_refused_in_one_line(tmp_path: Path) -> None:
    folder = changed(tmp_path / "menus", "menus.yaml", lambda d: d.pop("start"))
    result = run("check", "--folder", str(folder))
    assert result.exit_code == 1
    assert "menus.yaml: start: it is missing. Write it." in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("facts: {}\nintents: {}\n", "trial.yaml: lists: it is missing. Write it.\n"),
        ("facts: {\n", "trial.yaml is not YAML: "),
        (None, "trial.yaml cannot be read: No such file"),
    ],
)
def test_example_data_that_cannot_be_read_is_told_with_everything_else(
    tmp_path: Path, written: str | None, told: str
) -> None:
    folder = changed(
        tmp_path / "menus", "menus.yaml", lambda d: d["screens"].update(alone={"kind": "end"})
    )
    trial = folder / "trial.yaml"
    trial.unlink() if written is None else trial.write_text(written, encoding="utf-8")
    result = run("check", "--folder", str(folder))
    assert result.exit_code == 1
    assert told in result.output
    assert "Screen alone: nothing leads to it" in result.output
    # Callers have no use for it.
    shutil.copytree(Path("ussd_menus"), tmp_path / "whole")
    (tmp_path / "whole" / "trial.yaml").unlink()
    assert not load_for_callers(tmp_path / "whole", None).faults


def test_what_was_copied_is_changed_tried_and_checked(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    assert str(folder) in run("copy", str(folder)).output
    catalogue = folder / "catalogues" / "en.yaml"
    text = catalogue.read_text(encoding="utf-8").replace("Snake bite", "Snakebite")
    catalogue.write_text(text, encoding="utf-8")
    rules = folder / "triage_rules.toml"
    assert run("check", "--folder", str(folder), "--rules", str(rules)).exit_code == 0
    tried = run("try", "--folder", str(folder), typed="1\n6\nkibra\n1\n").output
    assert "6 Snakebite" in tried
    assert "Telling Mbagathi County Hospital" in tried
    assert "raise_emergency" in tried
    assert "is there already" in run("copy", str(folder)).output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--language", "sw"), "Damu nyingi"),
        (("--staff", "--language", "en"), "Hospital staff"),
        (("--network", "63903"), "of 184 characters, Airtel"),
    ],
)
def test_the_menus_are_tried_as_different_callers(options: tuple[str, ...], words: str) -> None:
    assert words in run("try", *options, typed="1\n").output


def test_a_language_that_is_not_there_is_refused() -> None:
    for command in ("try", "draw"):
        assert (
            "There is no catalogue 'xx'. There are: en" in run(command, "--language", "xx").output
        )


def test_the_picture_has_every_screen_and_every_way() -> None:
    menus = files.load()
    picture = run("draw").output
    assert picture == draw(menus)
    for name, screen in menus.definitions.screens.items():
        assert f"  screen_{name}" in picture
        assert picture.count(f"  screen_{name} --") == len(screen.targets)
    assert "Damu nyingi" in run("draw", "--language", "sw").output


def test_the_schema_is_json() -> None:
    assert "screens" in json.loads(run("schema").stdout)["properties"]


def test_a_gateway_does_not_start_with_menus_that_have_faults(tmp_path: Path) -> None:
    folder = changed(
        tmp_path / "menus", "catalogues/sw.yaml", lambda d: d["screens"]["what"].pop("1")
    )
    with pytest.raises(InvalidInput, match=r"sw\.yaml, screens\.what\.1: it is missing"):
        load_for_callers(folder, None)
    rules = tmp_path / "rules.toml"
    rules.write_text("version = 'x'", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"rules\.toml: The last triage rule"):
        load_for_callers(None, rules)


def test_folders_and_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"HAVEN_MENUS_DIR must be a folder that is there\."):
        config_for(tmp_path, HAVEN_MENUS_DIR=str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match=r"HAVEN_TRIAGE_RULES must be a file that is there\."):
        config_for(tmp_path, HAVEN_TRIAGE_RULES=str(tmp_path))
    with pytest.raises(ConfigError, match="HAVEN_VOICE_NUMBER must be a phone number"):
        config_for(tmp_path, HAVEN_VOICE_NUMBER="call me")


def test_menus_of_a_deployment_are_those_that_callers_see(tmp_path: Path) -> None:
    folder = changed(
        tmp_path / "menus",
        "catalogues/en.yaml",
        lambda d: d["screens"]["what"].update(title="OURS"),
    )
    shutil.copy("shared/triage_rules.toml", tmp_path / "rules.toml")
    config = config_for(
        tmp_path, HAVEN_MENUS_DIR=str(folder), HAVEN_TRIAGE_RULES=str(tmp_path / "rules.toml")
    )
    loaded = load_for_callers(config.menus_dir, config.triage_rules)
    assert loaded.menus.catalogue("en").text("screens.what.title") == "OURS"
