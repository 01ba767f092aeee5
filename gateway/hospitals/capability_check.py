"""`haven-gateway hospitals capabilities`: whether an edited table says what it should."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from gateway.hospitals.importers.capability_table import CapabilityTable, load_capability_table
from gateway.hospitals.importers.kmhfl import KmhflFile, listed_services
from gateway.hospitals.importers.kmhfr_json import KmhfrJsonFile, services_of
from gateway.hospitals.importers.opening import CAPABILITY_TABLE, Reading, open_hospital_file
from gateway.importing.reading import UNREADABLE, FileRefused
from shared.capability import ALL, Capability, codes
from shared.errors import InvalidInput

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def capabilities_group() -> click.Group:
    """The command group; it needs no database."""

    @click.group("capabilities", help="The table that reads capabilities from services.")
    def group() -> None:
        pass

    @group.command("check", help="Check an edited capability TABLE before it is imported with.")
    @click.argument("table", type=_FILE)
    @click.option(
        "--against",
        type=_FILE,
        help="A list from Kenya's registry, to find services that no facility in it lists.",
    )
    def check(table: Path, against: Path | None) -> None:
        try:
            edited = load_capability_table(table)
            known = (
                Counter(load_capability_table(CAPABILITY_TABLE).services)
                if against is None
                else _services_listed(against)
            )
        except InvalidInput as error:
            raise click.ClickException(str(error)) from None
        for line in _findings(edited, known, against):
            click.echo(line)

    return group


def _services_listed(path: Path) -> Counter[str]:
    """How many facilities of the file list each service.

    Raises InvalidInput, also for a file that is refused.
    """
    file = open_hospital_file(path, "", Reading())
    services: Callable[[dict[str, Any]], Iterable[str]]
    if isinstance(file, KmhflFile):
        services = listed_services
    elif isinstance(file, KmhfrJsonFile):
        services = services_of
    else:
        raise FileRefused(f"{path.name} is {file.format_name}, which lists no services.")
    listed: Counter[str] = Counter()
    for _, fields in file.rows():
        if UNREADABLE not in fields:
            listed.update(set(services(fields)))
    return listed


def _findings(table: CapabilityTable, known: Counter[str], against: Path | None) -> Iterator[str]:
    where = "the table that came with Haven" if against is None else against.name
    unknown = sorted(set(table.services) - set(known))
    for service in unknown:
        yield f"Warning: no service is called {service!r} in {where}; check its spelling."
    # A facility that is open the whole day takes emergencies, from the level that the table names.
    never_read = ALL & ~Capability.EMERGENCY_24H
    for has in table.services.values():
        never_read &= ~has
    for rule in table.levels.values():
        never_read &= ~rule.has
    yield f"No rule gives: {', '.join(codes(never_read)) or 'nothing is left out'}."
    yield f"The table is sound: {len(table.services)} services, {len(unknown)} of them not known."
