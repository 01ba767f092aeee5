"""Nobody answers at the console: the box texts the duty phones by its own modem."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from edge_node.dispatch import ClaimKind
from edge_node.modem import sim as sim_module
from edge_node.modem.thread import ModemThread
from shared import gsm
from shared.dispatch import DispatchState
from sync.events import DutyPhonesSet
from tests.edge_node.modem_folders import SHORTCODE, ModemFolders, modem_of
from tests.edge_node.two_sides import Gateway, Hospital, running
from tests.sync.conftest import sqlite_engine

FIRST, SECOND, NIGHT = "+254722000001", "+254722000002", "+254722000003"


@dataclass
class Ward:
    """A hospital with a modem, out of reach of its gateway."""

    gateway: Gateway
    box: Hospital
    modem: ModemFolders
    thread: ModemThread

    def passes(self, seconds: int) -> list[tuple[str, str]]:
        """What the modem sends to telephones meanwhile."""
        sent = []
        for _ in range(seconds):
            self.gateway.clock.forward(1)
            self.thread.look()
            sent += [(to, text) for to, text in self.modem.sends() if to != SHORTCODE]
        return sent

    def answers(self, sender: str, text: str) -> list[tuple[str, str]]:
        self.modem.receives(sender, text, self.gateway.clock.now)
        return self.passes(2)

    def offers(self) -> int:
        dispatch_id = self.gateway.offers()
        self.box.exchanges()
        self.box.link.update(connected=False)
        self.box.network.cut = True
        return dispatch_id

    def says_phones(self, *phones: tuple[str, str]) -> None:
        event = DutyPhonesSet(
            at=self.gateway.system.now(),
            phones=tuple(phone for phone, _ in phones),
            hours=tuple(hours for _, hours in phones),
        )
        self.gateway.publishes(event)
        self.box.exchanges()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with running(sqlite_engine(), tmp_path) as (gateway, box):
        modem = ModemFolders(tmp_path / "modem")
        made = Ward(gateway, box, modem, modem_of(box, modem))
        made.says_phones((FIRST, ""), (SECOND, ""), (NIGHT, "daily 03:00-04:00"))
        yield made


def test_one_phone_after_the_other_is_texted_until_somebody_answers(ward: Ward) -> None:
    dispatch_id = ward.offers()
    assert ward.passes(59) == []
    ((to, text),) = ward.passes(3)
    assert to == FIRST
    assert "YES 4831" in text
    assert "NO 4831" in text
    assert gsm.segments(text) == 1
    ((to, _),) = ward.passes(60)
    assert to == SECOND
    assert ward.passes(300) == []  # nobody else is on duty
    ((to, text),) = ward.answers(SECOND, "yes 4831")
    assert (to, "noted" in text) == (SECOND, True)
    claim = ward.box.box.dispatch(dispatch_id).claims[-1]
    assert (claim.kind, claim.by) == (ClaimKind.ACCEPT, "SMS +254…002")
    ward.box.network.cut = False
    ward.box.exchanges()
    assert ward.gateway.state_of(dispatch_id) is DispatchState.ACCEPTED


def test_whoever_answers_at_the_console_in_time_spares_the_phones(ward: Ward) -> None:
    dispatch_id = ward.offers()
    ward.passes(30)
    ward.box.box.accept(dispatch_id, "AK")
    assert ward.passes(200) == []


def test_where_the_gateway_can_phone_it_has_time_to(ward: Ward) -> None:
    ward.offers()
    ward.box.link.update(connected=True)
    assert ward.passes(179) == []
    assert [to for to, _ in ward.passes(3)] == [FIRST]


def test_no_is_taken_with_its_words_and_no_bare_yes_takes_it_back(ward: Ward) -> None:
    dispatch_id = ward.offers()
    ward.passes(62)
    ward.answers(FIRST, "NO 4831 theatre is full")
    claim = ward.box.box.dispatch(dispatch_id).claims[-1]
    assert (claim.kind, claim.detail) == (ClaimKind.CANNOT_TREAT, "other: theatre is full")
    # Nobody waits any more: a bare yes does not take it back.
    ward.answers(FIRST, "NDIYO")
    assert ward.box.box.dispatch(dispatch_id).claims[-1].kind is ClaimKind.CANNOT_TREAT


def test_a_bare_yes_is_enough_while_one_patient_waits(ward: Ward) -> None:
    dispatch_id = ward.offers()
    ward.passes(62)
    ward.answers(FIRST, "Ndiyo")
    assert ward.box.box.dispatch(dispatch_id).claims[-1].kind is ClaimKind.ACCEPT


@pytest.mark.parametrize("text", ["yes 9999", "YES"])
def test_an_answer_that_fits_nobody_is_asked_for_again(ward: Ward, text: str) -> None:
    ((to, asked),) = ward.answers(FIRST, text)
    assert to == FIRST
    assert "which patient" in asked


def test_a_strangers_yes_counts_for_nothing_and_is_kept(ward: Ward) -> None:
    dispatch_id = ward.offers()
    ward.passes(62)
    assert ward.answers("+254799000000", "YES 4831") == []
    assert ward.box.box.dispatch(dispatch_id).claims[-1].kind is ClaimKind.DELIVERED
    assert len(ward.modem.kept()) == 1


def test_a_jump_of_the_clock_neither_hurries_nor_holds_up(ward: Ward) -> None:
    ward.offers()
    ward.passes(10)
    ward.gateway.clock.now += timedelta(minutes=30)
    assert ward.passes(20) == []
    ward.gateway.clock.now -= timedelta(days=300)
    assert [to for to, _ in ward.passes(36)] == [FIRST]


def test_the_sim_is_counted_and_its_troubles_are_told(ward: Ward) -> None:
    ward.offers()
    ward.passes(62)
    known = ward.box.store.read(sim_module.stored)
    assert known.sent_today >= 2  # who we are, and the first phone
    ward.answers("Safaricom", "Your airtime balance is KES 1,045.50. Dial *144#")
    assert ward.box.store.read(sim_module.stored).credit_cents == 104_550
    ward.passes(60)
    assert ward.box.store.read(sim_module.stored).credit_cents == 104_550 - 100


def test_a_network_that_refuses_everything_is_a_problem(ward: Ward) -> None:
    ward.offers()
    for _ in range(200):
        ward.gateway.clock.forward(1)
        ward.thread.look()
        ward.modem.fails()
    assert "refuses" in ward.box.store.read(sim_module.stored).problem
    ward.answers(FIRST, "YES 9999")  # answered by a text, which goes out
    ward.passes(2)
    assert ward.box.store.read(sim_module.stored).problem == ""


def test_a_modem_that_takes_nothing_is_a_problem(ward: Ward) -> None:
    ward.offers()
    for _ in range(130):
        ward.gateway.clock.forward(1)
        ward.thread.look()
    assert "gammu-smsd" in ward.box.store.read(sim_module.stored).problem
    ward.passes(3)
    assert ward.box.store.read(sim_module.stored).problem == ""
