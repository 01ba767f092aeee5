"""A hospital without internet whose modem is served by the real gammu-smsd."""

from pathlib import Path

import pytest

from gateway.database.schema import metadata
from gateway.database.sqlite import SqliteDatabase
from tests.faults.installation import until
from tests.journeys.box_with_modem import BoxWithModem, world_with_boxes
from tests.journeys.gammu import GammuSmsd, require_gammu

pytestmark = pytest.mark.processes


def test_a_critical_patient_is_told_and_answered_through_gammu_smsd(tmp_path: Path) -> None:
    require_gammu()
    database = SqliteDatabase(tmp_path / "haven.db", bytes(32))
    metadata.create_all(database.engine)
    with GammuSmsd(tmp_path / "gammu") as modem:
        box = BoxWithModem(world_with_boxes(database, tmp_path), tmp_path, modem=modem)

        def passes_until(what: str, holds: object) -> None:
            def look() -> bool:
                box.passes(1)
                return bool(holds())  # type: ignore[operator]

            until(what, look)

        box.hospital.box.report_alarm(audible=True)
        passes_until("the gateway knows the SIM", lambda: box.up)
        box.cuts()
        box.world.phone().dials().chooses("1", "2", "6").types("kibra")
        passes_until("the box rings", box.hospital.box.dispatches)
        shown = box.knows()
        assert shown.rings
        box.hospital.box.accept(shown.id, "AK")
        passes_until(
            "the gateway has the answer",
            lambda: box.world.dispatches()[-1].state == "accepted",
        )
        passes_until("the box knows that it counts", lambda: box.knows().state == "accepted")
        box.world.phone().reads("expects you")
        box.hospital.store.close()
    database.close()
