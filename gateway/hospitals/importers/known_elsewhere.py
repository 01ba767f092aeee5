"""What the register already holds from other sources: the same hospital is in KMHFL and in
OpenStreetMap, and nobody should be asked twice.

A likeness is said, and never acted on: two dispensaries of one name stand in many counties.
"""

import re
from dataclasses import dataclass
from unicodedata import normalize

from sqlalchemy import Connection, select

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.tables import hospitals
from shared.geo import distance_m

# Mappers place a hospital at its gate or at its middle, registers at either or at the next town's.
_SAME_PLACE_M = 1_000
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
# One word however it is written. What tells facilities apart (hospital, dispensary) stays.
_ONE_SPELLING = {"center": "centre", "st": "saint", "hosp": "hospital", "disp": "dispensary"}
_FILLERS = frozenset({"the", "ltd", "limited"})


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    source: str
    name: str
    county: str
    lat: float | None
    lon: float | None


class KnownElsewhere:
    """The hospitals of all sources but one, by name: some 500 bytes of memory each."""

    def __init__(self, connection: Connection, source: str) -> None:
        self._by_name: dict[str, list[_Known]] = {}
        columns = hospitals.c
        chosen = select(
            columns.id,
            columns.source,
            columns.name,
            columns.official_name,
            columns.county,
            columns.lat,
            columns.lon,
        ).where(columns.source != source)
        for row in connection.execute(chosen):
            known = _Known(row.id, row.source, row.name, row.county, row.lat, row.lon)
            for name in {plain_name(row.name), plain_name(row.official_name)} - {""}:
                self._by_name.setdefault(name, []).append(known)

    def find(self, record: HospitalRecord) -> str | None:
        """What the record may be, in words: one of the same name within a kilometre, or in the
        same county; None when there is none.
        """
        for name in sorted({plain_name(record.name), plain_name(record.official_name)} - {""}):
            for known in self._by_name.get(name, ()):
                apart_m = _apart_m(record, known)
                same_place = apart_m is not None and apart_m <= _SAME_PLACE_M
                if not same_place and not (record.county and known.county == record.county):
                    continue
                away = "" if apart_m is None else f", {apart_m / 1000:.1f} km away"
                where = f", {known.county}" if known.county else ""
                return f"May be hospital {known.id} of {known.source} ({known.name}{where}{away})."
        return None


def plain_name(name: str) -> str:
    """The name without case, accents, punctuation and ways of spelling: `St. Anne's Health Center`
    is `saint annes health centre`.
    """
    bare = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = _NOT_LETTERS.sub(" ", bare.replace("'", "")).split()
    return " ".join(_ONE_SPELLING.get(word, word) for word in words if word not in _FILLERS)


def _apart_m(record: HospitalRecord, known: _Known) -> float | None:
    if record.position is None or known.lat is None or known.lon is None:
        return None
    return distance_m(*record.position, known.lat, known.lon)
