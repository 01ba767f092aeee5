"""The modem of a hospital's box and its SIM: noted beside the box, and operators are alarmed before
it falls silent.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm, solve_own_about
from gateway.unit_of_work import UnitOfWork
from sync.events import SimReported

_KIND = "box_sim"
_LONGEST_PROBLEM = 300
_MOST = 2**31 - 1


def columns(said: SimReported, now: datetime) -> dict[str, Any]:
    """What is noted of the box."""
    credit = said.credit_cents
    return {
        "sim_working": said.working,
        "sim_credit_cents": None if credit is None else min(credit, _MOST),
        "sim_sent_today": min(said.sent_today, _MOST),
        "sim_problem": said.problem[:_LONGEST_PROBLEM],
        "sim_reported_at": now,
    }


def watch(uow: UnitOfWork, hospital_id: int, said: SimReported) -> None:
    """Alarms operators once while the SIM does not work or its credit is low, and takes the alarm
    back when it is well again.
    """
    name = uow.services.hospitals.card(uow.connection, hospital_id).name
    if said.working and not is_low(said.credit_cents, uow.services.config.sim_low_credit_cents):
        solve_own_about(uow, _KIND, name)
    else:
        raise_alarm(uow, _KIND, hospital=name, detail=name)


def is_low(credit_cents: int | None, low_cents: int) -> bool:
    """Whether there is too little left to rely on; unknown is not low."""
    return credit_cents is not None and credit_cents < low_cents


def as_dict(site: Row[Any]) -> dict[str, Any] | None:
    """What is known of the box's SIM, None before it has said anything."""
    if site.sim_reported_at is None:
        return None
    return {
        "working": site.sim_working,
        "credit_cents": site.sim_credit_cents,
        "sent_today": site.sim_sent_today,
        "problem": site.sim_problem,
        "reported_at": site.sim_reported_at.isoformat(),
    }


def in_words(sim: dict[str, Any]) -> str:
    """The same on one line."""
    credit = sim["credit_cents"]
    left = "credit not known" if credit is None else f"credit {credit / 100:.2f}"
    works = "works" if sim["working"] else "DOES NOT WORK"
    problem = f" ({sim['problem']})" if sim["problem"] else ""
    return f"SIM {works}, {left}, {sim['sent_today']} sent today{problem}"
