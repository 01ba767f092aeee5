"""How the API shows what the box knows: identifiers as text, times as RFC 3339, codes as words."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from edge_node.box import ReportedAvailability
from edge_node.condition import Condition
from edge_node.dispatch import Claim, Dispatch, News
from edge_node.lease import LeaseState
from edge_node.link import LinkState
from edge_node.reports import Report
from edge_node.summaries import Summary
from shared import capability
from shared.identifier import to_text
from sync import events
from sync.events import DispatchOffered

Json = dict[str, Any]


def clock(now: datetime, link: LinkState) -> Json:
    """The box's clock, and the gateway's as far as it was heard: a browser's own may be wrong."""
    return {"box": _time(now), "gateway": _time(now + (link.offset or timedelta()))}


def dispatch(shown: Dispatch, own: Summary | None) -> Json:
    """One dispatch, and what the patient states about themselves if that is shared; `facts` is null
    while only a change of it has arrived.
    """
    return {
        "id": to_text(shown.id),
        "state": shown.state,
        "local_state": shown.local_state,
        "version": shown.version,
        "reason": shown.reason,
        "transport": shown.transport.name.lower() if shown.transport else None,
        "received_at": _time(shown.received_at),
        "rang_since": _time(shown.rang_since),
        "rings": shown.rings,
        "seen_at": _time(shown.seen_at),
        "late": shown.late,
        "dismissed_at": _time(shown.dismissed_at),
        "still_needed": shown.still_needed,
        "facts": facts(shown.offer) if shown.offer else None,
        "summary": summary(own) if own else None,
        "news": news(shown.news) if shown.news else None,
        "claims": [claim(each) for each in shown.claims],
    }


def facts(offer: DispatchOffered) -> Json:
    """Everything that the hospital was told of the patient."""
    return {
        "emergency_id": to_text(offer.emergency_id),
        "help_code": offer.help_code,
        "answer_code": offer.answer_code,
        "kind": offer.kind.name.lower(),
        "priority": offer.priority.name.lower(),
        "needs": list(capability.codes(offer.needs)),
        "place_text": offer.place_text,
        "place_name": offer.place_name,
        "lat": offer.lat,
        "lon": offer.lon,
        "radius_m": offer.radius_m,
        "travel_min": offer.travel_min,
        "distance_m": offer.distance_m,
        "caller_phone": offer.caller_phone,
        "referred_by": offer.referred_by,
        "part": offer.part.name.lower(),
        "patient_count": offer.patient_count,
        "age_years": offer.age_years,
        "note": offer.note,
        "signs": list(offer.signs),
        "rule_id": offer.rule_id,
        "ruleset": offer.ruleset,
        "raised_at": _time(offer.raised_at),
        "offered_at": _time(offer.at),
        "answer_by": _time(offer.answer_by),
        "valid_until": _time(offer.valid_until),
    }


def summary(shown: Summary) -> Json:
    """What the patient states about themselves. `dark` says why it is not given out."""
    if shown.dark is not None:
        return {"dark": shown.dark}
    return {
        "dark": None,
        "blood_type": shown.blood_type,
        "allergies": shown.allergies,
        "at": _time(shown.at),
    }


def lease(shown: LeaseState) -> Json:
    """How long summaries are shown, and why they are not."""
    return {
        "left_s": shown.left_s,
        "granted_h": shown.granted_h,
        "dark": shown.dark,
        "problem": shown.problem,
    }


def news(shown: News) -> Json:
    """What staff have yet to understand: `was` holds the former value of every fact that is
    different now.
    """
    before = facts(shown.before)
    return {
        "at": _time(shown.at),
        "version": shown.version,
        "got_worse": shown.got_worse,
        "alarms": shown.alarms,
        "was": {name: before[name] for name in shown.changed},
    }


def claim(shown: Claim) -> Json:
    """Something the hospital said, and what became of it."""
    return {
        "id": to_text(shown.id),
        "kind": shown.kind,
        "by": shown.by,
        "detail": shown.detail,
        "at": _time(shown.at),
        "state": shown.state,
        "why": shown.why,
        "verdict_at": _time(shown.verdict_at),
    }


def availability(shown: ReportedAvailability | None) -> Json:
    """The latest report; `status` is null before the first."""
    return {
        "status": shown.status if shown else None,
        "staffed_beds": shown.staffed_beds if shown else None,
        "free_beds": shown.free_beds if shown else None,
        "by": shown.by if shown else "",
        "at": _time(shown.at) if shown else None,
    }


def report(shown: Report) -> Json:
    """Something that staff said of their hospital, and what became of it."""
    return {
        "id": to_text(shown.id),
        "kind": shown.kind,
        "by": shown.said.by,
        "at": _time(shown.at),
        "state": shown.state,
        "why": shown.why,
        "answered_at": _time(shown.answered_at),
        "said": _said(shown.said),
    }


def _said(shown: events.Report) -> Json:
    match shown:
        case events.AvailabilityReported():
            return {
                "status": shown.status,
                "staffed_beds": shown.staffed_beds,
                "free_beds": shown.free_beds,
            }
        case events.StockReported():
            return {
                "has": list(capability.codes(shown.has)),
                "lacks": list(capability.codes(shown.lacks)),
            }
        case events.NoteWritten():
            about = to_text(shown.dispatch_id) if shown.dispatch_id else None
            return {"text": shown.text, "dispatch_id": about}
        case events.WalkInRegistered():
            return {
                "kind": shown.kind.name.lower(),
                "priority": shown.priority.name.lower(),
                "help_code": shown.help_code,
                "patient_count": shown.patient_count,
                "age_years": shown.age_years,
            }
    raise TypeError(f"a report that nobody shows: {type(shown).__name__}")


def progress(shown: Condition) -> Json:
    """What of this box's word has reached the gateway, and what has not."""
    return {
        "all_at_gateway": shown.all_at_gateway,
        "answers": asdict(shown.answers),
        "reports": asdict(shown.reports),
        "unsent_claims": shown.answers.waiting,
        "unsent_events": shown.unsent_events,
    }


def condition(shown: Condition, now: datetime) -> Json:
    """How the box stands, whole. `now` is its own clock."""
    waits = shown.oldest_waiting_at
    return {
        **link(shown.link),
        **progress(shown),
        "lease": lease(shown.lease),
        "oldest_waiting_s": None if waits is None else max(0, int((now - waits).total_seconds())),
        "set_aside": shown.set_aside,
        "conflicts": shown.conflicts,
        "forks": shown.forks,
        "audible": shown.audible,
        "damaged_stores": list(shown.damaged_stores),
        "can_store": shown.can_store,
        "disk_free_mb": shown.disk_free_bytes // (1024 * 1024),
        "problems": shown.problems,
    }


def link(shown: LinkState) -> Json:
    """How things stand with the gateway."""
    return {
        "enrolled": shown.enrolled,
        "connected": shown.connected,
        "doorbell": shown.doorbell,
        "last_exchange_at": _time(shown.last_exchange_at),
        "last_heard_at": _time(shown.last_heard_at),
        "bearer": shown.bearer,
        "texts": shown.texts,
        "gateway_offset_s": shown.offset.total_seconds() if shown.offset is not None else None,
        "history_differs": shown.differs,
        "retired": shown.retired,
        "problem": shown.problem,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
