"""What operators set for many hospitals at once stands above reports until it ends."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import Connection, update

from gateway.database.database import Database
from gateway.hospitals import changes, imposing, register
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.hospitals.imposing import Imposed, Which
from gateway.hospitals.index import MatchIndex
from gateway.hospitals.tables import hospitals
from shared.capability import Capability
from shared.errors import InvalidInput
from shared.hospital import HospitalStatus
from shared.identifier import maker
from shared.match_policy import MatchPolicy
from shared.system import System
from tests.bench import matching as seeded
from tests.gateway.hospitals.test_index import store_hospitals

_RNG = Random(1)
_SYSTEM = System(now=lambda: seeded.NOW, new_id=maker(lambda: seeded.NOW, _RNG), rng=_RNG)
_STRIKE = Imposed(HospitalStatus.DIVERTING, 0, None, "nurses' strike")


@pytest.fixture
def filled(database: Database) -> Database:
    """Twelve hospitals: the odd ones in Kisumu and of the ministry, two of them level 5."""
    pairs = seeded.hospitals(12, Random(9))
    database.write(lambda connection: store_hospitals(connection, pairs))

    def sort(connection: Connection) -> None:
        for hospital, _ in pairs:
            odd = hospital.id % 2 == 1
            connection.execute(
                update(hospitals)
                .where(hospitals.c.id == hospital.id)
                .values(
                    county="Kisumu" if odd else "Siaya",
                    owner="Ministry of Health" if odd else "Faith-based, 100% charity",
                    level=5 if hospital.id in (1, 2) else 4,
                )
            )

    database.write(sort)
    return database


def _found(database: Database, which: Which) -> list[int]:
    return database.read(lambda c: imposing.find(c, which))


@pytest.mark.parametrize(
    ("which", "ids"),
    [
        (Which(county="kisumu"), [1, 3, 5, 7, 9, 11]),
        (Which(owner="ministry"), [1, 3, 5, 7, 9, 11]),
        (Which(owner="100%"), [2, 4, 6, 8, 10, 12]),
        (Which(levels=(5,)), [1, 2]),
        (Which(county="Kisumu", levels=(5,)), [1]),
        (Which(ids=(4, 2, 99)), [2, 4]),
        (Which(county="Kisumu", ids=(2, 3)), [3]),
        (Which(county="Atlantis"), []),
    ],
)
def test_which_hospitals_are_meant(filled: Database, which: Which, ids: list[int]) -> None:
    assert _found(filled, which) == ids


def test_nobody_means_the_whole_country_by_leaving_words_out() -> None:
    with pytest.raises(InvalidInput, match="Say which hospitals"):
        Which()


def test_a_strike_stands_above_reports_until_it_is_lifted(filled: Database) -> None:
    index = MatchIndex(MatchPolicy())
    filled.read(index.catch_up)
    ids = _found(filled, Which(county="Kisumu"))
    filled.write(lambda c: imposing.impose(c, _SYSTEM, ids, _STRIKE))
    said = AvailabilityReport(HospitalStatus.NORMAL, seeded.NOW, "console")
    filled.write(lambda c: AvailabilityBoard(_SYSTEM).report(c, 3, said))
    filled.read(index.catch_up)
    assert index.get(3)[1].status is HospitalStatus.DIVERTING
    only = Which(county="Kisumu")
    assert filled.read(lambda c: imposing.find(c, only, imposed_only=True)) == ids
    filled.write(lambda c: imposing.lift(c, _SYSTEM, ids))
    filled.read(index.catch_up)
    assert index.get(3)[1].status is HospitalStatus.NORMAL
    assert filled.read(lambda c: imposing.find(c, only, imposed_only=True)) == []


def test_a_closed_hospital_is_not_opened_by_it(filled: Database) -> None:
    closed = AvailabilityReport(HospitalStatus.CLOSED, seeded.NOW, "console")
    filled.write(lambda c: AvailabilityBoard(_SYSTEM).report(c, 3, closed))
    advisory = Imposed(HospitalStatus.ADVISORY, 0, None, "cholera")
    filled.write(lambda c: imposing.impose(c, _SYSTEM, [3], advisory))
    assert filled.read(lambda c: register.find(c, 3))[1].status is HospitalStatus.CLOSED


def test_a_blackout_takes_capabilities_away(filled: Database) -> None:
    out = Capability.THEATRE | Capability.CT
    everything = update(hospitals).values(has=int(out | Capability.BLOOD), lacks=0)
    filled.write(lambda c: c.execute(everything))
    blackout = Imposed(None, int(out), None, "blackout")
    filled.write(lambda c: imposing.impose(c, _SYSTEM, [3], blackout))
    hospital, _ = filled.read(lambda c: register.find(c, 3))
    assert (hospital.has, hospital.lacks) == (Capability.BLOOD, out)


def test_it_runs_out_by_itself_and_every_index_learns_of_it(filled: Database) -> None:
    index = MatchIndex(MatchPolicy())
    until = seeded.NOW + timedelta(hours=6)
    ids = _found(filled, Which(county="Kisumu"))
    filled.write(lambda c: imposing.impose(c, _SYSTEM, ids, replace(_STRIKE, until=until)))
    filled.read(index.catch_up)
    assert filled.write(lambda c: imposing.run_out(c, _SYSTEM)) == []
    later = replace(_SYSTEM, now=lambda: until)
    assert filled.write(lambda c: imposing.run_out(c, later)) == ids
    before = filled.read(changes.last_number)
    assert filled.write(lambda c: imposing.run_out(c, later)) == []
    assert filled.read(changes.last_number) == before
    filled.read(index.catch_up)
    assert index.get(3) == filled.read(lambda c: register.find(c, 3))


@pytest.mark.parametrize(
    ("imposed", "says"),
    [
        (Imposed(None, 0, None, "why"), "Set a status"),
        (Imposed(HospitalStatus.NORMAL, 0, None, "why"), "Set a status"),
        (Imposed(HospitalStatus.CLOSED, 0, seeded.NOW, "why"), "Its end is past"),
        (Imposed(HospitalStatus.CLOSED, 0, None, " "), "Say why"),
        (Imposed(HospitalStatus.CLOSED, 0, None, "x" * 121), "Say why"),
        (Imposed(HospitalStatus.CLOSED, -1, None, "why"), "no mask"),
    ],
)
def test_what_cannot_be_imposed(filled: Database, imposed: Imposed, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        filled.write(lambda c: imposing.impose(c, _SYSTEM, [3], imposed))
