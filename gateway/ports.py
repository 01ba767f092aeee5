"""What the use cases need from the rest of the gateway, as Protocols that a test can fake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from gateway.hospitals.contacts import DutyPhones
from gateway.travel.road_times import Wanted
from shared.hospital import Hospital
from shared.match_query import MatchQuery
from shared.matching import Match
from shared.typed_position import Unreadable
from sync.events import Event


@dataclass(frozen=True, slots=True)
class HospitalCard:
    """What a use case may say of a hospital."""

    id: int
    name: str
    # True when a channel to it has proved itself lately: its box, or a duty phone that answered.
    reachable: bool


class Hospitals(Protocol):
    """Finds hospitals, and keeps count of the beds that are promised."""

    def load(self, connection: Connection) -> None:
        """Reads the register, so that the first emergency after a start need not wait for it."""
        ...

    def assign(self, connection: Connection, query: MatchQuery, now: datetime) -> Match | None:
        """The best hospital for the query, with one more patient counted towards it; None when
        nobody is left. True to this transaction, whatever other processes did meanwhile.
        """
        ...

    def rank(
        self, connection: Connection, query: MatchQuery, now: datetime, limit: int
    ) -> Sequence[Match]:
        """The first `limit` hospitals in the order in which they would be asked; nothing is
        reserved.
        """
        ...

    def travel(
        self, connection: Connection, hospital_id: int, query: MatchQuery
    ) -> tuple[float, float]:
        """Minutes of travel and metres from the query's place to this hospital. Raises NotFound."""
        ...

    def explain(self, connection: Connection, match: Match, query: MatchQuery) -> tuple[str, ...]:
        """Why this hospital, in words that a nurse can read."""
        ...

    def explain_to_patient(self, connection: Connection, match: Match) -> str:
        """The same in one calm text for the patient."""
        ...

    def passed_over(
        self, connection: Connection, match: Match, query: MatchQuery, now: datetime
    ) -> str:
        """Which nearer hospitals stand behind this match, and why; empty when none does."""
        ...

    def worth_asking(self, wanted: Wanted, now: datetime) -> Sequence[Hospital]:
        """The hospitals whose times by road are wanted; reads no database."""
        ...

    def card(self, connection: Connection, hospital_id: int) -> HospitalCard:
        """Raises NotFound for an unknown id."""
        ...

    def phones(self, connection: Connection, hospital_id: int, now: datetime) -> DutyPhones:
        """The telephones of whoever is on duty there now."""
        ...

    @property
    def mass_casualty_patients(self) -> int:
        """From so many hurt at once on, hospitals make room."""
        ...

    def local(self, at: datetime) -> datetime:
        """That moment in the hospitals' local time."""
        ...

    def with_duty_phone(self, connection: Connection, number: str) -> tuple[int, ...]:
        """The hospitals whose duty phone this is: a campus or a county may share one."""
        ...

    def reserve(self, connection: Connection, hospital_id: int) -> None:
        """Counts one more patient of ours towards a hospital that already answered."""
        ...

    def give_back(self, connection: Connection, hospital_id: int) -> None:
        """Counts one fewer."""
        ...


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place that was meant, with how far it may be off. `radius_m` is metres."""

    name: str
    lat: float
    lon: float
    radius_m: int


@dataclass(frozen=True, slots=True)
class PlaceAnswer:
    """What a typed place may mean, best first; `sure` when the first needs no asking, `likely` when
    the words are about a place at all: a cry for help may name none. `unreadable` says why what was
    typed is a position that nobody can use: then there are no hits.
    """

    sure: bool
    hits: tuple[FoundPlace, ...]
    likely: bool = False
    unreadable: Unreadable | None = None


class Places(Protocol):
    """Understands where somebody says they are."""

    def search(self, typed: str) -> PlaceAnswer:
        """At most three places."""
        ...

    def identify(self, place: FoundPlace) -> int | None:
        """The number of a place that was offered, the same after every refresh; None for a position
        or a place that is no longer known.
        """
        ...

    def counties(self) -> Sequence[str]:
        """The names of the counties, in alphabetical order, as are all of these."""
        ...

    def sub_counties(self, county: str) -> Sequence[str]:
        """The parts of the county; empty when they are not known."""
        ...

    def wards(self, county: str, sub_county: str) -> Sequence[FoundPlace]:
        """The wards of that part of the county."""
        ...

    def towns(self, county: str) -> Sequence[FoundPlace]:
        """The county's towns."""
        ...

    def refresh(self) -> None:
        """Takes in what an import has changed; called now and then, outside every transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Box:
    """A hospital's active box as the gateway knows it. `audible` is what it said itself, None while
    it has not; `heard_at` is when it last asked for something.
    """

    site_id: int
    audible: bool | None
    heard_at: datetime


class Boxes(Protocol):
    """Writes for the hospitals' boxes."""

    def find(self, connection: Connection, hospital_id: int) -> Box | None:
        """The hospital's active box; None when it has none."""
        ...

    def publish(self, connection: Connection, box: Box, event: Event) -> None:
        """Adds the event to the box's stream in this transaction."""
        ...

    def is_unheard(self, box: Box, now: datetime) -> bool:
        """True when, as far as is known, nobody can hear the box."""
        ...
