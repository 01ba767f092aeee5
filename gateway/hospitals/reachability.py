"""Which hospitals can be reached by a channel that has proved itself lately. Only then does a
patient read that the hospital is told; any other one is phoned by operators.
"""

from datetime import datetime

from sqlalchemy import Connection, select, update

from gateway.hospitals import changes, contacts
from gateway.hospitals.tables import hospitals
from gateway.sites.publishing import active_box
from shared.system import System


def box_enrolled(connection: Connection, system: System, hospital_id: int) -> None:
    """The hospital has a box now."""
    _set(connection, system, hospital_id, reachable=True)


def judge(connection: Connection, system: System, hospital_id: int) -> bool:
    """Whether a channel reaches the hospital: its active box, if that was heard within
    `contacts.TRUSTED_FOR`, or a telephone that proved itself. Writes it down where it changed.
    """
    reachable = is_reachable(connection, hospital_id, system.now())
    known = connection.execute(
        select(hospitals.c.reachable).where(hospitals.c.id == hospital_id)
    ).scalar()
    if known != reachable:
        _set(connection, system, hospital_id, reachable=reachable)
    return reachable


def is_reachable(connection: Connection, hospital_id: int, now: datetime) -> bool:
    """Whether a channel reaches the hospital; nothing is written down."""
    box = active_box(connection, hospital_id)
    if box is not None and box.heard_at >= now - contacts.TRUSTED_FOR:
        return True
    return contacts.is_trusted(connection, hospital_id, now)


def duty_phone_answered(
    connection: Connection, system: System, hospital_id: int, number: str
) -> None:
    """Somebody with this number answered something of ours for that hospital: whoever has it knows
    what we ask.
    """
    if contacts.answered(connection, number, system.now()):
        for each in contacts.hospitals_of(connection, number) or (hospital_id,):
            judge(connection, system, each)


def _set(connection: Connection, system: System, hospital_id: int, *, reachable: bool) -> None:
    (number,) = changes.take_numbers(connection)
    connection.execute(
        update(hospitals).where(hospitals.c.id == hospital_id).values(reachable=reachable)
    )
    changes.record(connection, [changes.Change(number, system.new_id(), hospital_id)])
