"""A real gateway and a real box on a line of 50 kbit/s and 600 ms that loses packets."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.emergencies.tables import dispatches
from shared.dispatch import DispatchState
from shared.identifier import to_text
from tests.bench import country
from tests.bench.corpus import emergencies
from tests.edge_node.test_processes import World
from tests.faults.callers import turn
from tests.faults.installation import Box, Installation, until
from tests.link.wire import NEAR, Wire, why_not

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("link"),
    # CI must not skip what a laptop may: there it fails.
    pytest.mark.skipif(
        bool(why_not()) and "CI" not in os.environ, reason=why_not() or "a line can be made"
    ),
]
# Heavy bleeding after an injury, beside the hospital that has beds for everybody.
_ANSWERS = "1*2*2*-1.0333,37.0693"
_SEED = 20261130
_MANY = 40
_LONG = 800
_WITHIN_S = 120.0
_WEB_PORT, _LIVE_PORT = 8000, 8001


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire(_SEED)
    yield made
    made.close()


class Line:
    """A gateway at the near end of a wire, and a hospital's box at the far end."""

    def __init__(self, folder: Path, wire: Wire) -> None:
        self.wire = wire
        self.raised = 0
        self.gateway = Installation(
            folder,
            HAVEN_LISTEN=f"{NEAR}:{_WEB_PORT}",
            HAVEN_LIVE_LISTEN=f"{NEAR}:{_LIVE_PORT}",
            HAVEN_PUBLIC_URL=f"http://{NEAR}:{_WEB_PORT}",
            HAVEN_LIVE_PUBLIC_URL=f"ws://{NEAR}:{_LIVE_PORT}",
        )
        self.gateway.url = f"http://{NEAR}:{_WEB_PORT}"
        self.gateway.live_url = f"http://{NEAR}:{_LIVE_PORT}"
        self.box: Box = self.gateway.new_box(country.NEAR, HAVEN_EDGE_EXCHANGE_EVERY_S="5")

    def starts(self) -> None:
        """Everything runs, on a line that loses nothing yet."""
        country.fill(self.gateway)
        self.wire.near.run(self.gateway.starts)
        self.wire.far.run(self.box.enrols)
        self.wire.far.run(self.box.starts)

    def raises(self, count: int) -> None:
        """So many people dial, each by a network that works."""
        for _ in range(count):
            self.raised += 1
            answer = self.wire.near.run(self.gateway.post, "ussd", turn(self.raised, _ANSWERS))
            assert "Go now" in answer.text

    def rings(self) -> bool:
        """True when the box rings for somebody."""
        return any(each["rings"] for each in self.box.dispatches())

    def accepts_what_it_lists(self) -> None:
        """Staff accept every patient whom the box shows."""
        listed = self.wire.far.run(self.box.dispatches)
        for each in listed:
            if each["local_state"] in ("offered", "delivered"):
                self.wire.far.run(partial(self.box.says, each["id"], "accept"))

    def accepted(self) -> set[str]:
        """The dispatches that the gateway knows to be accepted."""
        query = select(dispatches.c.id).where(
            dispatches.c.reachable, dispatches.c.state == DispatchState.ACCEPTED
        )
        return {to_text(row.id) for row in self.gateway.read(query)}

    def agree(self) -> bool:
        """True when everybody is accepted at the gateway, and the box knows of it."""
        self.accepts_what_it_lists()
        listed = self.wire.far.run(self.box.dispatches)
        confirmed = {each["id"] for each in listed if each["state"] == "accepted"}
        assert len(listed) == len({each["id"] for each in listed})
        return len(confirmed) == self.raised and confirmed == self.accepted()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One for all tests: it takes long to make."""
    wire = Wire(_SEED)
    made = Line(tmp_path_factory.mktemp("line"), wire)
    try:
        made.starts()
        yield made
    finally:
        made.gateway.close()
        wire.close()
        # Shown only when a test has failed.
        print(made.gateway.logs())


@pytest.mark.parametrize("loss", [0.1, 0.3])
def test_emergencies_and_answers_go_both_ways(line: Line, loss: float) -> None:
    line.wire.loses(loss)
    line.raises(_MANY)
    until("both sides agree", line.agree, _WITHIN_S)
    line.wire.loses(0.0)


def test_a_cut_line_heals(line: Line) -> None:
    line.raises(1)
    until("it rings", lambda: line.wire.far.run(line.rings))
    line.wire.loses(1.0)
    line.raises(1)
    line.accepts_what_it_lists()
    known = line.accepted()
    until("staff see it", lambda: line.wire.far.run(line.box.get, "/api/v1/link")["problem"])
    assert len(line.accepted()) == len(known) == line.raised - 2
    line.wire.loses(0.0)
    until("both sides agree", line.agree, _WITHIN_S)
    link = line.wire.far.run(line.box.get, "/api/v1/link")
    assert (link["connected"], link["unsent_claims"]) == (True, 0)


def test_an_answer_of_the_staff_overtakes_a_long_download(tmp_path: Path, wire: Wire) -> None:
    world = wire.near.run(lambda: World(tmp_path, 3600, host=NEAR))
    try:
        wire.near.run(world.live.starts)
        code = world.gateway.issues_code()
        assert wire.far.run(world.edge.run, "enrol", world.url, code).returncode == 0
        wire.far.run(world.box.starts)
        first = world.gateway.offers()
        until("it rings", lambda: len(wire.far.run(world.dispatches)) == 1)
        until("nothing is under way", lambda: wire.far.run(world.get, "/api/v1/link")["connected"])
        [shown] = wire.far.run(world.dispatches)
        before = wire.carried()
        world.gateway.knows(emergencies(_LONG))
        until("a download is under way", lambda: wire.carried() > before + 4000)
        wire.far.run(world.accept, shown["id"])
        accepted = DispatchState.ACCEPTED
        until("the answer is there", lambda: world.gateway.state_of(first) is accepted)
        assert len(wire.far.run(world.dispatches)) == 1, "the download was over before"
        # Each of them says that it is there, and the answer is one more.
        until("all are there", lambda: len(world.gateway.effects()) == _LONG + 2, _WITHIN_S)
    finally:
        world.close()
