"""A country out of files or out of the gateway's database."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select

from gateway.hospitals import tables
from gateway.hospitals.importers.opening import open_hospital_file
from gateway.hospitals.register import hospital_of, select_hospitals
from gateway.importing.importing import R, RegisterFile
from gateway.importing.reading import UNREADABLE, FileRefused, read_header
from gateway.places.importers.wards import WardFile
from gateway.places.tables import places
from gateway.simulation.country import Site, Ward, is_public
from shared.errors import InvalidInput
from shared.hospital import Hospital, HospitalStatus
from shared.place import PlaceKind


def sites_of_file(path: Path, country: str, lowest_level: int) -> tuple[Site, ...]:
    """The facilities of a register's file (`haven-gateway hospitals import` takes the same ones)
    from that KEPH level up.

    Raises FileRefused.
    """
    sites: list[Site] = []
    for record in _records(open_hospital_file(path, country), path):
        if record.position is None or record.closed or record.level < lowest_level:
            continue
        hospital = Hospital(
            id=len(sites) + 1,
            name=record.name,
            level=record.level,
            county=record.county,
            lat=record.position[0],
            lon=record.position[1],
            has=record.has,
            lacks=record.lacks,
            open_24h=record.open_24h,
        )
        sites.append(Site(hospital, is_public(record.owner), record.beds))
    return tuple(sites)


def wards_of_file(path: Path, country: str) -> tuple[Ward, ...]:
    """The wards of a file with the columns county, subcounty, ward, lat, lon.

    Raises FileRefused.
    """
    if not WardFile.recognises(read_header(path)):
        raise FileRefused(
            f"{path.name} is no list of wards; it should have the columns county, subcounty, ward, "
            "lat and lon. See docs/importing.md."
        )
    return tuple(
        Ward(record.name, record.county, record.lat, record.lon, record.radius_m)
        for record in _records(WardFile(path, country), path)
    )


def sites_of_database(connection: Connection, lowest_level: int) -> tuple[Site, ...]:
    """The facilities that the gateway knows, from that KEPH level up."""
    hospitals = tables.hospitals
    rows = connection.execute(
        select_hospitals()
        .add_columns(hospitals.c.owner, hospitals.c.beds)
        .where(hospitals.c.level >= lowest_level, hospitals.c.status != HospitalStatus.CLOSED)
        .order_by(hospitals.c.id)
    )
    sites = []
    for row in rows:
        hospital = hospital_of(row)
        if hospital is not None:
            sites.append(Site(hospital, is_public(row.owner), row.beds))
    return tuple(sites)


def wards_of_database(connection: Connection) -> tuple[Ward, ...]:
    """The wards of the gateway's gazetteer."""
    rows = connection.execute(
        select(places).where(places.c.kind == str(PlaceKind.WARD)).order_by(places.c.id)
    )
    return tuple(Ward(row.name, row.county, row.lat, row.lon, row.radius_m) for row in rows)


def _records(file: RegisterFile[R], path: Path) -> Iterator[R]:
    """The good rows, each once. An import names the bad ones; here only a file that is mostly bad
    is refused.
    """
    seen: set[str] = set()
    rows = refused = 0
    first = ""
    for line, fields in file.rows():
        rows += 1
        try:
            if UNREADABLE in fields:
                raise InvalidInput(fields[UNREADABLE])
            parsed = file.parse(fields)
        except InvalidInput as refusal:
            refused += 1
            first = first or f"line {line}: {refusal}"
            continue
        if parsed is not None and parsed.record.source_id not in seen:
            seen.add(parsed.record.source_id)
            yield parsed.record
    if refused * 2 > rows:
        raise FileRefused(
            f"{refused} of {rows} rows of {path.name} make no sense. The first is {first}"
        )
