"""What is known of a caller when a session begins."""

from typing import Any

from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import store, telling
from gateway.menus import sessions
from gateway.menus.alerts import alert_facts
from gateway.menus.conversation import ANY, YES, Conversation, Facts
from gateway.menus.hidden_places import hidden_places
from gateway.unit_of_work import UnitOfWork
from ussd_menus.session import Session

FACTS: Facts = {
    "bearer": frozenset({"ussd", "voice"}),
    "language": ANY,
    "last_place": ANY,
    "home_place": ANY,
    "number": ANY,
    "service": ANY,
    "can_call": YES,
    "staff": frozenset({"one", "several"}),
    "alert": frozenset({"several"}),
    "watched": YES,
}
# Facts that a session which goes on must not keep as they were.
_OF_NOW = frozenset(
    {"alert", "alert_state", "alert_code", "alert_id", "for_me", "hospital", "number"}
)


def facts_about(turn: Conversation, caller: Row[Any]) -> dict[str, str]:
    """The facts that the first screens go by."""
    uow = turn.uow
    config = uow.services.config
    facts = {
        "bearer": turn.bearer,
        "language": caller.language,
        "last_place": caller.last_place_name,
        "home_place": caller.home_place_name,
        "number": config.emergency_numbers[0],
        "service": config.ussd_code,
        "can_call": "yes" if turn.bearer == "ussd" and config.voice_number else "",
        "staff": _staff(uow, turn.phone),
    }
    if uow.services.roads is not None:
        # The first screens offer them, and the next key may choose one.
        uow.services.roads.expect(callers.known_positions(caller))
    active = store.active(uow, caller.id)
    if active:
        facts |= alert_facts(uow, active[0])
        if len(active) > 1:
            facts["alert"] = "several"
        if any(telling.is_discreet(emergency) for emergency in active):
            facts |= hidden_places(facts)
    return facts


def _staff(uow: UnitOfWork, phone: str) -> str:
    """Whose duty phone it is: nobody's, one hospital's or several hospitals'."""
    of = uow.services.hospitals.with_duty_phone(uow.connection, phone)
    return "" if not of else "one" if len(of) == 1 else "several"


def cut_off_session(
    uow: UnitOfWork, phone_index: bytes, bearer: str, facts: dict[str, str]
) -> Session | None:
    """The session to go on with: what this phone was cut off from, as long as it is about nothing
    that has ended or is not the alert that the first screen names. Where somebody may be watched
    there is none: it stands where they had said more than anybody else may see.
    """
    before = sessions.cut_off(uow, phone_index)
    if before is None or before.variables.get("bearer") != bearer:
        return None
    if before.variables.get("watched"):
        return None
    about = before.variables.get("emergency_id", "")
    if about and (about != facts.get("alert_id") or facts["watched"]):
        # Somebody else may hold the phone by now: what was typed is not shown again.
        return None
    now = {name: value for name, value in facts.items() if name in _OF_NOW}
    return before.with_facts(now)
