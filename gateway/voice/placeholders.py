"""Placeholder recordings, spoken by espeak-ng, for whatever nobody has recorded yet; and what has
changed since it was recorded.

Beside the files of a language, `recordings.json` says for each which text it speaks (a hash of it)
and what the file was when it was last looked at. A file that is not as espeak-ng left it was
recorded by a person: it is never written over.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from shutil import which
from typing import Any

from shared.errors import HavenError, InvalidInput

_PROGRAM = "espeak-ng"
# Slower than its own 175: the line is bad, and the listener in a hurry of another kind.
_WORDS_A_MINUTE = "140"
_TAKES_AT_MOST_S = 30
_MANIFEST = "recordings.json"


class NoVoice(HavenError):
    """Nothing on this machine can speak the language."""


@dataclass
class Recorded:
    """What became of one language's recordings, by name: made now, as they should be, missing, or
    recorded by a person for words that have changed since.
    """

    language: str
    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    # Recordings of texts that no longer exist.
    unused: list[str] = field(default_factory=list)


def look_through(folder: Path, language: str, words: Mapping[str, str]) -> Recorded:
    """What is there of the recordings `words` (words by name); nothing is written."""
    return _look_through(folder / language, language, words)[0]


def note_recorded(folder: Path, language: str, words: Mapping[str, str]) -> Recorded:
    """The same, and each file that is new there is noted to speak the words of today.

    Raises InvalidInput when the folder cannot be written.
    """
    return _noted(folder / language, language, words, None)


def make_missing(folder: Path, language: str, words: Mapping[str, str]) -> Recorded:
    """Makes what is missing, and what espeak-ng spoke before the words changed.

    Raises NoVoice when espeak-ng does not speak the language, InvalidInput when it is not there or
    the folder cannot be written.
    """
    return _noted(folder / language, language, words, _voice(language))


def _noted(here: Path, language: str, words: Mapping[str, str], voice: str | None) -> Recorded:
    try:
        if voice:
            here.mkdir(parents=True, exist_ok=True)
        result, noted = _look_through(here, language, words, voice)
        if here.is_dir():
            written = json.dumps(noted, indent=1, sort_keys=True) + "\n"
            (here / _MANIFEST).write_text(written, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{here} cannot be written: {error.strerror}.") from None
    return result


def _look_through(
    here: Path, language: str, words: Mapping[str, str], voice: str | None = None
) -> tuple[Recorded, dict[str, dict[str, str]]]:
    manifest = _read(here / _MANIFEST)
    result = Recorded(language)
    noted: dict[str, dict[str, str]] = {}
    for name, text in sorted(words.items()):
        file, before, spoken = here / f"{name}.wav", manifest.get(name, {}), _hash(text.encode())
        audio = _hash(file.read_bytes()) if file.is_file() else ""
        ours = before.get("by") == _PROGRAM and audio == before.get("audio")
        if audio and audio != before.get("audio"):
            before = {"text": spoken, "audio": audio, "by": "person"}
        if voice and (not audio or (ours and before["text"] != spoken)):
            _speak(voice, text, file)
            before = {"text": spoken, "audio": _hash(file.read_bytes()), "by": _PROGRAM}
            result.made.append(name)
        elif not audio:
            result.missing.append(name)
            continue
        elif before["text"] != spoken:
            result.changed.append(name)
        else:
            result.kept.append(name)
        noted[name] = before
    files = here.glob("*.wav")
    result.unused = sorted(file.stem for file in files if file.stem not in words)
    return result, noted


def _read(manifest: Path) -> dict[str, dict[str, str]]:
    if not manifest.exists():
        return {}
    try:
        written: Any = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        written = None
    if not isinstance(written, dict) or not all(
        isinstance(each, dict) and {"text", "audio", "by"} <= each.keys()
        for each in written.values()
    ):
        raise InvalidInput(
            f"{manifest} is not as it was written. Remove it: every recording then counts as one "
            "of today's words."
        )
    return written


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


def _voice(language: str) -> str:
    program = which(_PROGRAM)
    if program is None:
        raise InvalidInput(
            "espeak-ng is not installed (Debian: apt-get install espeak-ng). Or record the texts "
            "yourselves: `menus record --list` prints them."
        )
    listed = subprocess.run(  # noqa: S603 - the program found above, with a checked language
        [program, f"--voices={language}"],
        capture_output=True,
        text=True,
        timeout=_TAKES_AT_MOST_S,
        check=False,
    ).stdout.splitlines()
    # The first line is a heading; each other has the language second.
    if not any(line.split()[1].partition("-")[0] == language for line in listed[1:] if line):
        raise NoVoice(
            f"espeak-ng has no voice for {language!r}, so no placeholders are made: the provider's "
            "own voice reads those texts until people record them. `haven-gateway menus record "
            f"--language {language} --list` prints what to record."
        )
    return language


def _speak(voice: str, text: str, file: Path) -> None:
    # Beside the file first, so that a call never gets half of one.
    unfinished = file.with_suffix(".part")
    program = which(_PROGRAM) or _PROGRAM
    subprocess.run(  # noqa: S603 - no shell; the words go in by standard input
        [program, "-v", voice, "-s", _WORDS_A_MINUTE, "-w", str(unfinished), "--stdin"],
        input=text,
        text=True,
        timeout=_TAKES_AT_MOST_S,
        check=True,
        capture_output=True,
    )
    unfinished.replace(file)
