"""Road times that were asked for lately, within a bounded size."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from gateway.travel.cells import Cell

# Roads change in minutes where an engine knows of traffic; nobody follows them day and night.
KEPT_FOR = timedelta(hours=1)
_MOST_CELLS = 4096
_MOST_HOSPITALS = 256


class KeptTimes:
    """Minutes from cells to hospitals. Safe to share among threads.

    The cell that was used longest ago goes first when there are too many: with 100 hospitals each
    they take about 40 MB at most.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        kept_for: timedelta = KEPT_FOR,
        most_cells: int = _MOST_CELLS,
        most_hospitals: int = _MOST_HOSPITALS,
    ) -> None:
        self._now = now
        self._kept_for = kept_for
        self._most_cells = most_cells
        self._most_hospitals = most_hospitals
        self._lock = threading.Lock()
        self._cells: OrderedDict[Cell, dict[int, tuple[float | None, datetime]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cells)

    def of(self, cell: Cell) -> Mapping[int, float | None]:
        """Minutes by hospital, as far as they are known and not too old; infinity where no road
        leads, None where the engine was asked in vain.
        """
        now = self._now()
        with self._lock:
            times = self._cells.get(cell)
            if times is None:
                return {}
            self._cells.move_to_end(cell)
            return {
                hospital_id: minutes
                for hospital_id, (minutes, at) in times.items()
                # What is from the future was written before the clock was set back.
                if timedelta(0) <= now - at < self._kept_for
            }

    def put(self, cell: Cell, minutes: Mapping[int, float | None]) -> None:
        """Keeps these, beside what else is known of the cell."""
        now = self._now()
        with self._lock:
            times = self._cells.setdefault(cell, {})
            self._cells.move_to_end(cell)
            for hospital_id, value in minutes.items():
                # Last in the order, so that the oldest are first.
                times.pop(hospital_id, None)
                times[hospital_id] = (value, now)
            while len(times) > self._most_hospitals:
                del times[next(iter(times))]
            while len(self._cells) > self._most_cells:
                self._cells.popitem(last=False)
