"""How the box stands, as a terminal shows it."""

from typing import Any

from edge_node.condition import Condition, Progress

_UNKNOWN = "not known"


def sync_lines(received: int, condition: Condition, problem: str) -> list[str]:
    """What an exchange by hand brought, and what remains."""
    lines = [f"{received} events received."]
    if condition.all_at_gateway:
        lines.append("Everything that this box has said is at the gateway.")
    else:
        lines.append(f"NOT at the gateway yet: {condition.unsent_events} events.")
    for what, counted in (("answers", condition.answers), ("reports", condition.reports)):
        lines += _remaining(what, counted)
    return [*lines, problem] if problem else lines


def _remaining(what: str, counted: Progress) -> list[str]:
    found = []
    if counted.waiting:
        found.append(f"  {counted.waiting} {what} wait for the link.")
    if counted.sent:
        found.append(f"  {counted.sent} {what} are there and not decided on yet.")
    if counted.refused:
        found.append(f"  {counted.refused} {what} were refused; the console says why.")
    return found


def status_lines(shown: dict[str, Any]) -> list[str]:
    """The answer of `/api/v1/link`, for people: first whether all is there."""
    linked = "in touch" if shown["connected"] else "NOT in touch"
    heard = shown["last_heard_at"]
    by = f" by {shown['bearer']}" if shown["bearer"] else ""
    waiting = f"{shown['unsent_events']} events wait" if shown["enrolled"] else "it has none"
    there = "yes" if shown["all_at_gateway"] else f"NO, {waiting}"
    waits_s = shown["oldest_waiting_s"]
    audible = {True: "yes", False: "NO", None: _UNKNOWN}[shown["audible"]]
    offset_s = shown["gateway_offset_s"]
    lines = [
        f"running              {'yes' if shown['running'] else 'NO'}",
        f"gateway              {linked}, last heard {f'{heard}{by}' if heard else 'never'}",
        f"all at the gateway   {there}",
        f"answers              {_counts(shown['answers'])}",
        f"reports              {_counts(shown['reports'])}",
        f"oldest that waits    {'none' if waits_s is None else f'{waits_s} s'}",
        f"somebody can hear    {audible}",
        f"clock                {_UNKNOWN if offset_s is None else _offset(offset_s)}",
        f"medical facts        {_lease(shown['lease'])}",
        f"gateway's events     {shown['set_aside']} set aside, {shown['conflicts']} in conflict, "
        f"{shown['forks']} forks",
        f"disk                 {shown['disk_free_mb']} MB left"
        f"{'' if shown['can_store'] else ', CANNOT BE WRITTEN'}",
    ]
    problems = list(shown["problems"])
    if shown["retired"]:
        problems.append("Another box has taken this one's place: it gets no new patients.")
    if shown["history_differs"] or shown["forks"]:
        problems.append("This box and the gateway remember different things.")
    return [*lines, *(f"! {problem}" for problem in problems)]


def _counts(counted: dict[str, int]) -> str:
    return f"{counted['waiting']} wait, {counted['sent']} sent, {counted['refused']} refused"


def _lease(shown: dict[str, Any]) -> str:
    if shown["problem"]:
        return f"HIDDEN. {shown['problem']}"
    hours = shown["left_s"] // 3600
    left = f"{hours // 24} days {hours % 24} hours" if hours >= 24 else f"{hours} hours"
    return f"shown, for {left} more of running without Haven"


def _offset(offset_s: float) -> str:
    if abs(offset_s) < 1:
        return "as the gateway's"
    return f"{abs(offset_s):.0f} s {'behind' if offset_s > 0 else 'ahead of'} the gateway's"
