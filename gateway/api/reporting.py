"""What reporters do, each as one command on the use cases that USSD and SMS work with."""

from typing import Any

from sqlalchemy import Row

from gateway.api import reporters
from gateway.api.answers import triage_answers
from gateway.api.emergency_models import Answers, EmergencyReport, MoreDetails, Position
from gateway.emergencies import caller_answers, noting, store, telling
from gateway.emergencies.raising import raise_emergency
from gateway.places.position import place_at
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from shared.emergency import ENDED, EmergencyState, Transport
from shared.errors import IllegalMove, InvalidInput
from shared.identifier import to_text
from shared.phone_number import normalise

_CHANNEL = "rest"


def report_emergency(uow: UnitOfWork, report: EmergencyReport) -> tuple[Row[Any], str]:
    """Stores and raises a new emergency; gives it and its reporter's token.

    Where no place is known operators own it, as with every channel. Raises InvalidInput.
    """
    position = _position(uow, report.lat, report.lon, report.accuracy_m)
    answers = _answers({}, report)
    token = reporters.new_token(uow.system.rng)
    emergency = noting.note_emergency(
        uow,
        caller_id=None,
        channel=_CHANNEL,
        language=report.language,
        answers=answers,
        quiet_at=None,
        note=report.note or "",
        token_hash=reporters.token_hash(token),
    )
    emergency = store.change(
        uow,
        emergency,
        patient_count=report.patient_count or 1,
        age_years=report.age_years,
    )
    phone = None if not report.phone else normalise(report.phone, uow.services.config.country)
    if phone is not None and not telling.is_discreet(emergency):
        # Whoever may be watched must not be called, so their hospital does not get a number.
        emergency = noting.add_note(uow, emergency, f"Phone as given, not verified: {phone}")
    emergency = _place(uow, emergency, report.place_text, position)
    return raise_emergency(uow, emergency).emergency, token


def move_patient(uow: UnitOfWork, emergency: Row[Any], position: Position) -> Row[Any]:
    """The patient is here now. Raises IllegalMove when nobody waits for them any more."""
    _require_waiting(emergency)
    place = _position(uow, position.lat, position.lon, position.accuracy_m)
    if place is None:
        raise InvalidInput("lat and lon are both needed.")
    emergency = caller_answers.place_given(uow, emergency, place)
    subject = f"emergency:{to_text(emergency.id)}"
    uow.audit("reporter", "place given", subject)
    return emergency


def add_details(uow: UnitOfWork, emergency: Row[Any], details: MoreDetails) -> Row[Any]:
    """More is known. Raises IllegalMove when the emergency has ended, and InvalidInput."""
    if telling.state_shown(emergency) in ENDED:
        raise IllegalMove("This emergency has ended. If help is needed again, raise a new one.")
    if details.worse:
        emergency = caller_answers.got_worse(uow, emergency, by_sms=False)
    return caller_answers.details_given(
        uow,
        emergency,
        _answers(emergency.answers, details),
        patient_count=details.patient_count,
        age_years=details.age_years,
        note=details.note or "",
    )


def answer_transport(uow: UnitOfWork, emergency: Row[Any], answer: Transport) -> Row[Any]:
    """How the patient gets there. Raises IllegalMove when the emergency has ended."""
    state = telling.state_shown(emergency)
    if answer is Transport.NOT_COMING and state is EmergencyState.CANCELLED:
        return emergency
    if answer is not Transport.ARRIVED or state is not EmergencyState.ARRIVED:
        _require_waiting(emergency)
    return caller_answers.answer_transport(uow, emergency, answer, by_sms=False)


def cancel_emergency(uow: UnitOfWork, emergency: Row[Any]) -> Row[Any]:
    """Help is not needed any more; once more changes nothing. Raises IllegalMove after arrival."""
    if telling.state_shown(emergency) is EmergencyState.CANCELLED:
        return emergency
    return caller_answers.cancel(uow, emergency, by_sms=False)


def _require_waiting(emergency: Row[Any]) -> None:
    state = telling.state_shown(emergency)
    if state not in store.ACTIVE:
        raise IllegalMove(f"This emergency is {state}. If help is needed again, raise a new one.")


def _answers(known: dict[str, str], given: Answers) -> dict[str, str]:
    return triage_answers(
        known, kind=given.kind, sign=given.sign, cause=given.cause, detail=given.detail
    )


def _position(
    uow: UnitOfWork, lat: float | None, lon: float | None, accuracy_m: float | None
) -> FoundPlace | None:
    if lat is None or lon is None:
        return None
    return place_at(lat, lon, uow.services.config.country, accuracy_m)


def _place(
    uow: UnitOfWork, emergency: Row[Any], typed: str | None, position: FoundPlace | None
) -> Row[Any]:
    """A position is where the patient is; typed words are kept beside it, or searched."""
    hits: tuple[FoundPlace, ...] = ()
    if typed:
        answer = uow.services.places.search(typed)
        hits = answer.hits
        emergency = noting.note_typed_place(uow, emergency, typed, hits)
        if position is None and answer.sure:
            position = hits[0]
    if position is not None:
        emergency = caller_answers.place_given(uow, emergency, position)
    return emergency
