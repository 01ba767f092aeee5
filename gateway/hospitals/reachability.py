"""Which hospitals can be reached by a channel that has proved itself. Only then does a patient read
that the hospital is told; any other one is phoned by operators.
"""

from sqlalchemy import Connection, select, update

from gateway.hospitals import changes
from gateway.hospitals.tables import hospitals
from gateway.sites.publishing import active_box
from shared.system import System


def box_enrolled(connection: Connection, system: System, hospital_id: int) -> None:
    """The hospital has a box now."""
    _set(connection, system, hospital_id, {"reachable": True})


def box_lost(connection: Connection, system: System, hospital_id: int) -> bool:
    """A box of the hospital is heard no more; whether another channel still reaches it."""
    query = select(hospitals.c.duty_phone_proved_at).where(hospitals.c.id == hospital_id)
    proved_at = connection.execute(query).scalar()
    reachable = proved_at is not None or active_box(connection, hospital_id) is not None
    _set(connection, system, hospital_id, {"reachable": reachable})
    return reachable


def duty_phone_answered(connection: Connection, system: System, hospital_id: int) -> None:
    """Its duty phone answered one of our offers: whoever has it knows what we ask."""
    query = select(hospitals.c.duty_phone_proved_at).where(hospitals.c.id == hospital_id)
    if connection.execute(query).scalar() is None:
        proved = {"reachable": True, "duty_phone_proved_at": system.now()}
        _set(connection, system, hospital_id, proved)


def without_duty_phone(connection: Connection, hospital_id: int) -> dict[str, object]:
    """The columns of a hospital whose duty phone has another number now: it has yet to answer."""
    reachable = active_box(connection, hospital_id) is not None
    return {"reachable": reachable, "duty_phone_proved_at": None}


def _set(
    connection: Connection, system: System, hospital_id: int, values: dict[str, object]
) -> None:
    (number,) = changes.take_numbers(connection)
    connection.execute(update(hospitals).where(hospitals.c.id == hospital_id).values(**values))
    changes.record(connection, [changes.Change(number, system.new_id(), hospital_id)])
