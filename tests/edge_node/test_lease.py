"""The lease on summaries: it runs while the program runs, and hides nothing but them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, func, select, update

from edge_node.bundles import take_bundle
from edge_node.gateway_connection import GatewayRefused
from edge_node.lease import Dark, Lease, LeaseState, in_words, stored
from edge_node.link import Link, LinkState
from edge_node.notifier import Notifier
from edge_node.status_text import status_lines
from edge_node.tables import lease as lease_table
from edge_node.tables import metadata
from edge_node.web import representation
from edge_node.web.app import create_app
from gateway.sites.bundles import write_bundle
from gateway.sites.tables import SiteState, sites
from shared.dispatch import DispatchState
from sync.events import SummaryShared
from sync.sealing import Refused
from tests.edge_node.test_wrong_clock import Side
from tests.edge_node.two_sides import Gateway, Hospital

Both = tuple[Gateway, Hospital]
HOUR_S = 3600
WEEK_S = 7 * 24 * HOUR_S
ALLERGY = "penicillin"


def shares(gateway: Gateway, dispatch_id: int) -> None:
    gateway.publishes(
        SummaryShared(
            at=gateway.system.now(), dispatch_id=dispatch_id, blood_type="O-", allergies=ALLERGY
        )
    )


def shown(hospital: Hospital) -> list[dict[str, Any]]:
    """What the console's API gives out."""
    app = create_app(hospital.box, hospital.condition, frozenset())
    answer = app.test_client().get("/api/v1/console")
    assert (ALLERGY in answer.text) is (hospital.lease.state.dark is None)
    found: list[dict[str, Any]] = json.loads(answer.text)["dispatches"]
    return found


@pytest.fixture
def asked(two_sides: Both) -> tuple[Gateway, Hospital, int]:
    """A patient who shares what they state, on the box."""
    gateway, hospital = two_sides
    dispatch_id = gateway.offers(note="knife wound")
    shares(gateway, dispatch_id)
    hospital.exchanges()
    return gateway, hospital, dispatch_id


def test_a_box_that_was_never_answered_shows_none(two_sides: Both) -> None:
    _, hospital = two_sides
    assert hospital.lease.state == LeaseState(0)
    hospital.exchanges()
    assert hospital.lease.state == LeaseState(WEEK_S)


def test_when_it_has_run_out_summaries_are_dark_and_all_else_goes_on(
    asked: tuple[Gateway, Hospital, int],
) -> None:
    gateway, hospital, dispatch_id = asked
    [card] = shown(hospital)
    assert card["summary"]["blood_type"] == "O-"
    hospital.network.cut = True
    hospital.runs(WEEK_S - 1)
    assert shown(hospital)[0]["summary"]["allergies"] == ALLERGY
    version = hospital.notifier.version
    hospital.runs(1)
    [card] = shown(hospital)
    assert card["summary"] == {"dark": Dark.RUN_OUT}
    # The consoles were told, without anybody having asked.
    assert hospital.notifier.version > version
    assert card["rings"]
    assert card["facts"]["note"] == "knife wound"
    hospital.box.accept(dispatch_id, "AK")
    hospital.box.write_note("No beds", "AK")
    why = "this box has not reached Haven for 7 days of running. Reconnect it, or ask the patient."
    assert why in hospital.condition().lease.problem
    hospital.network.cut = False
    hospital.exchanges()
    assert shown(hospital)[0]["summary"]["allergies"] == ALLERGY
    assert gateway.state_of(dispatch_id) is DispatchState.ACCEPTED


def test_a_box_that_was_revoked_gets_no_answer_and_goes_dark(
    asked: tuple[Gateway, Hospital, int],
) -> None:
    gateway, hospital, _ = asked
    gateway.quiet.write(lambda c: c.execute(update(sites).values(state=SiteState.REVOKED)))
    for _ in range(7 * 24):
        with pytest.raises(GatewayRefused):
            hospital.exchanges()
        hospital.runs(HOUR_S)
    assert shown(hospital)[0]["summary"] == {"dark": Dark.RUN_OUT}


def test_a_retired_box_goes_dark_at_once_and_says_why(
    asked: tuple[Gateway, Hospital, int],
) -> None:
    gateway, hospital, _ = asked
    hospital.runs(HOUR_S)
    gateway.quiet.write(lambda c: c.execute(update(sites).values(state=SiteState.RETIRED)))
    hospital.exchanges()
    assert shown(hospital)[0]["summary"] == {"dark": Dark.RETIRED}
    assert hospital.lease.state.left_s == WEEK_S - HOUR_S
    assert "another box has taken this one's place" in hospital.lease.state.problem


def test_only_an_answer_renews_it(asked: tuple[Gateway, Hospital, int]) -> None:
    gateway, hospital, _ = asked
    hospital.runs(HOUR_S)
    site, keys = hospital.identity.site(), hospital.identity.node_keys()
    gateway.offers()
    content, _ = write_bundle(gateway.desk, site.site_id, everything=True)
    actor = hospital.exchanger._actor
    assert take_bundle(hospital.store, keys, site, actor, content) == 1
    assert hospital.lease.state.left_s == WEEK_S - HOUR_S
    hospital.exchanges()
    assert hospital.lease.state.left_s == WEEK_S


