"""One row of the table of cases: read, checked, and made into a query over the real register."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shared.capability import mask
from shared.emergency import Priority
from shared.geo import distance_m
from shared.hospital import Availability, Hospital, HospitalStatus
from shared.match_query import MatchQuery
from shared.matching import Role
from shared.travel import EAST_AFRICA_TIME
from shared.triage import TriageRules, parse
from tests.matching_cases.real_register import Entry, Position, by_code, entries, wards

_TABLE = Path(__file__).parent / "cases.yaml"
_RULES = Path(__file__).resolve().parents[2] / "shared" / "triage_rules.toml"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONDAY = datetime(2026, 3, 2, tzinfo=EAST_AFRICA_TIME)
# How far off a place is that somebody typed and Haven found: a market, a school.
_WITHIN_M = 300.0

Pair = tuple[Hospital, Availability]
Pairs = list[Pair]


@dataclass(frozen=True, slots=True)
class Case:
    """One row; see cases.yaml. Hospitals are meant by their codes in the register."""

    case: str
    at: Mapping[str, Any]
    when: str
    why: str
    first: tuple[int, str] | None
    within_m: float = _WITHIN_M
    urban: bool | None = None
    answers: Mapping[str, str] | None = None
    needs: tuple[str, ...] = ()
    priority: str = "critical"
    stabilise_first: bool = False
    mass_casualty: bool = False
    in_hospital: bool = False
    asked: tuple[int, ...] = ()
    reports: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    placed: Mapping[int, Position] = field(default_factory=dict)
    full_within_km: float = 0.0
    diverting_county: str = ""
    only: tuple[int, ...] | None = None
    only_levels: tuple[int, ...] = ()
    role: str = Role.TREAT.value
    then: tuple[int, ...] = ()
    county: str = ""
    differs: str = ""

    @property
    def now(self) -> datetime:
        """The moment, in Kenya's time."""
        day, clock = self.when.split()
        hour, minute = clock.split(":")
        return _MONDAY + timedelta(days=_DAYS.index(day), hours=int(hour), minutes=int(minute))

    @property
    def position(self) -> Position:
        if "ward" in self.at:
            return wards()[self.at["ward"]]
        if "hospital" in self.at:
            position = by_code()[self.at["hospital"]].record.position
            assert position is not None
            return position
        return float(self.at["lat"]), float(self.at["lon"])

    def query(self) -> MatchQuery:
        """What is asked of matching, by the real triage rules."""
        lat, lon = self.position
        needs, priority, stabilise_first = (
            mask(self.needs),
            Priority[self.priority.upper()],
            self.stabilise_first,
        )
        if self.answers is not None:
            triage = triage_rules().triage(self.answers)
            needs, priority = triage.needs, triage.priority
            stabilise_first = triage.stabilise_first
        return MatchQuery(
            lat=lat,
            lon=lon,
            radius_m=self.within_m,
            needs=int(needs),
            priority=priority,
            depart_at=self.now,
            stabilise_first=stabilise_first,
            urban=self.urban,
            mass_casualty=self.mass_casualty,
            in_hospital=self.in_hospital,
            exclude=frozenset(by_code()[code].number for code in self.asked),
        )

    def hospitals(self) -> Pairs:
        """The register with all that this case says of its hospitals."""
        return [
            pair
            for pair in (self._pair(entry) for entry in entries() if self._concerns(entry))
            if pair is not None
        ]

    def _concerns(self, entry: Entry) -> bool:
        if self.only is not None and entry.code not in self.only:
            return False
        return not self.only_levels or entry.record.level in self.only_levels

    def _pair(self, entry: Entry) -> tuple[Hospital, Availability] | None:
        code = entry.code if entry.code is not None and by_code()[entry.code] is entry else None
        position = entry.record.position
        report: Mapping[str, Any] = {}
        if code is not None:
            position = self.placed.get(code, position)
            report = self.reports.get(code, {})
        if position is None:
            return None
        unknown = set(report) - _REPORTED
        assert not unknown, f"{self.case}: no report has {unknown}"
        hospital = entry.hospital((position[0], position[1]), int(mask(report.get("imposed", ()))))
        if entry.availability.status is HospitalStatus.CLOSED:
            return hospital, entry.availability
        away_m = distance_m(*self.position, hospital.lat, hospital.lon)
        if away_m < self.full_within_km * 1000:
            report = {"staffed": 10, "free": 0, "age_h": 1, **report}
        if self.diverting_county and hospital.county == self.diverting_county:
            report = {"status": "diverting", **report}
        return hospital, self._availability(report)

    def _availability(self, report: Mapping[str, Any]) -> Availability:
        def ago(name: str) -> datetime | None:
            return self.now - timedelta(hours=report[name]) if name in report else None

        return Availability(
            status=HospitalStatus(report.get("status", "normal")),
            staffed_beds=report.get("staffed"),
            free_beds=report.get("free"),
            assigned_since=report.get("sent", 0),
            reported_at=ago("age_h"),
            stock_has=int(mask(report.get("has", ()))),
            stock_lacks=int(mask(report.get("used_up", ()))),
            stock_reported_at=ago("stock_age_h"),
            units_free=int(mask(report.get("units_free", ()))),
            units_full=int(mask(report.get("units_full", ()))),
            units_reported_at=ago("units_age_h"),
        )


_REPORTED = {
    "status",
    "staffed",
    "free",
    "sent",
    "age_h",
    "has",
    "used_up",
    "stock_age_h",
    "units_free",
    "units_full",
    "units_age_h",
    "imposed",
}


@cache
def real_pairs() -> Pairs:
    """The register as it is."""
    nobody = Case("nobody", {"lat": -1.3, "lon": 36.8}, "mon 00:00", "nothing is said", None)
    return nobody.hospitals()


@cache
def triage_rules() -> TriageRules:
    """The rules that come with Haven."""
    return parse(_RULES.read_text(encoding="utf-8"))


@cache
def cases() -> tuple[Case, ...]:
    """The whole table."""
    return tuple(Case(**_values(row)) for row in yaml.safe_load(_TABLE.read_text(encoding="utf-8")))


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
