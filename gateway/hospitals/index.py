"""The matching index of one process: in step with the database, and safe for its threads."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam

from gateway.hospitals import by_road, changes
from gateway.hospitals.by_road import Roads
from gateway.hospitals.changes import Change
from gateway.hospitals.matching_arrays import MatchingArrays
from gateway.hospitals.register import availability_of, hospital_of, select_hospitals
from gateway.hospitals.tables import hospitals
from gateway.travel.road_times import Wanted
from shared.hospital import Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match
from sync.prepared import Prepared

# How many changes back the index can find where its history and the database's part. One
# transaction that was rolled back has made a few.
_REMEMBERED = 256
_READ_AT_ONCE = 500
# Nearly always one hospital has changed: the one that the last patient was sent to.
_ONE = Prepared(select_hospitals().where(hospitals.c.id == bindparam("of")))


class MatchIndex:
    """Ranks hospitals as `shared.matching.rank` does over all of them.

    The database stays the truth: call `catch_up` in the same transaction before `rank`. An index
    may have seen changes of a transaction that was rolled back afterwards, or that another
    connection cannot see yet; it compares its history with the database's log, and reads again
    whatever only one of the two has.
    """

    def __init__(self, policy: MatchPolicy, roads: Roads | None = None) -> None:
        self._policy = policy
        self._roads = roads
        self._lock = threading.Lock()
        self._arrays = MatchingArrays()
        # The changes applied, oldest first; empty before the first load.
        self._history: list[Change] = []

    def __len__(self) -> int:
        return len(self._arrays)

    @property
    def policy(self) -> MatchPolicy:
        """The policy by which this index ranks."""
        return self._policy

    @property
    def roads(self) -> Roads | None:
        """Where times by road are kept; None when no routing engine is set up."""
        return self._roads

    def catch_up(self, connection: Connection) -> None:
        """Applies every change that this connection sees and the index has not applied."""
        with self._lock:
            self._catch_up(connection)

    def rank(self, query: MatchQuery, now: datetime, limit: int = 5) -> list[Match]:
        """The first `limit` matches of `shared.matching.rank` over all hospitals, or, where roads
        are known, those of `gateway.hospitals.by_road`.
        """
        with self._lock:
            return self._rank(query, now, limit)

    def best(
        self,
        connection: Connection,
        last: tuple[int, int | None],
        query: MatchQuery,
        now: datetime,
    ) -> Match | None:
        """The first match, with every change applied that this connection sees; None when nobody is
        left. `last` is the number and token (None: not known) of the last of them: nothing is read
        when the index has applied that one last.
        """
        with self._lock:
            # In one piece: a reader who catches up in between sees less than this connection does.
            applied = self._history[-1] if self._history else None
            if applied is None or (applied.number, applied.token) != last:
                self._catch_up(connection)
            return next(iter(self._rank(query, now, 1)), None)

    def get(self, hospital_id: int) -> tuple[Hospital, Availability]:
        """A hospital and its availability, as of the last catching up.

        Raises NotFound when it is not there or has no coordinates.
        """
        with self._lock:
            return self._arrays.get(hospital_id)

    def around(self, query: MatchQuery, metres: float) -> list[tuple[Hospital, Availability]]:
        """At least the hospitals within that many metres of the patient, as last caught up with."""
        with self._lock:
            return self._arrays.around(query.lat, query.lon, metres)

    def reserved(self, change: Change) -> None:
        """Applies our own reservation without reading it again: `change` is the one after those
        that this transaction caught up with.
        """
        with self._lock:
            if change.number != self._history[-1].number + 1:
                # Another connection has caught up meanwhile, and cannot see ours yet.
                return
            hospital, availability = self._arrays.get(change.hospital_id)
            counted = replace(availability, assigned_since=availability.assigned_since + 1)
            self._arrays.put(hospital, counted)
            self._history = [*self._history, change][-_REMEMBERED:]

    def worth_asking(self, wanted: Wanted, now: datetime) -> list[Hospital]:
        """The hospitals whose times by road are wanted, as of the last catching up."""
        with self._lock:
            return by_road.worth_asking(self._arrays, wanted, self._policy, now)

    def _rank(self, query: MatchQuery, now: datetime, limit: int) -> list[Match]:
        if self._roads is None:
            return self._arrays.rank(query, self._policy, now, limit)
        return by_road.rank_by_road(self._arrays, query, self._policy, now, limit, self._roads)

    def _catch_up(self, connection: Connection) -> None:
        if not self._history:
            self._load(connection)
            return
        last = self._history[-1]
        entries = changes.since(connection, last.number)
        if entries and entries[0] == last:
            fresh, stale = entries[1:], []
        else:
            entries = changes.since(connection, self._history[0].number)
            common = 0
            for mine, theirs in zip(self._history, entries, strict=False):
                if mine != theirs:
                    break
                common += 1
            if not common:
                self._load(connection)
                return
            fresh, stale = entries[common:], self._history[common:]
            del self._history[common:]
        self._history = (self._history + fresh)[-_REMEMBERED:]
        changed = {change.hospital_id for change in (*fresh, *stale)}
        self._read(connection, list(changed))

    def _load(self, connection: Connection) -> None:
        """Reads everything anew."""
        entries = changes.since(connection, changes.last_number(connection) - _REMEMBERED + 1)
        self._history = entries or [Change(number=0, token=0, hospital_id=0)]
        arrays = MatchingArrays()
        for row in connection.execute(select_hospitals()):
            hospital = hospital_of(row)
            if hospital is not None:
                arrays.put(hospital, availability_of(row))
        arrays.refresh()
        self._arrays = arrays

    def _read(self, connection: Connection, hospital_ids: Sequence[int]) -> None:
        for start in range(0, len(hospital_ids), _READ_AT_ONCE):
            gone = set(hospital_ids[start : start + _READ_AT_ONCE])
            rows: Sequence[Row[Any]]
            if len(gone) == 1:
                rows = _ONE.all(connection, of=hospital_ids[start])
            else:
                wanted = select_hospitals().where(hospitals.c.id.in_(gone))
                rows = connection.execute(wanted).all()
            for row in rows:
                hospital = hospital_of(row)
                if hospital is not None:
                    self._arrays.put(hospital, availability_of(row))
                    gone.discard(hospital.id)
            for hospital_id in gone:
                self._arrays.remove(hospital_id)
