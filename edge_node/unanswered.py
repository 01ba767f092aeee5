"""The patients for whom this box rings and whom nobody has answered for, and since when.

Since when is counted by this program: the box's clock may jump, and a patient must not wait for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_node import dispatches
from edge_node.link import Link
from edge_node.store import Store
from sync.events import DispatchOffered

# An old one that still rings is among the newest: whatever is answered rings no more.
_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One of them. `waited` counts from when this program first saw it ring."""

    dispatch_id: int
    offer: DispatchOffered
    waited: timedelta


class UnansweredPatients:
    """Looks them up, and remembers since when."""

    def __init__(self, store: Store, link: Link) -> None:
        self._store = store
        self._link = link
        self._waited: dict[int, timedelta] = {}
        self._looked_at: datetime | None = None

    def look(self, now: datetime) -> list[Unanswered]:
        """Whoever rings now, and may still come: the most urgent first, then who waits longest."""
        gateway_now = self._link.gateway_now(now)
        known = self._store.read(lambda connection: dispatches.latest(connection, _LOOKED_AT))
        found = {
            each.id: each.offer
            for each in known
            if each.rings
            and each.offer is not None
            and (gateway_now is None or each.offer.valid_until >= gateway_now)
        }
        passed = self._passed(now)
        self._waited = {
            dispatch_id: self._waited[dispatch_id] + passed
            if dispatch_id in self._waited
            else timedelta()
            for dispatch_id in found
        }
        waiting = [Unanswered(each, offer, self._waited[each]) for each, offer in found.items()]
        return sorted(waiting, key=lambda each: (each.offer.priority, -each.waited))

    def _passed(self, now: datetime) -> timedelta:
        """The time since the last look; a jump of the clock counts as none."""
        before, self._looked_at = self._looked_at, now
        passed = now - before if before is not None else timedelta()
        return passed if timedelta() <= passed < timedelta(minutes=1) else timedelta()
