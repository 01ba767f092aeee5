"""One seed's world: a gateway, a hospital's boxes, everything between them, and what happens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import shake_256
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from edge_node.gateway_connection import GatewayRefused, GatewayUnreachable
from edge_node.identity import Identity
from edge_node.tables import dispatches
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import Priority
from shared.errors import IllegalMove, NotFound
from shared.hospital import HospitalStatus
from shared.identifier import first_at
from sync.frame import Frame
from sync.sealing import Refused
from tests.simulation.broken import require
from tests.simulation.centre import Centre
from tests.simulation.clock import Clock
from tests.simulation.disasters import Restoring
from tests.simulation.disk import Disk, PowerCut
from tests.simulation.enrolled import FIRST_BOX, first_box_enrolled
from tests.simulation.healed import Disasters, Healed
from tests.simulation.hospital_box import HospitalBox, identity_in
from tests.simulation.ledger import Ledger
from tests.simulation.looking import Looking
from tests.simulation.network import Network
from tests.simulation.plan import STEPS, Plan, plan_of
from tests.simulation.ringing import Ringing

_ROUNDS = 16
# A text does not say when it was written.
_UNTOLD = datetime.min.replace(tzinfo=UTC)


class World:
    """Built quiet; `lives` is the seed's story, `heals` its end, `check` the judgement."""

    def __init__(self, seed: int, folder: Path, given: Mapping[str, Any]) -> None:
        self.rng = Random(seed)
        self.plan: Plan = replace(plan_of(self.rng), **given)
        self.trace: list[str] = [repr(self.plan)]
        self._folder = folder
        self._power_may_go = False
        self.clock = Clock()
        self.ledger = Ledger()
        enrolled = first_box_enrolled()
        disk = self.disk("gateway")
        disk.put(enrolled.centre)
        self.centre = Centre(disk, self.clock, Random(self.rng.random()))
        self.network = Network(self.centre, self.clock, self.rng, self.meanwhile)
        self.looking = Looking(self.ledger, self.centre, self.clock)
        self.ringing = Ringing(self.ledger, self.clock)
        self.disasters = Disasters()
        self.restoring = Restoring(self)
        self.sticks: list[tuple[bool, int, bytes, datetime]] = []
        self.written_texts: list[tuple[bool, str]] = []
        self.boxes: list[HospitalBox] = []
        # Offers go to the boxes of this site, and to clones of them.
        self.active_since = 0
        enrolled.put_identity(folder / FIRST_BOX)
        self._adds_a_box(FIRST_BOX, Identity(folder / FIRST_BOX)).starts()
        self._reports = 0

    def disk(self, name: str) -> Disk:
        return Disk(self._folder / f"{name}.sqlite", self._power_goes)

    def _power_goes(self) -> bool:
        return self._power_may_go and self.rng.random() < self.plan.power_cuts

    @contextmanager
    def steady_power(self) -> Iterator[None]:
        """For what would be done again, by people, until it has worked."""
        before, self._power_may_go = self._power_may_go, False
        yield
        self._power_may_go = before

    @property
    def active(self) -> list[HospitalBox]:
        newest = self.boxes[-1].site_id
        return [box for box in self.boxes if box.site_id == newest]

    def notes(self, what: str) -> None:
        self.trace.append(f"{self.clock.now:%d %H:%M:%S} {what}")

    # What happens

    def lives(self) -> None:
        self.network.is_calm, self._power_may_go = False, True
        for number in range(STEPS):
            self.clock.forward(timedelta(seconds=self.rng.choice([0.2, 1, 20, 60])))
            self.survives(self._step)
            if number % 12 == 11:
                self.looks()
        self._power_may_go = False

    def _step(self) -> None:
        choices = _STEPS
        if self.plan.by_stick_alone:
            choices = _STEPS_WITHOUT_NETWORK
        elif self.plan.by_single_events:
            choices = _STEPS_OF_SINGLE_EVENTS
        [step] = self.rng.choices(list(choices), list(choices.values()))
        step(self)

    def survives(self, work: Callable[[], None]) -> None:
        """Whoever loses power starts again."""
        try:
            work()
        except PowerCut as cut:
            self._power_returns(cut)

    def _power_returns(self, cut: PowerCut) -> None:
        self.notes(f"power cut: {cut}")
        if cut.disk is self.centre.disk:
            self.centre.power_returns()
            return
        box = next(box for box in self.boxes if box.disk is cut.disk)
        box.loses_power()
        self.starts(box)
        self.ringing.passes_over(box)

    def starts(self, box: HospitalBox) -> None:
        while True:
            try:
                box.starts()
                return
            except PowerCut:
                box.loses_power()

    def looks(self) -> None:
        self.looking.at(self.boxes)
        if not self.disasters.any:
            for box in self.boxes:
                self.looking.at_what_each_believes(box)

    def meanwhile(self) -> None:
        """What else happens while a request is under way; its own box does not stop."""
        step = self.rng.choice(
            [
                World.offers,
                World.changes,
                World.speaks,
                World.sends_beside,
                World.carries,
                World.carries_one_event,
                World.texts,
            ]
        )
        try:
            step(self)
        except PowerCut as cut:
            if cut.disk is not self.centre.disk:
                raise
            self._power_returns(cut)

    def offers(self) -> None:
        valid = timedelta(minutes=self.rng.choice([8, 240, 240]))
        number = len(self.ledger.offers)
        # What does not fit a text goes in brief.
        words = shake_256(bytes([number % 256])).hexdigest(90) if number % 2 else ""
        offer = self.centre.offers(f"number {number} {words}", valid)
        self.ledger.offers[offer.dispatch_id] = offer
        self.notes(f"offers {offer.dispatch_id}")

    def changes(self) -> None:
        """More is known of a patient, or they go elsewhere."""
        if not self.ledger.offers:
            return
        dispatch_id = self.rng.choice(list(self.ledger.offers)[-8:])
        if self.rng.random() < 0.6:
            note = f"as of step {len(self.trace)}"
            self.centre.learns(dispatch_id, note, self.rng.choice(list(Priority)))
        else:
            to = self.rng.choice(
                [DispatchState.EXPIRED, DispatchState.WITHDRAWN, DispatchState.SUPERSEDED]
            )
            self.centre.moves(dispatch_id, to)
        self.notes(f"changes {dispatch_id}")

    def speaks(self) -> None:
        """Staff answer at a box."""
        hospital = self.rng.choice(self.boxes)
        query = select(dispatches.c.id).order_by(dispatches.c.received_at.desc()).limit(8)
        known = hospital.store.read(lambda c: c.execute(query).scalars().all())
        if not known:
            return
        dispatch_id, box = self.rng.choice(known), hospital.box
        with suppress(IllegalMove, NotFound):
            match self.rng.randrange(5):
                case 0 | 1:
                    claim = box.accept(dispatch_id, "AK")
                case 2:
                    claim = box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_BED)
                case 3:
                    claim = box.treat_after_all(dispatch_id, "AK")
                case _:
                    claim = box.arrived(dispatch_id, "AK")
            self.ledger.said[claim.id] = dispatch_id
            self.notes(f"{hospital.name} {claim.kind} {claim.id} of {dispatch_id}")

    def reports(self) -> None:
        """How many beds there are; the number tells reports apart."""
        self._reports += 1
        number = self._reports
        box = self.rng.choice(self.boxes)
        box.box.report_availability(HospitalStatus.NORMAL, number, 0, "AK")
        self.ledger.reports.add(number)
        self.notes(f"{box.name} reports {number}")

    def exchanges(self) -> None:
        self.exchange(self.rng.choice(self.boxes))

    def exchange(self, box: HospitalBox) -> bool:
        """One exchange; whether more is to be said at once."""
        started_at = self.clock.now
        try:
            outcome = box.exchanger.run()
        except (GatewayUnreachable, GatewayRefused, Refused) as error:
            self.notes(f"{box.name} did not exchange: {type(error).__name__} {error}")
            return False
        finally:
            if box.is_running:
                self.ringing.hears_patients(box)
        require(not self.network.gave_another, "only the answer to this request is taken", box.name)
        self.ringing.hears_time(box, started_at)
        if not self.disasters.any:
            self.looking.at_what_is_sent(box)
        self.notes(f"{box.name} exchanges: {outcome}")
        return outcome.more

    def sends_beside(self) -> None:
        box = self.rng.choice(self.boxes)
        with suppress(GatewayUnreachable, GatewayRefused, Refused):
            box.exchanger.send(box.network)
            self.notes(f"{box.name} sends beside")

    def carries(self) -> None:
        """Somebody writes a bundle, or puts in one that was written once, at either side."""
        rng, box = self.rng, self.rng.choice(self.boxes)
        match rng.randrange(4):
            case 0:
                content = self.centre.bundle(box.site_id, everything=rng.random() < 0.3)
                self.sticks.append((False, box.site_id, content, self.clock.now))
            case 1:
                self.sticks.append((True, box.site_id, box.bundle(), self.clock.now))
            case _:
                self._puts_in(box)

    def carries_one_event(self) -> None:
        """One event by itself, as a short message carries it: any that waits, in any order."""
        box, goes_up = self.rng.choice(self.boxes), self.rng.random() < 0.5
        waiting = box.waiting() if goes_up else self.centre.waiting(box.site_id)
        if not waiting:
            return
        chosen = self.rng.choice(waiting)
        at = chosen.position
        frame = Frame(at.lane, at.epoch, at.seq, (chosen.payload,))
        if goes_up:
            self.centre.takes_frame(box.site_id, frame)
        else:
            written_at = self.clock.now
            box.takes_frame(frame, written_at)
            self.ringing.hears_patients(box, written_at)
        self.notes(f"{at} is carried {'from' if goes_up else 'to'} {box.name} by itself")

    def texts(self) -> None:
        """A text is written, or one that was written arrives: at once, late, again, in any
        order.
        """
        box, goes_up = self.rng.choice(self.boxes), self.rng.random() < 0.5
        if self.rng.random() < 0.6:
            text = box.text() if goes_up else self.centre.text(box.site_id, self.rng)
            if text is None:
                return
            self.written_texts.append((goes_up, text))
            if self.rng.random() < 0.5:
                return
        fitting = [text for up, text in self.written_texts[-12:] if up is goes_up]
        if not fitting:
            return
        text = self.rng.choice(fitting)
        if goes_up:
            self.centre.takes_text(text)
        else:
            box.takes_text(text)
            self.ringing.hears_patients(box, _UNTOLD)
        self.notes(f"a text arrives at {'the gateway' if goes_up else box.name}")

    def _puts_in(self, box: HospitalBox) -> None:
        fitting = [each for each in self.sticks[-8:] if each[0] or each[1] == box.site_id]
        if not fitting:
            return
        goes_up, _, content, written_at = self.rng.choice(fitting)
        if goes_up:
            self.centre.takes_bundle(content)
            if not self.disasters.any:
                self.looking.at_what_each_believes(box)
        else:
            box.takes_bundle(content)
            self.ringing.hears_patients(box, written_at)
        self.notes(f"a bundle is put in at {'the gateway' if goes_up else box.name}")

    def restarts(self) -> None:
        box = self.rng.choice(self.boxes)
        self.starts(box)
        self.notes(f"{box.name} restarts")

    def mends_or_cuts(self) -> None:
        """The cable: out for hours or days."""
        self.network.is_cut = not self.network.is_cut
        self.notes(f"the cable is {'out' if self.network.is_cut else 'in'}")
        if self.network.is_cut:
            self.clock.forward(timedelta(hours=self.rng.choice([0.1, 2, 30, 80])))

    def clocks_jump(self) -> None:
        if not self.plan.bad_clock:
            return
        box = self.rng.choice(self.boxes)
        box.clock.jumps(self.rng)
        self.ringing.clock_jumped(box)
        self.notes(f"{box.name} has its clock wrong by {box.clock.wrong_by}")

    def weeks_pass(self) -> None:
        if not self.plan.long:
            return
        self.looking.at_what_was_written(self.boxes)
        self.clock.forward(timedelta(days=self.rng.choice([2, 12, 36])))
        self.centre.forgets()
        self.notes("weeks have passed")

    def repeats(self) -> None:
        with suppress(GatewayUnreachable):
            self.network.repeats_an_old_request()

    def keeps_copies(self) -> None:
        self.restoring.keeps_copies()

    def puts_back(self) -> None:
        self.restoring.puts_back()

    def clones(self) -> None:
        self.restoring.clones()

    def new_box(self) -> None:
        if self.plan.second_box and len({box.site_id for box in self.boxes}) == 1:
            self.enrols_a_box()

    def enrols_a_box(self) -> None:
        """A box of its own keys; the one before is retired."""
        name = f"box-{len(self.boxes)}"
        with self.steady_power():
            box = self._adds_a_box(name, identity_in(self._folder / name, self.rng))
            box.enrols(self.centre.code())
            box.starts()
        self.active_since = first_at(self.clock.now)
        self.restoring.forgets_copies()
        self.ringing.hears_patients(box)
        self.notes(f"{name} is enrolled as box {box.site_id}")

    def _adds_a_box(self, name: str, identity: Identity) -> HospitalBox:
        rng = Random(self.rng.random())
        box = HospitalBox(identity, self.disk(name), self.clock, self.network, rng)
        self.boxes.append(box)
        return box

    # The end

    def heals(self) -> None:
        """The network works, and everybody meets until nothing is left to say."""
        self.network.is_calm, self.network.is_cut = True, False
        self.notes("heals")
        quiet = 0
        for _ in range(_ROUNDS):
            self.clock.forward(timedelta(seconds=15))
            before = len(self.trace)
            for box in self.boxes:
                count = 0
                while self.exchange(box):
                    count += 1
                    require(count < 100, "both sides come to rest and agree", "no end of exchanges")
            news = [line for line in self.trace[before:] if "received=0, more=False" not in line]
            quiet = 0 if news else quiet + 1
            # A gateway that was put back waits for a minute for what cannot be given back.
            if quiet == (6 if self.disasters.any else 2):
                return

    def comes_again(self) -> None:
        """What was written long ago arrives once more, now that everything is said."""
        for goes_up, site_id, content, _ in self.sticks[:4]:
            if goes_up:
                self.centre.takes_bundle(content)
                continue
            for box in self.boxes:
                if box.site_id == site_id:
                    box.takes_bundle(content)
        for goes_up, text in self.written_texts[:4]:
            if goes_up:
                self.centre.takes_text(text)
        for _ in range(2):
            self.network.repeats_an_old_request()

    def check(self) -> None:
        self.looks()
        if not self.disasters.any:
            # After a restore it may be news: what one side had lost.
            self.comes_again()
            self.looks()
        self.disasters.must_be_shown |= self.looking.mixed_histories
        Healed(self.ledger, self.centre, self.clock, self.disasters).check(
            self.boxes, self.active, self.active_since
        )

    def ends(self) -> None:
        """Lets go of every file."""
        self.centre.database.close()
        for box in self.boxes:
            box.stops()


_STEPS: dict[Callable[[World], None], int] = {
    World.exchanges: 32,
    World.offers: 13,
    World.speaks: 14,
    World.changes: 9,
    World.carries: 8,
    World.carries_one_event: 5,
    World.texts: 16,
    World.reports: 3,
    World.restarts: 3,
    World.mends_or_cuts: 4,
    World.keeps_copies: 5,
    World.puts_back: 5,
    World.clocks_jump: 3,
    World.weeks_pass: 2,
    World.clones: 1,
    World.new_box: 1,
    World.repeats: 3,
}
# Most of the time a line carries texts and rings, and no exchange: gaps stay open for long.
_STEPS_OF_SINGLE_EVENTS = {
    **_STEPS,
    World.exchanges: 8,
    World.carries_one_event: 30,
    World.texts: 24,
    World.keeps_copies: 8,
    World.puts_back: 8,
}
_STEPS_WITHOUT_NETWORK = {
    step: weight
    for step, weight in {**_STEPS, World.carries: 40}.items()
    if step not in (World.exchanges, World.repeats)
}
