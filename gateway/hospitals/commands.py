"""`haven-gateway hospitals`: the register of hospitals on the command line."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import click

from gateway.hospitals.hospital_record import HospitalRecord, hospital_store
from gateway.hospitals.importers.capability_table import load_capability_table
from gateway.hospitals.importers.haven_csv import HavenCsvFile
from gateway.hospitals.importers.kmhfl import KmhflFile
from gateway.importing.commands import Registers, import_and_report, leave, refuse_whole
from gateway.importing.importing import RegisterFile
from gateway.importing.reading import FileRefused, read_header
from shared.errors import InvalidInput

CAPABILITY_TABLE = Path(__file__).parent / "importers" / "kmhfl_capabilities.yaml"


def open_hospital_file(
    path: Path, country: str, capability_table: Path = CAPABILITY_TABLE
) -> RegisterFile[HospitalRecord]:
    """The file in the format that its header shows.

    Raises FileRefused when it is none that Haven knows.
    """
    header = read_header(path)
    if KmhflFile.recognises(header):
        return KmhflFile(path, country, load_capability_table(capability_table))
    if HavenCsvFile.recognises(header):
        return HavenCsvFile(path, country)
    raise FileRefused(
        f"{path.name} is no list of hospitals that Haven knows; its columns are "
        f"{', '.join(header[:12])[:200]}. See docs/importing.md for those that are."
    )


def hospitals_group(opened: Callable[[], AbstractContextManager[Registers]]) -> click.Group:
    """The command group; `opened` opens the gateway's database when a command runs."""

    @click.group("hospitals", help="The register of hospitals.")
    def group() -> None:
        pass

    @group.command("import", help="Import a register of hospitals: KMHFL or haven-csv.")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--capabilities",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=CAPABILITY_TABLE,
        help="The table that reads capabilities from a level and listed services.",
    )
    @click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
    @click.option("--json", "as_json", is_flag=True, help="Report as JSON, with every line.")
    def import_hospitals(file: Path, capabilities: Path, dry_run: bool, as_json: bool) -> None:
        with opened() as registers:
            try:
                source = open_hospital_file(file, registers.country, capabilities)
                store = hospital_store(registers.system)
                summary = import_and_report(source, store, registers.database, dry_run, as_json)
            except FileRefused as error:
                refuse_whole(error, as_json)
            except InvalidInput as error:
                raise click.UsageError(str(error)) from None
            else:
                leave(summary)

    return group
