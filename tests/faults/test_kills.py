"""kill -9 for each process, and for all of them, while people raise emergencies."""

import os
import signal

import pytest
from sqlalchemy import select, update

from gateway import bootstrap, keys
from gateway.config import from_environment
from gateway.emergencies.tables import emergencies, timers
from shared.emergency import EmergencyState
from tests.faults.callers import Answered, Callers, nothing_is_lost, turn
from tests.faults.installation import Installation, descendants, is_running, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]
HOSPITAL = "Kenyatta National Hospital"
_BEFORE, _ALL = 25, 60


def _kill(process_ids: list[int]) -> None:
    assert process_ids, "there is nothing to kill"
    for process_id in process_ids:
        os.kill(process_id, signal.SIGKILL)


@pytest.mark.parametrize("victim", ["web", "live", "box", "everything"])
def test_nothing_that_was_answered_is_lost(installation: Installation, victim: str) -> None:
    installation.starts()
    box = installation.box(HOSPITAL, HAVEN_EDGE_EXCHANGE_EVERY_S="2")
    callers = Callers(installation)
    callers.start()
    callers.wait_for(_BEFORE)
    if victim == "web":
        _kill(installation.up.children("serve"))
    elif victim == "live":
        _kill(installation.up.children("gateway.live"))
    elif victim == "box":
        box.program.kill()
        box.program.start()
    else:
        installation.up.kill()
        installation.up.start()
    callers.wait_for(_ALL)
    callers.stop()
    installation.answers()
    nothing_is_lost(installation, callers.answered, box)
    assert installation.up.stop() == 0


def test_no_process_outlives_up(installation: Installation) -> None:
    installation.starts()
    assert "Go now" in installation.post("ussd", turn(1)).text
    started = descendants(installation.up.process_id)
    assert set(installation.up.children("serve") + installation.up.children("live")) < set(started)
    installation.up.kill_alone()
    try:
        until("they leave by themselves", lambda: not any(map(is_running, started)))
    finally:
        for process_id in filter(is_running, started):
            os.kill(process_id, signal.SIGKILL)
    # They let go of the ports and of the database, so that it can be started again at once.
    installation.up.start()
    installation.answers()
    nothing_is_lost(installation, [Answered(1, installation.post("ussd", turn(1)).text)], None)
    assert installation.up.stop() == 0


def test_moments_that_passed_while_the_power_was_off_are_made_up_for(
    installation: Installation,
) -> None:
    installation.starts()
    assert "CON" in installation.post("ussd", turn(1, "1*2")).text
    installation.up.kill()

    config = from_environment(installation.environment)
    database = bootstrap.open_database(config, keys.load(config.secret_dir))
    (timer,) = database.read(lambda connection: connection.execute(select(timers)).all())
    past = timer.due_at.replace(year=timer.due_at.year - 1)
    database.write(lambda connection: connection.execute(update(timers).values(due_at=past)))
    database.close()

    installation.up.start()
    installation.answers()

    def state() -> str:
        (row,) = installation.read(select(emergencies.c.state))
        return str(row.state)

    # Raised without a place: operators own it.
    until("it is raised", lambda: state() == EmergencyState.UNANSWERED)
    (shown,) = installation.rows("emergencies", "list")
    assert shown["alarms"] == ["no_place"]
