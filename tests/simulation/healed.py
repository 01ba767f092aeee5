"""What must hold once the network works, the power stays on and both sides have met."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from edge_node.dispatch import OPEN_CLAIMS, ClaimState, Dispatch
from edge_node.tables import streams as box_streams
from gateway.sites.tables import streams as centre_streams
from shared.identifier import first_at
from sync.codec import decode
from sync.events import Claim
from sync.packing import Unreadable
from sync.peer import GATEWAY
from tests.simulation import patients
from tests.simulation.broken import require
from tests.simulation.centre import Centre
from tests.simulation.clock import Clock
from tests.simulation.hospital_box import HospitalBox
from tests.simulation.ledger import Ledger

# A day less than what boxes keep, because they forget once a day.
_SHOWN = timedelta(days=34)


@dataclass
class Disasters:
    """What befell the disks: it decides what may be missing, and what has to be shown."""

    centre_restores: int = 0
    box_restores: int = 0
    clones: int = 0
    # Claims that no disk held any more after one was put back.
    lost_claims: set[int] = field(default_factory=set)
    lost_reports: set[int] = field(default_factory=set)
    lost_patients: set[int] = field(default_factory=set)
    # The gateway was put back, and went on without noticing it.
    wrote_blindly: bool = False
    # A box was put back to before something that the gateway had heard.
    must_be_shown: bool = False

    @property
    def mixed(self) -> bool:
        """Two clones and a disk that was put back: a snapshot for one of them may take the place of
        verdicts that the other has not had.
        """
        return bool(self.clones and (self.centre_restores or self.box_restores))

    @property
    def any(self) -> bool:
        return bool(self.centre_restores or self.box_restores or self.clones)


class Healed:
    """Everything that both sides hold at the end, compared."""

    def __init__(self, ledger: Ledger, centre: Centre, clock: Clock, disasters: Disasters) -> None:
        self._ledger = ledger
        self._centre = centre
        self._disasters = disasters
        self._since = first_at(clock.now - _SHOWN)
        self._rows: dict[int, Any] = {}

    def check(self, boxes: list[HospitalBox], active: list[HospitalBox], since: int) -> None:
        """`active` are the boxes that offers go to, of patients from the identifier `since` on."""
        read = self._centre.database.read
        query = select(patients.patients)
        self._rows = {row.id: row for row in read(lambda c: c.execute(query).all())}
        of = select(patients.effects.c.of, patients.effects.c.accepted)
        found = read(lambda c: c.execute(of).all())
        effects = Counter(row.of for row in found)
        twice = {each for each, count in effects.items() if count > 1}
        require(not twice, "every event has exactly one effect", f"twice: {twice}")
        accepted = {row.of: row.accepted for row in found}
        shown = {box.name: _shown(box) for box in boxes}
        for box in boxes:
            self._claims(box, shown[box.name], accepted)
        self._nothing_said_is_gone(boxes, shown, effects)
        self._nobody_is_forgotten(shown)
        for box in active:
            self._equal(box, shown[box.name], since)
        self._agree(boxes, active)
        self._shown_to_people(boxes)

    def _claims(
        self, box: HospitalBox, shown: dict[int, Dispatch], accepted: dict[int, bool]
    ) -> None:
        for dispatch in shown.values():
            for claim in dispatch.claims:
                where = f"{box.name}: {claim.kind} {claim.id} is {claim.state}"
                require(claim.id in accepted, "every event has exactly one effect", where)
                if claim.state in OPEN_CLAIMS and self._disasters.mixed:
                    continue
                require(claim.state not in OPEN_CLAIMS, "no verdict is missing", where)
                is_lost = claim.why == patients.NO_SUCH and dispatch.id in self._rows
                allowed = self._disasters.wrote_blindly or self._disasters.clones
                name = "nobody is refused for what a restore lost"
                require(bool(allowed) or not is_lost, name, where)
                if not self._disasters.centre_restores and claim.state not in OPEN_CLAIMS:
                    said = claim.state is ClaimState.ACCEPTED
                    require(said is accepted[claim.id], "both sides are equal", where)

    def _nothing_said_is_gone(
        self,
        boxes: list[HospitalBox],
        shown: dict[str, dict[int, Dispatch]],
        effects: Counter[int],
    ) -> None:
        there = {
            claim.id
            for dispatches in shown.values()
            for dispatch in dispatches.values()
            for claim in dispatch.claims
        }
        for claim_id, dispatch_id in self._ledger.said.items():
            if claim_id in self._disasters.lost_claims or dispatch_id < self._since:
                continue
            where = f"claim {claim_id} of {dispatch_id}"
            require(claim_id in there, "what staff were told is stored is not gone", where)
        for number in self._ledger.reports - self._disasters.lost_reports:
            where = f"report {number}"
            require(effects[-number] == 1, "every event has exactly one effect", where)

    def _nobody_is_forgotten(self, shown: dict[str, dict[int, Dispatch]]) -> None:
        """Whoever was offered is known at the gateway, or over where nobody gave them back."""
        over = {
            each.id
            for dispatches in shown.values()
            for each in dispatches.values()
            if each.state in patients.OVER
        }
        for dispatch_id in set(self._ledger.offers) - self._disasters.lost_patients - over:
            if dispatch_id >= self._since:
                known = dispatch_id in self._rows
                require(known, "no patient is missing", f"{dispatch_id} is known to nobody")

    def _equal(self, box: HospitalBox, shown: dict[int, Dispatch], since: int) -> None:
        since = max(since, self._since)
        for dispatch_id, row in self._rows.items():
            if dispatch_id < since:
                continue
            here = shown.get(dispatch_id)
            where = f"{box.name}: {dispatch_id}, {row.state} at the gateway"
            require(here is not None and here.offer is not None, "no patient is missing", where)
        for dispatch_id, dispatch in shown.items():
            if dispatch_id < since:
                continue
            row = self._rows.get(dispatch_id)
            where = f"{box.name}: {dispatch_id}, {dispatch.state} at the box"
            if row is None:
                is_over = dispatch.state in patients.OVER
                # Of one whom no disk held any more a late text may tell a part, which nobody can
                # make whole: people see it.
                no_more = dispatch.offer is None and dispatch_id in self._disasters.lost_patients
                known = is_over or no_more
                require(known, "no patient is missing", f"{where}, not known at the gateway")
                continue
            assert dispatch.offer is not None
            facts = (dispatch.state, dispatch.offer.note, dispatch.offer.priority)
            there = (row.state, row.note, row.priority)
            where = f"{where}: {facts} v{dispatch.version} and {there} v{row.version}"
            require(facts == there, "both sides are equal", where)

    def _agree(self, boxes: list[HospitalBox], active: list[HospitalBox]) -> None:
        name = "both sides come to rest and agree"
        if self._disasters.clones:
            return  # two boxes under one name have two accounts
        for box in boxes:
            waits = box.store.read(lambda c: box_streams.readers.unacknowledged(c, GATEWAY))
            require(not waits, name, f"{box.name} has {waits} events that nobody confirms")
            require(not box.link.state.differs, name, f"{box.name} says that histories differ")
        for box in active:
            site_id = box.site_id
            waits = self._centre.database.read(
                lambda c, site_id=site_id: centre_streams.readers.unacknowledged(c, site_id)  # type: ignore[misc]
            )
            require(not waits, name, f"the gateway has {waits} events for {box.name}")
            differs = self._centre.site_differs(box.site_id)
            require(not differs, name, f"the gateway says that {box.name} differs")

    def _shown_to_people(self, boxes: list[HospitalBox]) -> None:
        read = self._centre.database.read
        seen = [each.what for each in read(centre_streams.incoming.troubles)]
        seen += read(lambda c: c.execute(select(patients.alarms.c.kind)).scalars().all())
        for box in boxes:
            seen += [each.what for each in box.store.read(box_streams.incoming.troubles)]
        if not self._disasters.any:
            require(not seen, "people are not alarmed without a cause", f"{seen}")
        if self._disasters.must_be_shown:
            require(bool(seen), "a history that differs is shown to people", "nothing is")


def _shown(box: HospitalBox) -> dict[int, Dispatch]:
    return {each.id: each for each in box.box.dispatches(limit=10_000)}


def claims_at_centre(connection: Connection, site_ids: set[int]) -> set[int]:
    """The claims that boxes have sent here and that are kept."""
    table = centre_streams.incoming.events
    found = set()
    for payload in connection.execute(
        select(table.c.payload).where(table.c.writer.in_(site_ids))
    ).scalars():
        try:
            event = decode(payload)
        except Unreadable:
            continue
        if isinstance(event, Claim):
            found.add(event.claim_id)
    return found
