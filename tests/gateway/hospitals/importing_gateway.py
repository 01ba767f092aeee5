"""The import command over a database, as its tests drive it."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import select

from gateway.database.database import Database
from gateway.hospitals.commands import hospitals_group
from gateway.hospitals.tables import hospital_contacts, hospitals
from gateway.importing.commands import Registers
from shared.identifier import maker
from shared.system import System

NOW = datetime(2026, 3, 4, tzinfo=UTC)


class ImportingGateway:
    """The import command over a database."""

    def __init__(self, database: Database, folder: Path) -> None:
        rng = Random(1)

        def now() -> datetime:
            return NOW

        self.system = System(now=now, new_id=maker(now, rng), rng=rng)

        @contextlib.contextmanager
        def opened() -> Iterator[Registers]:
            yield Registers(database, self.system, "KE")

        self.database = database
        self.group = hospitals_group(opened)
        self.folder = folder

    def imports(self, content: str | bytes, *options: str) -> Result:
        path = self.folder / "register.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return CliRunner().invoke(self.group, ["import", str(path), *options])

    def reports(self, content: str | bytes, *options: str) -> dict[str, Any]:
        result = self.imports(content, "--json", *options)
        report: dict[str, Any] = json.loads(result.stdout)
        return report

    def phones(self, source_id: str) -> list[str]:
        """The telephones of that hospital, in the order in which they are used."""
        of = hospitals.c.source_id == source_id
        asked = select(hospital_contacts.c.phone).join(hospitals).where(of)
        return list(self.database.read(lambda c: c.execute(asked).scalars().all()))

    def rows(self) -> list[dict[str, Any]]:
        chosen = select(hospitals).order_by(hospitals.c.source_id)
        return self.database.read(
            lambda connection: [dict(row) for row in connection.execute(chosen).mappings()]
        )

    def by_id(self) -> dict[str, dict[str, Any]]:
        return {row["source_id"]: row for row in self.rows()}
