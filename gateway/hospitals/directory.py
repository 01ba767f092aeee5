"""Hospitals as the use cases see them: assigned, explained, named, reached."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from gateway.hospitals import changes
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.index import MatchIndex
from gateway.hospitals.tables import hospitals
from gateway.ports import HospitalCard
from shared.errors import NotFound
from shared.geo import distance_m
from shared.match_query import MatchQuery
from shared.matching import Match, explain
from sync.prepared import Prepared

_CARD = Prepared(
    select(hospitals.c.id, hospitals.c.name, hospitals.c.reachable, hospitals.c.duty_phone).where(
        hospitals.c.id == bindparam("of")
    )
)
_WITH_DUTY_PHONE = Prepared(
    select(hospitals.c.id)
    .where(hospitals.c.duty_phone == bindparam("number"))
    .order_by(hospitals.c.id)
)


class HospitalDirectory:
    """See `gateway.ports.Hospitals`."""

    def __init__(self, index: MatchIndex, board: AvailabilityBoard) -> None:
        self._index = index
        self._board = board

    def load(self, connection: Connection) -> None:
        self._index.catch_up(connection)

    def assign(self, connection: Connection, query: MatchQuery, now: datetime) -> Match | None:
        # From here on nobody else changes what is ranked: they wait for their number.
        number, before = changes.take_next(connection)
        best = self._index.best(connection, (number - 1, before), query, now)
        if best is None:
            changes.put_back(connection, number)
            return None
        self._index.reserved(self._board.reserve(connection, best.hospital_id, number))
        return best

    def rank(
        self, connection: Connection, query: MatchQuery, now: datetime, limit: int
    ) -> list[Match]:
        self._index.catch_up(connection)
        found: list[Match] = []
        while len(found) < limit:
            # One ranking names the nearest tier only; the next ones follow as they would be asked.
            asked = query.exclude | {match.hospital_id for match in found}
            further = self._index.rank(replace(query, exclude=asked), now, limit - len(found))
            if not further:
                break
            found += further
        return found

    def travel(
        self, connection: Connection, hospital_id: int, query: MatchQuery
    ) -> tuple[float, float]:
        self._index.catch_up(connection)
        hospital, _ = self._index.get(hospital_id)
        (minutes,) = self._index.policy.travel.minutes(query.origin, [hospital], query.depart_at)
        return minutes, distance_m(query.lat, query.lon, hospital.lat, hospital.lon)

    def explain(self, connection: Connection, match: Match) -> tuple[str, ...]:
        hospital, _ = self._index.get(match.hospital_id)
        parts = (
            f"Score {match.score:.2f}: distance {match.distance_part:.2f}, "
            f"capacity {match.capacity_part:.2f}, specialty {match.specialty_part:.2f}."
        )
        return (*explain(match, hospital), parts)

    def card(self, connection: Connection, hospital_id: int) -> HospitalCard:
        row = _CARD.first(connection, of=hospital_id)
        if row is None:
            raise NotFound("There is no such hospital.")
        phones = (row.duty_phone,) if row.duty_phone else ()
        return HospitalCard(row.id, row.name, row.reachable, phones)

    def with_duty_phone(self, connection: Connection, number: str) -> tuple[int, ...]:
        return tuple(row.id for row in _WITH_DUTY_PHONE.all(connection, number=number))

    def reserve(self, connection: Connection, hospital_id: int) -> None:
        self._board.reserve(connection, hospital_id)

    def give_back(self, connection: Connection, hospital_id: int) -> None:
        self._board.give_back(connection, hospital_id)
