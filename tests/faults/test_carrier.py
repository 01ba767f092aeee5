"""Africa's Talking down, slow, refusing, out of credit, or knowing us no more; and back again."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.alarms.tables import alarms
from gateway.notifications.tables import messages
from gateway.simulator.control_client import SimulatorControl
from shared.identifier import to_text
from tests.faults.callers import everything_is_sent_once, turn
from tests.faults.installation import Installation, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]


def _listed(installation: Installation) -> list[dict[str, Any]]:
    return installation.rows("deliveries", "list")


def _try_all_now(installation: Installation) -> None:
    waiting = select(messages.c.id).where(messages.c.state == "queued")
    for row in installation.read(waiting):
        # It may be on its way already, and then there is nothing left to try again.
        installation.command("deliveries", "retry", to_text(row.id), expect=(0, 1))


@pytest.mark.parametrize(
    ("fault", "alarm"),
    [
        ({"http_status": 503}, None),
        ({"drop_connection": "before"}, None),
        ({"http_status": 401}, "provider"),
        ({"status_code": 405}, "provider"),
    ],
    ids=["failing", "cut off", "wrong key", "out of credit"],
)
def test_texts_wait_and_go_out_once_when_the_carrier_is_back(
    installation: Installation, fault: dict[str, object], alarm: str | None
) -> None:
    installation.starts()
    control = SimulatorControl(installation.simulator_url)
    control.add_fault("sms", count=None, **fault)
    assert "Go now" in installation.post("ussd", turn(1)).text
    until("it was tried", lambda: [row for row in _listed(installation) if row["last_error"]])
    unsolved = select(alarms.c.kind).where(
        alarms.c.kind == "provider", alarms.c.solved_at.is_(None)
    )
    if alarm is not None:
        until("operators are alarmed", lambda: installation.read(unsolved))
    control.clear_faults()
    _try_all_now(installation)
    everything_is_sent_once(installation)
    assert not installation.read(unsolved)


def test_a_number_that_is_refused_for_good_is_handed_to_people(
    installation: Installation,
) -> None:
    installation.starts()
    caller = turn(2)["phoneNumber"]
    SimulatorControl(installation.simulator_url).add_fault("sms", to=caller, status_code=403)
    installation.post("ussd", turn(2))

    def alarmed() -> bool:
        (shown,) = installation.rows("emergencies", "list")
        return "undelivered" in shown["alarms"]

    until("operators are alarmed", alarmed)
    assert [row["state"] for row in _listed(installation)].count("failed") == 1
