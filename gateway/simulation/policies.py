"""Ways to choose a hospital. Each sees what the gateway sees, and nothing else."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.hospitals.matching_arrays import MatchingArrays
from gateway.simulation.country import Country
from gateway.simulation.geography import Geography
from gateway.simulation.reported import Reported
from shared.experience import Learned, after_lacking, after_taking
from shared.hospital import Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

Mask = NDArray[np.bool_]

# What the rivals score with, whatever ours is set to: a figure stays comparable when ours is tuned.
_PLAIN = MatchPolicy(
    distance_weight=0.40,
    capacity_weight=0.30,
    specialty_weight=0.30,
    lowest_level=3,
    report_half_age_s=6 * 3600.0,
    capacity_prior=0.5,
    half_capacity_beds=3.0,
    mean_stay_h=12.0,
    trusted_report_s=12 * 3600.0,
    unknown_penalty=0.6,
    unreported_stock_value=0.8,
    capability_weights={},
    referral_min=180.0,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the query as the gateway would put it, and its origin and the sites tried
    before as numbers.
    """

    query: MatchQuery
    origin: int
    tried: frozenset[int]


class Policy(Protocol):
    """Chooses a site for a patient."""

    def hears(self, row: int, availability: Availability) -> None:
        """A report has come, or an assignment has been counted."""
        ...

    def choose(self, asked: Asked) -> int | None:
        """The row of the site to go to; None when nobody is left."""
        ...

    def learns(self, row: int, needs: int, *, treated: bool) -> None:
        """A patient with these needs was treated there, or the equipment was missing."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every policy is made from. `settings` are ours; the rivals take its hours only."""

    country: Country
    geography: Geography
    settings: MatchPolicy
    # Whether a site can treat these needs so many minutes from now, and has a bed now: its row, the
    # mask, the minutes. Only the policy that knows everything looks there.
    peek: Callable[[int, int, float], bool]

    def window_min(self, asked: Asked) -> tuple[float, float]:
        """From when to when, in minutes from now, a site without a night service is open."""
        return self.settings.day_window_min(asked.query.depart_at)


class _Forgetful:
    """Learns nothing from what became of its patients."""

    def learns(self, row: int, needs: int, *, treated: bool) -> None:
        """Nothing."""


class _NearestFirst(_Forgetful):
    """Goes through the sites from the nearest on; `acceptable` says at which to stop."""

    def __init__(
        self, around: Surroundings, acceptable: Callable[[int, int], bool] = lambda row, needs: True
    ) -> None:
        self._around = around
        self._sites = [site.hospital for site in around.country.sites]
        self._acceptable = acceptable

    def hears(self, row: int, availability: Availability) -> None:
        """Reports do not matter to it."""

    def choose(self, asked: Asked) -> int | None:
        first = None
        for row in self._open(asked):
            if self._acceptable(row, asked.query.needs):
                return row
            if first is None:
                first = row
        return first

    def _open(self, asked: Asked) -> Iterable[int]:
        geography = self._around.geography
        minutes = geography.estimated_min(asked.origin)
        opens_min, closes_min = self._around.window_min(asked)
        for row in geography.by_nearness(asked.origin):
            hospital = self._sites[row]
            if row in asked.tried or hospital.level < _PLAIN.lowest_level:
                continue
            if hospital.open_24h is not False or opens_min <= minutes[row] <= closes_min:
                yield row


def nearest(around: Surroundings) -> Policy:
    """The nearest facility from level 3 up that is open, whatever it can do."""
    return _NearestFirst(around)


def nearest_capable(around: Surroundings) -> Policy:
    """The nearest one that is not known to lack anything that is needed; the nearest where all
    are.
    """
    lacks = [int(site.hospital.lacks) for site in around.country.sites]
    return _NearestFirst(around, lambda row, needs: not lacks[row] & needs)


