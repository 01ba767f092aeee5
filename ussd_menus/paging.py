"""Cuts what is too long for one screen into pages, between words and between lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared import gsm

# What leads to the next page, on every screen that has one.
NEXT = "98"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that can be read or spoken: the key to press (empty: none), the name of its text in
    the catalogue (empty: it comes from data), the words, and what pressing the key means.
    """

    key: str
    name: str
    text: str
    value: str = ""

    @property
    def written(self) -> str:
        """The line as a screen shows it."""
        return f"{self.key} {self.text}" if self.key else self.text


@dataclass(frozen=True, slots=True)
class Limit:
    """What one page may hold: `septets` of GSM-7, and `choices`, the most lines with a key."""

    septets: int
    choices: int = 9


def size(lines: Sequence[Line]) -> int:
    """How many septets the lines take on a screen, one below the other."""
    return sum((gsm.septets(line.written) or 0) + 1 for line in lines) - 1


def paginate(
    title: Line, choices: Sequence[Line], fixed: Sequence[Line], more: Line, limit: Limit
) -> list[tuple[Line, ...]]:
    """The pages, at least one: the title on each, the choices in order, `fixed` at the end of each,
    and `more` on every page but the last.

    A title that leaves no room for a choice is cut between words; the choices follow its last part.
    """
    whole = (title, *choices, *fixed)
    if size(whole) <= limit.septets and len(choices) + len(fixed) <= limit.choices:
        return [whole]
    pages: list[tuple[Line, ...]] = []
    widest = max((size([line]) for line in choices), default=0)
    rest = title.text
    room = limit.septets - size([*fixed, more]) - 1
    alone = limit.septets - size([more]) - 1
    while _septets(rest) + 1 + widest > room and _septets(rest) > room // 2:
        # What fits a page of its own is halved: some of it has to stand above the choices.
        head, left = _split(rest, alone if _septets(rest) > alone else _septets(rest) // 2)
        if not head:
            break
        pages.append((Line("", title.name, head), more))
        rest = left
    heading = Line("", title.name, rest)
    waiting = list(choices)
    while True:
        page = [heading]
        while waiting and _fits([*page, waiting[0]], waiting[1:], fixed, more, limit):
            page.append(waiting.pop(0))
        if waiting and len(page) == 1:
            # One line too wide for any page is cut, rather than never shown.
            line = waiting.pop(0)
            room = limit.septets - size([heading, *fixed, more]) - 3 - len(line.key)
            page.append(replace(line, text=gsm.clip(line.text, max(room, 1))))
        page += fixed
        pages.append((*page, more) if waiting else tuple(page))
        if not waiting:
            return pages


def _fits(
    page: Sequence[Line],
    waiting: Sequence[Line],
    fixed: Sequence[Line],
    more: Line,
    limit: Limit,
) -> bool:
    below = (*fixed, more) if waiting else fixed
    return size([*page, *below]) <= limit.septets and len(page) - 1 + len(fixed) <= limit.choices


def _septets(text: str) -> int:
    return gsm.septets(text) or 0


def _split(text: str, septets: int) -> tuple[str, str]:
    """The words that fit, and those that do not."""
    words = text.split(" ")
    kept = 0
    used = -1
    while kept < len(words) and used + 1 + _septets(words[kept]) <= septets:
        used += 1 + _septets(words[kept])
        kept += 1
    if kept == 0:
        head = gsm.clip(text, septets)
        return head, text[len(head) :].lstrip()
    return " ".join(words[:kept]), " ".join(words[kept:])
