"""The words that names of places are made of, each kept once however many names have it."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.places.spelling import GENERIC, sound

_GENERIC_WEIGHT = 0.25


def weight(word: str) -> float:
    """How much a word tells places apart."""
    return _GENERIC_WEIGHT if word in GENERIC else 1.0


class Vocabulary:
    """Words by number, with their sounds and weights. Number 0 is no word at all."""

    __slots__ = ("_hashes", "sounds", "weights", "words")

    def __init__(self, words: Iterable[str]) -> None:
        self.words = ("", *words)
        # Many words share a sound: each is kept once.
        once: dict[str, str] = {}
        self.sounds = tuple(once.setdefault(heard, heard) for heard in map(sound, self.words))
        self.weights = np.array([weight(word) for word in self.words], dtype=np.float32)
        self._hashes = np.sort(np.array([hash(word) for word in self.words], dtype=np.int64))

    def __contains__(self, word: object) -> bool:
        """Whether it is a word of some name. One in 10^14 that is none passes for one."""
        at = int(np.searchsorted(self._hashes, hash(word)))
        return at < len(self._hashes) and int(self._hashes[at]) == hash(word)


class WordLists:
    """Lists of numbers of words, one behind the other."""

    __slots__ = ("_starts", "_words")

    def __init__(self, lists: Sequence[Sequence[int]]) -> None:
        """None of them may be empty."""
        lengths = np.fromiter(map(len, lists), dtype=np.int32, count=len(lists))
        self._starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        self._words = np.fromiter(
            (word for each in lists for word in each), dtype=np.int32, count=int(self._starts[-1])
        )

    def __getitem__(self, number: int) -> NDArray[np.int32]:
        return self._words[self._starts[number] : self._starts[number + 1]]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return (self[number] for number in range(len(self)))

    def together(self, numbers: NDArray[np.intp]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """The words of all these lists, and where in them each list begins."""
        lengths = self._starts[numbers + 1] - self._starts[numbers]
        ends = np.cumsum(lengths)
        begins = ends - lengths
        at = np.repeat(self._starts[numbers] - begins, lengths) + np.arange(ends[-1])
        return self._words[at], begins
