"""What patients agree to is kept as they said it, and taken back as easily."""

from sqlalchemy import select

from gateway.audit import audit_entries
from gateway.callers import store as callers
from gateway.medical import consent
from gateway.medical.consent import Scope, Shown
from gateway.medical.tables import consents
from tests.journeys.world import World

SHARE = Scope.SHARE_WITH_MATCHED_HOSPITAL


def caller(world: World, number: str = "+254711000111") -> int:
    return int(world.services.write(lambda uow: callers.find_or_add(uow, number)).id)


def says(world: World, caller_id: int, *, agrees: bool, language: str = "en") -> None:
    said = consent.give if agrees else consent.withdraw
    shown = Shown(text_version="2026-11-1", channel="ussd", language=language)
    world.services.write(lambda uow: said(uow, caller_id, SHARE, shown))


def standing(world: World, caller_id: int) -> frozenset[Scope]:
    return world.services.write(lambda uow: consent.standing(uow, caller_id))


def test_nothing_is_agreed_to_until_somebody_says_so(world: World) -> None:
    assert standing(world, caller(world)) == frozenset()


def test_the_latest_word_counts_and_every_word_stays(world: World) -> None:
    patient, other = caller(world), caller(world, "+254711000112")
    says(world, patient, agrees=True)
    assert standing(world, patient) == {SHARE}
    assert standing(world, other) == frozenset()
    # Within the same millisecond, too.
    says(world, patient, agrees=False, language="sw")
    assert standing(world, patient) == frozenset()
    world.forward(1)
    says(world, patient, agrees=True)
    assert standing(world, patient) == {SHARE}
    rows = world.services.database.read(
        lambda c: c.execute(select(consents).order_by(consents.c.id)).all()
    )
    assert [(row.given, row.language) for row in rows] == [
        (True, "en"),
        (False, "sw"),
        (True, "en"),
    ]
    assert {(row.text_version, row.channel) for row in rows} == {("2026-11-1", "ussd")}


def test_withdrawing_what_was_never_given_is_kept_too(world: World) -> None:
    patient = caller(world)
    says(world, patient, agrees=False)
    assert standing(world, patient) == frozenset()
    actions = world.services.database.read(
        lambda c: c.execute(select(audit_entries.c.action)).scalars().all()
    )
    assert actions == ["consent withdrawn"]
