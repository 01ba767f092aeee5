"""What a text says of somebody who may be watched: an attack, a wish to die, "do not call me"."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from gateway.places.spelling import plain

_SAID = tomllib.loads((Path(__file__).parent / "watched_words.toml").read_text(encoding="utf-8"))[
    "said"
]
_ANSWERS = [(f" {phrase} ", dict(said["answers"])) for said in _SAID for phrase in said["phrases"]]


def answers_said(text: str) -> Mapping[str, str]:
    """The answers that the menus would have got; none where the text says nothing of the kind."""
    written = f" {plain(text)} "
    return next((answers for phrase, answers in _ANSWERS if phrase in written), {})
