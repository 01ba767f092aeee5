"""What must hold whatever is posted: who may see what, and what one step may change."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from gateway.database.schema import metadata
from shared import gsm
from tests.fuzz.stage import MARKS, NUMBERS, SECRET_WORD, Stage

_CODE = re.compile(r"\b[2-9A-HJ-KMNP-TV-Z]{4}\b")
_COUNTS = " UNION ALL ".join(
    [
        *map("SELECT '{0}', count(*) FROM {0}".format, metadata.tables),
        "SELECT 'v', coalesce(sum(version), 0) FROM emergencies",
        "SELECT 'w', coalesce(sum(version), 0) FROM dispatches",
    ]
)
_EMERGENCIES = (
    "SELECT id, caller_id, state, help_code, version, referred_by,"
    " cancel_asked_at IS NOT NULL FROM emergencies"
)
_DISPATCHES = "SELECT id, emergency_id, hospital_id, state, answer_code FROM dispatches"
_CALLERS = "SELECT id, phone_index, language, last_place_name, home_place_name FROM callers"
_CONSENTS = "SELECT caller_id, count(*) FROM consents GROUP BY caller_id"
_PROFILES = "SELECT caller_id, count(*), max(version) FROM profile_fields GROUP BY caller_id"
_KEYS = "SELECT caller_id FROM patient_keys"
_BEDS = "SELECT hospital_id, status, staffed_beds, free_beds, reported_at FROM availability"


class Emergency(NamedTuple):
    """One emergency as far as it is compared."""

    id: int
    caller_id: int | None
    state: str
    help_code: str
    version: int
    referred_by: int | None
    cancel_asked: bool

    @property
    def is_over(self) -> bool:
        """True when its caller went back from it, cancelled it as far as they may know, or said
        that the patient has arrived: what they say after that is about somebody else.
        """
        return self.state in ("cancelled", "arrived", "closed") or bool(self.cancel_asked)


class Dispatch(NamedTuple):
    """One dispatch as far as it is compared."""

    id: int
    emergency_id: int
    hospital_id: int
    state: str
    answer_code: str


class Caller(NamedTuple):
    """What is remembered of one caller."""

    id: int
    phone_index: bytes
    language: str
    last_place_name: str
    home_place_name: str


def _all(connection: Connection, query: str) -> list[Any]:
    # Past SQLAlchemy's own work, which takes most of the time of a query this small.
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query)
        return list(cursor.fetchall())
    finally:
        cursor.close()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database holds that belongs to somebody, by its id."""

    emergencies: Mapping[int, Emergency]
    dispatches: Mapping[int, Dispatch]
    # By phone: what is remembered about whoever has it.
    own: Mapping[str, Any]
    beds: Mapping[int, Any]
    phones: Mapping[int, str]


