"""How place names are compared: in plain letters, without filler words, and by their sound."""

import re
import tomllib
import unicodedata
from functools import lru_cache, reduce
from pathlib import Path

_WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_FILLERS = frozenset(_WORDS["fillers"])
GENERIC = frozenset(_WORDS["generic"])
EVERYDAY = frozenset(_WORDS["everyday"])

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = re.compile(r"['’‘`´]")


def plain(text: str) -> str:
    """Lower case letters a-z and digits, words apart by one space: `Ng'ombe-Ini` is `ngombe
    ini`.
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    without_marks = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_PLAIN.sub(" ", _APOSTROPHES.sub("", without_marks)).strip()


def words(text: str) -> tuple[str, ...]:
    """The words that tell places apart; all of them where nothing else would be left."""
    every = tuple(plain(text).split())
    return tuple(word for word in every if word not in _FILLERS) or every


def is_only_filler(text: str) -> bool:
    """True when no word tells places apart: "help", "near the stage"."""
    return _FILLERS.issuperset(plain(text).split())


# Applied in this order. What people confuse in Kenyan names: r and l, ch and sh, a nasal before a
# consonant, h after a consonant, w and u, y and i, and vowels that are hardly heard.
_SOUNDS = (
    (re.compile(r"[cs]h|tch|x"), "c"),
    (re.compile(r"ph|v"), "f"),
    (re.compile(r"ck|q|c(?=[aouklrt])|kh"), "k"),
    (re.compile(r"(?<=[bdgjktwr])h"), ""),
    (re.compile(r"[nm](?=[bcdfgjkpstz])"), ""),
    (re.compile(r"l"), "r"),
    (re.compile(r"z"), "s"),
    (re.compile(r"dj|gi(?=[aou])"), "j"),
    (re.compile(r"(?<!^)[aeiouwyh]"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


# A search asks for the sound of each word several times.
@lru_cache(maxsize=2_048)
def sound(word: str) -> str:
    """The word's phonetic key: `kibera` and `kibra` are both `kbr`. A word of digits is itself."""
    if word.isdigit():
        return word
    return reduce(lambda text, rule: rule[0].sub(rule[1], text), _SOUNDS, word)


# The fillers and generic words that are long enough to be known misspelt, by their sound.
ALMOST_FILLERS = {sound(word): word for word in sorted(_FILLERS | GENERIC) if len(word) >= 6}
