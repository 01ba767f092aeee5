"""What the writer writes, for whoever looks for it afterwards."""

from datetime import UTC, datetime
from random import Random

from edge_node.identity import Site
from sync.sealing import PublicKeys

KEY = bytes(range(32))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
READER = 7


def words(number: int) -> str:
    """A note of any length up to more than half a page."""
    rng = Random(number)
    return f"{number} " + "".join(rng.choices("abcdefgh ", k=rng.randrange(2500)))


def a_site() -> Site:
    """What an enrolment tells a box."""
    return Site(
        1,
        11,
        "Kibra Hospital",
        "https://gateway.test",
        "wss://gateway.test/sync/v1/doorbell",
        PublicKeys(bytes(32), bytes(32)),
    )
