"""Whatever callers, patients, hospitals, operators and time do, in whatever order: a hospital sees
what a patient states exactly as long as the rule says, worked out here from the rows alone.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from gateway.emergencies import caller_answers, closing, store, summaries
from gateway.medical import consent, profile
from gateway.medical.profile import ProfileField
from gateway.unit_of_work import UnitOfWork
from shared.emergency import ENDED, EmergencyState, Kind
from shared.errors import HavenError
from sync.events import SummaryShared, SummaryWithdrawn
from tests.journeys.test_it_is_me import FAR, NEAR, SHARE, SHOWN, caller_id, patient, raises
from tests.journeys.world import HospitalBox, Phone, World

_STEPS = 25
_SEES = {"offered", "delivered", "accepted", "arrived"}


class Walk:
    """One caller's emergency, and everything that may happen to it."""

    def __init__(self, world: World, boxes: list[HospitalBox], phone: Phone, chance: Random):
        self.world, self.boxes, self.phone, self.chance = world, boxes, phone, chance
        self.who = caller_id(world, phone)
        raises(phone).texts("it's me")
        self.emergency_id = world.emergencies()[-1].id

    def steps(self) -> list[Callable[[], object]]:
        texts = ("1", "2", "3", "WORSE", "it's me", "it's me", "not me", "it bleeds more")
        return [
            lambda: self.phone.texts(self.chance.choice(texts)),
            lambda: self.phone.texts("it's me"),
            lambda: self._claims(self.chance.choice(self.boxes)),
            lambda: self._claims(self.chance.choice(self.boxes)),
            lambda: self._patient(lambda uow: consent.withdraw(uow, self.who, SHARE, SHOWN)),
            lambda: self._patient(lambda uow: consent.give(uow, self.who, SHARE, SHOWN)),
            lambda: self._patient(lambda uow: profile.erase(uow, self.who)),
            lambda: self._patient(
                lambda uow: profile.put(uow, self.who, ProfileField.BLOOD_TYPE, "A+")
            ),
            self._details,
            lambda: self._passes(self.chance.choice((30, 95, 400, 7200))),
        ]

    def ends(self) -> None:
        if self.chance.random() < 0.5:
            self.phone.texts("CANCEL")
        else:
            self.world.services.write(
                lambda uow: closing.close(uow, store.lock(uow, self.emergency_id))
            )

    def _claims(self, box: HospitalBox) -> None:
        if box.offers() and box.offers()[-1].emergency_id == self.emergency_id:
            says = (
                box.rings,
                box.accepts,
                box.cannot_treat,
                box.can_treat_after_all,
                box.reports_arrival,
            )
            self.chance.choice(says)()

    def _patient(self, changes: Callable[[UnitOfWork], None]) -> None:
        def work(uow: UnitOfWork) -> None:
            with summaries.kept_true(uow, self.who):
                changes(uow)

        self.world.services.write(work)

    def _details(self) -> None:
        count = self.chance.choice((1, 1, 4))
        answers = self.chance.choice(
            ({"sign": "bleeding", "cause": "injury"}, {"sign": "bleeding", "cause": "child"})
        )

        def work(uow: UnitOfWork) -> None:
            emergency = store.lock(uow, self.emergency_id)
            if emergency.state in store.ACTIVE:
                caller_answers.details_given(uow, emergency, answers, patient_count=count)

        self.world.services.write(work)

    def _passes(self, seconds: float) -> None:
        self.world.clock.now += timedelta(seconds=seconds)
        self.world.settle()


def ought_to_see(world: World, emergency_id: int, who: int) -> dict[int, bool]:
    """By dispatch, from what is stored."""

    def stated(uow: UnitOfWork) -> bool:
        known = profile.read(uow, who)
        return SHARE in consent.standing(uow, who) and bool(known.blood_type or known.allergies)

    (emergency,) = (each for each in world.emergencies() if each.id == emergency_id)
    shares = (
        emergency.caller_is_patient
        and EmergencyState(emergency.state) not in ENDED
        and Kind(emergency.kind) not in (Kind.CHILD, Kind.NEWBORN)
        and emergency.patient_count == 1
        and world.services.write(stated)
    )
    return {
        row.id: bool(shares and row.state in _SEES)
        for row in world.dispatches()
        if row.emergency_id == emergency_id
    }


def sees(world: World, dispatch_id: int) -> bool:
    words = [
        event
        for _, event in world.boxes.events
        if isinstance(event, SummaryShared | SummaryWithdrawn) and event.dispatch_id == dispatch_id
    ]
    return bool(words) and isinstance(words[-1], SummaryShared)


@pytest.mark.parametrize("seed", range(8))
def test_hospitals_see_what_they_ought_to_and_no_more(world: World, seed: int) -> None:
    chance = Random(seed)
    boxes = [world.hospital("Mbagathi", *NEAR), world.hospital("Pumwani", *FAR)]
    shown = 0
    for number in range(3):
        phone = patient(world, f"+25471100{seed}00{number}")
        walk = Walk(world, boxes, phone, chance)
        for _ in range(_STEPS):
            with suppress(HavenError):
                chance.choice(walk.steps())()
            ought = ought_to_see(world, walk.emergency_id, walk.who)
            assert {each: sees(world, each) for each in ought} == ought, f"seed {seed}"
            shown += any(ought.values())
        with suppress(HavenError):
            walk.ends()
        ought = ought_to_see(world, walk.emergency_id, walk.who)
        assert {each: sees(world, each) for each in ought} == ought, f"seed {seed}"
    assert shown
