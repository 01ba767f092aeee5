"""What several callers meant by a spelling is offered to the next one first; what one caller says
is not.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.database.database import Database
from gateway.keys import PhoneVault
from gateway.places import confirmations
from gateway.places.finder import PlaceFinder
from gateway.places.pick_counter import PickCounter
from gateway.places.place_record import PlaceRecord, store_places
from gateway.places.tables import place_confirmations
from gateway.processes.jobs import purge
from gateway.unit_of_work import UnitOfWork
from shared.errors import InvalidInput
from shared.place import TYPICAL_RADIUS_M, PlaceKind
from tests.journeys.world import KEYS, World, build_world

# Another place looks more like it than the one that everybody means.
SPELLING = "gthura"
MEANT = "Githurai, Nairobi"
_PLACES = (
    ("Gathura", "Murang'a", -0.72, 37.15),
    ("Githuri", "Kiambu", -1.05, 36.90),
    ("Githurai", "Nairobi", -1.2010, 36.9110),
    ("Lodwar", "Turkana", 3.12, 35.60),
)


def _records() -> Sequence[PlaceRecord]:
    return [
        PlaceRecord(
            source="test",
            source_id=name,
            name=name,
            kind=PlaceKind.TOWN,
            county=county,
            parent="",
            lat=lat,
            lon=lon,
            radius_m=TYPICAL_RADIUS_M[PlaceKind.TOWN],
        )
        for name, county, lat, lon in _PLACES
    ]


@pytest.fixture
def kenya(database: Database, tmp_path: Path) -> World:
    database.write(lambda connection: store_places(connection, _records(), dry_run=False))
    finder = PlaceFinder(database, "KE", mark=PhoneVault(KEYS.phone_numbers).mark, confirmations=3)
    return build_world(database, tmp_path, places=finder)


def offered(world: World, typed: str = SPELLING) -> list[str]:
    return [hit.name for hit in world.services.places.search(typed).hits]


def picks(world: World, number: str, typed: str = SPELLING, name: str = MEANT) -> None:
    """Raises an emergency by USSD and picks the place from what is offered."""
    phone = world.phone(number).dials()
    if "1 English" in phone.screen:
        phone.chooses("1")
    if "Another patient" in phone.screen:
        phone.chooses("6")
    phone.chooses("2", "6").types(typed)
    line = next(line for line in phone.screen.splitlines() if name.partition(",")[0] in line)
    phone.chooses(line[0])
    learns(world)


def learns(world: World) -> None:
    """What the threads beside the turns do once a second."""
    PickCounter(world.services).count_waiting()
    world.services.places.refresh()


def rows(world: World) -> int:
    return world.services.database.read(
        lambda connection: int(
            connection.execute(select(func.count()).select_from(place_confirmations)).scalar() or 0
        )
    )


def test_what_three_callers_meant_is_offered_to_the_fourth_first(kenya: World) -> None:
    before = offered(kenya)
    assert before[0] != MEANT
    assert MEANT in before
    for number in ("+254711000001", "+254711000002"):
        picks(kenya, number)
        assert offered(kenya) == before
    picks(kenya, "+254711000003")
    assert offered(kenya)[0] == MEANT
    # Without filler words it is the same spelling.
    assert offered(kenya, f"near {SPELLING} stage")[0] == MEANT
    phone = kenya.phone("+254711000004").dials().chooses("1", "2", "6").types(SPELLING)
    phone.sees("1 Githurai")
    # Callers alone make nothing sure.
    assert not kenya.services.places.search(SPELLING).sure


def test_one_caller_thrice_teaches_nothing(kenya: World) -> None:
    before = offered(kenya)
    for _ in range(3):
        picks(kenya, "+254711000001")
        kenya.clock.now += timedelta(hours=1)
    assert offered(kenya) == before
    assert rows(kenya) == 1


def test_whoever_meant_none_of_them_counts_against_it(kenya: World) -> None:
    for number in ("+254711000001", "+254711000002", "+254711000003"):
        picks(kenya, number)
    assert offered(kenya)[0] == MEANT
    phone = kenya.phone("+254711000004").dials().chooses("1", "2", "6").types(SPELLING)
    phone.chooses("4").types("lodwar")
    learns(kenya)
    assert offered(kenya)[0] != MEANT


def test_a_pick_by_sms_counts_too(kenya: World) -> None:
    for number in ("+254711000001", "+254711000002", "+254711000003"):
        phone = kenya.phone(number)
        phone.texts("help")
        phone.texts(SPELLING)
        choices = offered(kenya)
        phone.texts(str(choices.index(MEANT) + 1))
        learns(kenya)
    assert offered(kenya)[0] == MEANT


def test_who_types_a_place_by_its_name_is_offered_it_before_what_others_meant(kenya: World) -> None:
    for number in ("+254711000001", "+254711000002", "+254711000003"):
        picks(kenya, number, "githuri")
    assert rows(kenya) == 3
    assert offered(kenya, "githuri")[:2] == ["Githuri, Kiambu", MEANT]
    assert kenya.services.places.search("lodwar").sure


@pytest.mark.parametrize("typed", ["gthura 0722000111", "stage ya soko", "gthura plot nine"])
def test_nothing_personal_and_no_filler_is_learnt(kenya: World, typed: str) -> None:
    phone = kenya.phone("+254711000001").dials().chooses("1", "2", "6").types(typed)
    if phone.screen.startswith("CON ") and "1 " in phone.screen:
        phone.chooses("1")
    learns(kenya)
    assert rows(kenya) == (1 if typed == "gthura plot nine" else 0)


def test_nothing_can_be_read_back_and_old_picks_are_forgotten(kenya: World) -> None:
    picks(kenya, "+254711000001")
    stored = kenya.services.database.read(
        lambda connection: connection.execute(select(place_confirmations)).one()
    )
    assert SPELLING.encode() not in bytes(stored.spelling)
    assert len(stored.spelling) == len(stored.caller) == 16
    assert stored.on_day.hour == 0
    kenya.clock.now += timedelta(days=401)
    picks(kenya, "+254711000002")
    purge(kenya.services)
    assert rows(kenya) == 1


def test_many_picks_at_once_teach_what_they_would_one_by_one(kenya: World) -> None:
    before = offered(kenya)
    for number in range(30):
        phone = (
            kenya.phone(f"+2547110000{number:02d}").dials().chooses("1", "2", "6").types(SPELLING)
        )
        line = next(line for line in phone.screen.splitlines() if "Githurai" in line)
        phone.chooses(line[0])
    # Nobody waited for it to be counted.
    assert rows(kenya) == 0
    assert offered(kenya) == before
    learns(kenya)
    assert rows(kenya) == 30
    assert offered(kenya)[0] == MEANT


def test_what_was_picked_last_counts_where_one_caller_picked_twice(kenya: World) -> None:
    for number in ("+254711000001", "+254711000002"):
        picks(kenya, number)
    phone = kenya.phone("+254711000003").dials().chooses("1", "2", "6").types(SPELLING)
    line = next(line for line in phone.screen.splitlines() if "Githurai" in line)
    phone.chooses(line[0])
    kenya.clock.now += timedelta(hours=1)
    phone = kenya.phone("+254711000003").dials().chooses("6", "2", "6").types(SPELLING)
    phone.chooses("4").types("lodwar")
    learns(kenya)
    assert rows(kenya) >= 3
    assert offered(kenya)[0] != MEANT


def test_a_turn_that_fails_teaches_nothing(kenya: World) -> None:
    def fails(uow: UnitOfWork) -> None:
        found = kenya.services.places.search(SPELLING).hits[0]
        confirmations.picked(uow, 7, SPELLING, found)
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        kenya.services.write(fails)
    kenya.services.write(lambda uow: _tries(uow, fails))
    learns(kenya)
    assert rows(kenya) == 0


def _tries(uow: UnitOfWork, part: Callable[[UnitOfWork], None]) -> None:
    with suppress(InvalidInput):
        uow.attempt(lambda: part(uow))


def test_a_counter_that_is_stopped_counts_what_waits(kenya: World) -> None:
    found = kenya.services.places.search(SPELLING).hits[0]
    counter = PickCounter(kenya.services)
    counter.start()
    kenya.services.write(lambda uow: confirmations.picked(uow, 7, SPELLING, found))
    counter.stop()
    assert rows(kenya) == 1


def test_a_deployment_may_learn_nothing(database: Database, tmp_path: Path) -> None:
    database.write(lambda connection: store_places(connection, _records(), dry_run=False))
    finder = PlaceFinder(database, "KE", mark=PhoneVault(KEYS.phone_numbers).mark)
    world = build_world(database, tmp_path, places=finder, HAVEN_PLACE_CONFIRMATIONS="0")
    picks(world, "+254711000001")
    assert not world.services.picks.take()
    assert rows(world) == 0
