"""Who would be asked next: what operators see, and that it is ranked afresh when it happens."""

from collections import Counter

from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.operators.asked_next import AskedNext, asked_next
from gateway.operators.case_text import case_lines
from gateway.operators.casebook import case_file
from shared.capability import Capability
from shared.emergency import EmergencyState, Priority
from shared.match_query import MatchQuery
from tests.journeys.world import World

# Kibra is at -1.3133, 36.7890.
_NEAR, _NEXT, _FAR = (-1.3100, 36.8000), (-1.3010, 36.8070), (-1.2900, 36.8220)
_BEDS = 10


def _coming(world: World) -> AskedNext:
    emergency_id = world.emergencies()[-1].id
    return world.services.database.read(
        lambda c: asked_next(c, world.services.hospitals, emergency_id, world.clock.now)
    )


def _names(coming: AskedNext) -> list[str]:
    return [each.hospital for each in coming.hospitals]


def _says_full(world: World, hospital_id: int) -> None:
    report = AvailabilityReport(
        status=None, at=world.clock.now, source="console", staffed_beds=20, free_beds=0
    )
    board = AvailabilityBoard(world.services.system)
    assert world.services.database.write(lambda c: board.report(c, hospital_id, report))


def test_at_escalation_a_report_that_came_in_between_counts(world: World) -> None:
    world.hospital("Mbagathi Hospital", *_NEAR)
    second = world.hospital("Coptic Hospital", *_NEXT)
    third = world.hospital("Avenue Hospital", *_FAR)
    world.phone().dials().chooses("1", "2", "6").types("kibra").sees("Mbagathi")
    assert _names(_coming(world)) == ["Coptic Hospital", "Avenue Hospital"]
    _says_full(world, second.id)
    assert _names(_coming(world))[0] == "Avenue Hospital"
    world.forward(91)
    assert [row.hospital_id for row in world.dispatches()][-1] == third.id
    second.is_silent()
    # Whoever was asked is not asked again, and the full one is left.
    assert _names(_coming(world)) == ["Coptic Hospital"]


def test_operators_read_who_comes_next_and_why_not_who_is_nearer(world: World) -> None:
    world.hospital("Mbagathi Hospital", *_NEAR)
    world.hospital("Coptic Hospital", *_NEXT, lacks=("theatre",))
    world.hospital("Avenue Hospital", *_FAR)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    emergency, vault = world.the_emergency(), world.services.vault
    case = world.services.database.read(lambda c: case_file(c, vault, emergency.id))
    lines = case_lines(case, _coming(world))
    assert (
        "  Would be asked next: Avenue Hospital (13 min), Coptic Hospital (7 min, last resort)"
    ) in lines
    nearer = "Mbagathi Hospital (asked already), Coptic Hospital (no theatre)"
    assert f"    Nearer, but not first: {nearer}." in lines


def test_nobody_comes_next_where_nobody_waits(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *_NEAR)
    world.hospital("Avenue Hospital", *_FAR)
    phone = world.phone().dials().chooses("1", "2")
    assert _coming(world) == AskedNext()
    phone.chooses("6").types("kibra")
    assert _names(_coming(world)) == ["Avenue Hospital"]
    box.rings()
    box.accepts()
    box.reports_arrival()
    assert world.the_emergency().state == EmergencyState.ARRIVED
    assert _coming(world) == AskedNext()


def test_thirty_of_one_bus_are_spread_over_the_beds_there_are(world: World) -> None:
    ids = [
        world.hospital(name, *place).id
        for name, place in (("Near", _NEAR), ("Next", _NEXT), ("Far", _FAR))
    ]
    query = MatchQuery(
        lat=-1.3133,
        lon=36.7890,
        radius_m=300,
        needs=int(Capability.THEATRE | Capability.BLOOD),
        priority=Priority.CRITICAL,
        depart_at=world.clock.now,
        stabilise_first=True,
    )
    sent: Counter[int] = Counter()
    for _ in range(30):
        match = world.services.write(
            lambda uow: uow.services.hospitals.assign(uow.connection, query, uow.now)
        )
        assert match is not None
        sent[match.hospital_id] += 1
    assert sent == dict.fromkeys(ids, _BEDS)
