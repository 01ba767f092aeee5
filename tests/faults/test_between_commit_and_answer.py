"""kill -9 of the web process in the moments around a commit, which no other test can hit."""

import pytest
import requests
from sqlalchemy import select

from gateway.emergencies.tables import dispatches, emergencies
from tests.faults.callers import Answered, nothing_is_lost, turn
from tests.faults.dying_web import AFTER_THE_COMMIT, BEFORE_THE_COMMIT
from tests.faults.installation import Installation, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]


@pytest.mark.parametrize(
    ("moment", "stored"), [(BEFORE_THE_COMMIT, 0), (AFTER_THE_COMMIT, 1)], ids=str
)
def test_a_caller_whose_turn_was_cut_off_is_one_emergency(
    installation: Installation, moment: str, stored: int
) -> None:
    fuse = installation.folder / "fuse"
    fuse.touch()
    web = installation.program(
        "web", "tests.faults.dying_web", HAVEN_DIES_WHEN=moment, HAVEN_DIES_ONCE=str(fuse)
    )
    installation.simulator.start()
    web.start()
    until("it answers", lambda: requests.get(f"{installation.url}/readyz", timeout=5).ok)

    with pytest.raises(requests.RequestException):
        installation.post("ussd", turn(1))
    assert not fuse.exists(), "it was to be killed, and was not"
    assert len(installation.read(select(emergencies.c.id))) == stored

    # Another one takes its place, and the operator posts the turn that nobody has answered again.
    until("it answers again", lambda: requests.get(f"{installation.url}/readyz", timeout=5).ok)
    answer = installation.post("ussd", turn(1)).text
    assert "Go now" in answer
    (emergency,) = installation.read(select(emergencies))
    (dispatch,) = installation.read(select(dispatches))
    assert emergency.told_dispatch_id == dispatch.id
    nothing_is_lost(installation, [Answered(1, answer)], None)
    assert web.stop() == 0
