"""What the hourly job clears away, and what it leaves."""

from datetime import timedelta

from sqlalchemy import Connection, func, select

from gateway.menus.tables import menu_sessions
from gateway.notifications.tables import delivery_reports, messages, spoken_calls
from gateway.processes.jobs import purge
from gateway.return_calls.tables import return_calls
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
DUTY = "+254722000001"


def kept(world: World) -> dict[str, int]:
    def count(connection: Connection) -> dict[str, int]:
        tables = (menu_sessions, spoken_calls, return_calls, delivery_reports, messages)
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        }

    return world.services.database.read(count)


def test_sessions_and_calls_go_after_a_day_and_reports_after_ninety(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(46)
    world.post("voice", {"sessionId": "ATVId_1", "isActive": "1", "destinationNumber": DUTY})
    asked = {"sessionId": "in", "direction": "Inbound", "callerNumber": "+254711000111"}
    world.post("voice", {**asked, "isActive": "1"})
    world.post("delivery", {"id": "ATXid_1", "status": "Success", "failureReason": ""})
    before = kept(world)
    assert min(before.values()) >= 1

    world.clock.now += timedelta(hours=23)
    assert purge(world.services) == 0
    assert kept(world) == before
    world.clock.now += timedelta(hours=2)
    of_a_day = dict.fromkeys(("menu_sessions", "spoken_calls", "return_calls"), 0)
    assert purge(world.services) == sum(before[table] for table in of_a_day)
    day_later = {**before, **of_a_day}
    assert kept(world) == day_later
    world.clock.now += timedelta(days=90)
    assert purge(world.services) == before["delivery_reports"]
    assert kept(world) == {**day_later, "delivery_reports": 0}
