"""Where stories are played: one gateway with a few hospitals and phones, put back to its beginning
before each story.
"""

import io
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog
from sqlalchemy import Connection, delete, insert

from gateway.database.database import Database
from gateway.database.schema import metadata
from gateway.hospitals import changes, contacts
from gateway.hospitals.tables import availability, hospital_contacts
from gateway.ports import FoundPlace, PlaceAnswer
from tests.fuzz.steps import PHONES
from tests.journeys.world import SECRET, Clock, FakePlaces, World, build_world

FOLDER = f"/callbacks/africastalking/{SECRET}/"
# A word for each phone that no screen and no other phone uses: where it is seen, their data is.
MARKS = ("zqambolo", "zqbukende", "zqchivuno", "zqdundale", "zqekwari")
_MARKED = re.compile(r"zq[a-z]+")
# What is stated in a profile: shown nowhere at all.
SECRET_WORD = "quinzolam"
NUMBERS = tuple(f"+25471100011{phone}" for phone in range(PHONES))
# The last two are duty phones too: of one hospital, and of two.
DUTY_PHONES = {"Alpha Hospital": 3, "Bravo Hospital": 4, "Cedar Hospital": 4, "Delta Clinic": None}
_KEPT = {"hospitals", "hospital_changes", "hospital_change_counter", "alembic_version"}
_FORM = "application/x-www-form-urlencoded"


class MarkedPlaces(FakePlaces):
    """Places that tell whose they are: each phone types its own."""

    def search(self, typed: str) -> PlaceAnswer:
        words = typed.casefold()
        marked = _MARKED.search(words)
        if marked is None or "nowhere" in words:
            return super().search(words.removeprefix("nowhere"))
        name = marked.group().title()
        aside = ord(name[2]) / 500
        lat, lon = -1.08 - aside - 4.0 * ("far" in words), 36.60 + aside
        if "stage" not in words:
            return PlaceAnswer(True, (FoundPlace(f"{name}, Nairobi", lat, lon, 800),))
        hits = [
            FoundPlace(f"{name} stage {letter}", lat, lon + offset / 50, 400)
            for offset, letter in enumerate("ABC")
        ]
        return PlaceAnswer(False, tuple(hits), likely="likely" in words)


class Stage:
    """One gateway, and everything a story may touch of it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.world: World = build_world(
            database, folder, MarkedPlaces(), HAVEN_VOICE_NUMBER="+254711082000"
        )
        self.hospitals = {
            name: self.world.hospital(
                name, -1.29 - place / 40, 36.81, box=name != "Delta Clinic"
            ).id
            for place, name in enumerate(DUTY_PHONES)
        }
        self.duty: dict[int, str | None] = {}
        self.week = 0

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def begins(self) -> None:
        """Everything is as it was before the first story, but that some weeks have passed: no two
        stories share a moment.
        """
        self.week += 1
        self.clock.now = Clock().now + timedelta(weeks=self.week)
        self.world.services.system.rng.seed(7)
        self.world.carrier.texts.clear()
        self.world.carrier.calls.clear()
        self.world.boxes.events.clear()
        self.duty = {
            self.hospitals[name]: None if phone is None else NUMBERS[phone]
            for name, phone in DUTY_PHONES.items()
        }

        def clear(connection: Connection) -> None:
            for table in reversed(metadata.sorted_tables):
                if table.name not in _KEPT:
                    connection.execute(delete(table))
            connection.execute(
                insert(availability),
                [
                    {
                        "hospital_id": hospital_id,
                        "status": "normal",
                        "staffed_beds": 20,
                        "free_beds": 10,
                        "assigned_since": 0,
                        "reported_at": self.clock.now,
                        "stock_has": 0,
                        "stock_lacks": 0,
                        "source": "test",
                        "version": 0,
                    }
                    for hospital_id in self.hospitals.values()
                ],
            )
            self._write_duty_phones(connection)
            # Whoever remembers a hospital reads it again.
            made = changes.take_numbers(connection, len(self.hospitals))
            new_id = self.world.services.system.new_id
            changes.record(
                connection,
                [
                    changes.Change(number, new_id(), hospital_id)
                    for number, hospital_id in zip(made, self.hospitals.values(), strict=True)
                ],
            )

        self.database.write(clear)

    def gives_duty_phone(self, hospital_id: int, number: str | None) -> None:
        """That hospital's duty phone is another one from now on, or none."""
        self.duty[hospital_id] = number
        self.database.write(self._write_duty_phones)

    def _write_duty_phones(self, connection: Connection) -> None:
        connection.execute(delete(hospital_contacts))
        for hospital_id, number in self.duty.items():
            if number is not None:
                contacts.put_first(connection, hospital_id, number)
                contacts.answered(connection, number, self.clock.now)

    def hospitals_of(self, number: str) -> set[int]:
        """Whose duty phone this number is now."""
        return {hospital_id for hospital_id, duty in self.duty.items() if duty == number}

    def waits(self, seconds: float) -> None:
        """Time passes, and what became due meanwhile is done, as often as it becomes due."""
        for part in (0.3, 0.3, 0.4):
            self.clock.now += timedelta(seconds=seconds * part)
            self.world.settle()

    def posts(
        self,
        door: str,
        form: Mapping[str, str] | bytes,
        method: str = "POST",
        content_type: str = _FORM,
        size: str | None = "right",
        secret_folder: str = FOLDER,
    ) -> tuple[int, str]:
        """What the gateway answers: the status and the body, which has to be UTF-8."""
        body = form if isinstance(form, bytes) else urlencode(form, errors="surrogatepass").encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": secret_folder + door,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "CONTENT_TYPE": content_type,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if size is not None:
            environ["CONTENT_LENGTH"] = str(len(body)) if size == "right" else size
        statuses: list[str] = []

        def start_response(status: str, headers: object, fault: object = None) -> None:
            statuses.append(status)

        application: Any = self.world.client.application
        answered = application.wsgi_app(environ, start_response)
        text = b"".join(answered).decode()
        return int(statuses[0].split()[0]), text


@contextmanager
def faults_kept() -> Iterator[list[Mapping[str, Any]]]:
    """What is logged as an error meanwhile: the gateway answers a caller politely whatever broke,
    so that an answer alone does not tell.
    """
    kept: list[Mapping[str, Any]] = []

    def keep(_: object, method: str, event: Any) -> Any:
        if method in ("error", "exception", "critical"):
            kept.append(dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, keep])
    logging.disable(logging.CRITICAL)
    try:
        yield kept
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**before)
