"""Disks that are put back to older copies, and copied."""

from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import select

from edge_node.tables import claims, dispatches
from edge_node.tables import streams as box_streams
from gateway.sites.tables import streams as centre_streams
from sync.codec import decode
from sync.events import AvailabilityReported
from tests.simulation import patients
from tests.simulation.disk import Image
from tests.simulation.healed import claims_at_centre
from tests.simulation.hospital_box import HospitalBox
from tests.simulation.ledger import KEPT

if TYPE_CHECKING:
    from tests.simulation.world import World


class Restoring:
    """Copies of disks, and what going back to one takes away."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._of_centre: list[tuple[datetime, Image]] = []
        self._of_boxes: list[tuple[str, Image]] = []

    def forgets_copies(self) -> None:
        """Nobody goes back to before a box was enrolled."""
        self._of_centre, self._of_boxes = [], []

    def keeps_copies(self) -> None:
        world = self._world
        if world.plan.centre_restores:
            self._of_centre.append((world.clock.now, world.centre.disk.image()))
        if world.plan.box_restores:
            box = world.rng.choice(world.boxes)
            self._of_boxes.append((box.name, box.disk.image()))

    def puts_back(self) -> None:
        world = self._world
        choices = [self._centre] * bool(self._of_centre) + [self._box] * bool(self._of_boxes)
        if choices:
            world.looking.at(world.boxes)
            with world.steady_power():
                world.rng.choice(choices)()
                self._note_what_is_lost()

    def _centre(self) -> None:
        world = self._world
        copied_at, image = world.rng.choice(self._of_centre[-3:])
        world.centre.starts_on(image)
        world.looking.centre_put_back_too_far |= world.clock.now - copied_at >= KEPT
        world.disasters.centre_restores += 1
        world.looking.centre_restores += 1
        if world.rng.random() < world.plan.notices:
            world.centre.notices_its_restore()
            world.notes("the gateway is put back, and notices it")
        else:
            world.looking.centre_wrote_blindly = True
            world.disasters.wrote_blindly = True
            world.notes("the gateway is put back, and does not notice it")

    def _box(self) -> None:
        world = self._world
        name, image = world.rng.choice(self._of_boxes[-3:])
        box = next(each for each in world.boxes if each.name == name)
        world.notes(f"{name} is put back to an older copy")
        box.is_put_back(image)
        world.disasters.box_restores += 1
        # What it had of two stories may be gone again before anybody could compare.
        world.looking.mixed_histories = False
        world.starts(box)
        world.ringing.is_put_back(box)

    def clones(self) -> None:
        """A copy of a box's whole disk runs beside it."""
        world = self._world
        if not world.plan.clone or world.disasters.clones:
            return
        of = world.active[-1]
        world.disasters.clones += 1
        disk = world.disk(f"{of.name}-clone")
        disk.put(of.disk.image())
        clone = HospitalBox(
            of.identity, disk, world.clock, world.network, Random(world.rng.random())
        )
        world.starts(clone)
        world.boxes.append(clone)
        world.ringing.is_put_back(clone)
        world.notes(f"{of.name} is cloned")

    def _note_what_is_lost(self) -> None:
        """Whatever no disk holds any more cannot come back."""
        world = self._world
        centre = world.centre.database
        site_ids = {box.site_id for box in world.boxes}
        kept = centre.read(lambda c: claims_at_centre(c, site_ids))
        known = set(
            centre.read(lambda c: c.execute(select(patients.patients.c.id)).scalars().all())
        )
        reports = centre.read(
            lambda c: _reports(
                c.execute(select(centre_streams.incoming.events.c.payload)).scalars().all()
            )
        )
        for box in world.boxes:
            kept |= set(box.store.read(lambda c: c.execute(select(claims.c.id)).scalars().all()))
            known |= set(
                box.store.read(
                    lambda c: (
                        c.execute(select(dispatches.c.id).where(dispatches.c.offer.is_not(None)))
                        .scalars()
                        .all()
                    )
                )
            )
            reports |= box.store.read(
                lambda c: _reports(
                    c.execute(select(box_streams.outgoing.events.c.payload)).scalars().all()
                )
            )
        lost = world.disasters
        lost.lost_claims |= set(world.ledger.said) - kept
        lost.lost_reports |= world.ledger.reports - reports
        lost.lost_patients |= set(world.ledger.offers) - known


def _reports(payloads: object) -> set[int]:
    found = set()
    for payload in payloads:  # type: ignore[attr-defined]
        event = decode(payload)
        if isinstance(event, AvailabilityReported):
            found.add(event.staffed_beds or 0)
    return found
