"""Which names may be meant: an index of names by their letter groups and sounds."""

from array import array
from collections.abc import Iterable, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from gateway.places.spelling import sound


def grams(words: Iterable[str]) -> set[str]:
    """The features of a name: letter pairs and triples of each word, its sound, and the sound's
    letter pairs. Sounds count in capitals, so that they meet no letters.
    """
    found: set[str] = set()
    for word in words:
        edged = f" {word} "
        found.update(edged[at : at + 3] for at in range(len(edged) - 2))
        found.update(word[at : at + 2] for at in range(len(word) - 1))
        heard = sound(word).upper()
        found.add(f"={heard}")
        edged = f"<{heard}>"
        found.update(edged[at : at + 2] for at in range(len(edged) - 1))
    return found


class GramIndex:
    """Names by number. Built once, then only read, so threads may share it."""

    def __init__(self, names: Sequence[Sequence[str]]) -> None:
        """`names` are the words of each name."""
        gathered: dict[str, array[int]] = {}
        for number, words in enumerate(names):
            for feature in grams(words):
                gathered.setdefault(feature, array("i")).append(number)
        self._size = len(names)
        self._postings: dict[str, NDArray[np.int32]] = {
            feature: np.array(numbers, dtype=np.int32) for feature, numbers in gathered.items()
        }
        self._rarity = {
            feature: log(1 + self._size / len(numbers))
            for feature, numbers in self._postings.items()
        }
        totals = np.zeros(self._size)
        for feature, numbers in self._postings.items():
            totals[numbers] += self._rarity[feature]
        self._lengths = np.sqrt(np.maximum(totals, 1.0))

    def likeliest(self, words: Sequence[str], limit: int) -> list[int]:
        """The numbers of at most `limit` names that share most with these words, likeliest first.

        A name's share is the rarity of the features in common, over the square root of all of its
        own, so that a long name does not win by its length.
        """
        shared = [feature for feature in sorted(grams(words)) if feature in self._postings]
        if not shared:
            return []
        numbers = np.concatenate([self._postings[feature] for feature in shared])
        weights = np.repeat(
            [self._rarity[feature] for feature in shared],
            [len(self._postings[feature]) for feature in shared],
        )
        scores = np.bincount(numbers, weights, minlength=self._size) / self._lengths
        limit = min(limit, self._size)
        best = np.argpartition(-scores, limit - 1)[:limit]
        ordered = best[np.lexsort((best, -scores[best]))]
        return [int(number) for number in ordered if scores[number] > 0]
