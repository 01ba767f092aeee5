"""Checking an edited capability table in words."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.hospitals.capability_check import capabilities_group
from gateway.hospitals.importers.opening import CAPABILITY_TABLE

_SHIPPED = CAPABILITY_TABLE.read_text()
_CSV = (
    "id,name,keph_level_name,county_name,operation_status_name,open_whole_day,service_names,"
    "latitude,longitude\na,Bahati,Level 4,Muranga,Operational,True,Xray|CT scans,-0.72,37.15\n"
)


def _check(folder: Path, table: str, *options: str) -> Result:
    path = folder / "table.yaml"
    path.write_text(table)
    return CliRunner().invoke(capabilities_group(), ["check", str(path), *options])


def test_the_table_that_comes_with_haven_is_sound(tmp_path: Path) -> None:
    result = _check(tmp_path, _SHIPPED)
    assert result.exit_code == 0, result.output
    assert "Warning" not in result.output
    assert "The table is sound: 20 services, 0 of them not known." in result.output


def test_a_service_that_is_spelt_otherwise_is_warned_of(tmp_path: Path) -> None:
    result = _check(tmp_path, _SHIPPED.replace("  CT scans:", "  CT Scan:"))
    assert result.exit_code == 0
    assert "Warning: no service is called 'CT Scan'" in result.output
    assert "1 of them not known" in result.output


@pytest.mark.parametrize(
    "content",
    [
        _CSV,
        json.dumps(
            {
                "id": "a",
                "name": "Bahati",
                "operation_status_name": "Operational",
                "facility_services": [{"service_name": "Xray"}, {"service_name": "CT scans"}],
            }
        ),
    ],
    ids=["CSV", "JSON"],
)
def test_a_table_is_checked_against_a_list(tmp_path: Path, content: str) -> None:
    against = tmp_path / "list"
    against.write_text(content)
    result = _check(tmp_path, _SHIPPED, "--against", str(against))
    assert result.exit_code == 0, result.output
    assert "no service is called 'Dialysis' in list" in result.output
    assert "'Xray'" not in result.output
    assert "18 of them not known" in result.output


def test_what_no_rule_gives_is_named(tmp_path: Path) -> None:
    result = _check(tmp_path, _SHIPPED.replace("  Dialysis: [dialysis]\n", ""))
    (line,) = [line for line in result.output.splitlines() if line.startswith("No rule gives")]
    assert "dialysis" in line
    assert "theatre" not in line


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (_SHIPPED + "\nsevices: {}", "not sevices"),
        (_SHIPPED.replace("[xray]", "[x_ray]"), "Unknown capability code 'x_ray'. Known codes: "),
        (_SHIPPED.replace("has: [oxygen]", "has: [oxygen]\n    never: [oxygen]"), "Level 6 both"),
        (_SHIPPED.replace("\n  6:\n", "\n  7:\n"), "levels has 7"),
        ("[]", "should have the keys"),
    ],
)
def test_a_broken_table_is_refused_in_words(tmp_path: Path, table: str, words: str) -> None:
    result = _check(tmp_path, table)
    assert result.exit_code == 1
    assert words in result.output


def test_a_list_without_services_is_refused(tmp_path: Path) -> None:
    against = tmp_path / "list.csv"
    against.write_text("id,name,level,county,lat,lon,has,lacks\n")
    result = _check(tmp_path, _SHIPPED, "--against", str(against))
    assert result.exit_code == 1
    assert "lists no services" in result.output
