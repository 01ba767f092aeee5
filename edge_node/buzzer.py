"""The box's own buzzer or speaker: a command that makes a noise, run as long as a patient waits for
an answer, so that somebody hears the box even where no browser is open.
"""

import shlex
import subprocess
import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from edge_node.box import Box
from edge_node.unanswered import Unanswered, UnansweredPatients
from shared.emergency import Priority
from shared.errors import HavenError, origin

_log = structlog.get_logger()
_LONGEST_S = 30
_LOOKS_EVERY_S = 1.0
# The box believes for 35 s that something can be heard.
_SAYS_SO_EVERY = 10
_TRIED_ANEW_EVERY = 60
_CONSOLE = "buzzer"


class Buzzer:
    """The thread that keeps it. The command is tried once at the start, which staff hear: a buzzer
    that fails says so, and counts as nobody hearing it.
    """

    def __init__(
        self,
        command: str,
        box: Box,
        patients: UnansweredPatients,
        now: Callable[[], datetime],
    ) -> None:
        self._command = shlex.split(command)
        self._box = box
        self._patients = patients
        self._now = now
        self._chimed: set[int] = set()
        self._trouble = ""
        self._looks = 0
        self._running: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="buzzer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Silences it at once."""
        self._stopping.set()
        running = self._running
        if running is not None:
            running.kill()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    @property
    def sounding(self) -> "subprocess.Popen[bytes] | None":
        """The command that makes a noise just now."""
        return self._running

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except HavenError as error:
                _log.warning("the buzzer could not look", problem=str(error))
            except Exception as error:
                # Whatever it is, this thread has to live.
                _log.error("the buzzer failed", error=origin(error))
            self._stopping.wait(_LOOKS_EVERY_S)

    def look(self) -> None:
        """One look: sounds where somebody waits, and at the first."""
        wanted = self._is_wanted(self._patients.look(self._now()))
        # One that failed is tried now and then, so that somebody who mends it hears so.
        tried_anew = bool(self._trouble) and self._looks % _TRIED_ANEW_EVERY == 0
        if self._looks == 0 or wanted or tried_anew:
            self._sound()
        if self._looks % _SAYS_SO_EVERY == 0:
            self._say()
        self._looks += 1

    def _is_wanted(self, waiting: list[Unanswered]) -> bool:
        """Critical and high sound until somebody answers, medium once."""
        rings = {each.dispatch_id for each in waiting if each.offer.priority is not Priority.MEDIUM}
        chimes = {each.dispatch_id for each in waiting} - rings
        fresh = chimes - self._chimed
        self._chimed = chimes
        return bool(rings or fresh)

    def _sound(self) -> None:
        """Runs the command once, to its end."""
        try:
            running = subprocess.Popen(  # noqa: S603 - whoever installs the box chose it
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        except OSError as error:
            self._note(f"The buzzer's command cannot be run ({error.strerror}). Set it anew.")
            return
        self._running = running
        try:
            code = running.wait(_LONGEST_S)
        except subprocess.TimeoutExpired:
            # A tone that goes on: it is heard, and begun anew while somebody waits.
            running.kill()
            running.wait()
            code = 0
        self._running = None
        if not self._stopping.is_set():
            self._note(f"The buzzer's command failed ({code}): is it connected?" if code else "")

    def _note(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._say()

    def _say(self) -> None:
        self._box.report_alarm(not self._trouble, self._trouble, _CONSOLE)
