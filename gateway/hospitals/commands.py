"""`haven-gateway hospitals`: the register of hospitals on the command line."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

import click

from gateway.hospitals.capability_check import capabilities_group
from gateway.hospitals.hospital_record import hospital_store
from gateway.hospitals.importers.known_elsewhere import KnownElsewhere
from gateway.hospitals.importers.opening import (
    CAPABILITY_TABLE,
    FACILITY_TYPES,
    OSM_TAGS,
    Reading,
    open_hospital_file,
)
from gateway.importing.commands import Registers, import_and_report, leave, refuse_whole
from gateway.importing.importing import Manner
from gateway.importing.reading import FileRefused
from shared.errors import InvalidInput

_ENCODINGS = {"utf-8": "utf-8-sig", "cp1252": "cp1252"}
_TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _levels(
    context: click.Context, parameter: click.Parameter, written: tuple[str, ...]
) -> Mapping[str, int]:
    levels = {}
    for pair in written:
        kind, _, level = pair.partition("=")
        if not kind or level not in {"1", "2", "3", "4", "5", "6"}:
            raise click.BadParameter(f"{pair!r} should be like hospital=4.")
        levels[kind] = int(level)
    return levels


def hospitals_group(opened: Callable[[], AbstractContextManager[Registers]]) -> click.Group:
    """The command group; `opened` opens the gateway's database when a command runs."""

    @click.group("hospitals", help="The register of hospitals.")
    def group() -> None:
        pass

    @group.command(
        "import",
        help="Import a list of hospitals: KMHFL as CSV or JSON, OpenStreetMap or healthsites.io as "
        "GeoJSON, the list of sub-Saharan Africa, or haven-csv.",
    )
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--capabilities",
        type=_TABLE,
        default=CAPABILITY_TABLE,
        help="The table that reads capabilities from a level and listed services.",
    )
    @click.option(
        "--osm-tags",
        type=_TABLE,
        default=OSM_TAGS,
        help="The table that reads facilities from OpenStreetMap's tags.",
    )
    @click.option(
        "--facility-types",
        type=_TABLE,
        default=FACILITY_TYPES,
        help="The table of levels by facility type in the list of sub-Saharan Africa.",
    )
    @click.option(
        "--assume-level",
        "assumed_levels",
        multiple=True,
        callback=_levels,
        metavar="KIND=LEVEL",
        help="Take this KEPH level for a kind of facility in OpenStreetMap whose tags say none, "
        "such as hospital=4.",
    )
    @click.option(
        "--encoding",
        type=click.Choice(list(_ENCODINGS)),
        default="utf-8",
        help="How a CSV file writes letters; cp1252 is what Excel saves on Windows.",
    )
    @click.option(
        "--skip-known",
        is_flag=True,
        help="Leave out what another source seems to have put in already.",
    )
    @click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
    @click.option("--json", "as_json", is_flag=True, help="Report as JSON, with every line.")
    @click.option(
        "--report",
        type=click.File("x", encoding="utf-8", lazy=False),
        help="Write every refused and noticed row to this new file, as CSV.",
    )
    def import_hospitals(
        file: Path,
        capabilities: Path,
        osm_tags: Path,
        facility_types: Path,
        assumed_levels: Mapping[str, int],
        encoding: str,
        skip_known: bool,
        dry_run: bool,
        as_json: bool,
        report: TextIO | None,
    ) -> None:
        with opened() as registers:
            reading = Reading(
                capabilities=capabilities,
                osm_tags=osm_tags,
                facility_types=facility_types,
                assumed_levels=assumed_levels,
                encoding=_ENCODINGS[encoding],
                now=registers.system.now(),
            )
            try:
                source = open_hospital_file(file, registers.country, reading)
                known = registers.database.read(
                    lambda connection: KnownElsewhere(connection, source.source)
                )
                summary = import_and_report(
                    source,
                    hospital_store(registers.system),
                    registers.database,
                    Manner(dry_run=dry_run, unit=source.unit, skip_known=skip_known),
                    as_json,
                    known.find,
                    report,
                )
            except FileRefused as error:
                refuse_whole(error, as_json)
            except InvalidInput as error:
                raise click.UsageError(str(error)) from None
            else:
                leave(summary)

    group.add_command(capabilities_group())
    return group
