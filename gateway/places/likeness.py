"""How like a place's name is to what somebody typed."""

from collections.abc import Iterable, Sequence
from operator import mul

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import ratio

from gateway.places.spelling import GENERIC, sound

# A typed word that names the surroundings counts this much of one that names the place.
_CONTEXT_SHARE = 0.75
_GENERIC_WEIGHT = 0.25
_SOUNDS_ALIKE = 0.85
# Below this, two words have nothing to do with each other.
_LEAST_LIKENESS = 0.60


class Surroundings:
    """What lies around a place: its words, each with its sound. Places that lie in the same ward
    share one, so that it is compared once.
    """

    __slots__ = ("each", "words")

    def __init__(self, words: Iterable[str]) -> None:
        self.each = tuple((word, sound(word)) for word in dict.fromkeys(words))
        self.words = frozenset(word for word, _ in self.each)


class Name:
    """One name of a place, ready to be compared."""

    __slots__ = ("each", "joined", "weight", "weights")

    def __init__(self, words: Sequence[str]) -> None:
        """At least one word."""
        self.joined = "".join(words)
        self.each = tuple((word, sound(word)) for word in words)
        self.weights = tuple(map(_weight, words))
        self.weight = sum(self.weights)


class Typed:
    """What was typed, ready to be compared with many names: it remembers every pair of words that
    it has compared, so it belongs to one search of one thread.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """At least one word."""
        self.joined = "".join(words)
        self._each: list[tuple[float, _Alike, _AlikeAround]] = []
        for word in words:
            alike = _Alike(word)
            self._each.append((_weight(word), alike, _AlikeAround(alike)))
        self._weight = sum(map(_weight, words))

    def compared_with(self, name: Name, around: Surroundings) -> tuple[float, float, float]:
        """Each 0 to 1: how much of what was typed the name and its surroundings account for, how
        much of the name was typed, and how alike the two are, letter by letter.
        """
        explained = 0.0
        most: list[float] = []
        for weight, alike, alike_around in self._each:
            row = [alike[word] for word in name.each]
            best = max(row)
            # Nothing around a place can account for more.
            if best < _CONTEXT_SHARE:
                best = max(best, _CONTEXT_SHARE * alike_around[around])
            explained += weight * best
            most = list(map(max, most, row)) if most else row
        covered = sum(map(mul, name.weights, most))
        whole = ratio(self.joined, name.joined) / 100
        return explained / self._weight, covered / name.weight, whole


class _Alike(dict[tuple[str, str], float]):
    """How like one typed word is to others, 0 to 1, by word and sound; found out when asked."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word
        self._heard = sound(word)

    def __missing__(self, other: tuple[str, str]) -> float:
        self[other] = likeness = _likeness(self._word, self._heard, *other)
        return likeness


class _AlikeAround(dict[Surroundings, float]):
    """The same to the likest word of a place's surroundings."""

    def __init__(self, alike: _Alike) -> None:
        super().__init__()
        self._alike = alike

    def __missing__(self, around: Surroundings) -> float:
        self[around] = likeness = max(map(self._alike.__getitem__, around.each), default=0.0)
        return likeness


def _weight(word: str) -> float:
    return _GENERIC_WEIGHT if word in GENERIC else 1.0


def _likeness(word: str, heard: str, other: str, its_sound: str) -> float:
    if word == other:
        return 1.0
    # The first favours a right beginning too much where one word is very short.
    likeness = (JaroWinkler.similarity(word, other) + OSA.normalized_similarity(word, other)) / 2
    # A sound of one consonant is shared by too many words.
    if heard == its_sound and len(heard) > 1:
        likeness = max(likeness, _SOUNDS_ALIKE)
    return likeness if likeness >= _LEAST_LIKENESS else 0.0
