"""What the bearers do alike when a session goes on, or is over."""

from gateway.emergencies import store, timers
from gateway.emergencies.timers import TimerKind
from gateway.menus import sessions
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState
from shared.identifier import from_text


def session_ended(uow: UnitOfWork, session_id: str, phone: str) -> None:
    """The bearer says that the session is over: what was left unfinished is raised now."""
    row = sessions.find(uow, session_id)
    if row is None or row.phone_index != uow.services.vault.index(phone):
        return
    emergency_id = row.state["variables"].get("emergency_id")
    if emergency_id:
        emergency = store.lock(uow, from_text(emergency_id))
        if emergency.state == EmergencyState.PROVISIONAL:
            # The session itself stays: a notification that came too early must not leave a
            # caller before a screen that no longer changes.
            timers.put(uow, TimerKind.SESSION_QUIET, emergency.id, uow.now)
