"""What patients state about themselves, at the box: kept for the console alone, and no longer than
it is this hospital's business.
"""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from edge_node import dispatches, retention, summaries
from edge_node.bundles import take_bundle
from edge_node.link import Link, LinkState
from edge_node.modem.duty_texts import _asking
from edge_node.tables import metadata
from edge_node.tables import summaries as table
from edge_node.unanswered import UnansweredPatients
from gateway.sites.bundles import write_bundle
from gateway.sites.tables import streams
from shared import identifier
from shared.system import System
from sync import texting
from sync.codec import encode
from sync.events import DispatchRemoved, Event, SummaryShared, SummaryWithdrawn
from tests.edge_node.two_sides import Clock, Gateway, Hospital

Both = tuple[Gateway, Hospital]
ALLERGY = "penicillin"


def shared(gateway: Gateway, dispatch_id: int, **facts: Any) -> SummaryShared:
    gateway.clock.forward(1)
    stated = {"blood_type": "O-", "allergies": ALLERGY} | facts
    return SummaryShared(at=gateway.system.now(), dispatch_id=dispatch_id, **stated)


def withdrawn(gateway: Gateway, dispatch_id: int) -> SummaryWithdrawn:
    gateway.clock.forward(1)
    return SummaryWithdrawn(at=gateway.system.now(), dispatch_id=dispatch_id)


def rows(hospital: Hospital) -> list[Any]:
    return list(hospital.store.read(lambda c: c.execute(select(table)).all()))


def test_it_is_shown_changed_and_taken_back(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    gateway.publishes(shared(gateway, dispatch_id))
    hospital.exchanges()
    assert hospital.box.summaries([dispatch_id])[dispatch_id].allergies == ALLERGY
    gateway.publishes(shared(gateway, dispatch_id, allergies="none"))
    hospital.exchanges()
    assert hospital.box.summaries([dispatch_id])[dispatch_id].allergies == "none"
    gateway.publishes(withdrawn(gateway, dispatch_id))
    hospital.exchanges()
    assert hospital.box.summaries([dispatch_id]) == {}
    [row] = rows(hospital)
    assert row.event is None
    assert hospital.box.dispatches()[0].rings


def test_one_that_comes_before_its_patient_is_kept_for_them(two_sides: Both) -> None:
    gateway, hospital = two_sides
    early = shared(gateway, identifier.maker(gateway.system.now, gateway.system.rng)())
    hospital.store.write(lambda c: summaries.take(c, early))
    assert hospital.box.dispatches() == []
    hospital.exchanges()
    assert hospital.box.summaries([early.dispatch_id])[early.dispatch_id].blood_type == "O-"


def test_it_leaves_with_its_patient_and_does_not_come_back(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    summary = shared(gateway, dispatch_id)
    gateway.publishes(summary)
    hospital.exchanges()
    gateway.clock.forward(1)
    gateway.publishes(DispatchRemoved(at=gateway.system.now(), dispatch_id=dispatch_id))
    hospital.exchanges()
    assert rows(hospital) == []
    hospital.store.write(lambda c: summaries.take(c, summary))
    assert rows(hospital) == []


def test_it_is_forgotten_after_as_long_as_a_patient_also_without_one(two_sides: Both) -> None:
    gateway, hospital = two_sides
    summary = shared(gateway, identifier.maker(gateway.system.now, gateway.system.rng)())
    hospital.store.write(lambda c: summaries.take(c, summary))
    for days, left in ((34, 1), (36, 0)):
        then = summary.at + timedelta(days=days)
        hospital.store.write(lambda c, now=then: retention.forget_old(c, now))  # type: ignore[misc]
        assert len(rows(hospital)) == left


def test_a_restarted_box_still_has_it_and_its_store_is_encrypted(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    gateway.publishes(shared(gateway, dispatch_id))
    hospital.exchanges()
    hospital.restarts()
    assert hospital.box.summaries([dispatch_id])[dispatch_id].allergies == ALLERGY
    for file in hospital.folder.iterdir():
        assert ALLERGY.encode() not in file.read_bytes()


def test_a_bundle_carries_it(two_sides: Both) -> None:
    gateway, hospital = two_sides
    hospital.exchanges()
    dispatch_id = gateway.offers()
    gateway.publishes(shared(gateway, dispatch_id))
    site, keys = hospital.identity.site(), hospital.identity.node_keys()
    content, _ = write_bundle(gateway.desk, site.site_id, everything=False)
    assert ALLERGY.encode() not in content
    assert take_bundle(hospital.store, keys, site, hospital.exchanger._actor, content) > 1
    assert hospital.box.summaries([dispatch_id])[dispatch_id].allergies == ALLERGY


def test_no_text_carries_it(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    gateway.publishes(shared(gateway, dispatch_id))
    site_id = hospital.identity.site().site_id
    since = gateway.system.now() - timedelta(hours=1)
    waiting = gateway.quiet.read(lambda c: streams.texts.waiting(c, site_id, since))
    now = gateway.system.now() + timedelta(minutes=5)
    rules = texting.TextRules(after=timedelta(), urgent_at_once=True)
    due = texting.due(waiting, now, rules, silent=True)
    assert due
    assert not any(ALLERGY.encode() in each.payload for each in (*waiting, *due))


def test_what_rings_and_texts_the_duty_phones_knows_nothing_of_it(two_sides: Both) -> None:
    gateway, hospital = two_sides
    dispatch_id = gateway.offers()
    gateway.publishes(shared(gateway, dispatch_id))
    hospital.exchanges()
    patients = UnansweredPatients(hospital.store, Link(LinkState()))
    [each] = patients.look(gateway.system.now())
    assert ALLERGY not in repr(each)
    assert ALLERGY not in _asking(each.offer, "Kibra Hospital")
    assert ALLERGY not in repr(hospital.box.dispatches())
    assert ALLERGY not in repr(hospital.box.summaries([dispatch_id]))


def _told(system: System, dispatch_id: int, kinds: list[str]) -> list[Event]:
    """These words of the gateway on one dispatch, a millisecond apart."""
    at, events = system.now(), []
    for number, kind in enumerate(kinds):
        about: dict[str, Any] = {
            "at": at + timedelta(milliseconds=number + 1),
            "dispatch_id": dispatch_id,
        }
        events.append(
            {
                "shared": SummaryShared(**about, blood_type=f"{number}"),
                "withdrawn": SummaryWithdrawn(**about),
                "removed": DispatchRemoved(**about),
            }[kind]
        )
    return events


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["shared", "withdrawn", "removed"]), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_latest_word_counts_in_whatever_order_they_come(kinds: list[str], chance: Any) -> None:
    told = _told(Clock().system(1), 1 << 40, kinds)
    # Twice is once.
    come = [*told, *told]
    chance.shuffle(come)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for event in come:
            if isinstance(event, DispatchRemoved):
                dispatches.remove(connection, event)
            elif isinstance(event, SummaryShared | SummaryWithdrawn):
                summaries.take(connection, event)
        seen = summaries.of_dispatches(connection, [1 << 40], None)
    engine.dispose()
    latest = told[-1]
    shown = {each: summary.blood_type for each, summary in seen.items()}
    expected = latest.blood_type if isinstance(latest, SummaryShared) else None
    assert shown == ({} if expected is None else {1 << 40: expected})


def test_a_summary_is_small() -> None:
    system = Clock().system(1)
    event = SummaryShared(
        at=system.now(), dispatch_id=system.new_id(), blood_type="O-", allergies=ALLERGY
    )
    assert len(encode(event)) <= 40
