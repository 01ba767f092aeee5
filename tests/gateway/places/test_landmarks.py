"""Facilities of the register as places: found by name, also when they are closed, and once."""

from random import Random

import pytest

from gateway.database.database import Database
from gateway.hospitals.hospital_record import HospitalRecord, hospital_store
from gateway.places.finder import PlaceFinder
from gateway.places.place_record import store_places
from shared.identifier import maker
from shared.place import PlaceKind
from shared.system import System
from tests.gateway.places.test_finder import place
from tests.journeys.world import Clock


def _facility(
    name: str, lat: float | None, lon: float = 36.8073, *, closed: bool = False, official: str = ""
) -> HospitalRecord:
    return HospitalRecord(
        source="test",
        source_id=name,
        name=name,
        official_name=official or name,
        level=6,
        owner="",
        county="Nairobi",
        sub_county="Dagoretti North",
        ward="Kenyatta",
        position=None if lat is None else (lat, lon),
        has=0,
        lacks=0,
        beds=None,
        open_24h=None,
        closed=closed,
    )


_FACILITIES = (
    _facility("Kenyatta National Hospital", -1.3008, official="KNH Main Referral"),
    _facility("Pumwani Maternity Hospital", -1.2790, 36.8450, closed=True),
    _facility("Nowhere Clinic", None),
)


def _import(database: Database, *records: HospitalRecord) -> None:
    clock, rng = Clock(), Random(1)
    store = hospital_store(System(now=clock, new_id=maker(clock, rng), rng=rng))
    database.write(lambda connection: store(connection, records, False))


@pytest.fixture
def finder(database: Database) -> PlaceFinder:
    own = [
        place("Kenyatta", PlaceKind.VILLAGE, "Machakos", -1.40, 37.30),
        place("Pumwani Maternity Hospital", PlaceKind.LANDMARK, "Nairobi", -1.2791, 36.8451),
    ]
    database.write(lambda connection: store_places(connection, own, dry_run=False))
    finder = PlaceFinder(database, "KE")
    _import(database, *_FACILITIES)
    finder.refresh()
    return finder


@pytest.mark.parametrize(
    "typed",
    ["kenyatta hospital", "kenyata national hosp", "knh main referral", "hospital kenyatta"],
)
def test_a_hospital_is_found_as_the_place_that_it_is(finder: PlaceFinder, typed: str) -> None:
    names = [hit.name for hit in finder.search(typed).hits]
    assert names[0] == "Kenyatta National Hospital, Nairobi"


def test_a_closed_one_is_still_a_place_and_is_offered_once(finder: PlaceFinder) -> None:
    names = [hit.name for hit in finder.search("pumwani maternity").hits]
    assert names.count("Pumwani Maternity Hospital, Nairobi") == 1


def test_one_without_a_position_is_none(finder: PlaceFinder) -> None:
    assert "Nowhere Clinic, Nairobi" not in [hit.name for hit in finder.search("nowhere").hits]


def test_a_later_import_is_taken_in(database: Database, finder: PlaceFinder) -> None:
    assert not finder.search("mbagathi").sure
    _import(database, _facility("Mbagathi", -1.3085, 36.8030))
    finder.refresh()
    assert finder.search("mbagathi").hits[0].name == "Mbagathi, Nairobi"
    hit = finder.search("mbagathi").hits[0]
    assert finder.identify(hit) is not None
