"""What the simulated network does later: reports, retries, time-outs."""

import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

Job = Callable[[], object]

_MOST_JOBS = 50_000
_THREADS = 16
_LONGEST_WAIT_S = 1.0
_log = structlog.get_logger()


class Agenda:
    """Jobs with the time each is due, by the clock given.

    `start` runs them as they fall due, on threads of its own, so that one slow callback delays no
    other. A test leaves it stopped, moves its clock and calls `run_due`, which then runs each job
    itself.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._carry_out: Callable[[Callable[[], None]], object] = lambda run: run()
        self._threads: ThreadPoolExecutor | None = None
        self._jobs: list[tuple[datetime, int, Job]] = []
        self._order = itertools.count()
        self._condition = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def after(self, delay_s: float, job: Job) -> None:
        """Puts the job down for `delay_s` seconds from now. The furthest one is given up when the
        agenda is full.
        """
        with self._condition:
            due = self._now() + timedelta(seconds=delay_s)
            heapq.heappush(self._jobs, (due, next(self._order), job))
            if len(self._jobs) > _MOST_JOBS:
                self._jobs.remove(max(self._jobs, key=lambda entry: entry[:2]))
                heapq.heapify(self._jobs)
            self._condition.notify_all()

    def run_due(self) -> int:
        """Runs what is due now, or hands it to the threads, and tells how many jobs that were."""
        due: list[Job] = []
        with self._condition:
            now = self._now()
            while self._jobs and self._jobs[0][0] <= now:
                due.append(heapq.heappop(self._jobs)[2])
        for job in due:
            self._carry_out(_reporting_failure(job))
        return len(due)

    def start(self) -> None:
        """Begins to run jobs as they fall due, until `stop`."""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="simulator-job")
        self._carry_out = self._threads.submit
        self._thread = threading.Thread(target=self._run, name="simulator-agenda", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the threads; jobs not yet begun are dropped."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while True:
            self.run_due()
            with self._condition:
                if self._stopping:
                    return
                wait_s = _LONGEST_WAIT_S
                if self._jobs:
                    wait_s = (self._jobs[0][0] - self._now()).total_seconds()
                if wait_s > 0:
                    self._condition.wait(min(wait_s, _LONGEST_WAIT_S))


def _reporting_failure(job: Job) -> Callable[[], None]:
    def run() -> None:
        try:
            job()
        except Exception as error:  # A job's fault must not end the thread that runs the others.
            _log.error("simulator_job_failed", error=type(error).__name__)

    return run
