"""One emergency that cannot be worked on must not hold up the others."""

from typing import Any

import pytest
from sqlalchemy import insert

from gateway.emergencies import dispatching, firing
from gateway.emergencies.tables import timers
from gateway.unit_of_work import UnitOfWork
from tests.journeys.world import World


def test_a_timer_that_fails_stops_no_other_and_alarms_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = world.hospital("Mbagathi Hospital", -1.3100, 36.8000)
    far = world.hospital("Thika Hospital", -1.0333, 37.0690)
    world.phone("+254711000111").dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    broken = world.the_emergency()
    world.phone("+254711000222").dials().chooses("1", "2", "6").types("kibra")
    (whole,) = [row for row in world.emergencies() if row.id != broken.id]
    offer_next = dispatching.offer_next

    def fails_for_one(uow: UnitOfWork, emergency: Any, **facts: Any) -> Any:
        if emergency.id == broken.id:
            raise RuntimeError("something nobody thought of")
        return offer_next(uow, emergency, **facts)

    monkeypatch.setattr(dispatching, "offer_next", fails_for_one)
    world.forward(91)
    assert [offer.emergency_id for offer in far.offers()] == [whole.id]
    operator = world.phone("+254700000001")
    assert any(broken.help_code in text and "by hand" in text for text in operator.inbox())
    monkeypatch.undo()
    world.forward(31)
    assert broken.id in [offer.emergency_id for offer in far.offers()]
    assert firing.fire_due(world.services) == 0


def test_a_timer_that_only_a_newer_version_knows_stops_no_other(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", -1.3100, 36.8000)
    far = world.hospital("Thika Hospital", -1.0333, 37.0690)
    world.phone("+254711000111").dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    emergency = world.the_emergency()
    row = {"emergency_id": emergency.id, "dispatch_id": 0, "kind": "of_tomorrow"}
    due_at = world.services.system.now()
    world.services.database.write(
        lambda connection: connection.execute(insert(timers), row | {"due_at": due_at})
    )
    world.forward(91)
    assert [offer.emergency_id for offer in far.offers()] == [emergency.id]
    operator = world.phone("+254700000001")
    assert any(emergency.help_code in text and "by hand" in text for text in operator.inbox())
