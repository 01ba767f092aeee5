"""`haven-gateway places`: the gazetteer on the command line."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

import click

from gateway.importing.commands import Registers, import_and_report, leave, refuse_whole
from gateway.importing.importing import Manner, RegisterFile
from gateway.importing.reading import FileRefused, check_text, read_header
from gateway.places.current_gazetteer import load_gazetteer
from gateway.places.default_gazetteer import seed_default
from gateway.places.importers.geonames import GeoNamesFile
from gateway.places.importers.gtfs_stops import GtfsStopsFile
from gateway.places.importers.haven_places import HavenPlacesFile
from gateway.places.importers.wards import WardFile
from gateway.places.place_record import PlaceRecord, store_places


def open_place_file(path: Path, country: str) -> RegisterFile[PlaceRecord]:
    """The file in the format that its first line shows.

    Raises FileRefused when it is none that Haven knows.
    """
    check_text(path)
    if GeoNamesFile.recognises(path):
        return GeoNamesFile(path, country)
    header = read_header(path)
    if WardFile.recognises(header):
        return WardFile(path, country)
    if GtfsStopsFile.recognises(header):
        return GtfsStopsFile(path, country)
    if HavenPlacesFile.recognises(header):
        return HavenPlacesFile(path, country)
    raise FileRefused(
        f"{path.name} is no list of places that Haven knows; its columns are "
        f"{', '.join(header[:12])[:200]}. See docs/importing.md for those that are."
    )


def places_group(opened: Callable[[], AbstractContextManager[Registers]]) -> click.Group:
    """The command group; `opened` opens the gateway's database when a command runs."""

    @click.group("places", help="The gazetteer: where callers may say they are.")
    def group() -> None:
        pass

    @group.command("import", help="Import places: wards, GeoNames, GTFS stops, haven-places.")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="Say what would happen; write nothing.")
    @click.option("--json", "as_json", is_flag=True, help="Report as JSON, with every line.")
    def import_places(file: Path, dry_run: bool, as_json: bool) -> None:
        with opened() as registers:
            try:
                source = open_place_file(file, registers.country)
                summary = import_and_report(
                    source, store_places, registers.database, Manner(dry_run), as_json
                )
            except FileRefused as error:
                refuse_whole(error, as_json)
            else:
                leave(summary)

    @group.command("seed", help="Put in the towns and counties that come with Haven.")
    def seed() -> None:
        with opened() as registers:
            stored = seed_default(registers.database, registers.country, again=True)
            click.echo(f"{stored.created} new, {stored.updated} changed.")

    @group.command("search", help="What the gateway would understand by TEXT.")
    @click.argument("text")
    @click.option("--county", help="A hint, as when the caller chose a county.")
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    def search(text: str, county: str | None, as_json: bool) -> None:
        with opened() as registers:
            gazetteer = registers.database.read(
                lambda connection: load_gazetteer(connection, registers.country)
            )
        hits = gazetteer.search(text, county=county)
        if as_json:
            click.echo(json.dumps([asdict(hit) for hit in hits]))
            return
        for number, hit in enumerate(hits, start=1):
            click.echo(f"{number} {hit.place.label} ({hit.place.kind}, {hit.score:.2f})")
        if not hits:
            click.echo("Nothing is called so. Import more places, or try the county.")

    return group