@dataclass
class Ledger:
    """Looks at the gateway after each step, and holds it against what came before."""

    stage: Stage
    screens: Counter[str] = field(default_factory=Counter)
    _codes: dict[str, set[str]] = field(default_factory=dict)
    _typed: dict[str, set[str]] = field(default_factory=dict)
    _texts_read: int = 0
    _indexes: dict[bytes, str] = field(default_factory=dict)

    def begins(self) -> Snapshot:
        """Forgets the story before."""
        self._codes, self._typed, self._texts_read = {}, {}, 0
        vault = self.stage.world.services.vault
        self._indexes = {bytes(vault.index(number)): number for number in NUMBERS}
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        """What the database holds now; learns the codes in it, and who may know each."""

        def look(connection: Connection) -> Snapshot:
            callers = [Caller(*row) for row in _all(connection, _CALLERS)]
            phones = {
                row.id: self._indexes.get(bytes(row.phone_index), "a stranger") for row in callers
            }
            consents = dict(_all(connection, _CONSENTS))
            profiles = {row[0]: tuple(row) for row in _all(connection, _PROFILES)}
            keys = {row[0] for row in _all(connection, _KEYS)}
            own = {
                phones[row.id]: (
                    row.language,
                    row.last_place_name,
                    row.home_place_name,
                    consents.get(row.id, 0),
                    profiles.get(row.id),
                    row.id in keys,
                )
                for row in callers
            }
            return Snapshot(
                {row[0]: Emergency(*row) for row in _all(connection, _EMERGENCIES)},
                {row[0]: Dispatch(*row) for row in _all(connection, _DISPATCHES)},
                own,
                {row[0]: tuple(row) for row in _all(connection, _BEDS)},
                phones,
            )

        seen: Snapshot = self.stage.database.read(look)
        for row in seen.emergencies.values():
            may_know = self._codes.setdefault(row.help_code, set())
            if row.caller_id is not None:
                may_know.add(seen.phones[row.caller_id])
            elif row.referred_by is not None:
                may_know.add(self.stage.duty[row.referred_by] or "")
        for dispatch in seen.dispatches.values():
            duty_phone = self.stage.duty[dispatch.hospital_id] or ""
            self._codes.setdefault(dispatch.answer_code, set()).add(duty_phone)
        return seen

    def rows(self) -> list[Any]:
        """How much there is of everything, to see that nothing was written."""
        return self.stage.database.read(lambda connection: _all(connection, _COUNTS))

    def typed(self, number: str, words: str) -> None:
        """The phone typed this: a code in it is known to whoever holds it."""
        self._typed.setdefault(number, set()).update(_CODE.findall(words.upper()))

    def reads(self, number: str, words: str) -> None:
        """The phone shows these words: nothing in them is anybody else's."""
        lowered = words.casefold()
        assert SECRET_WORD not in lowered, "a profile is shown"
        for mark, owner in zip(MARKS, NUMBERS, strict=True):
            assert owner == number or mark not in lowered, f"{owner}'s place or words are shown"
        for code in _CODE.findall(words):
            may_know = self._codes.get(code)
            assert may_know is None or number in may_know or code in self._typed.get(number, ()), (
                f"the code {code} of {may_know} is shown"
            )

    def reads_texts(self) -> None:
        """The same of every text that was sent since."""
        texts = self.stage.world.carrier.texts
        for to, words in texts[self._texts_read :]:
            assert gsm.septets(words) is not None, f"a text is no GSM-7: {words}"
            if to in NUMBERS:
                self.reads(to, words)
            else:
                self.reads("an operator", _CODE.sub("", words))
        self._texts_read = len(texts)

    def compares(
        self, before: Snapshot, after: Snapshot, actor: str, theirs: set[int]
    ) -> list[int]:
        """Nothing changed but what `actor` (a phone's number; empty: time) may change, who speaks
        for `theirs`, hospitals by id. The emergencies that are new.
        """
        for number, remembered in after.own.items():
            assert (
                number == actor
                or before.own.get(number) == remembered
                or (actor == "" and number not in before.own)
            ), f"what is remembered of {number} changed: {before.own.get(number)} {remembered}"
        assert not set(before.own) - set(after.own), "a caller was forgotten"
        for hospital_id, reported in after.beds.items():
            assert hospital_id in theirs or before.beds[hospital_id] == reported, (
                f"hospital {hospital_id}'s beds or status changed: "
                f"{before.beds[hospital_id]} {reported}"
            )
        assert set(before.emergencies) <= set(after.emergencies), "an emergency is gone"
        new = [each for each in after.emergencies if each not in before.emergencies]
        for each in new:
            row = after.emergencies[each]
            owned = row.caller_id is not None and after.phones[row.caller_id] == actor
            assert owned or row.referred_by in theirs, "an emergency of somebody else's appeared"
        if not theirs and actor:
            for each, row in before.emergencies.items():
                assert (
                    row.caller_id is None
                    or before.phones[row.caller_id] == actor
                    or after.emergencies[each].version == row.version
                ), "somebody else's emergency changed"
        if actor:
            self._compare_answers(before, after, actor, theirs)
        return new

    def _compare_answers(
        self, before: Snapshot, after: Snapshot, actor: str, theirs: set[int]
    ) -> None:
        for each, row in after.dispatches.items():
            was = before.dispatches.get(each)
            if was is None or was.state == row.state or row.hospital_id in theirs:
                continue
            emergency = after.emergencies[row.emergency_id]
            if emergency.caller_id is not None and after.phones[emergency.caller_id] == actor:
                assert row.state not in ("accepted", "cannot_treat"), (
                    "a caller answered for a hospital"
                )
            elif was.state in ("offered", "delivered", "accepted"):
                # Another hospital answered first, or a referral was withdrawn.
                assert theirs, "a stranger moved a dispatch"
                assert row.state not in ("accepted", "cannot_treat", "arrived"), (
                    "a hospital answered for another one"
                )
