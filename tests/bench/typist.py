"""Somebody in a hurry who types the name of a place, by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from gateway.places.spelling import plain


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody types. `sounds` are what is said and what is typed for it; shares are 0 to 1.

    A fault is one of: another spelling of a sound, a vowel dropped, a letter doubled, a key beside
    the right one, a letter lost, two letters in the other order; `faults` are their weights in that
    order.
    """

    sounds: Sequence[tuple[str, str]]
    faults: tuple[float, float, float, float, float, float]
    beside: Sequence[str]
    before: Sequence[str]
    behind: Sequence[str]
    faults_per_letter: float
    filled: float
    surroundings: float
    turned: float
    joined: float
    vowelless: float


# The score was tuned on what these habits give, on one half of the places.
TUNING = Habits(
    sounds=(
        ("r", "l"), ("l", "r"), ("ch", "sh"), ("sh", "ch"), ("th", "t"), ("dh", "d"), ("nd", "d"),
        ("mb", "b"), ("ng", "n"), ("w", "u"), ("y", "i"), ("k", "c"), ("z", "s"), ("j", "ch"),
        ("ee", "i"), ("oo", "u"), ("a", "e"), ("e", "i"), ("o", "u"), ("i", "e"), ("u", "o"),
    ),
    faults=(2, 1, 1, 1, 1, 1),
    beside=("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    before=("near", "karibu na", "stage ya", "opposite", "at"),
    behind=("stage", "area", "town"),
    faults_per_letter=0.11,
    filled=0.4,
    surroundings=0.2,
    turned=0.10,
    joined=0.08,
    vowelless=0.04,
)  # fmt: skip

# What is measured: other spellings of sounds, other shares, a phone's twelve keys, other fillers.
# Nothing was tuned on it.
HELD_OUT = Habits(
    sounds=(
        ("l", "r"), ("r", "l"), ("g", "k"), ("k", "g"), ("b", "p"), ("d", "t"), ("t", "d"),
        ("nj", "j"), ("ny", "n"), ("mw", "mu"), ("kw", "ku"), ("gi", "ngi"), ("ki", "ke"),
        ("i", "ii"), ("u", "uu"), ("a", "aa"), ("o", "a"), ("e", "a"), ("ai", "ei"), ("th", "dh"),
        ("c", "k"), ("s", "z"), ("f", "v"), ("v", "f"), ("ei", "ai"), ("y", "i"), ("ch", "c"),
    ),
    faults=(3, 2, 1, 1, 1, 1),
    beside=("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"),
    before=("tuko", "niko hapa", "next to", "i am at", "kwa", "around", "ajali"),
    behind=("stendi", "area", "please help", "village", "hapa"),
    faults_per_letter=0.13,
    filled=0.5,
    surroundings=0.25,
    turned=0.12,
    joined=0.10,
    vowelless=0.06,
)  # fmt: skip


def type_place(name: str, surroundings: str, must_tell: bool, habits: Habits, rng: Random) -> str:
    """The name with one fault at least, and more where it is long; with its surroundings behind it
    if `must_tell` or as the habit is, between filler words.
    """
    words = plain(name).split()
    if len(words) > 1 and rng.random() < habits.turned:
        at = rng.randrange(len(words) - 1)
        words[at], words[at + 1] = words[at + 1], words[at]
    if rng.random() < habits.joined:
        words = _joined_or_split(words, rng)
    text = " ".join(words)
    if rng.random() < habits.vowelless:
        text = "".join(
            letter
            for at, letter in enumerate(text)
            if letter not in "aeiou" or at == 0 or text[at - 1] == " "
        )
    else:
        for _ in range(max(1, round(len(text) * habits.faults_per_letter * rng.random()))):
            (fault,) = rng.choices(_FAULTS, habits.faults)
            text = fault(text, habits, rng)
    around = plain(surroundings)
    if around and (must_tell or rng.random() < habits.surroundings):
        text += " " + around
    if rng.random() < habits.filled:
        text = f"{rng.choice(habits.before)} {text}"
    if rng.random() < habits.filled / 2:
        text = f"{text} {rng.choice(habits.behind)}"
    return text


def _joined_or_split(words: list[str], rng: Random) -> list[str]:
    if len(words) > 1:
        at = rng.randrange(len(words) - 1)
        return [*words[:at], words[at] + words[at + 1], *words[at + 2 :]]
    (word,) = words
    if len(word) < 6:
        return words
    at = rng.randrange(3, len(word) - 2)
    return [word[:at], word[at:]]


def _other_sound(text: str, habits: Habits, rng: Random) -> str:
    fitting = [(said, typed) for said, typed in habits.sounds if said in text[1:]]
    if not fitting:
        return _lost_letter(text, habits, rng)
    said, typed = rng.choice(fitting)
    return text[0] + text[1:].replace(said, typed, 1)


def _dropped_vowel(text: str, habits: Habits, rng: Random) -> str:
    vowels = [at for at, letter in enumerate(text) if letter in "aeiou" and at > 0]
    return _without(text, rng.choice(vowels)) if vowels else text


def _doubled_letter(text: str, habits: Habits, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at] + text[at:]


def _wrong_key(text: str, habits: Habits, rng: Random) -> str:
    at = rng.randrange(len(text))
    row = next((row for row in habits.beside if text[at] in row), text[at])
    here = row.index(text[at])
    key = rng.choice(row[max(here - 1, 0) : here] + row[here + 1 : here + 2] or text[at])
    return text[:at] + key + text[at + 1 :]


def _lost_letter(text: str, habits: Habits, rng: Random) -> str:
    return _without(text, rng.randrange(len(text))) if len(text) > 3 else text


def _turned_letters(text: str, habits: Habits, rng: Random) -> str:
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _without(text: str, at: int) -> str:
    return text[:at] + text[at + 1 :]


_FAULTS = (
    _other_sound,
    _dropped_vowel,
    _doubled_letter,
    _wrong_key,
    _lost_letter,
    _turned_letters,
)
