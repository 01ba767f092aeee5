"""Several recordings in a row as one: Africa's Talking documents one Play inside a question, and
only what is inside it can be cut short by a key. Nobody in need should have to hear nine lines
first.
"""

import io
import wave
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

Form = tuple[int, int, int]


def form_of(path: Path) -> Form | None:
    """Channels, bytes a sample and samples a second; None for what is no WAV file in PCM."""
    try:
        return _form_of(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _form_of(path: Path, changed: int) -> Form | None:
    # `changed` makes a file that was recorded anew another one.
    try:
        with wave.open(str(path), "rb") as recording:
            return recording.getnchannels(), recording.getsampwidth(), recording.getframerate()
    except (wave.Error, EOFError):
        return None


def join(paths: Sequence[Path]) -> bytes:
    """The recordings one after the other, as one WAV file. They must be of one form.

    Raises OSError or wave.Error when one cannot be read.
    """
    joined = io.BytesIO()
    with wave.open(joined, "wb") as whole:
        for number, path in enumerate(paths):
            with wave.open(str(path), "rb") as part:
                if number == 0:
                    whole.setparams(part.getparams())
                whole.writeframes(part.readframes(part.getnframes()))
    return joined.getvalue()
