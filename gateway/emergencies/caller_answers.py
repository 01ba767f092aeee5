"""What the caller says after the alarm: transport, worse, arrived, not coming, cancel."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm, solve, solve_all
from gateway.emergencies import (
    boxes_told,
    dispatching,
    hospital_answers,
    onward,
    store,
    telling,
    urgency,
    watched,
)
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.noting import (
    add_note,
    improve_emergency,
    note_typed_place,
    place_emergency,
    withdraw_provisional,
)
from gateway.emergencies.raising import raise_emergency, send_to_hospital
from gateway.emergencies.withdrawing import withdraw
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState, Priority, Transport
from shared.geo import distance_m
from shared.identifier import to_text
from sync.events import GOT_WORSE

_BY_CALLER = Answerer(via="caller")
# Further from where the hospital was asked for than this, another hospital may be the right one.
_ANOTHER_PLACE_M = 5_000.0


def answer_transport(
    uow: UnitOfWork, emergency: Row[Any], answer: Transport, *, by_sms: bool
) -> Row[Any]:
    """Takes one of the four answers. `by_sms` sends the confirmation as a text as well."""
    if emergency.cancel_asked_at is not None:
        return emergency  # it has ended for whoever holds the phone: nothing they say moves it
    if answer is Transport.NOT_COMING and telling.is_discreet(emergency):
        return cancel(uow, emergency, by_sms=by_sms)
    if answer is Transport.NOT_COMING:
        emergency = store.change(uow, emergency, transport=answer.value)
        text = "not_coming" if telling.anybody_has_heard(uow, emergency) else "cancelled"
        emergency = cancel(uow, emergency, by_sms=False, reason="the caller is not coming")
        if by_sms:
            telling.tell_caller(uow, emergency, text, answers_them=True)
        return emergency
    emergency = store.change(uow, emergency, transport=answer.value)
    if answer is Transport.ARRIVED:
        emergency = _arrived(uow, emergency)
    else:
        if answer is Transport.ON_THE_WAY and emergency.state == EmergencyState.NOT_ARRIVED:
            hospital_answers.expect_again(uow, emergency)
        boxes_told.tell_live(uow, emergency, reason=f"caller: {answer.name.lower()}")
    if answer is Transport.NONE:
        raise_alarm(uow, "no_transport", emergency=emergency)
    else:
        solve(uow, "no_transport", emergency.id)
    if by_sms:
        text = {
            Transport.NONE: "no_transport",
            Transport.ON_THE_WAY: "on_the_way",
            Transport.ARRIVED: "arrived",
        }[answer]
        telling.tell_caller(uow, emergency, text, answers_them=True)
    _audit(uow, emergency, f"transport {answer.name.lower()}")
    return emergency


def got_worse(uow: UnitOfWork, emergency: Row[Any], *, by_sms: bool) -> Row[Any]:
    """The caller says it got worse: critical from now on, and everybody who has it hears so."""
    if emergency.state == EmergencyState.PROVISIONAL:
        emergency = raise_emergency(uow, emergency).emergency
    before = emergency
    emergency = store.change(uow, emergency, priority=Priority.CRITICAL.value)
    urgency.hasten(uow, before, emergency)
    boxes_told.tell_live(uow, emergency, reason=GOT_WORSE)
    emergency = urgency.ask_better(uow, before, emergency)
    onward.tell_more(uow, emergency, GOT_WORSE)
    raise_alarm(uow, "worse", emergency=emergency)
    if by_sms:
        telling.tell_caller(uow, emergency, "worse", answers_them=True)
    _audit(uow, emergency, "got worse")
    return emergency


def place_typed(
    uow: UnitOfWork, emergency: Row[Any], typed: str, choices: tuple[FoundPlace, ...]
) -> Row[Any]:
    """The caller typed where the patient is; `choices` are what it may mean."""
    emergency = note_typed_place(uow, emergency, typed, choices)
    if emergency.state != EmergencyState.PROVISIONAL:
        boxes_told.tell_live(uow, emergency, reason="caller: about the place")
    return emergency


def place_given(uow: UnitOfWork, emergency: Row[Any], place: FoundPlace) -> Row[Any]:
    """The caller said where the patient is, also after a hospital was asked already.

    A place far from the one that hospitals were asked for gets a hospital of its own asked as well,
    unless one has accepted: that one decides with the caller.
    """
    before = emergency
    emergency = place_emergency(uow, emergency, place)
    if emergency.state == EmergencyState.PROVISIONAL:
        return emergency
    solve(uow, "no_place", emergency.id)
    dispatching.estimate_again(uow, emergency)
    boxes_told.tell_live(uow, emergency, reason="caller: the place changed")
    if emergency.state in (EmergencyState.OPEN, EmergencyState.UNANSWERED):
        return send_to_hospital(uow, emergency).emergency
    if not _moved_far(before, place):
        return emergency
    if emergency.state == EmergencyState.DISPATCHED:
        return send_to_hospital(uow, emergency).emergency
    if emergency.accepted_dispatch_id is not None:
        accepted = store.dispatch(uow, emergency.accepted_dispatch_id)
        hospital = uow.services.hospitals.card(uow.connection, accepted.hospital_id)
        raise_alarm(uow, "moved", emergency=emergency, hospital=hospital.name)
    return emergency


def place_confirmed(
    uow: UnitOfWork, emergency: Row[Any], place: FoundPlace, *, answers_them: bool
) -> Row[Any]:
    """The place, taken in, and the caller told what came of it. Whoever says where the patient is
    means it: nothing waits any longer. `answers_them` when it was the caller who just wrote.
    """
    told_before = emergency.told_dispatch_id
    emergency = place_given(uow, emergency, place)
    if emergency.state == EmergencyState.PROVISIONAL:
        return raise_emergency(uow, emergency).emergency
    told_more = emergency.told_dispatch_id != told_before
    if telling.is_discreet(emergency) or not (
        told_more or emergency.state == EmergencyState.UNANSWERED
    ):
        words = {"hit_1": place.name}
        telling.tell_caller(uow, emergency, "place_noted", words, answers_them=answers_them)
    return emergency


def _moved_far(before: Row[Any], place: FoundPlace) -> bool:
    return (
        before.lat is not None
        and distance_m(before.lat, before.lon, place.lat, place.lon) > _ANOTHER_PLACE_M
    )


def question_answered(uow: UnitOfWork, emergency: Row[Any], answers: Mapping[str, str]) -> Row[Any]:
    """The caller went on to the next question, perhaps after the emergency was raised by itself."""
    if emergency.state == EmergencyState.PROVISIONAL:
        return improve_emergency(uow, emergency, answers)
    return details_given(uow, emergency, answers)


def details_given(
    uow: UnitOfWork,
    emergency: Row[Any],
    answers: Mapping[str, str],
    *,
    patient_count: int | None = None,
    age_years: int | None = None,
    note: str = "",
) -> Row[Any]:
    """The caller says more: triaged again with these answers, and every hospital that has the
    patient hears so. What is urgent already never becomes less urgent, what is discreet never less
    discreet.
    """
    before = emergency
    if dict(answers) != before.answers:
        emergency = improve_emergency(uow, emergency, answers)
        if before.priority < emergency.priority:
            emergency = store.change(uow, emergency, priority=before.priority)
        if telling.is_discreet(before) and before.state != EmergencyState.PROVISIONAL:
            # Whoever may hold the phone has not changed with the answers.
            emergency = store.change(uow, emergency, kind=before.kind)
    values = {"patient_count": patient_count, "age_years": age_years}
    given = {name: value for name, value in values.items() if value is not None}
    if given:
        emergency = store.change(uow, emergency, **given)
    if note:
        emergency = add_note(uow, emergency, note)
    urgency.hasten(uow, before, emergency)
    reason = "caller: more details"
    boxes_told.tell_live(uow, emergency, reason)
    emergency = urgency.ask_better(uow, before, emergency)
    onward.tell_more(uow, emergency, reason, note)
    _audit(uow, emergency, "details given")
    return emergency


def cancel(
    uow: UnitOfWork, emergency: Row[Any], *, by_sms: bool, reason: str = "the caller cancelled"
) -> Row[Any]:
    """The caller needs no help any more. A critical one stays on the console until staff close it,
    and what is discreet only seems to end (see `watched`).
    """
    if telling.is_discreet(emergency):
        emergency = watched.seem_cancelled(uow, emergency)
        if by_sms:
            telling.tell_cancelled(uow, emergency)
        return emergency
    if emergency.state == EmergencyState.PROVISIONAL:
        emergency = withdraw_provisional(uow, emergency)
        solve_all(uow, emergency.id)
    else:
        emergency = withdraw(uow, emergency, reason)
        onward.call_off(uow, emergency, reason)
    if by_sms:
        telling.tell_cancelled(uow, emergency)
    _audit(uow, emergency, "cancelled")
    return emergency


def _arrived(uow: UnitOfWork, emergency: Row[Any]) -> Row[Any]:
    # Where the caller was sent: another hospital may have accepted while they were on the way.
    dispatch_id = emergency.told_dispatch_id or emergency.accepted_dispatch_id
    if dispatch_id is None:
        return emergency  # nobody was told yet: the alarm about the missing place stands
    hospital_answers.arrived(uow, dispatch_id, _BY_CALLER)
    return store.lock(uow, emergency.id)


def _audit(uow: UnitOfWork, emergency: Row[Any], action: str) -> None:
    subject = f"emergency:{to_text(emergency.id)}"
    uow.audit(telling.actor(emergency), action, subject)
