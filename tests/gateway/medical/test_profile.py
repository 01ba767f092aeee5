"""A patient's own facts: sealed, versioned, erased with their key."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, update

from gateway.audit import audit_entries
from gateway.callers import store as callers
from gateway.medical import profile
from gateway.medical.profile import BLOOD_TYPES, Profile, ProfileField
from gateway.medical.tables import patient_keys, profile_fields
from gateway.unit_of_work import UnitOfWork
from shared.errors import InvalidInput
from shared.identifier import to_text
from tests.journeys.world import World


def caller(world: World, number: str = "+254711000111") -> int:
    return int(world.services.write(lambda uow: callers.find_or_add(uow, number)).id)


def put(world: World, caller_id: int, field: ProfileField, value: str) -> None:
    world.services.write(lambda uow: profile.put(uow, caller_id, field, value))


def read(world: World, caller_id: int) -> Profile:
    return world.services.write(lambda uow: profile.read(uow, caller_id))


def rows(world: World, query: Any) -> list[Any]:
    return list(world.services.database.read(lambda c: c.execute(query).all()))


def test_what_was_stated_last_counts_and_what_was_before_stays(world: World) -> None:
    patient = caller(world)
    assert read(world, patient) == Profile()
    put(world, patient, ProfileField.BLOOD_TYPE, " ab+ ")
    put(world, patient, ProfileField.ALLERGIES, "penicillin,\n bee stings")
    put(world, patient, ProfileField.BLOOD_TYPE, "O-")
    assert read(world, patient) == Profile("O-", "penicillin, bee stings")
    kept = rows(world, select(profile_fields.c.field, profile_fields.c.version))
    assert sorted(map(tuple, kept)) == [("allergies", 1), ("blood_type", 1), ("blood_type", 2)]


def test_a_profile_is_not_shown_by_accident() -> None:
    assert "penicillin" not in repr(Profile("O-", "penicillin"))


def test_nobody_reads_anothers_facts(world: World) -> None:
    put(world, caller(world), ProfileField.BLOOD_TYPE, "O-")
    assert read(world, caller(world, "+254711000112")) == Profile()


def test_what_is_stored_says_nothing_and_opens_only_where_it_was_sealed(world: World) -> None:
    patient, other = caller(world), caller(world, "+254711000112")
    put(world, patient, ProfileField.ALLERGIES, "penicillin")
    put(world, patient, ProfileField.ALLERGIES, "peanuts")
    put(world, other, ProfileField.ALLERGIES, "latex")
    first, second, others = rows(
        world, select(profile_fields).order_by(profile_fields.c.caller_id, profile_fields.c.version)
    )
    assert b"penicillin" not in first.sealed
    keys = {row.caller_id: row.wrapped_key for row in rows(world, select(patient_keys))}
    open_ = world.services.profiles.open
    assert open_(keys[patient], patient, "allergies", 1, first.sealed) == "penicillin"
    with pytest.raises(InvalidTag):
        open_(keys[patient], patient, "allergies", 1, second.sealed)
    with pytest.raises(InvalidTag):
        open_(keys[patient], patient, "blood_type", 1, first.sealed)
    with pytest.raises(InvalidTag):
        open_(keys[patient], patient, "allergies", 1, others.sealed)
    with pytest.raises(InvalidTag):
        open_(keys[other], patient, "allergies", 1, first.sealed)


def test_a_fact_that_was_moved_to_another_patient_is_not_believed(world: World) -> None:
    patient, other = caller(world), caller(world, "+254711000112")
    for each in (patient, other):
        put(world, each, ProfileField.BLOOD_TYPE, "A+")
    (mine, _) = rows(world, select(profile_fields).order_by(profile_fields.c.caller_id))
    moved = update(profile_fields).where(profile_fields.c.caller_id == other)
    world.services.database.write(lambda c: c.execute(moved.values(sealed=mine.sealed)))
    with pytest.raises(InvalidTag):
        read(world, other)


def test_erasing_destroys_the_key_and_what_follows_has_another(world: World) -> None:
    patient = caller(world)
    put(world, patient, ProfileField.BLOOD_TYPE, "O-")
    (before,) = rows(world, select(patient_keys.c.wrapped_key))
    world.services.write(lambda uow: profile.erase(uow, patient))
    assert read(world, patient) == Profile()
    assert rows(world, select(patient_keys)) == []
    assert rows(world, select(profile_fields)) == []
    put(world, patient, ProfileField.ALLERGIES, "none")
    assert read(world, patient) == Profile(None, "none")
    (after,) = rows(world, select(patient_keys.c.wrapped_key))
    assert after.wrapped_key != before.wrapped_key


@pytest.mark.parametrize("blood_type", BLOOD_TYPES)
def test_every_blood_type_is_taken(world: World, blood_type: str) -> None:
    patient = caller(world)
    put(world, patient, ProfileField.BLOOD_TYPE, blood_type)
    assert read(world, patient).blood_type == blood_type


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (ProfileField.BLOOD_TYPE, "C+", "one of A\\+, A-"),
        (ProfileField.BLOOD_TYPE, "", "one of A\\+, A-"),
        (ProfileField.ALLERGIES, "  ", "1 to 80"),
        (ProfileField.ALLERGIES, "x" * 81, "1 to 80"),
        (ProfileField.ALLERGIES, "pen\0icillin", "letters and digits"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_it_stays(
    world: World, field: ProfileField, value: str, says: str
) -> None:
    patient = caller(world)
    with pytest.raises(InvalidInput, match=says):
        put(world, patient, field, value)
    assert rows(world, select(patient_keys)) == []


def test_the_trail_says_who_changed_something_and_never_what(world: World) -> None:
    patient = caller(world)
    acts: list[Callable[[UnitOfWork], None]] = [
        lambda uow: profile.put(uow, patient, ProfileField.ALLERGIES, "penicillin"),
        lambda uow: profile.erase(uow, patient),
    ]
    for act in acts:
        world.services.write(act)
    trail = rows(world, select(audit_entries).order_by(audit_entries.c.id))
    name = to_text(patient)
    assert [(row.actor, row.action, row.subject) for row in trail] == [
        (f"caller:{name}", "profile changed", f"patient:{name}"),
        (f"caller:{name}", "profile erased", f"patient:{name}"),
    ]
