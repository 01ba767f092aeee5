"""The maintainers' register and wards of Kenya, read where they are and kept in memory only."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.opening import open_hospital_file
from shared.errors import InvalidInput
from shared.hospital import Availability, Hospital, HospitalStatus

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REGISTER = DATA / "kmhfl_2020.csv"
_WARDS = DATA / "kenya_wards_centroids.csv"

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """A facility as the importer understands it; its number is its line in the register."""

    number: int
    record: HospitalRecord

    @property
    def code(self) -> int | None:
        """The register's code; many facilities have none."""
        return int(self.record.code) if self.record.code.isdigit() else None

    @property
    def availability(self) -> Availability:
        """What the register alone says."""
        closed = self.record.closed
        return Availability(HospitalStatus.CLOSED if closed else HospitalStatus.NORMAL)

    def hospital(self, position: Position, imposed_lacks: int = 0) -> Hospital:
        """The facility at that position, without what operators call out of order."""
        return Hospital(
            id=self.number,
            name=self.record.name,
            level=self.record.level,
            county=self.record.county,
            lat=position[0],
            lon=position[1],
            has=self.record.has & ~imposed_lacks,
            lacks=self.record.lacks | imposed_lacks,
            reachable=True,
            open_24h=self.record.open_24h,
            imposed_lacks=imposed_lacks,
        )


@cache
def entries() -> tuple[Entry, ...]:
    """Every facility that the real importer takes."""
    file = open_hospital_file(REGISTER, "KE")
    found: dict[str, Entry] = {}
    for line, fields in file.rows():
        try:
            parsed = file.parse(fields)
        except InvalidInput:
            continue
        if parsed is not None:
            found.setdefault(parsed.record.source_id, Entry(line, parsed.record))
    return tuple(found.values())


@cache
def by_code() -> dict[int, Entry]:
    """The first facility with each code."""
    found: dict[int, Entry] = {}
    for entry in entries():
        if entry.code is not None:
            found.setdefault(entry.code, entry)
    return found


@cache
def wards() -> dict[str, Position]:
    """The middle of each ward, by `county/ward`, or by `county/sub-county/ward` where a county has
    several of a name.
    """
    found: dict[str, list[Position]] = {}
    with _WARDS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            position = float(row["lat"]), float(row["lon"])
            for names in ((row["county"], row["ward"]), (*list(row.values())[:3],)):
                found.setdefault("/".join(names), []).append(position)
    return {name: positions[0] for name, positions in found.items() if len(positions) == 1}
