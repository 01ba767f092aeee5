"""A simulator on a clock that the test moves, calling back a gateway that the test scripts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway.providers.http_post import Answer, AnswerLost
from gateway.simulator.agenda import Agenda
from gateway.simulator.app import create_simulator
from gateway.simulator.config import SimulatorConfig
from shared.identifier import maker
from shared.system import System

SECRET = "callback-secret-of-tests"
CONFIG = SimulatorConfig("http://gateway.example", SECRET, "key", voice_number="+254711082000")
PREFIX = f"http://gateway.example/callbacks/africastalking/{SECRET}/"


@dataclass(frozen=True)
class Posted:
    kind: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


Reply = Callable[[Posted], Answer]


def screen(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@dataclass
class ScriptedGateway:
    """Stands where the callbacks go: answers 200 unless told otherwise, and keeps what came."""

    posted: list[Posted] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)

    def __call__(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        assert url.startswith(PREFIX)
        post = Posted(url.removeprefix(PREFIX), dict(form), dict(headers))
        self.posted.append(post)
        reply = self.replies.get(post.kind)
        return reply(post) if reply else Answer(200, {}, "")

    def answers(self, kind: str, *answers: Answer | None) -> None:
        """These answers one after the other, the last one again and again; None loses one."""
        left = list(answers)

        def reply(post: Posted) -> Answer:
            answer = left.pop(0) if len(left) > 1 else left[0]
            if answer is None:
                raise AnswerLost
            return answer

        self.replies[kind] = reply

    def forms(self, kind: str) -> list[Mapping[str, str]]:
        return [post.form for post in self.posted if post.kind == kind]


class World:
    """The simulator, its clock and the gateway behind it."""

    def __init__(
        self, config: SimulatorConfig = CONFIG, pause: Callable[[float], None] | None = None
    ) -> None:
        self.at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        self.gateway = ScriptedGateway()
        self.paused_s: list[float] = []
        rng = Random(7)
        system = System(lambda: self.at, maker(lambda: self.at, rng), rng)
        self.agenda = Agenda(system.now)
        app = create_simulator(
            config,
            system,
            self.agenda,
            post=self.gateway,
            pause=pause or self.paused_s.append,
        )
        app.testing = True
        self.http: FlaskClient = app.test_client()

    def forward(self, seconds: float) -> None:
        """Moves the clock in steps, so that what falls due at each sets off what follows."""
        end = self.at + timedelta(seconds=seconds)
        while self.at < end:
            self.at = min(end, self.at + timedelta(seconds=0.25))
            while self.agenda.run_due():
                pass

    def phone(self, action: str, number: str = "254711000111", **body: Any) -> dict[str, Any]:
        """Does it at the phone and gives back the phone's state, or the error with its status."""
        answer = self.http.post(f"/phone/{number}/api/{action}", json=body)
        state: dict[str, Any] = answer.get_json()
        return state if answer.status_code == 200 else {**state, "status": answer.status_code}

    def state(self, number: str = "254711000111") -> dict[str, Any]:
        state: dict[str, Any] = self.http.get(f"/phone/{number}/api/state").get_json()
        return state

    def send(self, to: str = "+254711000111", key: str = "key", **form: str) -> Any:
        """A message as the gateway's adapter sends it."""
        return self.http.post(
            "/version1/messaging",
            headers={"apiKey": key},
            data={"username": "sandbox", "to": to, "message": "7K2F saved", **form},
        )

    def call(self, to: str = "+254711000111", **form: str) -> Any:
        return self.http.post(
            "/call",
            headers={"apiKey": "key"},
            data={"username": "sandbox", "to": to, "from": "+254711082000", **form},
        )

    def fault(self, **fields: Any) -> None:
        answer = self.http.post("/control/faults", json=fields)
        assert answer.status_code == 201, answer.get_json()


@pytest.fixture
def world() -> World:
    return World()
