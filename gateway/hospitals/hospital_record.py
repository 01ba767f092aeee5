"""One hospital as a register describes it, and how it gets into the tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from gateway.hospitals import changes, contacts, reachability
from gateway.hospitals.changes import Change
from gateway.hospitals.tables import availability, hospital_contacts, hospitals
from gateway.importing.importing import Store, Stored
from gateway.places.place_record import raise_version
from gateway.sites.publishing import publish
from shared.hospital import HospitalStatus
from shared.system import System


@dataclass(frozen=True, slots=True)
class HospitalRecord:
    """A row of a register, understood. None is unknown; `duty_phone` None leaves the known ones,
    and else becomes the first of the hospital's contacts.
    """

    source: str
    source_id: str
    name: str
    official_name: str
    level: int
    owner: str
    county: str
    sub_county: str
    ward: str
    position: tuple[float, float] | None
    has: int
    lacks: int
    beds: int | None
    open_24h: bool | None
    closed: bool
    duty_phone: str | None = None
    # Whom it serves: areas apart by semicolons, and how many people.
    catchment: str = ""
    catchment_population: int | None = None
    code: str = ""

    def likeness(self) -> Iterable[tuple[str, str]]:
        """What no two hospitals should share: name in a county, position, code."""
        if self.county:
            yield "name and county", f"{self.name.casefold()}, {self.county}"
        if self.position is not None:
            yield "position", f"{self.position[0]}, {self.position[1]}"
        if self.code:
            yield "code", self.code

    def values(self) -> dict[str, Any]:
        """The columns that the register decides, by name."""
        lat, lon = self.position or (None, None)
        return {
            "source": self.source,
            "source_id": self.source_id,
            "name": self.name,
            "official_name": self.official_name,
            "level": self.level,
            "owner": self.owner,
            "county": self.county,
            "sub_county": self.sub_county,
            "ward": self.ward,
            "lat": lat,
            "lon": lon,
            "has": self.has,
            "lacks": self.lacks,
            "beds": self.beds,
            "open_24h": self.open_24h,
            "catchment": self.catchment,
            "catchment_population": self.catchment_population,
            "status": str(HospitalStatus.CLOSED if self.closed else HospitalStatus.NORMAL),
        }


def hospital_store(system: System) -> Store[HospitalRecord]:
    """A function that stores a batch of records of one source by their source's ids, and logs what
    changed for the matching indexes. What a register does not know (reachable, availability) stays
    as it is; only a new duty phone has yet to prove itself.
    """

    def store(connection: Connection, batch: Sequence[HospitalRecord], dry_run: bool) -> Stored:
        known = _known(connection, batch)
        new = [record for record in batch if record.source_id not in known]
        phones = _phones(connection, [row["id"] for row in known.values()])
        changed = [
            (known[record.source_id], record)
            for record in batch
            if record.source_id in known and _differs(known[record.source_id], record, phones)
        ]
        count = len(new) + len(changed)
        if count and not dry_run:
            # The numbers come first: see `changes.take_numbers`.
            numbers = changes.take_numbers(connection, count)
            touched = [*_create(connection, new, numbers), *_update(connection, changed)]
            wanted = [*new, *(record for _, record in changed)]
            rung_elsewhere = []
            for hospital_id, record in zip(touched, wanted, strict=True):
                phone = record.duty_phone
                if phone is not None and contacts.put_first(connection, hospital_id, phone):
                    # It has yet to prove itself.
                    reachability.judge(connection, system, hospital_id)
                    rung_elsewhere.append(hospital_id)
            changes.record(
                connection,
                [
                    Change(number, system.new_id(), hospital_id)
                    for number, hospital_id in zip(numbers, touched, strict=True)
                ],
            )
            # Facilities are places too (gateway.places.landmarks).
            raise_version(connection)
            # Last, and in this order: see `publish`.
            for hospital_id in sorted(rung_elsewhere):
                publish(
                    connection, hospital_id, contacts.for_box(connection, hospital_id, system.now())
                )
        return Stored(len(new), len(changed), len(batch) - count)

    return store


def _known(connection: Connection, batch: Sequence[HospitalRecord]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        select(hospitals).where(
            hospitals.c.source == batch[0].source,
            hospitals.c.source_id.in_([record.source_id for record in batch]),
        )
    )
    return {row["source_id"]: dict(row) for row in rows.mappings()}


def _phones(connection: Connection, hospital_ids: Sequence[int]) -> set[tuple[int, str]]:
    rows = connection.execute(
        select(hospital_contacts.c.hospital_id, hospital_contacts.c.phone).where(
            hospital_contacts.c.hospital_id.in_(hospital_ids)
        )
    )
    return {(row.hospital_id, row.phone) for row in rows}


def _differs(row: dict[str, Any], record: HospitalRecord, phones: set[tuple[int, str]]) -> bool:
    if record.duty_phone is not None and (row["id"], record.duty_phone) not in phones:
        return True
    return any(row[name] != value for name, value in record.values().items())


def _create(
    connection: Connection, records: Sequence[HospitalRecord], numbers: Sequence[int]
) -> list[int]:
    if not records:
        return []
    ids = connection.execute(
        insert(hospitals).returning(hospitals.c.id, sort_by_parameter_order=True),
        [{"reachable": False, **record.values()} for record in records],
    )
    created = [int(row.id) for row in ids]
    connection.execute(
        insert(availability),
        [
            {
                "hospital_id": hospital_id,
                "status": str(HospitalStatus.NORMAL),
                "assigned_since": 0,
                "stock_has": 0,
                "stock_lacks": 0,
                "source": "register",
                "version": number,
            }
            for hospital_id, number in zip(created, numbers, strict=False)
        ],
    )
    return created


def _update(
    connection: Connection, changed: Sequence[tuple[dict[str, Any], HospitalRecord]]
) -> list[int]:
    for row, record in changed:
        connection.execute(
            update(hospitals).where(hospitals.c.id == bindparam("known_id")),
            {"known_id": row["id"], **record.values()},
        )
    return [row["id"] for row, _ in changed]
