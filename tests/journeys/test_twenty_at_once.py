"""Many callers at the same moment, while looking a place up takes long."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.database.database import Database
from gateway.ports import FoundPlace, PlaceAnswer
from gateway.ussd.turn import UssdRequest, take_turn
from tests.journeys.world import SAFARICOM, SERVICE_CODE, FakePlaces, build_world

_CALLERS = 20
# Long enough for a busy machine; when a look-up keeps others from theirs, all of them fail.
_TOGETHER_WITHIN_S = 60


class SlowPlaces(FakePlaces):
    """Answers nobody before all callers have asked: the slowest look-up that can still end."""

    def __init__(self) -> None:
        self._everybody = threading.Barrier(_CALLERS, timeout=_TOGETHER_WITHIN_S)

    def search(self, typed: str) -> PlaceAnswer:
        self._everybody.wait()
        places = tuple(
            FoundPlace(f"{typed} {side}, Nairobi", -1.3, 36.8, 800) for side in ("North", "South")
        )
        return PlaceAnswer(False, places, likely=True)


def test_twenty_callers_with_slow_look_ups_each_get_their_own_answer(
    database: Database, tmp_path: Path
) -> None:
    world = build_world(database, tmp_path, SlowPlaces())

    def places_shown(caller: int) -> str:
        request = UssdRequest(
            session_id=f"ATUid_{caller}",
            phone=f"+2547110001{caller:02d}",
            service_code=SERVICE_CODE,
            network_code=SAFARICOM,
            text=f"1*2*2*estate{caller:02d}",
        )
        return take_turn(world.services, request)

    with ThreadPoolExecutor(_CALLERS) as callers:
        screens = list(callers.map(places_shown, range(_CALLERS)))

    for caller, screen in enumerate(screens):
        assert screen.startswith("CON "), screen
        assert f"1 estate{caller:02d} North" in screen
        assert screen.count("estate") == screen.count(f"estate{caller:02d}")
    typed = sorted(row.place_text for row in world.emergencies())
    assert typed == [f"estate{caller:02d}" for caller in range(_CALLERS)]