def test_an_answer_that_is_used_again_renews_nothing(two_sides: Both) -> None:
    _, hospital = two_sides
    hospital.exchanges()
    hospital.runs(HOUR_S)
    kept = hospital.network.answers[-1]
    hospital.network.deliver = lambda path, body: kept  # type: ignore[method-assign]
    with pytest.raises(Refused):
        hospital.exchanges()
    assert hospital.lease.state.left_s == WEEK_S - HOUR_S


def test_an_answer_counts_from_when_it_was_asked_for(two_sides: Both) -> None:
    _, hospital = two_sides
    lease = hospital.lease
    early = lease.asked()
    hospital.runs(HOUR_S)
    late = lease.asked()
    lease.renew(late, 10)
    lease.renew(early, 100)
    assert lease.state.left_s == 10 * HOUR_S
    hospital.runs(60)
    lease.renew(lease.asked(), 2)
    assert lease.state == LeaseState(2 * HOUR_S, 2)


def test_the_gateway_says_how_long(two_sides: Both) -> None:
    gateway, hospital = two_sides
    hospital.exchanges()
    hospital.exchanges()
    plain = len(hospital.network.answers[-1])
    gateway.desk = replace(gateway.desk, lease_h=36)
    hospital.exchanges()
    assert len(hospital.network.answers[-1]) == plain + 2
    assert hospital.lease.state == LeaseState(36 * HOUR_S, 36)
    assert in_words(36) == "36 hours"
    assert in_words(24) == "1 day"


class MemoryStore:
    """A store of the lease alone."""

    def __init__(self) -> None:
        self._engine = create_engine("sqlite://")
        metadata.create_all(self._engine, tables=[lease_table])

    def write(self, work: Callable[[Connection], Any]) -> Any:
        with self._engine.begin() as connection:
            return work(connection)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=30))
def test_pulling_the_plug_wins_nothing(runs: list[int]) -> None:
    # What counts is what it holds when the power goes.
    store = MemoryStore()
    ran_s, running_s = 0, 0.0

    def starts() -> Lease:
        return Lease(store, Link(LinkState()), Notifier(), lambda: running_s)  # type: ignore[arg-type]

    lease = starts()
    lease.renew(lease.asked(), 24)
    for seconds in runs:
        for _ in range(0, seconds, 30):
            if lease.state.dark is not None:
                break
            running_s += 30
            ran_s += 30
            lease.look()
        lease = starts()
    assert ran_s <= 24 * HOUR_S


def test_online_it_costs_no_write_and_offline_few(
    two_sides: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, hospital = two_sides
    hospital.exchanges()
    written: list[object] = []
    write = hospital.store.write

    def counted(work: Callable[[Connection], Any]) -> Any:
        written.append(work)
        return write(work)

    monkeypatch.setattr(hospital.store, "write", counted)
    for _ in range(40):
        hospital.runs(15)
        hospital.lease.renew(hospital.lease.asked(), 168)
    assert written == []
    hospital.runs(HOUR_S)
    assert 10 <= len(written) <= 15


@pytest.mark.parametrize(
    "moment",
    [datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)],
)
def test_clocks_that_jump_change_nothing(tmp_path: Path, moment: datetime) -> None:
    side = Side(tmp_path)
    side.hospital.exchanges()
    before = side.hospital.lease.state
    side.box_clock.is_set_to(moment)
    side.hospital.runs(60)
    assert side.hospital.lease.state.left_s == before.left_s - 60
    side.starts_in(moment)
    assert side.hospital.lease.state.left_s == before.left_s - 300
    side.clock.forward(timedelta(days=4000).total_seconds())
    assert side.hospital.lease.state.left_s == before.left_s - 300
    side.close()


def test_status_says_how_long_it_runs(asked: tuple[Gateway, Hospital, int]) -> None:
    _, hospital, _ = asked

    def line() -> str:
        condition = representation.condition(hospital.condition(), hospital.system.now())
        lines = status_lines({"running": True, **condition})
        return next(each for each in lines if each.startswith("medical facts"))

    assert line() == "medical facts        shown, for 7 days 0 hours more of running without Haven"
    hospital.runs(WEEK_S - 2 * HOUR_S)
    assert "for 2 hours more" in line()
    hospital.runs(2 * HOUR_S)
    assert "HIDDEN. Medical facts are hidden: this box has not reached Haven" in line()
    state = hospital.store.read(lambda c: stored(c, retired=False))
    assert state.left_s < 300


def test_there_is_one_row(two_sides: Both) -> None:
    _, hospital = two_sides
    for _ in range(3):
        hospital.restarts()
        hospital.exchanges()
    count = select(func.count()).select_from(lease_table)
    assert hospital.store.read(lambda c: c.execute(count).scalar_one()) == 1
