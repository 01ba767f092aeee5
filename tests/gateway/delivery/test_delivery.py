"""Outgoing messages: leases, retries, reports in any order, and what operators hear of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway.alarms.tables import alarms
from gateway.delivery import reports
from gateway.delivery.costs import costs
from gateway.delivery.overview import latest, retry_now
from gateway.delivery.sending import Carriers, send
from gateway.notifications import outbox
from gateway.notifications.outbox import LEASE_S, LONGEST_SEND_S, Channel, Claimed
from gateway.notifications.tables import delivery_attempts, messages
from gateway.unit_of_work import UnitOfWork
from shared.errors import InvalidInput, NotFound, OperatorMustAct, SendRefused, SendRetryable
from tests.journeys.world import World


def write(world: World, text: str = "hello", urgency: int = 1) -> int:
    world.services.write(
        lambda uow: outbox.enqueue(
            uow,
            channel=Channel.SMS,
            recipient="+254711000111",
            text=text,
            purpose="test",
            urgency=urgency,
        )
    )
    newest = select(messages.c.id).order_by(messages.c.id.desc()).limit(1)
    return int(world.services.database.read(lambda c: c.execute(newest).scalar_one()))


def claim(world: World, limit: int = 10) -> list[Claimed]:
    return world.services.write(lambda uow: outbox.claim(uow, limit))


def state(world: World, message_id: int) -> str:
    query = select(messages.c.state).where(messages.c.id == message_id)
    return str(world.services.database.read(lambda c: c.execute(query).scalar_one()))


def report(world: World, provider_id: str, status: str, reason: str = "") -> None:
    world.post("delivery", {"id": provider_id, "status": status, "failureReason": reason})


def open_alarms(world: World) -> list[str]:
    query = select(alarms.c.kind).where(alarms.c.solved_at.is_(None))
    return list(world.services.database.read(lambda c: c.execute(query).scalars().all()))


def test_a_claimed_message_is_nobody_elses_until_the_lease_ends(world: World) -> None:
    message_id = write(world)
    (first,) = claim(world)
    assert claim(world) == []
    world.clock.now += timedelta(seconds=LEASE_S + 1)
    (second,) = claim(world)
    assert (second.id, second.attempts) == (message_id, 2)
    # The one whose lease ended can no longer mark it.
    world.services.write(lambda uow: outbox.mark_failed(uow, first, "too late"))
    assert state(world, message_id) == "queued"
    world.services.write(lambda uow: outbox.mark_sent(uow, second, "ATXid_1", "KES 0.8"))
    assert state(world, message_id) == "sent"


def test_the_most_urgent_goes_first(world: World) -> None:
    write(world, "calm", urgency=2)
    write(world, "urgent", urgency=1)
    assert [message.text for message in claim(world, limit=1)] == ["urgent"]


def test_a_lease_or_due_time_from_a_clock_that_was_wrong_counts_as_over(world: World) -> None:
    write(world)
    world.clock.now += timedelta(days=4000)
    assert len(claim(world)) == 1
    world.clock.now -= timedelta(days=4000)
    assert len(claim(world)) == 1


def test_a_failure_that_may_pass_is_tried_again_after_a_growing_wait(world: World) -> None:
    message_id = write(world)
    world.carrier.fault = SendRetryable("GatewayError")
    world.settle()
    assert state(world, message_id) == "queued"
    world.forward(120)
    query = select(delivery_attempts.c.outcome)
    outcomes = world.services.database.read(lambda c: c.execute(query).scalars().all())
    assert 4 <= len(outcomes) <= 60
    world.carrier.fault = None
    world.forward(300)
    assert state(world, message_id) == "sent"
    assert [text for _, text in world.carrier.texts].count("hello") == 1


def test_a_carrier_that_takes_nothing_for_long_alarms_operators_until_it_does(
    world: World,
) -> None:
    write(world)
    world.carrier.fault = SendRetryable("Africa's Talking could not be reached.")
    world.settle()
    assert open_alarms(world) == []
    world.forward(120)
    assert open_alarms(world) == ["provider"]
    world.carrier.fault = None
    world.forward(300)
    assert open_alarms(world) == []
    (told,) = [text for to, text in world.carrier.texts if to == "+254700000001"]
    assert "could not be reached" in told


def test_one_number_that_fails_while_others_are_reached_is_no_fault_of_the_carrier(
    world: World,
) -> None:
    write(world)
    (unlucky,) = claim(world)
    write(world)
    world.settle()
    late = replace(unlucky, attempts=9)
    world.carrier.fault = SendRetryable("GatewayError")
    send(world.services, Carriers(world.carrier, world.carrier, "40404"), late)
    assert state(world, unlucky.id) == "queued"
    assert open_alarms(world) == []


def test_a_sender_that_was_held_up_leaves_what_another_may_take_soon(world: World) -> None:
    message_id = write(world)
    (claimed,) = claim(world)
    world.clock.now += timedelta(seconds=LEASE_S - LONGEST_SEND_S + 1)
    send(world.services, Carriers(world.carrier, world.carrier, "40404"), claimed)
    assert world.carrier.texts == []
    world.clock.now += timedelta(seconds=LONGEST_SEND_S)
    world.settle()
    assert state(world, message_id) == "sent"
    assert len(world.carrier.texts) == 1


def test_an_account_without_credit_alarms_operators_and_goes_on_afterwards(world: World) -> None:
    message_id = write(world)
    world.carrier.fault = OperatorMustAct("InsufficientBalance")
    world.settle()
    assert "provider" in open_alarms(world)
    assert state(world, message_id) == "queued"
    world.carrier.fault = None
    world.forward(35)
    assert state(world, message_id) == "sent"
    assert open_alarms(world) == []


def test_a_number_that_is_refused_for_good_has_operators_phone_the_caller(world: World) -> None:
    world.carrier.fault = SendRefused("UserInBlacklist")
    phone = world.phone().dials().chooses("1", "2").drops()
    assert phone.inbox() == []
    assert "undelivered" in open_alarms(world)
    rows = world.services.database.read(latest)
    failed = [row for row in rows if row.state == "failed"]
    assert failed[0].last_error == "UserInBlacklist"
    assert "711" not in failed[0].to.removeprefix("+254")


@pytest.mark.parametrize(
    ("statuses", "ends_as"),
    [
        (["Sent", "Success"], "delivered"),
        (["Success", "Sent"], "delivered"),
        (["Success", "Failed"], "delivered"),
        (["Failed", "Success"], "failed"),
        (["Buffered"], "sent"),
        (["AbsentSubscriber"], "failed"),
        (["Expired", "Expired"], "failed"),
        (["SomethingNew"], "sent"),
        (["SomethingNew", "Success", "Success"], "delivered"),
    ],
)
def test_reports_in_any_order_end_in_the_first_final_one(
    world: World, statuses: list[str], ends_as: str
) -> None:
    message_id = write(world)
    world.settle()
    for status in statuses:
        report(world, "ATXid_1", status)
    assert state(world, message_id) == ends_as


def test_a_report_that_overtakes_the_providers_answer_counts(world: World) -> None:
    message_id = write(world)
    (claimed,) = claim(world)
    report(world, "ATXid_early", "Success")
    assert state(world, message_id) == "queued"

    def accepted(uow: UnitOfWork) -> None:
        outbox.mark_sent(uow, claimed, "ATXid_early", "")
        reports.apply_early(uow, "ATXid_early")

    world.services.write(accepted)
    assert state(world, message_id) == "delivered"


def test_what_was_true_hours_ago_is_never_sent(world: World) -> None:
    world.carrier.fault = SendRetryable("Africa's Talking could not be reached.")
    phone = world.phone().dials().chooses("1", "2").drops()
    world.clock.now += timedelta(hours=2, minutes=1)
    world.carrier.fault = None
    world.settle()
    assert phone.inbox() == []
    assert "undelivered" in open_alarms(world)
    old = [r for r in world.services.database.read(latest) if r.last_error.startswith("too old")]
    assert old
    with pytest.raises(InvalidInput, match="Phone them"):
        world.services.database.write(lambda c: retry_now(c, old[0].id, world.clock.now))


def test_an_operator_sends_a_failed_message_again(world: World) -> None:
    world.carrier.fault = SendRefused("DeliveryFailure")
    write(world)
    world.settle()
    world.carrier.fault = None
    (row,) = world.services.database.read(lambda c: latest(c, only_waiting=True))
    world.services.database.write(lambda c: retry_now(c, row.id, world.clock.now))
    world.settle()
    assert [text for _, text in world.carrier.texts] == ["hello"]
    with pytest.raises(NotFound, match="deliveries list"):
        world.services.database.write(lambda c: retry_now(c, row.id, world.clock.now))


def test_what_messages_cost_is_added_up_by_purpose(world: World) -> None:
    for purpose, cost in (("offer", "KES 0.8000"), ("offer", "KES 1.6000"), ("box", "")):
        message_id = write(world)
        world.services.write(
            lambda uow, message_id=message_id, cost=cost, purpose=purpose: uow.connection.execute(  # type: ignore[misc]
                update(messages)
                .where(messages.c.id == message_id)
                .values(state="sent", sent_at=uow.now, cost=cost, purpose=purpose)
            )
        )
    found = world.services.database.read(lambda c: costs(c, world.clock.now))
    assert [(row.purpose, row.count, row.totals, row.unknown) for row in found] == [
        ("offer", 2, ("KES 2.40",), 0),
        ("box", 1, (), 1),
    ]
    later = world.clock.now + timedelta(seconds=1)
    assert world.services.database.read(lambda c: costs(c, later)) == []
