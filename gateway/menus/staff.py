"""Hospital staff, known by the number of their duty phone: patients, answers, beds, status, and
referring onward.

A hospital that the phone is no duty phone of is never shown or changed: every look-up asks again,
since a number may have been given to somebody else since the last turn.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select

from gateway.emergencies import store
from gateway.emergencies.hospital_answers import Answered
from gateway.hospitals.tables import availability
from gateway.menus.alerts import alert_facts
from gateway.menus.conversation import ANY, YES, Conversation, Does, Facts, Lists
from gateway.menus.reporting import receipt_words
from gateway.staff import answers, patients, readiness, referring
from gateway.staff.patients import PatientLine
from gateway.staff.readiness import Said
from shared.dispatch import WAITING, CannotTreatReason, DispatchState, Part
from shared.emergency import Priority
from shared.errors import Conflict, HavenError, InvalidInput
from shared.hospital import HospitalStatus
from shared.identifier import from_text, to_text
from ussd_menus.screen import with_words
from ussd_menus.session import Item, Session

_WIDEST_TRAVEL_MIN = 999
_VIA = "ussd"
_UNKNOWN = "unknown"
# How a patient stands in the list for whom the hospital has nothing to answer any more.
_LABELS = {
    DispatchState.ACCEPTED: "labels.patient_expected",
    DispatchState.ARRIVED: "labels.patient_here",
}


def _my_hospitals(turn: Conversation, session: Session) -> Sequence[Item]:
    return [Item(to_text(hospital_id), _name(turn, hospital_id)) for hospital_id in _theirs(turn)]


def _look_up_hospital(turn: Conversation, session: Session) -> Mapping[str, str]:
    theirs = _theirs(turn)
    if not theirs:
        return {"staff": "no"}
    chosen = session.variables.get("hospital_here", "")
    hospital_id = from_text(chosen) if chosen else theirs[0]
    if hospital_id not in theirs:
        return {"staff": "no"}
    query = select(availability.c.status).where(availability.c.hospital_id == hospital_id)
    status = turn.uow.connection.execute(query).scalar()
    return {
        "hospital_here": to_text(hospital_id),
        "hospital": _name(turn, hospital_id),
        "waiting": str(len(patients.open_dispatches(turn.uow, hospital_id))),
        "status": status or _UNKNOWN,
    }


def _patients(turn: Conversation, session: Session) -> Sequence[Item]:
    """Those to answer for and those who are expected, then those who are here."""
    hospital_id = _hospital(turn, session)
    catalogue = turn.uow.services.menus.catalogue(session.variables.get("language", ""))
    lines = [
        *patients.open_dispatches(turn.uow, hospital_id),
        *patients.arrived_patients(turn.uow, hospital_id),
    ]
    return [
        Item(
            to_text(line.dispatch_id),
            catalogue.text(
                _LABELS.get(line.state, "labels.patient"), with_words(_words(line), catalogue)
            ),
        )
        for line in lines
    ]


def _words(line: PatientLine) -> dict[str, str]:
    return {
        "answer_code": line.answer_code,
        "priority": line.priority.name.lower(),
        "minutes": str(min(line.travel_min, _WIDEST_TRAVEL_MIN)),
        "part": line.part.name.lower(),
        "dispatch_state": line.state.value,
    }


def _choose_patient(turn: Conversation, session: Session) -> Mapping[str, str]:
    hospital_id, dispatch_id = _hospital(turn, session), from_text(session.variables["patient"])
    lines = [
        *patients.open_dispatches(turn.uow, hospital_id),
        *patients.arrived_patients(turn.uow, hospital_id),
    ]
    line = next((line for line in lines if line.dispatch_id == dispatch_id), None)
    if line is None:
        # Answered from somewhere else in the meantime.
        return dict.fromkeys(("may_accept", "may_refuse", "may_arrive", "may_refer"), "")
    unanswered = line.state in {*WAITING, DispatchState.EXPIRED}
    expected = line.state is DispatchState.ACCEPTED
    here = line.state is DispatchState.ARRIVED
    return {
        **_words(line),
        "may_accept": _yes(unanswered),
        "may_refuse": _yes(unanswered or expected),
        "may_arrive": _yes(not here),
        "may_refer": _yes(expected or here),
    }


def _accept(turn: Conversation, session: Session) -> Mapping[str, str]:
    return _verdict(
        turn, "accepted", lambda: answers.accept(turn.uow, turn.phone, _patient(session))
    )


def _cannot_treat(turn: Conversation, session: Session) -> Mapping[str, str]:
    reason = CannotTreatReason[session.variables["reason_given"].upper()]
    return _verdict(
        turn,
        "cannot_treat",
        lambda: answers.cannot_treat(turn.uow, turn.phone, _patient(session), reason),
    )


def _arrived(turn: Conversation, session: Session) -> Mapping[str, str]:
    return _verdict(
        turn, "arrived", lambda: answers.arrived(turn.uow, turn.phone, _patient(session))
    )


def _verdict(turn: Conversation, verdict: str, answer: Callable[[], Answered]) -> Mapping[str, str]:
    try:
        accepted = turn.uow.attempt(answer).accepted
    except HavenError:
        accepted = False
    return {"verdict": verdict if accepted else "superseded"}


def _report_beds(turn: Conversation, session: Session) -> Mapping[str, str]:
    free_beds = int(session.variables["free_beds"])
    hospital_id = _hospital(turn, session)
    return _saved(
        turn, lambda: readiness.report(turn.uow, hospital_id, Said(free_beds=free_beds), _VIA)
    )


def _report_status(turn: Conversation, session: Session) -> Mapping[str, str]:
    status = HospitalStatus(session.variables["status"])
    hospital_id = _hospital(turn, session)
    return _saved(turn, lambda: readiness.report(turn.uow, hospital_id, Said(status=status), _VIA))


def _saved(turn: Conversation, report: Callable[[], None]) -> Mapping[str, str]:
    try:
        turn.uow.attempt(report)
    except InvalidInput:
        return {"saved": "impossible"}
    except Conflict:
        return {"saved": "newer"}
    return {"saved": "yes"}


def _forget_patient(turn: Conversation, session: Session) -> Mapping[str, str]:
    return {"patient": ""}


def _refer(turn: Conversation, session: Session) -> Mapping[str, str]:
    dispatch_id = _patient(session) if session.variables.get("patient") else None
    hospital_id, needed = _hospital(turn, session), session.variables["refer_need"]
    try:
        asked = turn.uow.attempt(
            lambda: referring.refer(turn.uow, hospital_id, needed, dispatch_id=dispatch_id)
        )
    except Conflict:
        return {"told": "referred_already"}
    except InvalidInput:
        return {"told": "not_here"}
    told = "unanswered"
    if asked.dispatch is not None:
        told = "told" if asked.dispatch.reachable else "not_reachable"
    return {"told": told, "code": asked.emergency.help_code, **receipt_words(asked)}


def _referrals(turn: Conversation, session: Session) -> Sequence[Item]:
    catalogue = turn.uow.services.menus.catalogue(session.variables.get("language", ""))
    items = []
    for referral in referring.open_referrals(turn.uow, _hospital(turn, session)):
        facts = alert_facts(turn.uow, store.lock(turn.uow, referral.emergency_id))
        words = {**facts, "priority": referral.priority.name.lower()}
        label = catalogue.text("labels.referral", with_words(words, catalogue))
        items.append(Item(to_text(referral.emergency_id), label))
    return items


def _choose_referral(turn: Conversation, session: Session) -> Mapping[str, str]:
    return {"code": session.variables["referral_name"].partition(",")[0]}


def _withdraw_referral(turn: Conversation, session: Session) -> Mapping[str, str]:
    hospital_id, emergency_id = _hospital(turn, session), from_text(session.variables["referral"])
    try:
        turn.uow.attempt(lambda: referring.withdraw(turn.uow, hospital_id, emergency_id))
    except HavenError:
        return {"withdrawn": ""}
    return {"withdrawn": "yes"}


def _theirs(turn: Conversation) -> tuple[int, ...]:
    return turn.uow.services.hospitals.with_duty_phone(turn.uow.connection, turn.phone)


def _hospital(turn: Conversation, session: Session) -> int:
    """Raises InvalidInput when the phone is no longer that hospital's."""
    hospital_id = from_text(session.variables["hospital_here"])
    if hospital_id not in _theirs(turn):
        raise InvalidInput("This phone is no duty phone of that hospital.")
    return hospital_id


