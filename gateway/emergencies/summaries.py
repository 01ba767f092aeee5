"""What patients state about themselves, told to the hospitals that are asked for them: by their
consent, for one emergency, and for as long as the hospital is asked (docs/adr/030).

It joins an emergency only when its own caller says that they are the patient.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from gateway.emergencies import store, telling
from gateway.medical import consent, profile
from gateway.medical.consent import Scope
from gateway.medical.profile import Profile
from gateway.medical.tables import disclosures
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import LIVE, DispatchState
from shared.emergency import ENDED, EmergencyState, Kind
from shared.errors import NotFound
from shared.identifier import to_text
from sync.events import DispatchOffered, Event, SummaryShared, SummaryWithdrawn

_MAY_SEE = LIVE | {DispatchState.ARRIVED}
# Whoever calls for a child is not the patient.
_CHILDREN = frozenset({Kind.NEWBORN, Kind.CHILD})
_MAY_STILL_BE_SAID = frozenset(store.ACTIVE) - {EmergencyState.PROVISIONAL}
_SCOPE = Scope.SHARE_WITH_MATCHED_HOSPITAL
# How exact a moment is on the wire: the latest word on a dispatch counts.
_LATER = timedelta(milliseconds=1)


def can_say(uow: UnitOfWork, emergency: Row[Any], caller_id: int) -> bool:
    """True when this caller may say that they are the patient: they raised it, it is about one
    patient who may be them, and they have stated something and agreed to share it. A phone that may
    be in the wrong hands is not asked.
    """
    return bool(
        emergency.caller_id == caller_id
        and EmergencyState(emergency.state) in _MAY_STILL_BE_SAID
        and emergency.cancel_asked_at is None
        and not telling.is_discreet(emergency)
        and _may_be_the_caller(emergency)
        and _shareable(uow, caller_id) is not None
    )


def say(uow: UnitOfWork, emergency: Row[Any], caller_id: int, *, is_patient: bool) -> Row[Any]:
    """The caller says that they are the patient, or takes that back; hospitals' boxes are told what
    follows from it. Nothing changes for who may not say it. Raises NotFound for an emergency that
    is not this caller's.
    """
    if emergency.caller_id != caller_id:
        raise NotFound("There is no such emergency.")
    if emergency.caller_is_patient == is_patient:
        return emergency
    if is_patient and not can_say(uow, emergency, caller_id):
        return emergency
    emergency = store.change(uow, emergency, caller_is_patient=is_patient)
    said = "caller is the patient" if is_patient else "caller is not the patient"
    uow.audit(telling.actor(emergency), said, f"emergency:{to_text(emergency.id)}")
    keep_true(uow, emergency)
    return emergency


@contextmanager
def kept_true(uow: UnitOfWork, caller_id: int) -> Iterator[None]:
    """Around a change of what this patient states or agrees to: whatever hospitals see of it is
    changed with it. Their emergencies are locked first, so that nobody is told meanwhile what is
    being taken back.
    """
    open_ones = store.of_patient(uow, caller_id)
    yield
    for emergency in open_ones:
        keep_true(uow, emergency, anew=True)


def keep_true(uow: UnitOfWork, emergency: Row[Any], *, anew: bool = False) -> None:
    """Every hospital that was asked for this emergency sees what it may see now; `anew` tells those
    again that see something, because that has changed.
    """
    for dispatch in store.dispatches_of(uow.connection, emergency.id):
        _tell(uow, emergency, dispatch, anew=anew)


def follow(uow: UnitOfWork, emergency: Row[Any], *dispatches: Row[Any]) -> None:
    """These dispatches, or by default all, have moved or the emergency has changed: hospitals see
    what they may see now. Where nobody has said that they are the patient there is nothing to see.
    """
    if emergency.caller_is_patient:
        for dispatch in dispatches or store.dispatches_of(uow.connection, emergency.id):
            _tell(uow, emergency, dispatch)


def opening(uow: UnitOfWork, offers: Iterable[DispatchOffered], *, removing: bool) -> list[Event]:
    """What a box starts from that is told these offers. With `removing` it may have kept something
    of them that it may not see any more, also something of which our own database knows nothing
    because it was set back.
    """
    events: list[Event] = []
    for offer in offers:
        dispatch = store.dispatch(uow, offer.dispatch_id)
        emergency = store.lock(uow, dispatch.emergency_id)
        stated = _seen_by(uow, emergency, dispatch)
        if stated is not None:
            events.append(_shared(uow, emergency, dispatch, stated))
        elif removing:
            events.append(_withdrawn(uow, dispatch))
    return events


def _tell(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], *, anew: bool = False) -> None:
    told = _told(uow, dispatch.id)
    sees = told is not None and told.shared
    stated = _seen_by(uow, emergency, dispatch)
    if stated is None and sees:
        uow.audit("gateway", "summary withdrawn", f"dispatch:{to_text(dispatch.id)}")
        uow.tell_hospital(dispatch.hospital_id, _withdrawn(uow, dispatch))
    # A box that is enrolled later starts with it.
    if stated is not None and (anew or not sees) and uow.has_box(dispatch.hospital_id):
        uow.tell_hospital(dispatch.hospital_id, _shared(uow, emergency, dispatch, stated))


def _seen_by(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> Profile | None:
    """What this hospital may see now; None for nothing."""
    if not emergency.caller_is_patient or EmergencyState(emergency.state) in ENDED:
        return None
    if DispatchState(dispatch.state) not in _MAY_SEE or not _may_be_the_caller(emergency):
        return None
    return _shareable(uow, emergency.caller_id)


def _may_be_the_caller(emergency: Row[Any]) -> bool:
    return emergency.patient_count == 1 and Kind(emergency.kind) not in _CHILDREN


def _shareable(uow: UnitOfWork, caller_id: int) -> Profile | None:
    if _SCOPE not in consent.standing(uow, caller_id):
        return None
    stated = profile.read(uow, caller_id)
    return stated if stated.blood_type or stated.allergies else None


def _shared(
    uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], stated: Profile
) -> SummaryShared:
    """The patient's own consent is the legal basis; the dispatch names hospital and emergency."""
    uow.audit(
        telling.actor(emergency),
        "summary shared on consent",
        f"dispatch:{to_text(dispatch.id)}",
    )
    return SummaryShared(
        at=_note(uow, dispatch.id, shared=True),
        dispatch_id=dispatch.id,
        blood_type=stated.blood_type or "",
        allergies=stated.allergies or "",
    )


def _withdrawn(uow: UnitOfWork, dispatch: Row[Any]) -> SummaryWithdrawn:
    return SummaryWithdrawn(at=_note(uow, dispatch.id, shared=False), dispatch_id=dispatch.id)


def _told(uow: UnitOfWork, dispatch_id: int) -> Row[Any] | None:
    query = select(disclosures).where(disclosures.c.dispatch_id == dispatch_id)
    return uow.connection.execute(query).one_or_none()


def _note(uow: UnitOfWork, dispatch_id: int, *, shared: bool) -> datetime:
    """Notes what the hospital is told; when, which is later than whatever it was told before."""
    told = _told(uow, dispatch_id)
    if told is None:
        uow.connection.execute(
            disclosures.insert().values(dispatch_id=dispatch_id, shared=shared, told_at=uow.now)
        )
        return uow.now
    at: datetime = max(uow.now, told.told_at + _LATER)
    uow.connection.execute(
        update(disclosures)
        .where(disclosures.c.dispatch_id == dispatch_id)
        .values(shared=shared, told_at=at)
    )
    return at
