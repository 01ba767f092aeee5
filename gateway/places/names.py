"""Every name of every place, as numbers of words."""

from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.places.named_place import NamedPlace
from gateway.places.spelling import words
from gateway.places.vocabulary import Vocabulary, WordLists


class Names:
    """Names by number; several may be of one place. Built once, then only read.

    `lists` are their words and `around` the words of surroundings, both in `vocabulary`; `place_of`
    is the number of each name's place, `is_alias` whether it is one of its other names.
    """

    __slots__ = ("_by_hash", "_hashes", "around", "is_alias", "lists", "place_of", "vocabulary")

    def __init__(self, named: Iterable[NamedPlace], around: Iterable[Sequence[str]]) -> None:
        numbers: dict[str, int] = {"": 0}

        def number(word: str) -> int:
            return numbers.setdefault(word, len(numbers))

        place_of, is_alias, hashes = array("i"), array("b"), array("q")
        lists: list[array[int]] = []
        for place, each in enumerate(named):
            for name in dict.fromkeys((each.place.name, *each.aliases)):
                split = words(name)
                if split:
                    lists.append(array("i", map(number, split)))
                    hashes.append(hash("".join(split)))
                    place_of.append(place)
                    is_alias.append(name != each.place.name)
        self.lists = WordLists(lists)
        self.around = WordLists([array("i", map(number, each)) or [0] for each in around])
        self.vocabulary = Vocabulary(list(numbers)[1:])
        self.place_of = np.array(place_of, dtype=np.int32)
        self.is_alias = np.array(is_alias, dtype=np.bool_)
        unordered = np.array(hashes, dtype=np.int64)
        self._by_hash = np.argsort(unordered, kind="stable").astype(np.int32)
        self._hashes = unordered[self._by_hash]

    def __len__(self) -> int:
        return len(self.place_of)

    def words_of(self, name: int) -> list[str]:
        """The words of a name."""
        return [self.vocabulary.words[number] for number in self.lists[name].tolist()]

    def words_around(self, around: int) -> list[str]:
        """The words of surroundings."""
        return [self.vocabulary.words[number] for number in self.around[around].tolist()]

    def called(self, joined: str) -> NDArray[np.intp]:
        """The numbers of the names that are these letters, in the order of their places."""
        wanted = hash(joined)
        first = np.searchsorted(self._hashes, wanted, "left")
        last = np.searchsorted(self._hashes, wanted, "right")
        # Other letters may have the same hash.
        same = [
            n for n in self._by_hash[first:last].tolist() if "".join(self.words_of(n)) == joined
        ]
        return np.array(same, dtype=np.intp)
