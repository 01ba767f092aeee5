"""The epochs in which this box has written: a fresh one at every start.

The gateway texts under the keys of the latest epoch that it has heard of, which may be an earlier
one; so a box remembers them.
"""

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, delete, func, insert, select

from edge_node.tables import metadata, streams
from shared.system import System

own_epochs = Table(
    "own_epochs",
    metadata,
    Column("number", Integer, primary_key=True),  # grows with every start
    Column("epoch", BigInteger, nullable=False),
)

# A box that starts once a day is known by one of them for a month, whatever it has missed.
_KEPT = 64


def begin(connection: Connection, system: System) -> int:
    """Draws a new epoch, in which everything is written from now on."""
    epoch = system.rng.randrange(1, 1 << 32)
    streams.outgoing.begin_epoch(connection, epoch)
    latest = connection.execute(select(func.max(own_epochs.c.number))).scalar() or 0
    connection.execute(insert(own_epochs).values(number=latest + 1, epoch=epoch))
    connection.execute(delete(own_epochs).where(own_epochs.c.number <= latest + 1 - _KEPT))
    return epoch


def known(connection: Connection) -> list[int]:
    """The latest first."""
    query = select(own_epochs.c.epoch).order_by(own_epochs.c.number.desc())
    return list(connection.execute(query).scalars())
