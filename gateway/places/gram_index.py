"""Which names may be meant: an index of names by their letter groups and sounds."""

from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.places.spelling import sound


def grams(words: Sequence[str]) -> set[str]:
    """The features of a name: letter pairs of each word, its edges, its sound, and the sound's
    letter pairs; and letter triples of all of it without the spaces, so that `mlimatatu` has most
    of `mlima tatu`. Sounds count in capitals, so that they meet no letters.
    """
    found: set[str] = set()
    for word in words:
        found.update((f" {word[:2]}", f"{word[-2:]} "))
        found.update(word[at : at + 2] for at in range(len(word) - 1))
        heard = sound(word).upper()
        found.add(f"={heard}")
        edged = f"<{heard}>"
        found.update(edged[at : at + 2] for at in range(len(edged) - 1))
    joined = "".join(words)
    found.update(joined[at : at + 3] for at in range(len(joined) - 2))
    if len(words) > 1:
        found.add(f"={sound(joined).upper()}")
    return found


# What so many names have, and one in eight of all, is left out of a search: it takes most of the
# time and tells hardly anything.
_TOO_COMMON = 2_000
# Names below this share of the highest score are hardly ever among the first hundred.
_WORTH_ORDERING = 0.25


class GramIndex:
    """Names by number. Built once, then only read, so threads may share it."""

    def __init__(self, names: Iterable[Sequence[str]]) -> None:
        """`names` are the words of each name."""
        gathered: dict[str, array[int]] = {}
        self._size = 0
        for number, words in enumerate(names):
            for feature in grams(words):
                gathered.setdefault(feature, array("i")).append(number)
            self._size = number + 1
        self._features = {feature: at for at, feature in enumerate(gathered)}
        lengths = np.fromiter(map(len, gathered.values()), dtype=np.int32, count=len(gathered))
        self._starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        self._rarity = np.log(1 + self._size / np.maximum(lengths, 1)).astype(np.float32)
        self._postings = np.empty(int(self._starts[-1]), dtype=np.int32)
        totals = np.zeros(self._size)
        # One by one, so that little is held twice.
        for at, feature in enumerate(self._features):
            numbers = self._postings[self._starts[at] : self._starts[at + 1]]
            numbers[:] = gathered.pop(feature)
            totals[numbers] += self._rarity[at]
        self._shares = (1 / np.sqrt(np.maximum(totals, 1.0))).astype(np.float32)
        self._most = max(self._size // 8, _TOO_COMMON)

    def scores(self, words: Sequence[str]) -> NDArray[np.float64]:
        """How much each name shares with these words.

        It is the rarity of the features in common, over the square root of all of the name's own,
        so that a long name does not win by its length.
        """
        shared = sorted(at for at in map(self._features.get, grams(words)) if at is not None)
        shared = [
            at for at in shared if self._starts[at + 1] - self._starts[at] <= self._most
        ] or shared
        if not shared:
            return np.zeros(self._size)
        blocks = [self._postings[self._starts[at] : self._starts[at + 1]] for at in shared]
        weights = np.repeat(self._rarity[shared], [len(block) for block in blocks])
        counted = np.bincount(np.concatenate(blocks), weights, minlength=self._size)
        return np.asarray(counted * self._shares, dtype=np.float64)


def highest(scores: NDArray[np.float64], limit: int) -> NDArray[np.intp]:
    """The numbers of at most `limit` of the highest scores above zero, highest first."""
    if not len(scores) or (top := scores.max()) <= 0:
        return np.empty(0, dtype=np.intp)
    # Ordering a part of them is faster, and nearly always enough.
    numbers = np.flatnonzero(scores > _WORTH_ORDERING * top)
    if len(numbers) < limit:
        numbers = np.flatnonzero(scores)
    if len(numbers) > limit:
        numbers = numbers[np.argpartition(scores[numbers], -limit)[-limit:]]
    return numbers[np.lexsort((numbers, -scores[numbers]))]
