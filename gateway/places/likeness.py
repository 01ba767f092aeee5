"""How like names of places are to what somebody typed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist, cpdist

from gateway.places.spelling import ALMOST_FILLERS, GENERIC, sound
from gateway.places.vocabulary import Vocabulary, WordLists, weight

Floats = NDArray[np.floating]

# A typed word that names the surroundings counts this much of one that names the place.
_CONTEXT_SHARE = 0.8
_SOUND_SHARE = 0.2
# Two words of one sound are at least this much alike.
_SOUNDS_ALIKE = 0.8
# Below this, two words have nothing to do with each other.
_LEAST_LIKENESS = 0.66
_TYPED_AGAIN_SHARE = 0.8
_IS_THE_WORD = 0.75
# What two spellings that differ in more than their spaces lose.
_SPACELESS_SHARE = 0.92
# From here on, a word that no name has is a filler or a generic word, misspelt.
_MISSPELT_FILLER = 0.84
_FILLER_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Compared:
    """What was typed beside several names; each 0 to 1 and of the names' shape.

    `typed` is how much of what was typed a name and its surroundings account for, `named` how much
    of the name was typed, `whole` how alike the name and those words are, letter by letter, that do
    not name its surroundings; `exact` whether all that was typed is the name; `leads` whether the
    first word names the place rather than what lies around it. `generic`, -1 to 1, is how many of
    the typed words that many places share (hospital, north) the name has, less those that it lacks.
    """

    typed: Floats
    named: Floats
    whole: Floats
    exact: NDArray[np.bool_]
    leads: NDArray[np.bool_]
    generic: Floats


class Likeness:
    """Compares what is typed with names, all of them lists of words of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, names: WordLists, around: WordLists) -> None:
        """`around` are the surroundings in which places lie; they may be only the word 0."""
        self._vocabulary = vocabulary
        self._names = names
        self._around = around

    def compare(
        self, typed: Sequence[str], names: NDArray[np.intp], around: NDArray[np.intp]
    ) -> Compared:
        """Compares one word or more with at least one name; `around` are the surroundings of
        each.
        """
        of_names, name_begins = self._names.together(names)
        places_around, which = np.unique(around, return_inverse=True)
        of_around, around_begins = self._around.together(places_around)
        every, where = np.unique(np.concatenate((of_names, of_around)), return_inverse=True)
        alike = self._alike(typed, every)
        within = alike[:, where[: len(of_names)]]
        beside = alike[:, where[len(of_names) :]]

        weights, almost_fillers = self._weights(typed)
        likest = within.max(axis=0)
        # A word of the name is typed once: another one that is like it says something else.
        own = np.where(within >= likest, within, _TYPED_AGAIN_SHARE * within)
        best = np.maximum.reduceat(own, name_begins, axis=1)
        # Nothing around a place can account for more.
        context = _CONTEXT_SHARE * np.maximum.reduceat(beside, around_begins, axis=1)[:, which]
        is_context = context > best
        accounted = weights @ np.maximum(best, context) / weights.sum()
        of_name = self._vocabulary.weights[of_names]
        named = np.add.reduceat(of_name * likest, name_begins) / np.add.reduceat(
            of_name, name_begins
        )
        is_filler = almost_fillers[:, None] & (best < _CONTEXT_SHARE)
        left_out = is_context | is_filler
        parts = self._parts(typed, left_out)
        joined = self._joined(of_names, name_begins)
        whole = cpdist(parts, joined, scorer=ratio, dtype=np.float32) / 100
        everything = "".join(typed)
        # Spaces go astray: "mlima tatu" and "mlimatatu" are one name.
        spaceless = (
            _SPACELESS_SHARE
            * (
                cpdist(parts, joined, scorer=JaroWinkler.similarity, dtype=np.float32)
                + cpdist(parts, joined, scorer=OSA.normalized_similarity, dtype=np.float32)
            )
            / 2
        )
        spaceless[spaceless < _LEAST_LIKENESS] = 0.0
        together = (
            weights @ np.where(left_out, np.maximum(best, context), spaceless) / weights.sum()
        )
        better = together + spaceless > accounted + named
        accounted = np.where(better, together, accounted)
        named = np.where(better, spaceless, named)
        return Compared(
            typed=accounted,
            named=named,
            whole=whole,
            exact=np.array([name == everything for name in joined]),
            generic=self._generic(typed, np.maximum(best, context)),
            leads=context[0] <= np.maximum.reduceat(within[0], name_begins),
        )

    def _alike(self, typed: Sequence[str], numbers: NDArray[np.int32]) -> Floats:
        words = [self._vocabulary.words[number] for number in numbers]
        sounds = [self._vocabulary.sounds[number] for number in numbers]
        heard = [sound(word) for word in typed]
        # The first favours a right beginning too much where one word is very short.
        alike: Floats = (
            cdist(typed, words, scorer=JaroWinkler.similarity, dtype=np.float32)
            + cdist(typed, words, scorer=OSA.normalized_similarity, dtype=np.float32)
        ) / 2
        in_sound = cdist(heard, sounds, scorer=OSA.normalized_similarity, dtype=np.float32)
        alike = (1 - _SOUND_SHARE) * alike + _SOUND_SHARE * in_sound
        same = in_sound == 1.0
        # A sound of one consonant is shared by too many words.
        same &= np.array([len(each) > 1 for each in heard])[:, None]
        alike = np.where(same, np.maximum(alike, _SOUNDS_ALIKE), alike)
        alike[alike < _LEAST_LIKENESS] = 0.0
        return alike

    @staticmethod
    def _generic(typed: Sequence[str], best: Floats) -> Floats:
        shared = [at for at, word in enumerate(typed) if word in GENERIC]
        if not shared:
            return np.zeros(best.shape[1])
        found: Floats = np.where(best[shared] >= _IS_THE_WORD, 1.0, -1.0).mean(axis=0)
        return found

    def _weights(self, typed: Sequence[str]) -> tuple[Floats, NDArray[np.bool_]]:
        """The words' weights, and which are fillers, misspelt."""
        weights = np.array([weight(word) for word in typed], dtype=np.float32)
        fillers = np.array(
            [
                len(typed) > 1
                and len(word) > 2
                and word not in self._vocabulary
                and _is_almost_filler(word)
                for word in typed
            ]
        )
        weights[fillers] = _FILLER_WEIGHT
        return weights, fillers

    @staticmethod
    def _parts(typed: Sequence[str], left_out: NDArray[np.bool_]) -> list[str]:
        """What is left of what was typed without some words, for each name; all where nothing
        is.
        """
        codes = (left_out * (1 << np.arange(len(typed)))[:, None]).sum(axis=0)
        of_code = {
            code: "".join(w for at, w in enumerate(typed) if not code >> at & 1) or "".join(typed)
            for code in set(codes.tolist())
        }
        return [of_code[code] for code in codes.tolist()]

    def _joined(self, words: NDArray[np.int32], begins: NDArray[np.intp]) -> list[str]:
        letters = [self._vocabulary.words[number] for number in words]
        ends = (*begins[1:].tolist(), len(letters))
        return [
            "".join(letters[begin:end]) for begin, end in zip(begins.tolist(), ends, strict=True)
        ]


def _is_almost_filler(word: str) -> bool:
    heard = sound(word)
    if len(heard) > 3 and heard in ALMOST_FILLERS:
        return True
    likest = cdist([word], list(ALMOST_FILLERS.values()), scorer=OSA.normalized_similarity)
    return bool(likest.max() >= _MISSPELT_FILLER)
