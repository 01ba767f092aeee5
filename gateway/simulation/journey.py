"""What happens to every patient of a trace under one policy."""

from dataclasses import dataclass, replace
from heapq import heappop, heappush

from gateway.simulation.beds import Beds
from gateway.simulation.calendar import instant
from gateway.simulation.country import Country
from gateway.simulation.geography import Geography
from gateway.simulation.policies import Asked, PolicyKind, Surroundings
from gateway.simulation.trace import Patient, Trace
from shared.capability import Capability
from shared.hospital import STOCK, Availability
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

_OXYGEN = int(Capability.OXYGEN)
_STOCK = int(STOCK)

# What it costs, in minutes, to learn that a hospital cannot treat; that its door is closed; to wait
# for a bed before giving up; and to find a vehicle for the second way.
FIND_OUT_MIN = 30.0
CLOSED_MIN = 5.0
WAIT_FOR_BED_MIN = 60.0
VEHICLE_MIN = 45.0
# Whoever is in nobody's care after a day counts with a day.
LIMIT_MIN = 1440.0
# With answers before the patient sets out: what an answer takes, and how many are waited for.
ANSWER_MIN = 3.0
MOST_ANSWERS = 5


@dataclass(slots=True)
class Journey:
    """A patient's way, as it goes and as it ended. Times are minutes after the call.

    `care_min` is when somebody began to treat who had all that is needed and a bed; LIMIT_MIN where
    nobody did within it (`untreated`). `help_min` is when an open place with oxygen was reached, or
    care began. Arrivals count the hospitals that were full, and those that could not treat or were
    closed; `declined` those that said so before the patient set out. `first` and `treated_at` are
    rows of sites; `ended` counts ends, of which there is one.
    """

    patient: Patient
    tried: frozenset[int] = frozenset()
    arrivals_full: int = 0
    arrivals_unfit: int = 0
    transfers: int = 0
    declined: int = 0
    first: int | None = None
    treated_at: int | None = None
    care_min: float = LIMIT_MIN
    help_min: float = LIMIT_MIN
    ended: int = 0

    @property
    def untreated(self) -> bool:
        return self.treated_at is None


