"""The telephones that this box texts by its own modem when nobody answers at the console: the
gateway's register, kept here for the days without a network.
"""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node.tables import duty_phones
from sync.codec import decode, encode
from sync.events import DutyPhonesSet


def store(connection: Connection, phones: DutyPhonesSet) -> None:
    """Keeps the gateway's word, unless it has said something newer since."""
    known = connection.execute(select(duty_phones.c.at)).scalar_one_or_none()
    if known is not None and known > phones.at:
        return
    values = {"id": 1, "at": phones.at, "event": encode(phones)}
    connection.execute(
        insert(duty_phones).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
    )


def stored(connection: Connection) -> list[tuple[str, str]]:
    """Each telephone (E.164) with its rota (see `shared.duty_hours`, empty for day and night), in
    the order in which they are tried. None are known until the gateway has said so.
    """
    packed = connection.execute(select(duty_phones.c.event)).scalar_one_or_none()
    event = None if packed is None else decode(packed)
    if not isinstance(event, DutyPhonesSet):
        return []
    return list(zip(event.phones, event.hours, strict=False))
