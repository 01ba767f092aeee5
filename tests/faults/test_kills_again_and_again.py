"""kill -9 at random moments for the gateway's processes and the box, again and again, while people
call and staff answer: afterwards every emergency and every answer is there exactly once.

`make kills KILLS=140 SEED=7` makes it longer, and another one.
"""

import os
import signal
import threading
from collections import Counter
from random import Random

import pytest
import requests
from sqlalchemy import select

from gateway.audit import audit_entries
from gateway.emergencies.tables import dispatches
from shared.dispatch import DispatchState
from shared.identifier import to_text
from tests.bench import country
from tests.faults.callers import Callers, every_emergency_is_there
from tests.faults.installation import Box, Installation, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]
# Heavy bleeding after an injury, beside the hospital that has beds for everybody.
_ANSWERS = "1*2*2*-1.0333,37.0693"
_KILLS = min(int(os.environ.get("HAVEN_TEST_KILLS", "6")), 149)
_SEED = int(os.environ.get("HAVEN_TEST_SEED", "20261130"))
_LONGEST_PAUSE_S = 1.5
# So many emergencies between two kills: together no more than the box lists at once.
_EACH = max(1, 140 // (_KILLS + 1))


class Staff:
    """Somebody at the hospital who accepts every patient that the box shows. `answered` are those
    whose answer the console has taken.
    """

    def __init__(self, box: Box) -> None:
        self.answered: set[str] = set()
        self._box = box
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _answer(self) -> None:
        while not self._stopping.wait(0.1):
            try:
                self.answers_all()
            except requests.RequestException:
                continue  # The box is dead at this moment.

    def answers_all(self) -> None:
        """Accepts whoever waits for an answer."""
        for each in self._box.dispatches():
            if each["local_state"] in ("offered", "delivered"):
                self._box.says(each["id"], "accept")
                self.answered.add(each["id"])


def _kill_something(installation: Installation, box: Box, rng: Random) -> None:
    victim = rng.choice(("web", "live", "box", "box", "gateway", "everything"))
    if victim in ("web", "live"):
        word = "serve" if victim == "web" else "gateway.live"
        # None while it is being started anew: that is another moment to kill the parent at.
        for process_id in installation.up.children(word):
            os.kill(process_id, signal.SIGKILL)
    if victim in ("box", "everything"):
        box.program.kill()
    if victim in ("gateway", "everything"):
        installation.up.kill()
        installation.up.start()
    if victim in ("box", "everything"):
        box.program.start()


def test_nothing_is_lost_or_doubled(installation_with_beds: Installation) -> None:
    installation, rng = installation_with_beds, Random(_SEED)
    print(f"HAVEN_TEST_SEED={_SEED}")
    installation.starts()
    box = installation.box(country.NEAR, HAVEN_EDGE_EXCHANGE_EVERY_S="1")
    callers = Callers(installation, text=_ANSWERS, most=_EACH)
    staff, pause = Staff(box), threading.Event()
    callers.start()
    staff.start()
    for number in range(1, _KILLS + 1):
        callers.may_dial(_EACH)
        callers.wait_for(_EACH * number)
        pause.wait(rng.random() * _LONGEST_PAUSE_S)
        _kill_something(installation, box, rng)
    callers.wait_for(_EACH * (_KILLS + 1))
    callers.stop()
    staff.stop()
    installation.answers()
    until("the box answers", lambda: box.get("/api/v1/link")["connected"])
    every_emergency_is_there(installation, callers.answered, box, _ANSWERS)

    def all_have_their_verdicts() -> bool:
        staff.answers_all()
        listed = box.dispatches()
        claims = [claim for each in listed for claim in each["claims"]]
        return (
            box.get("/api/v1/link")["unsent_claims"] == 0
            and all(each["state"] == "accepted" for each in listed)
            and all(claim["state"] in ("accepted", "rejected") for claim in claims)
        )

    until("every answer has its verdict", all_have_their_verdicts)
    everybody = {each["id"] for each in box.dispatches()}
    assert staff.answered <= everybody
    accepted = select(dispatches.c.id, dispatches.c.emergency_id).where(
        dispatches.c.reachable, dispatches.c.state == DispatchState.ACCEPTED
    )
    rows = installation.read(accepted)
    assert {to_text(row.id) for row in rows} == everybody
    effects = Counter(
        row.subject
        for row in installation.read(
            select(audit_entries.c.subject).where(audit_entries.c.action == "dispatch accepted")
        )
    )
    assert set(effects.values()) == {1}
    assert len(effects) == len(everybody) == len(callers.answered)
    assert installation.up.stop() == 0
