"""What is new of a patient: marked until somebody has understood it, and loud where it must be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from edge_node.dispatch import ClaimState, Dispatch, news_since
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import Kind, Priority, Transport
from shared.errors import IllegalMove, NotFound
from sync.events import GOT_WORSE, DispatchChanged, DispatchOffered
from tests.edge_node.test_dispatch import OFFER, a_change
from tests.edge_node.two_sides import Gateway, Hospital

Both = tuple[Gateway, Hospital]
D = DispatchState
HIGH = replace(OFFER, priority=Priority.HIGH)


def test_former_values_are_kept_until_they_are_understood() -> None:
    changes = [
        a_change(2, D.DELIVERED, needs=5, kind=Kind.PREGNANCY, note="first"),
        a_change(3, D.ACCEPTED, priority=Priority.CRITICAL, answer_by=OFFER.answer_by),
        a_change(4, D.ACCEPTED, transport=Transport.ON_THE_WAY, travel_min=9),
    ]
    news = news_since(0, HIGH, changes)
    assert news is not None
    assert news.changed == ("priority", "kind", "needs")
    assert (news.before.priority, news.before.needs) == (Priority.HIGH, 1)
    assert (news.version, news.alarms, news.got_worse) == (3, True, False)
    later = news_since(2, HIGH, changes)
    assert later is not None
    assert (later.changed, later.before.needs) == (("priority",), 5)
    assert news_since(3, HIGH, changes) is None


def test_what_is_as_it_was_is_no_news() -> None:
    changes = [a_change(2, D.DELIVERED, note="other"), a_change(3, D.DELIVERED, note="first")]
    assert news_since(0, HIGH, changes) is None
    assert news_since(0, HIGH, [a_change(2, D.EXPIRED, reason="no answer in time")]) is None


def test_a_critical_patient_who_gets_worse_is_news_without_alarm() -> None:
    critical = replace(OFFER, priority=Priority.CRITICAL)
    news = news_since(0, critical, [a_change(2, D.ACCEPTED, reason=GOT_WORSE)])
    assert news is not None
    assert (news.changed, news.got_worse, news.alarms) == ((), True, False)


def test_a_change_that_came_too_late_does_not_ring() -> None:
    change = a_change(2, D.ACCEPTED, priority=Priority.CRITICAL)
    news = news_since(0, HIGH, [change], late={2})
    assert news is not None
    assert not news.alarms


def asked(gateway: Gateway, hospital: Hospital, **facts: Any) -> int:
    """An urgent patient, whom the box knows; the dispatch."""
    now, dispatch_id = gateway.system.now(), gateway.system.new_id()
    usual: dict[str, Any] = {
        "at": now,
        "dispatch_id": dispatch_id,
        "emergency_id": 6,
        "raised_at": now,
        "answer_by": now + timedelta(seconds=240),
        "valid_until": now + timedelta(hours=2),
    }
    gateway.knows([replace(HIGH, **(usual | facts))])
    hospital.exchanges()
    return dispatch_id


def hears(both: Both, dispatch_id: int, **facts: Any) -> Dispatch:
    """The gateway knows more; the dispatch as the box has it then."""
    gateway, hospital = both
    known = hospital.box.dispatch(dispatch_id)
    usual: dict[str, Any] = {"version": known.version + 1, "state": known.state}
    gateway.publishes(
        DispatchChanged(at=gateway.system.now(), dispatch_id=dispatch_id, **(usual | facts))
    )
    hospital.exchanges()
    return hospital.box.dispatch(dispatch_id)


def test_an_expected_patient_who_becomes_critical_rings_until_it_is_understood(
    two_sides: Both,
) -> None:
    gateway, hospital = two_sides
    dispatch_id = asked(gateway, hospital)
    hospital.box.accept(dispatch_id, "AK")
    hospital.exchanges()
    assert not hospital.box.dispatch(dispatch_id).rings
    shown = hears(two_sides, dispatch_id, priority=Priority.CRITICAL)
    assert (shown.rings, shown.state) == (True, D.ACCEPTED)
    hospital.box.understand(dispatch_id, shown.version - 1)
    assert hospital.box.dispatch(dispatch_id).rings
    hospital.box.understand(dispatch_id, shown.version)
    hospital.box.understand(dispatch_id, 1)
    understood = hospital.box.dispatch(dispatch_id)
    assert (understood.rings, understood.news) == (False, None)
    hospital.restarts()
    assert hospital.box.dispatch(dispatch_id).news is None


def test_nobody_understands_what_has_not_arrived(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = asked(gateway, hospital)
    hospital.box.understand(dispatch_id, 1000)
    assert hears(two_sides, dispatch_id, note="worse").news is not None
    with pytest.raises(NotFound):
        hospital.box.understand(404, 1)


def test_a_silent_one_rings_again_when_it_becomes_critical(two_sides: Both) -> None:
    dispatch_id = asked(*two_sides)
    assert not hears(two_sides, dispatch_id, state=D.EXPIRED).rings
    assert hears(two_sides, dispatch_id, priority=Priority.CRITICAL).rings
    assert not hears(two_sides, dispatch_id, state=D.SUPERSEDED).rings


def test_after_the_patients_time_it_is_shown_without_alarm(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = asked(gateway, hospital)
    hospital.box.accept(dispatch_id, "AK")
    hospital.exchanges()
    gateway.clock.forward(seconds=2 * 3600 + 1)
    shown = hears(two_sides, dispatch_id, priority=Priority.CRITICAL)
    assert (shown.rings, shown.news is None) == (False, False)


def test_accepting_understands_what_was_on_the_screen_and_nothing_later(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = asked(gateway, hospital)
    shown = hears(two_sides, dispatch_id, priority=Priority.CRITICAL)
    hears(two_sides, dispatch_id, note="also fits")
    hospital.box.accept(dispatch_id, "AK", shown.version)
    news = hospital.box.dispatch(dispatch_id).news
    assert news is not None
    assert news.changed == ("note",)


def test_an_offer_that_comes_after_its_change_has_the_news(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.system.new_id()
    now = gateway.system.now()
    change = replace(
        a_change(2, D.OFFERED, priority=Priority.CRITICAL), at=now, dispatch_id=dispatch_id
    )
    gateway.publishes(change)
    hospital.exchanges()
    assert hospital.box.dispatch(dispatch_id).news is None
    asked(gateway, hospital, dispatch_id=dispatch_id)
    shown = hospital.box.dispatch(dispatch_id)
    assert shown.offer is not None
    assert shown.offer.priority is Priority.CRITICAL
    assert shown.news is not None


def test_cannot_treat_is_taken_back(two_sides: Both) -> None:
    gateway, hospital = two_sides
    box = hospital.box
    dispatch_id = gateway.offers()
    hospital.exchanges()
    with pytest.raises(IllegalMove, match="nothing to undo"):
        box.treat_after_all(dispatch_id, "AK")
    box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_BED)
    with pytest.raises(IllegalMove, match="take that back"):
        box.accept(dispatch_id, "AK")
    claim = box.treat_after_all(dispatch_id, "BN")
    assert box.treat_after_all(dispatch_id, "AK") == claim
    assert box.dispatch(dispatch_id).local_state is D.ACCEPTED
    hospital.exchanges()
    assert gateway.state_of(dispatch_id) is D.ACCEPTED
    assert box.dispatch(dispatch_id).claims[-1].state is ClaimState.ACCEPTED
    # And once more, the other way round: the earlier answer does not stand for this one.
    again = box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_STAFF)
    assert again.state is ClaimState.WAITING
    hospital.exchanges()
    assert gateway.state_of(dispatch_id) is D.CANNOT_TREAT


def test_an_answer_that_was_taken_back_elsewhere_can_be_given_again(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = asked(gateway, hospital)
    first = hospital.box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_BED)
    hospital.exchanges()
    hears(two_sides, dispatch_id, state=D.ACCEPTED)  # by SMS
    again = hospital.box.cannot_treat(dispatch_id, "AK", CannotTreatReason.NO_BED)
    assert again.id != first.id
    assert again.state is ClaimState.WAITING


def test_what_the_gateway_says_is_needed_is_kept(two_sides: Both) -> None:
    dispatch_id = asked(*two_sides)
    assert hears(two_sides, dispatch_id, state=D.CANNOT_TREAT).still_needed
    assert not hears(two_sides, dispatch_id, still_needed=False).still_needed
    assert not hears(two_sides, dispatch_id).still_needed
    assert hears(two_sides, dispatch_id, still_needed=True).still_needed


def test_the_offer_itself_is_no_news(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = asked(gateway, hospital)
    offer = hospital.box.dispatch(dispatch_id).offer
    assert isinstance(offer, DispatchOffered)
    assert hears(two_sides, dispatch_id, priority=offer.priority, note=offer.note).news is None
