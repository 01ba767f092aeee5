"""Who rings: every patient who came in time, and nobody who came after their validity."""

from datetime import datetime, timedelta

from sqlalchemy import select

from edge_node.tables import dispatches
from tests.simulation.broken import require
from tests.simulation.clock import Clock
from tests.simulation.hospital_box import HospitalBox
from tests.simulation.ledger import KEPT, Ledger

# How exactly a box can know the gateway's time: an answer may be so long on its way.
_UNSURE = timedelta(minutes=2)


class Ringing:
    """Looks at patients when they arrive."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._seen: set[tuple[str, int, int]] = set()
        # When boxes last heard the gateway whose clock has not jumped since.
        self._heard_time: dict[str, datetime] = {}

    def clock_jumped(self, box: HospitalBox) -> None:
        self._heard_time.pop(box.name, None)

    def hears_time(self, box: HospitalBox, asked_at: datetime) -> None:
        """The answer told the gateway's time: the box believes it, not an older one."""
        offset = box.link.state.offset
        assert offset is not None
        believed = box.clock.now + offset
        wrong_by = abs(believed - self._clock.now)
        unsure = (self._clock.now - asked_at) + timedelta(seconds=1)
        require(wrong_by <= unsure, "a box knows the gateway's time", f"{box.name} {wrong_by}")
        self._heard_time[box.name] = self._clock.now

    def is_put_back(self, box: HospitalBox) -> None:
        """What an older copy or a clone holds came before."""
        self._heard_time.pop(box.name, None)
        self.passes_over(box)

    def passes_over(self, box: HospitalBox) -> None:
        """Judges nobody who is there by now."""
        self._new(box)

    def hears_patients(self, box: HospitalBox, written_at: datetime | None = None) -> None:
        """Judges whoever has arrived just now, on a stick where the gateway has `written_at` said
        when. Against a clock that has jumped since the gateway was heard there is only that.
        """
        now = self._clock.now
        heard_at = self._heard_time.get(box.name)
        # After so long without the gateway a program that starts trusts its clock no more.
        knows = written_at is None or (heard_at is not None and now - heard_at < KEPT)
        never_heard = written_at is not None and box.link.state.offset is None
        for dispatch_id, rang_since in self._new(box):
            offer = self._ledger.offers.get(dispatch_id)
            if offer is None:
                continue
            where = f"{box.name}: {dispatch_id}, valid until {offer.valid_until}, now {now}"
            surely_over = now if knows or written_at is None else written_at
            if surely_over > offer.valid_until + _UNSURE:
                require(rang_since is None, "nobody rings after their validity", where)
            if now < offer.valid_until - _UNSURE and (knows or never_heard):
                require(rang_since is not None, "whoever comes in time rings", where)

    def _new(self, box: HospitalBox) -> list[tuple[int, datetime | None]]:
        query = select(dispatches.c.id, dispatches.c.rang_since).where(
            dispatches.c.offer.is_not(None)
        )
        rows = box.store.read(lambda c: c.execute(query).all())
        found = [tuple(row) for row in rows if (box.name, box.restores, row.id) not in self._seen]
        self._seen |= {(box.name, box.restores, dispatch_id) for dispatch_id, _ in found}
        return found
