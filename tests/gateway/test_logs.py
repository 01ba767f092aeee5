"""What goes wrong is logged with its place, and without anybody's words."""

import json

import pytest
import structlog

from gateway import logs


def test_a_failure_is_logged_without_what_it_was_about(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    logs.configure()
    try:
        patient = "Wanjiru bleeds, +254711000111"
        try:
            try:
                raise ValueError(patient)
            except ValueError as error:
                raise RuntimeError(f"cannot: {patient}") from error
        except RuntimeError:
            structlog.get_logger("test").exception("it failed")
    finally:
        structlog.configure(**before)
    line = capsys.readouterr().err.strip()
    written = json.loads(line)
    assert [each["type"] for each in written["raised"]] == ["RuntimeError", "ValueError"]
    assert "test_logs.py" in written["raised"][0]["at"][0]
    for word in ("Wanjiru", "bleeds", "711000111"):
        assert word not in line
