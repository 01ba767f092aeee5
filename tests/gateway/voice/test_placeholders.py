"""Placeholder recordings by the real espeak-ng, and what has changed since they were made."""

import json
import wave
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.voice.placeholders import NoVoice, look_through, make_missing, note_recorded

WORDS = {"screens.what.2": "Damu nyingi", "press_2": "bonyeza 2."}


def seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def test_missing_recordings_are_made_once(tmp_path: Path) -> None:
    made = make_missing(tmp_path, "sw", WORDS)
    assert made.made == ["press_2", "screens.what.2"]
    assert 0.3 < seconds(tmp_path / "sw" / "screens.what.2.wav") < 5
    again = make_missing(tmp_path, "sw", WORDS)
    assert (again.made, again.kept) == ([], ["press_2", "screens.what.2"])


def test_a_placeholder_follows_its_text(tmp_path: Path) -> None:
    make_missing(tmp_path, "sw", WORDS)
    before = (tmp_path / "sw/press_2.wav").read_bytes()
    changed = WORDS | {"press_2": "bonyeza kitufe cha pili kwenye simu yako."}
    assert look_through(tmp_path, "sw", changed).changed == ["press_2"]
    assert make_missing(tmp_path, "sw", changed).made == ["press_2"]
    assert (tmp_path / "sw/press_2.wav").read_bytes() != before
    assert look_through(tmp_path, "sw", changed).changed == []


def test_what_a_person_recorded_is_never_written_over(tmp_path: Path) -> None:
    make_missing(tmp_path, "sw", WORDS)
    file = tmp_path / "sw/press_2.wav"
    file.write_bytes(b"a person's voice")
    assert make_missing(tmp_path, "sw", WORDS).kept == ["press_2", "screens.what.2"]
    changed = WORDS | {"press_2": "bonyeza mbili."}
    found = make_missing(tmp_path, "sw", changed)
    assert (found.made, found.changed) == ([], ["press_2"])
    assert file.read_bytes() == b"a person's voice"
    # They record it again: from then on it speaks the words of today.
    file.write_bytes(b"a person's voice, again")
    assert make_missing(tmp_path, "sw", changed).changed == []
    assert file.read_bytes() == b"a person's voice, again"


def test_a_recording_whose_text_is_gone_is_named(tmp_path: Path) -> None:
    make_missing(tmp_path, "sw", WORDS)
    assert make_missing(tmp_path, "sw", {"press_2": "bonyeza 2."}).unused == ["screens.what.2"]


def test_a_language_that_espeak_does_not_speak_is_recorded_by_people(tmp_path: Path) -> None:
    with pytest.raises(NoVoice, match="no voice for 'so'"):
        make_missing(tmp_path, "so", WORDS)
    (tmp_path / "so").mkdir()
    (tmp_path / "so/press_2.wav").write_bytes(b"a person's voice")
    noted = note_recorded(tmp_path, "so", WORDS)
    assert (noted.kept, noted.missing) == (["press_2"], ["screens.what.2"])
    assert look_through(tmp_path, "so", WORDS | {"press_2": "x"}).changed == ["press_2"]


def run(out: Path, *words: str, **environment: str) -> Result:
    return CliRunner().invoke(
        main,
        ["menus", "record", "--out", str(out), *words],
        env=environment,
        catch_exceptions=False,
    )


def test_every_text_of_a_language_is_recorded(tmp_path: Path) -> None:
    done = run(tmp_path, "--language", "sw", "--json")
    assert done.exit_code == 0, done.output
    (outcome,) = json.loads(done.output)
    listed = run(tmp_path, "--language", "sw", "--list").output.splitlines()
    assert len(outcome["made"]) == len(listed) > 150
    assert "spoken.screens.what.1\tMgonjwa haamki, au hapumui vizuri" in listed
    for line in listed:
        assert seconds(tmp_path / "sw" / f"{line.split(chr(9))[0]}.wav") > 0.1
    assert run(tmp_path, "--language", "sw", "--check").exit_code == 0


def test_check_makes_nothing_and_names_what_is_to_be_done(tmp_path: Path) -> None:
    done = run(tmp_path, "--language", "en", "--check")
    assert done.exit_code == 1
    assert "0 made" in done.output
    assert list(tmp_path.iterdir()) == []


def test_somali_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path, "--language", "so")
    assert done.exit_code == 0
    assert "--language so --list" in done.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--language", "xx"), "There are: en, so, sw"),
        (("--language", "en", "--out", "/dev/null/prompts"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    refused = run(tmp_path, *words)
    assert refused.exit_code in (1, 2)
    assert says in refused.output


def test_without_espeak_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run(tmp_path, "--language", "sw")
    assert refused.exit_code == 1
    assert "apt-get install espeak-ng" in refused.output


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "sw").mkdir()
    (tmp_path / "sw/recordings.json").write_text("[1]")
    refused = run(tmp_path, "--language", "sw")
    assert refused.exit_code == 1
    assert "recordings.json is not as it was written" in refused.output
