"""Calls to duty phones: a key answers the patient that was heard, whatever else is going on."""

from datetime import timedelta

from sqlalchemy import select

from gateway.emergencies import firing
from gateway.hospitals.tables import hospital_contacts, hospitals
from gateway.notifications import outbox
from gateway.notifications.outbox import Channel
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
DUTY = "+254722000001"


def picks_up(world: World, session: str, keys: str = "") -> str:
    """What is said on this call."""
    form = {"sessionId": session, "isActive": "1", "destinationNumber": DUTY, "dtmfDigits": keys}
    status, script = world.post("voice", form)
    assert status == 200
    world.settle()
    return script


def test_a_key_accepts(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(46)
    assert "Mbagathi Hospital" in picks_up(world, "ATVId_1")
    assert "Thank you" in picks_up(world, "ATVId_1", "1")
    phone.reads("Mbagathi Hospital expects you")


def test_a_duty_phone_that_answers_proves_itself(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    columns = hospitals.c.reachable, hospital_contacts.c.ok_at
    mine = hospitals.c.id == hospital.id
    unproved = hospitals.update().where(mine).values(reachable=False)
    world.services.database.write(lambda c: c.execute(unproved))
    unheard = hospital_contacts.update().values(ok_at=None)
    world.services.database.write(lambda c: c.execute(unheard))
    world.phone().dials().chooses("1", "2", "6").types("kibra").sees("Not yet informed")
    world.forward(46)
    picks_up(world, "ATVId_1")
    picks_up(world, "ATVId_1", "2")
    asked = select(*columns).join_from(hospitals, hospital_contacts).where(mine)
    found = world.services.database.read(lambda c: c.execute(asked).one())
    assert tuple(found) == (True, world.clock.now)


def test_two_calls_to_one_phone_at_once_are_not_mixed_up(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.hospital("Thika Hospital", *THIKA, box=False, duty_phone=DUTY)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.phone("+254711000222").dials().chooses("1", "2", "6").types("thika")
    world.clock.now += timedelta(seconds=21)
    firing.fire_due(world.services)
    claimed = world.services.write(lambda uow: outbox.claim(uow, 10))
    calls = [message for message in claimed if message.channel is Channel.VOICE]
    assert len(calls) == 2
    # Both phones are picked up before the provider's answers are stored.
    heard = [picks_up(world, session) for session in ("S1", "S2")]
    assert ["Thika Hospital" in script for script in heard] == [True, False]

    def crosses(uow: UnitOfWork) -> None:
        for message, session in zip(calls, ("S1", "S2"), strict=True):
            outbox.mark_sent(uow, message, session, "")

    world.services.write(crosses)
    assert "Thank you" in picks_up(world, "S1", "1")
    states = {row.hospital_id: row.state for row in world.dispatches()}
    assert states == {
        world.hospital_ids["Mbagathi Hospital"]: DispatchState.OFFERED,
        world.hospital_ids["Thika Hospital"]: DispatchState.ACCEPTED,
    }