class Run:
    """One policy on one trace."""

    def __init__(
        self,
        trace: Trace,
        country: Country,
        geography: Geography,
        kind: PolicyKind,
        settings: MatchPolicy,
    ) -> None:
        self._trace = trace
        self._geography = geography
        self._asks_first = kind.asks_first
        self._now = 0.0
        self._policy = kind.make(Surroundings(country, geography, settings, self._could_treat))
        count = len(trace.beds)
        self.beds: list[Beds] = [trace.beds_of(row) for row in range(count)]
        self._known = [Availability() for _ in range(count)]
        self._expected = [0] * count
        # When, the order of scheduling, who, and where they arrive; None: they look for a hospital.
        self._agenda: list[tuple[float, int, Journey, int | None, int]] = []
        self._scheduled = 0

    def play(self) -> list[Journey]:
        """Every patient's journey, in the order of their calls."""
        journeys = [Journey(patient) for patient in self._trace.patients]
        for journey in journeys:
            self._schedule(journey.patient.at, journey, None, journey.patient.ward)
        reports, position = self._trace.reports, 0
        while self._agenda:
            at, _, journey, row, origin = heappop(self._agenda)
            while position < len(reports) and reports[position][0] <= at:
                self._report(*reports[position])
                position += 1
            if row is None:
                self._set_out(journey, at, origin)
            else:
                self._arrive(journey, at, row)
        return journeys

    def others(self) -> tuple[int, int]:
        """How many patients came without us, and how many of them found no bed."""
        came = sum(len(arrivals) for arrivals in self._trace.arrivals)
        for beds in self.beds:
            beds.advance(self._trace.minutes)
        return came, sum(beds.turned_away for beds in self.beds)

    def _schedule(self, at: float, journey: Journey, row: int | None, origin: int) -> None:
        self._scheduled += 1
        heappush(self._agenda, (at, self._scheduled, journey, row, origin))

    def _report(self, at: float, row: int) -> None:
        """What the hospital says: the beds that are free and not kept for whom we sent."""
        beds = self.beds[row]
        beds.advance(at)
        stock_has, stock_lacks, stock_at = 0, 0, None
        if row in self._trace.reports_stock:
            stock_has, stock_lacks = self._trace.hidden.stock(row, at)
            stock_at = instant(at)
        self._learn(
            row,
            Availability(
                staffed_beds=beds.count,
                free_beds=max(beds.free - self._expected[row], 0),
                reported_at=instant(at),
                stock_has=stock_has,
                stock_lacks=stock_lacks,
                stock_reported_at=stock_at,
            ),
        )

    def _assign(self, row: int, by: int) -> None:
        known = self._known[row]
        self._learn(row, replace(known, assigned_since=known.assigned_since + by))

    def _learn(self, row: int, availability: Availability) -> None:
        self._known[row] = availability
        self._policy.hears(row, availability)

    def _set_out(self, journey: Journey, at: float, origin: int) -> None:
        row = self._choose(journey, at, origin)
        if row is None:
            journey.ended += 1
            return
        may_ask = self._asks_first and journey.declined < MOST_ANSWERS
        if may_ask and self._declines(journey, row, at):
            journey.declined += 1
            journey.tried |= {row}
            self._schedule(at + ANSWER_MIN, journey, None, origin)
            return
        if journey.first is None:
            journey.first = row
        self._assign(row, 1)
        self._expected[row] += 1
        self._schedule(at + self._way_min(journey, origin, row), journey, row, origin)

    def _choose(self, journey: Journey, at: float, origin: int) -> int | None:
        self._now = at
        patient, case = journey.patient, journey.patient.case
        lat, lon, radius_m = self._geography.position(origin)
        sites = self._geography.site_ids
        query = MatchQuery(
            lat=lat,
            lon=lon,
            radius_m=radius_m,
            needs=case.needs,
            priority=case.priority,
            depart_at=instant(at),
            stabilise_first=case.stabilise_first and journey.help_min > at - patient.at,
            in_hospital=origin >= len(self._trace.roads),
            exclude=frozenset(sites[row] for row in journey.tried),
        )
        return self._policy.choose(Asked(query, origin, journey.tried))

    def _declines(self, journey: Journey, row: int, at: float) -> bool:
        """Whether the hospital says at once that it cannot help. Who would be stabilised there is
        welcome where there is oxygen.
        """
        hidden, case = self._trace.hidden, journey.patient.case
        if row not in self._trace.answers or not hidden.is_open(row, at):
            return False
        if case.stabilise_first and journey.help_min == LIMIT_MIN:
            return not hidden.has(row, at) & _OXYGEN
        if not hidden.can_treat(row, case.needs, at):
            self._teach(row, case.needs, hidden.has(row, at))
            return True
        self.beds[row].advance(at)
        return self.beds[row].free == 0

    def _teach(self, row: int, needs: int, has: int) -> None:
        """Equipment is missing there, unless it is only a stock that has run out."""
        if needs & ~has & ~_STOCK:
            self._policy.learns(row, needs, treated=False)

    def _could_treat(self, row: int, needs: int, in_min: float) -> bool:
        then, hidden, beds = self._now + in_min, self._trace.hidden, self.beds[row]
        if not hidden.is_open(row, then) or not hidden.can_treat(row, needs, then):
            return False
        beds.advance(self._now)
        return beds.free > 0

    def _way_min(self, journey: Journey, origin: int, row: int) -> float:
        """How long the way really takes; from a hospital a vehicle has to be found first."""
        patient, geography = journey.patient, self._geography
        wards = len(self._trace.roads)
        if origin < wards:
            model_min = geography.model_min(patient.lat, patient.lon, row)
            road = self._trace.roads[origin, row]
            return model_min * float(road) * patient.vehicle
        lat, lon, _ = geography.position(origin)
        road = self._trace.roads[geography.nearest_ward[origin - wards], row]
        return VEHICLE_MIN + geography.model_min(lat, lon, row) * float(road) * patient.vehicle

    def _arrive(self, journey: Journey, at: float, row: int) -> None:
        patient, hidden, beds = journey.patient, self._trace.hidden, self.beds[row]
        self._expected[row] -= 1
        journey.tried |= {row}
        if not hidden.is_open(row, at):
            journey.arrivals_unfit += 1
            self._move_on(journey, at + CLOSED_MIN, row)
            return
        has = hidden.has(row, at)
        if has & _OXYGEN:
            journey.help_min = min(journey.help_min, at - patient.at)
        if patient.case.needs & ~has:
            journey.arrivals_unfit += 1
            self._teach(row, patient.case.needs, has)
            self._move_on(journey, at + FIND_OUT_MIN, row)
            return
        beds.advance(at)
        if beds.free:
            self._treat(journey, at, row)
            return
        journey.arrivals_full += 1
        if beds.next_free <= at + WAIT_FOR_BED_MIN:
            self._treat(journey, beds.next_free, row)
        else:
            self._move_on(journey, at + WAIT_FOR_BED_MIN, row)

    def _treat(self, journey: Journey, at: float, row: int) -> None:
        journey.ended += 1
        if at - journey.patient.at >= LIMIT_MIN:
            return
        beds = self.beds[row]
        if beds.free:
            beds.admit(at, journey.patient.stay_min)
        else:
            beds.wait_for(journey.patient.stay_min)
        journey.treated_at = row
        self._policy.learns(row, journey.patient.case.needs, treated=True)
        journey.care_min = at - journey.patient.at
        journey.help_min = min(journey.help_min, journey.care_min)

    def _move_on(self, journey: Journey, at: float, row: int) -> None:
        """The bed is given back, and the patient needs another hospital."""
        self._assign(row, -1)
        if at - journey.patient.at >= LIMIT_MIN:
            journey.ended += 1
            return
        journey.transfers += 1
        self._schedule(at, journey, None, self._geography.of_site(row))
