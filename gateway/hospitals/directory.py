"""Hospitals as the use cases see them: assigned, explained, named, reached."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite

from sqlalchemy import Connection, bindparam, select

from gateway.hospitals import changes, contacts
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.contacts import DutyPhones, Roster
from gateway.hospitals.index import MatchIndex
from gateway.hospitals.tables import hospitals
from gateway.ports import HospitalCard
from gateway.travel.road_times import Wanted
from shared.errors import NotFound
from shared.explanation import (
    explain,
    explain_to_patient,
    passed_over,
    passed_over_sentence,
)
from shared.geo import distance_m
from shared.hospital import Hospital
from shared.match_query import MatchQuery
from shared.matching import Match
from sync.prepared import Prepared

_CARD = Prepared(
    select(hospitals.c.id, hospitals.c.name, hospitals.c.reachable).where(
        hospitals.c.id == bindparam("of")
    )
)


class HospitalDirectory:
    """See `gateway.ports.Hospitals`."""

    def __init__(self, index: MatchIndex, board: AvailabilityBoard, roster: Roster) -> None:
        self._index = index
        self._board = board
        self._roster = roster

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
        roads = self._index.roads
        minutes = None if roads is None else roads.known(query).get(hospital_id)
        if minutes is None or not isfinite(minutes):
            (minutes,) = self._index.policy.travel.minutes(
                query.origin, [hospital], query.depart_at
            )
        return minutes, distance_m(query.lat, query.lon, hospital.lat, hospital.lon)

    def explain(self, connection: Connection, match: Match, query: MatchQuery) -> tuple[str, ...]:
        hospital, availability = self._index.get(match.hospital_id)
        parts = (
            f"Score {match.score:.2f}: distance {match.distance_part:.2f}, "
            f"capacity {match.capacity_part:.2f}, specialty {match.specialty_part:.2f}."
        )
        asks_roads = self._index.roads is not None
        lines = explain(match, hospital, query, availability, asks_roads=asks_roads)
        return (*lines, parts)

    def explain_to_patient(self, connection: Connection, match: Match) -> str:
        hospital, _ = self._index.get(match.hospital_id)
        return explain_to_patient(match, hospital)

    def passed_over(
        self, connection: Connection, match: Match, query: MatchQuery, now: datetime
    ) -> str:
        # Whoever is further as the crow flies is so by the default model as well.
        around = self._index.around(query, match.distance_m)
        nearer = passed_over(query, around, self._index.policy, now, match)
        return passed_over_sentence(nearer)

    def worth_asking(self, wanted: Wanted, now: datetime) -> Sequence[Hospital]:
        return self._index.worth_asking(wanted, now)

    def card(self, connection: Connection, hospital_id: int) -> HospitalCard:
        row = _CARD.first(connection, of=hospital_id)
        if row is None:
            raise NotFound("There is no such hospital.")
        return HospitalCard(row.id, row.name, row.reachable)

    def phones(self, connection: Connection, hospital_id: int, now: datetime) -> DutyPhones:
        return self._roster.phones(connection, hospital_id, now)

    @property
    def mass_casualty_patients(self) -> int:
        return self._index.policy.mass_casualty_patients

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self._roster.local_time)

    def with_duty_phone(self, connection: Connection, number: str) -> tuple[int, ...]:
        return contacts.hospitals_of(connection, number)

    def reserve(self, connection: Connection, hospital_id: int) -> None:
        self._board.reserve(connection, hospital_id)

    def give_back(self, connection: Connection, hospital_id: int) -> None:
        self._board.give_back(connection, hospital_id)
