"""A patient's own medical facts: written, read and erased by the patient alone."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Select, delete, func, select

from gateway.medical.tables import patient_keys, profile_fields
from gateway.unit_of_work import UnitOfWork
from shared.errors import InvalidInput
from shared.identifier import to_text

BLOOD_TYPES = ("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-")
LONGEST_ALLERGIES = 80


class ProfileField(StrEnum):
    """What a profile can hold. The names are part of what is sealed: none is ever changed."""

    BLOOD_TYPE = "blood_type"
    ALLERGIES = "allergies"


@dataclass(frozen=True, slots=True)
class Profile:
    """The latest of each fact, as the patient stated it; None was never stated."""

    # Never shown by accident, in a log or a traceback.
    blood_type: str | None = field(default=None, repr=False)
    allergies: str | None = field(default=None, repr=False)


def put(uow: UnitOfWork, caller_id: int, fact: ProfileField, value: str) -> None:
    """The patient states this fact from now on; what they stated before stays as its earlier
    version. Blood types are those in BLOOD_TYPES, allergies are 1 to 80 characters of free text.

    Raises InvalidInput, saying what the value should be.
    """
    clean = _blood_type(value) if fact is ProfileField.BLOOD_TYPE else _allergies(value)
    wrapped_key = _key_to_write(uow, caller_id)
    of_fact = (profile_fields.c.caller_id == caller_id) & (profile_fields.c.field == fact.value)
    latest = select(func.max(profile_fields.c.version)).where(of_fact)
    version = (uow.connection.execute(latest).scalar() or 0) + 1
    uow.connection.execute(
        profile_fields.insert(),
        {
            "caller_id": caller_id,
            "field": fact.value,
            "version": version,
            "sealed": uow.services.profiles.seal(
                wrapped_key, caller_id, fact.value, version, clean
            ),
            "written_at": uow.now,
        },
    )
    _audit(uow, caller_id, "profile changed")


def read(uow: UnitOfWork, caller_id: int) -> Profile:
    """What the patient has stated; empty for somebody who stated nothing, or had it erased."""
    rows = uow.connection.execute(
        select(profile_fields, patient_keys.c.wrapped_key)
        .join(patient_keys, patient_keys.c.caller_id == profile_fields.c.caller_id)
        .where(profile_fields.c.caller_id == caller_id)
        .order_by(profile_fields.c.version)
    )
    latest = {row.field: row for row in rows}
    known = {fact.value: latest[fact.value] for fact in ProfileField if fact.value in latest}
    return Profile(
        **{
            name: uow.services.profiles.open(
                row.wrapped_key, caller_id, name, row.version, row.sealed
            )
            for name, row in known.items()
        }
    )


def erase(uow: UnitOfWork, caller_id: int) -> None:
    """Destroys the patient's key, and with it every version of every fact: who has copied the
    fields without the keys can read nothing. What is stated after that is under a new key.
    """
    # Locked first, like whoever writes a field: nothing is sealed under a key that is going.
    uow.connection.execute(_key_of(caller_id).with_for_update()).first()
    uow.connection.execute(delete(profile_fields).where(profile_fields.c.caller_id == caller_id))
    uow.connection.execute(delete(patient_keys).where(patient_keys.c.caller_id == caller_id))
    _audit(uow, caller_id, "profile erased")


def _key_of(caller_id: int) -> Select[bytes]:
    return select(patient_keys.c.wrapped_key).where(patient_keys.c.caller_id == caller_id)


def _key_to_write(uow: UnitOfWork, caller_id: int) -> bytes:
    found = uow.connection.execute(_key_of(caller_id).with_for_update()).scalar()
    if found is not None:
        return bytes(found)
    wrapped_key = uow.services.profiles.new_wrapped_key(caller_id)
    uow.connection.execute(
        patient_keys.insert(),
        {"caller_id": caller_id, "wrapped_key": wrapped_key, "made_at": uow.now},
    )
    return wrapped_key


def _blood_type(value: str) -> str:
    clean = re.sub(r"\s", "", value).upper()
    if clean not in BLOOD_TYPES:
        raise InvalidInput(f"A blood type is one of {', '.join(BLOOD_TYPES)}.")
    return clean


def _allergies(value: str) -> str:
    clean = " ".join(value.split())
    if not clean or len(clean) > LONGEST_ALLERGIES or not clean.isprintable():
        raise InvalidInput(
            f"Write what you are allergic to in 1 to {LONGEST_ALLERGIES} letters and digits, such "
            "as penicillin, or write none."
        )
    return clean


def _audit(uow: UnitOfWork, caller_id: int, action: str) -> None:
    patient = to_text(caller_id)
    uow.audit(f"caller:{patient}", action, f"patient:{patient}")
