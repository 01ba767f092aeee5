"""Which language somebody writes: by a few words of each, which its catalogue names (`marks`)."""

import re

from ussd_menus.menus import Menus

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# A language that somebody has chosen yields only to so many more words of another one.
_LEAD_OVER_CHOSEN = 2


def written_language(menus: Menus, text: str, chosen: str | None) -> str:
    """The code of the language that has more marks in the text than any other; in doubt the one
    that the writer has `chosen` before, or else the default.
    """
    words = [word.replace("’", "'") for word in _WORD.findall(text.casefold())]
    counts = {code: _marked(words, catalogue.marks) for code, catalogue in menus.catalogues.items()}
    otherwise = chosen or menus.default_language
    best = max(counts, key=lambda code: counts[code])
    lead = counts[best] - max((n for code, n in counts.items() if code != best), default=0)
    return best if lead >= (_LEAD_OVER_CHOSEN if chosen else 1) else otherwise


def _marked(words: list[str], marks: tuple[str, ...]) -> int:
    whole = {mark for mark in marks if not mark.endswith("*")}
    starts = tuple(mark[:-1] for mark in marks if mark.endswith("*"))
    return sum(word in whole or word.startswith(starts) for word in words)
