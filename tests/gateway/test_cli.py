"""The command line: what an operator types, and what it answers."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway import bootstrap
from gateway.cli import main
from gateway.database import migrate

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "HAVEN_DATA_DIR": str(tmp_path / "data"),
        "HAVEN_CALLBACK_SECRET": "a-secret-for-tests-only",
        "HAVEN_AT_USERNAME": "sandbox",
        "HAVEN_AT_API_KEY": "no-key",
        "HAVEN_AT_SHORTCODE": "40404",
    }


def run(environment: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)


def test_a_new_gateway_is_set_up_step_by_step(environment: dict[str, str]) -> None:
    assert run(environment, "keys", "init").exit_code == 0
    upgraded = run(environment, "db", "upgrade")
    assert f"revision {migrate.newest()}" in upgraded.output
    hospitals = str(PROJECT / "deploy" / "demo" / "hospitals.csv")
    imported = run(environment, "hospitals", "import", hospitals)
    assert imported.exit_code == 0, imported.output
    assert "26 new" in imported.output
    enrolled = run(environment, "sites", "enrol", "Kenyatta National Hospital", "--json")
    assert len(json.loads(enrolled.output)["code"]) == len("7K2F-9QRS-W3XB-M4NP")
    assert run(environment, "emergencies", "list", "--json").output.strip() == "[]"
    assert run(environment, "alarms", "list", "--json").output.strip() == "[]"
    assert run(environment, "deliveries", "list", "--json").output.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sites", "enrol", "No Such Hospital"), "No hospital is called 'No Such Hospital'"),
        (("deliveries", "retry", "rubbish"), "is no message id"),
        (("deliveries", "retry", "0" * 13), "deliveries list"),
        (("worker",), "start `serve` or `up`"),
    ],
)
def test_what_cannot_be_done_says_so_in_one_line(
    environment: dict[str, str], words: tuple[str, ...], says: str
) -> None:
    run(environment, "db", "upgrade")
    refused = run(environment, *words)
    assert refused.exit_code == 1
    assert says in refused.output
    assert "Traceback" not in refused.output


def test_a_missing_configuration_names_the_variables(tmp_path: Path) -> None:
    refused = run({"HAVEN_DATA_DIR": str(tmp_path), "HAVEN_CALLBACK_SECRET": ""}, "db", "upgrade")
    assert refused.exit_code == 1
    assert "HAVEN_AT_API_KEY is not set" in refused.output


def test_new_keys_are_not_made_beside_an_old_database(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    for key in (Path(environment["HAVEN_DATA_DIR"]) / "secrets").iterdir():
        key.unlink()
    refused = run(environment, "keys", "init")
    assert refused.exit_code == 1
    assert "Mount those" in refused.output
    refused = run(environment, "db", "upgrade")
    assert refused.exit_code == 1
    assert "is missing" in refused.output


def test_only_one_process_serves_a_database(environment: dict[str, str]) -> None:
    from gateway.config import from_environment

    config = from_environment(environment)
    first = bootstrap.hold_writer_lock(config)
    assert first is not None
    with pytest.raises(bootstrap.AlreadyRunning, match="Stop it first"):
        bootstrap.hold_writer_lock(config)


@pytest.mark.parametrize(
    "words",
    [
        (),
        *[
            (group,)
            for group in (
                "db",
                "keys",
                "hospitals",
                "places",
                "sites",
                "alarms",
                "emergencies",
                "deliveries",
            )
        ],
        *[(command,) for command in ("up", "serve", "worker", "live", "simulator", "phone")],
    ],
)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output