def _patient(session: Session) -> int:
    return from_text(session.variables["patient"])


def _name(turn: Conversation, hospital_id: int) -> str:
    return turn.uow.services.hospitals.card(turn.uow.connection, hospital_id).name


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


INTENTS: Mapping[str, Does] = {
    "look_up_hospital": _look_up_hospital,
    "choose_patient": _choose_patient,
    "accept_patient": _accept,
    "cannot_treat_patient": _cannot_treat,
    "patient_arrived": _arrived,
    "report_beds": _report_beds,
    "report_status": _report_status,
    "forget_patient": _forget_patient,
    "refer_patient": _refer,
    "choose_referral": _choose_referral,
    "withdraw_referral": _withdraw_referral,
}
LISTS: Mapping[str, Lists] = {
    "my_hospitals": _my_hospitals,
    "patients": _patients,
    "referrals": _referrals,
}
FACTS: Facts = {
    "staff": frozenset({"no"}),
    "hospital_here": ANY,
    "hospital": ANY,
    "waiting": ANY,
    "status": frozenset({*(status.value for status in HospitalStatus), _UNKNOWN}),
    "answer_code": ANY,
    "part": frozenset(part.name.lower() for part in Part),
    "priority": frozenset(priority.name.lower() for priority in Priority),
    "minutes": ANY,
    "dispatch_state": frozenset(state.value for state in DispatchState),
    "may_accept": YES,
    "may_refuse": YES,
    "may_arrive": YES,
    "may_refer": YES,
    "verdict": frozenset({"accepted", "cannot_treat", "arrived", "superseded"}),
    "saved": frozenset({"yes", "newer", "impossible"}),
    "patient": frozenset(),
    "told": frozenset({"told", "not_reachable", "unanswered", "referred_already", "not_here"}),
    "code": ANY,
    "withdrawn": YES,
}