class _Scored(_Forgetful):
    """Weighs all open sites of the country at once."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._reported = Reported(around.country.sites, _PLAIN)
        sites = around.country.sites
        self._day_only = np.array([site.hospital.open_24h is False for site in sites])

    def hears(self, row: int, availability: Availability) -> None:
        self._reported.put(row, availability)

    def _open(self, asked: Asked) -> Mask:
        minutes = self._around.geography.estimated_min(asked.origin)
        opens_min, closes_min = self._around.window_min(asked)
        by_day = (opens_min <= minutes) & (minutes <= closes_min)
        usable: Mask = ~self._day_only | by_day
        usable[list(asked.tried)] = False
        return usable


class _PlainScore(_Scored):
    """0.40 × distance + 0.30 × capacity + 0.30 × specialty over every open site, and no limits. The
    distance part falls from 1 to 0 at `scale_min` and stays 0.
    """

    def __init__(self, around: Surroundings, scale_min: float) -> None:
        super().__init__(around)
        self._scale_min = scale_min

    def choose(self, asked: Asked) -> int | None:
        minutes = self._around.geography.estimated_min(asked.origin)
        weighed = self._reported.weigh(asked.query.needs, asked.query.depart_at)
        score = (
            _PLAIN.distance_weight * np.maximum(1.0 - minutes / self._scale_min, 0.0)
            + _PLAIN.capacity_weight * weighed.capacity_part
            + _PLAIN.specialty_weight * weighed.specialty_part
        )
        return _least(-score, minutes, self._open(asked))


class _LeastTime(_Scored):
    """The least expected time to care over every open site that is not full: the way there, and
    being moved on as likely as needed capabilities are missing or unknown. It is what
    `shared.matching` ranks by where nothing capable is in reach.
    """

    def choose(self, asked: Asked) -> int | None:
        minutes = self._around.geography.estimated_min(asked.origin)
        weighed = self._reported.weigh(asked.query.needs, asked.query.depart_at)
        care_min = minutes + (1.0 - weighed.specialty_part) * _PLAIN.referral_min
        usable = self._open(asked)
        with_room = usable & ~weighed.full
        return _least(care_min, minutes, with_room if with_room.any() else usable)


def _least(values: NDArray[np.float64], minutes: NDArray[np.float64], usable: Mask) -> int | None:
    """The usable row of the least value; of equals the nearest, then the first."""
    rows = np.flatnonzero(usable)
    if not len(rows):
        return None
    kept = values[rows]
    rows = rows[kept == kept.min()]
    return int(rows[np.argmin(minutes[rows])])


class _Ours:
    """`shared.matching`, as the gateway's own index answers it. `remembers` what its patients found
    there, as the gateway remembers what hospitals answer.
    """

    def __init__(self, around: Surroundings, *, remembers: bool) -> None:
        self._settings = around.settings
        self._remembers = remembers
        self._learned: dict[int, Learned] = {}
        self._arrays = MatchingArrays()
        self._hospitals = [site.hospital for site in around.country.sites]
        self._rows = {hospital.id: row for row, hospital in enumerate(self._hospitals)}
        for hospital in self._hospitals:
            self._arrays.put(hospital, Availability())

    def hears(self, row: int, availability: Availability) -> None:
        self._arrays.put(self._as_learned(row), availability)

    def learns(self, row: int, needs: int, *, treated: bool) -> None:
        if not self._remembers:
            return
        hospital = self._hospitals[row]
        before = self._learned.get(row, Learned())
        taught = after_taking if treated else after_lacking
        learned = taught(int(hospital.has), int(hospital.lacks), before, needs)
        if learned != before:
            self._learned[row] = learned
            self._arrays.put(self._as_learned(row), self._arrays.get(hospital.id)[1])

    def _as_learned(self, row: int) -> Hospital:
        hospital, learned = self._hospitals[row], self._learned.get(row)
        if learned is None:
            return hospital
        return replace(
            hospital,
            has=hospital.has | learned.has & ~hospital.lacks,
            lacks=hospital.lacks | learned.lacks & ~hospital.has,
        )

    def choose(self, asked: Asked) -> int | None:
        now: datetime = asked.query.depart_at
        best = next(iter(self._arrays.rank(asked.query, self._settings, now, 1)), None)
        return None if best is None else self._rows[best.hospital_id]


class _AllKnowing(_Forgetful):
    """The nearest site that can treat when the patient comes and has a bed now: the truth, which
    nobody has. It shows how much there is to win.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def hears(self, row: int, availability: Availability) -> None:
        """It knows already."""

    def choose(self, asked: Asked) -> int | None:
        geography = self._around.geography
        minutes = geography.estimated_min(asked.origin)
        return next(
            (
                row
                for row in geography.by_nearness(asked.origin)
                if row not in asked.tried
                and self._around.peek(row, asked.query.needs, float(minutes[row]))
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class PolicyKind:
    """A way to choose by name. `asks_first`: hospitals may answer "cannot treat" before a patient
    sets out, as they do with Haven's boxes.
    """

    label: str
    make: Callable[[Surroundings], Policy]
    asks_first: bool = False


# Nobody has said where the plain score's distance part has to be 0. At two hours it sends a tenth
# of the patients over 100 km away, as the score used alone was measured to do (4 to 15 %); the
# others show how much hangs on it.
POLICIES: Mapping[str, PolicyKind] = {
    "nearest": PolicyKind("Nearest facility", nearest),
    "nearest-capable": PolicyKind("Nearest capable", nearest_capable),
    "plain-score": PolicyKind("Plain 40/30/30", partial(_PlainScore, scale_min=120.0)),
    "plain-score-1h": PolicyKind("Plain, 1 h", partial(_PlainScore, scale_min=60.0)),
    "plain-score-4h": PolicyKind("Plain, 4 h", partial(_PlainScore, scale_min=240.0)),
    "least-time": PolicyKind("Least expected time", _LeastTime),
    "ours-forgetful": PolicyKind("Haven, forgetful", partial(_Ours, remembers=False)),
    "ours": PolicyKind("Haven", partial(_Ours, remembers=True)),
    "ours-asking": PolicyKind(
        "Haven, answers before", partial(_Ours, remembers=True), asks_first=True
    ),
    "all-knowing": PolicyKind("If all were known", _AllKnowing),
}
