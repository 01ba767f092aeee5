"""What callers meant by what they typed: a spelling by which several of them meant one place is
answered with that place first.

Nothing here can be read back: a spelling and a caller are kept as keyed hashes only, a caller as
another one for each spelling (docs/adr/017-confirmed-picks-are-blind.md).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.pick_queue import Pick
from gateway.places.place_record import PICKS, raise_version
from gateway.places.spelling import EVERYDAY, GENERIC, is_only_filler, words
from gateway.places.tables import place_confirmations
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from sync.prepared import Prepared

# Letters alone, and not many: no phone number, no house number, no story.
_SPELLING = re.compile(r"[a-z]+(?: [a-z]+){0,4}")
_SHORTEST, _LONGEST = 4, 40
KEPT = timedelta(days=400)

_STANDING = func.sum(case((place_confirmations.c.meant, 1), else_=-1))
_MEANT = Prepared(
    select(place_confirmations.c.meant)
    .where(
        place_confirmations.c.spelling == bindparam("of_spelling"),
        place_confirmations.c.place_id == bindparam("of_place"),
    )
    .limit(bindparam("most"))
)


def _store(dialect: str) -> Any:
    made: Any = (postgresql if dialect == "postgresql" else sqlite).insert(place_confirmations)
    columns = place_confirmations.c
    return made.on_conflict_do_update(
        index_elements=[columns.spelling, columns.place_id, columns.caller],
        set_={"meant": made.excluded.meant, "on_day": made.excluded.on_day},
    )


_STORE = Prepared(_store, place_confirmations.c.keys())

Mark = Callable[[str], bytes]


def spelling_mark(mark: Mark, typed: str) -> bytes | None:
    """What stands for these words in the table; None for words of which nothing is learnt: filler,
    words that many places share or that say other things, digits, and long texts.
    """
    split = words(typed)
    spelling = " ".join(split)
    if not _SHORTEST <= len(spelling) <= _LONGEST or not _SPELLING.fullmatch(spelling):
        return None
    if is_only_filler(typed) or (EVERYDAY | GENERIC).issuperset(split):
        return None
    return mark(f"place spelling {spelling}")


def picked(uow: UnitOfWork, caller_id: int | None, typed: str, place: FoundPlace) -> None:
    """The caller typed this, was offered places, and chose this one."""
    _wait(uow, caller_id, typed, [place], meant=True)


def refused(
    uow: UnitOfWork, caller_id: int | None, typed: str, offered: Iterable[FoundPlace]
) -> None:
    """The caller typed this, and meant none of the places that were offered."""
    _wait(uow, caller_id, typed, offered, meant=False)


def _wait(
    uow: UnitOfWork, caller_id: int | None, typed: str, places: Iterable[FoundPlace], *, meant: bool
) -> None:
    if uow.services.config.place_confirmations and caller_id is not None:
        uow.picks.append(Pick(caller_id, typed, tuple(places), meant, uow.now))


def count(uow: UnitOfWork, picks: Iterable[Pick]) -> None:
    """Counts what callers picked: each once for a spelling and a place, by their last word."""
    needed = uow.services.config.place_confirmations
    marks: dict[str, bytes | None] = {}
    place_ids: dict[FoundPlace, int | None] = {}
    said: dict[tuple[bytes, int, bytes], Pick] = {}
    for pick in picks:
        if pick.typed not in marks:
            marks[pick.typed] = spelling_mark(uow.services.vault.mark, pick.typed)
        spelling = marks[pick.typed]
        if spelling is None:
            continue
        caller = uow.services.vault.mark(f"place pick {spelling.hex()} {pick.caller_id}")
        for place in pick.places:
            if place not in place_ids:
                place_ids[place] = uow.services.places.identify(place)
            place_id = place_ids[place]
            if place_id is not None:
                said[spelling, place_id, caller] = pick
    about = {(spelling, place_id) for spelling, place_id, _ in said}
    most = 2 * needed + 8
    before = {each: _standing(uow.connection, *each, most) for each in about}
    # In one order, so that no two processes wait for each other's rows.
    for spelling, place_id, caller in sorted(said):
        pick = said[spelling, place_id, caller]
        _STORE.run(
            uow.connection,
            spelling=spelling,
            place_id=place_id,
            caller=caller,
            meant=pick.meant,
            # The day is enough to forget by.
            on_day=pick.at.replace(hour=0, minute=0, second=0, microsecond=0),
        )
    if any(
        _teaches(before[each], _standing(uow.connection, *each, most), needed) for each in about
    ):
        raise_version(uow.connection, PICKS)


def _teaches(before: int | None, after: int | None, needed: int) -> bool:
    """Whether others have to hear of it. One more or less may come of another process at the same
    time, which this one does not see.
    """
    if before is None:
        return False
    if after is None:
        return True
    return (before >= needed) != (after >= needed) or abs(after - needed) <= 1


def _standing(connection: Connection, spelling: bytes, place_id: int, most: int) -> int | None:
    """How many more callers meant the place than did not; None of a spelling that `most` have used,
    so that nobody has to hear of one more at once: counting takes time in a caller's turn.
    """
    rows = _MEANT.all(connection, of_spelling=spelling, of_place=place_id, most=most)
    if len(rows) == most:
        return None
    return sum(1 if row.meant else -1 for row in rows)


def read_learnt(connection: Connection, needed: int) -> Mapping[bytes, tuple[int, ...]]:
    """The places that at least so many more callers meant by a spelling than did not, most often
    meant first; empty when `needed` is 0.
    """
    learnt: dict[bytes, tuple[int, ...]] = {}
    if not needed:
        return learnt
    columns = place_confirmations.c
    rows = connection.execute(
        select(columns.spelling, columns.place_id)
        .group_by(columns.spelling, columns.place_id)
        .having(needed - 1 < _STANDING)
        .order_by(_STANDING.desc(), columns.place_id)
    )
    for spelling, place_id in rows:
        learnt[bytes(spelling)] = (*learnt.get(bytes(spelling), ()), int(place_id))
    return learnt
