"""A carrier that is slow in every way: turns go on, texts wait and go out, operators are
alarmed.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway.alarms.tables import alarms
from gateway.database.database import Database
from gateway.delivery.sending import Carriers
from gateway.machine import real_system
from gateway.notifications.tables import messages
from gateway.processes.workers import Workers
from gateway.providers.africastalking import AfricasTalking
from gateway.providers.http_post import Answer, PooledFormPoster, TimeLimits
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.unit_of_work import Services
from gateway.ussd.turn import UssdRequest, take_turn
from sync.sealing import NodeKeys
from tests.faults.callers import turn
from tests.faults.installation import until
from tests.faults.slow_carrier import Mood, SlowCarrier
from tests.journeys.world import KEYS, SERVICE_CODE, build_world

_LIMITS = TimeLimits(connect_s=0.25, answer_s=0.25)


class WatchedPoster:
    """Posts with short time limits, and notes how many hold the same message at once."""

    def __init__(self) -> None:
        self.under_way: Counter[tuple[str, str]] = Counter()
        self.most_at_once = 0
        self._post = PooledFormPoster(_LIMITS)
        self._lock = threading.Lock()

    def __call__(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        message = (form["to"], form["message"])
        with self._lock:
            self.under_way[message] += 1
            self.most_at_once = max(self.most_at_once, self.under_way[message])
        try:
            return self._post(url, headers, form)
        finally:
            with self._lock:
                self.under_way[message] -= 1


class Gateway:
    """The gateway's use cases and the threads of two workers, on the real clock."""

    def __init__(self, database: Database, folder: Path, carrier: SlowCarrier) -> None:
        self.world = build_world(database, folder)
        self.world.hospital("Mbagathi Hospital", -1.3100, 36.8000)
        self.services: Services = replace(self.world.services, system=real_system())
        self.poster = WatchedPoster()
        provider = AfricasTalking(
            "sandbox", "no-key", base_url=carrier.url, voice_url=carrier.url, post=self.poster
        )
        carriers = Carriers(provider, provider, "20911")
        desk = ExchangeDesk(database, self.services.system, NodeKeys(KEYS.boxes), self.world.desk)
        self.workers = [Workers(self.services, carriers, desk) for _ in range(2)]
        for worker in self.workers:
            worker.start()

    def stops(self) -> None:
        for worker in self.workers:
            worker.stop()

    def somebody_calls(self, number: int) -> str:
        """The answer to one whole emergency."""
        form = turn(number, "1*2*2*kibra")
        return take_turn(
            self.services,
            UssdRequest(
                form["sessionId"], form["phoneNumber"], SERVICE_CODE, "63902", form["text"]
            ),
        )

    def try_again_now(self) -> None:
        """What waits for its next try is due; whatever a sender holds stays with it."""
        waiting = (messages.c.state == "queued") & messages.c.lease_until.is_(None)
        due = update(messages).where(waiting).values(due_at=self.services.system.now())
        self.services.database.write(lambda c: c.execute(due))

    def count(self, *which: str) -> int:
        query = select(func.count()).where(messages.c.state.in_(which))
        return int(self.services.database.read(lambda c: c.execute(query).scalar_one()))

    def alarmed(self) -> bool:
        query = select(alarms.c.id).where(alarms.c.kind == "provider", alarms.c.solved_at.is_(None))
        self.try_again_now()
        return bool(self.services.database.read(lambda c: c.execute(query).all()))

    def everything_is_sent(self) -> bool:
        self.try_again_now()
        return not self.count("queued", "failed")


@pytest.fixture
def carrier() -> Iterator[SlowCarrier]:
    made = SlowCarrier()
    yield made
    made.close()


@pytest.fixture
def gateway(database: Database, tmp_path: Path, carrier: SlowCarrier) -> Iterator[Gateway]:
    made = Gateway(database, tmp_path, carrier)
    yield made
    made.stops()


@pytest.mark.parametrize(
    "mood",
    [mood for mood in Mood if mood is not Mood.ANSWERS],
    ids=lambda mood: mood.name.lower().replace("_", " "),
)
def test_a_slow_carrier_holds_up_no_caller_and_loses_no_text(
    gateway: Gateway, carrier: SlowCarrier, mood: Mood
) -> None:
    carrier.turns(mood)
    assert "Go now" in gateway.somebody_calls(1)
    until("a sender is held up", lambda: gateway.poster.under_way.total())
    # More callers than there are senders.
    for number in range(2, 14):
        assert "Go now" in gateway.somebody_calls(number)
    until("operators are alarmed", gateway.alarmed)
    assert gateway.count("sent") == 0
    carrier.turns(Mood.ANSWERS)
    until("everything is sent", gateway.everything_is_sent)
    until("the alarm is over", lambda: not gateway.alarmed())
    until("everything is sent", gateway.everything_is_sent)

    assert gateway.poster.most_at_once == 1
    query = select(messages.c.recipient_sealed, messages.c.text, messages.c.attempts)
    wanted: Counter[tuple[str, str]] = Counter()
    attempts: Counter[tuple[str, str]] = Counter()
    for row in gateway.services.database.read(lambda c: c.execute(query).all()):
        message = (gateway.services.vault.open(row.recipient_sealed), row.text)
        wanted[message] += 1
        attempts[message] += row.attempts
    assert set(carrier.taken) == set(wanted)
    for message, count in wanted.items():
        # Again only when it could not be known whether it had been taken.
        assert count <= carrier.taken[message] <= attempts[message]
