"""Seeded misspellings of place names, and how often the gazetteer finds what was meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from gateway.places.gazetteer import Gazetteer
from gateway.places.spelling import plain
from shared.geo import distance_m
from shared.place import Place

_SWAPS = (
    ("r", "l"), ("l", "r"), ("ch", "sh"), ("sh", "ch"), ("th", "t"), ("dh", "d"), ("nd", "d"),
    ("mb", "b"), ("ng", "n"), ("w", "u"), ("y", "i"), ("k", "c"), ("z", "s"), ("j", "ch"),
    ("ee", "i"), ("oo", "u"), ("a", "e"), ("e", "i"), ("o", "u"), ("i", "e"), ("u", "o"),
)  # fmt: skip
_NEIGHBOURS = {"a": "s", "e": "r", "i": "o", "n": "m", "m": "n", "o": "p", "t": "r", "k": "l"}
_BEFORE = ("near ", "karibu na ", "stage ya ", "opposite ", "at ", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of the tries: the first hit was right, and one of the first three."""

    tries: int
    first: float
    first_three: float


def misspelt(name: str, rng: Random) -> str:
    """The name as somebody in a hurry may type it: one fault, two where the name is long."""
    text = plain(name)
    for _ in range(1 if len(text) < 9 else rng.choice((1, 1, 2))):
        text = rng.choice((_confuse, _confuse, _drop_vowel, _double, _slip, _lose, _swap))(
            text, rng
        )
    return rng.choice(_BEFORE) + text


def measure(gazetteer: Gazetteer, places: Sequence[Place], rng: Random, with_parent: bool) -> Found:
    """Types each place once, misspelt, some with the name of what lies around it behind.

    A hit is right when it is within 5 km of what was meant: for help on the way that is the place.
    """
    first = first_three = 0
    for place in places:
        typed = misspelt(place.name, rng)
        if with_parent:
            typed += " " + plain(place.parent or place.county)
        hits = [hit.place for hit in gazetteer.search(typed)]
        right = [distance_m(hit.lat, hit.lon, place.lat, place.lon) <= 5_000 for hit in hits]
        first += bool(right and right[0])
        first_three += any(right)
    return Found(len(places), first / len(places), first_three / len(places))


def _confuse(text: str, rng: Random) -> str:
    fitting = [(heard, typed) for heard, typed in _SWAPS if heard in text[1:]]
    if not fitting:
        return _lose(text, rng)
    heard, typed = rng.choice(fitting)
    return text[0] + text[1:].replace(heard, typed, 1)


def _drop_vowel(text: str, rng: Random) -> str:
    vowels = [at for at, letter in enumerate(text) if letter in "aeiou" and at > 0]
    return _without(text, rng.choice(vowels)) if vowels else text


def _double(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at] + text[at:]


def _slip(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + _NEIGHBOURS.get(text[at], text[at]) + text[at + 1 :]


def _lose(text: str, rng: Random) -> str:
    return _without(text, rng.randrange(len(text))) if len(text) > 3 else text


def _swap(text: str, rng: Random) -> str:
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _without(text: str, at: int) -> str:
    return text[:at] + text[at + 1 :]
