"""Enrolling a box: what the code proves, and what nobody without it can do."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, select

from edge_node.enrolment import ENROL_PATH, enrol
from edge_node.gateway_connection import GatewayRefused
from edge_node.identity import Identity
from gateway.database.database import Database
from gateway.sites.commands import sites_commands
from gateway.sites.tables import enrolment_codes, sites
from shared.errors import InvalidInput, NotFound
from sync.enrolment import parse_code
from sync.sealing import Refused
from tests.edge_node.two_sides import HOSPITAL, Clock, Gateway, Hospital, Network


@pytest.fixture
def gateway(database: Database) -> Gateway:
    return Gateway(database, Clock())


def a_box(folder: Path, gateway: Gateway, seed: int = 2) -> Hospital:
    return Hospital(folder, gateway.clock, Network(gateway), seed=seed)


def states(gateway: Gateway) -> list[str]:
    query = select(sites.c.state).order_by(sites.c.id)
    return list(gateway.quiet.read(lambda c: c.execute(query).scalars().all()))


def test_a_code_enrols_one_box_and_is_never_sent_or_stored(
    gateway: Gateway, tmp_path: Path
) -> None:
    box = a_box(tmp_path / "one", gateway)
    code = gateway.issues_code()
    box.enrols(code)
    site = box.identity.site()
    assert (site.hospital_id, site.hospital_name) == (HOSPITAL, "Kibra Hospital")
    secret = parse_code(code).secret.encode()
    stored = gateway.quiet.read(lambda c: c.execute(select(enrolment_codes)).one())
    assert secret not in box.network.requests[0]
    assert secret not in repr(tuple(stored)).encode()
    other = a_box(tmp_path / "two", gateway, seed=3)
    with pytest.raises(GatewayRefused):
        other.enrols(code)
    assert states(gateway) == ["active"]
    box.store.close()
    other.store.close()


def test_the_same_request_again_gets_the_same_answer(gateway: Gateway, tmp_path: Path) -> None:
    box = a_box(tmp_path, gateway)
    box.enrols(gateway.issues_code())
    again = box.network.deliver(ENROL_PATH, box.network.requests[0])
    assert again == box.network.answers[0]
    assert states(gateway) == ["active"]
    box.store.close()


def test_five_wrong_tries_void_a_code(gateway: Gateway, tmp_path: Path) -> None:
    box = a_box(tmp_path, gateway)
    code = parse_code(gateway.issues_code())
    letter = "2" if code.secret[-1] != "2" else "3"
    for _ in range(5):
        with pytest.raises(GatewayRefused):
            box.enrols(f"{code.number}{code.secret[:-1]}{letter}")
    with pytest.raises(GatewayRefused):
        box.enrols(str(code))
    assert states(gateway) == []
    box.store.close()


def test_a_code_ends_after_a_day_and_with_the_next_one(gateway: Gateway, tmp_path: Path) -> None:
    box = a_box(tmp_path, gateway)
    first, second = gateway.issues_code(), gateway.issues_code()
    with pytest.raises(GatewayRefused):
        box.enrols(first)
    gateway.clock.now += timedelta(hours=24, seconds=1)
    with pytest.raises(GatewayRefused):
        box.enrols(second)
    box.enrols(gateway.issues_code())
    assert states(gateway) == ["active"]
    box.store.close()


def test_somebody_in_between_without_the_code_is_not_believed(
    gateway: Gateway, tmp_path: Path
) -> None:
    box = a_box(tmp_path / "box", gateway)
    code = gateway.issues_code()

    class Impostor(Network):
        def post(self, path: str, body: bytes) -> bytes:
            honest = super().post(path, body)
            return honest[:40] + b"\x00" + honest[41:]

    identity = Identity(tmp_path / "other")
    with pytest.raises(Refused):
        enrol(identity, box.system, Impostor(gateway), "https://gateway.test", code, "")
    box.store.close()


@pytest.mark.parametrize("noise", [b"", b"\x01" * 200, b"\x00" * 2000], ids=len)
def test_noise_is_refused(gateway: Gateway, noise: bytes) -> None:
    with pytest.raises(GatewayRefused):
        Network(gateway).deliver(ENROL_PATH, noise)


@pytest.mark.parametrize("typed", ["", "7K2F", "7K2F-9QRS-W3XB-M4N!", "0" * 16, "7" * 17])
def test_what_cannot_be_a_code_says_how_one_looks(typed: str) -> None:
    with pytest.raises(InvalidInput, match="16 letters"):
        parse_code(typed)


def test_a_code_may_be_typed_in_any_shape() -> None:
    code = parse_code("7k2f 9qrs-w3xb m4np")
    assert str(code) == "7K2F-9QRS-W3XB-M4NP"


def test_commands(gateway: Gateway, tmp_path: Path) -> None:
    def find(connection: Connection, typed: str) -> tuple[int, str]:
        if typed != "Kibra":
            raise NotFound("There is no such hospital.")
        return HOSPITAL, "Kibra Hospital"

    group = sites_commands(lambda: (gateway.quiet, gateway.system, gateway.keys), find)
    printed = CliRunner().invoke(group, ["enrol", "Kibra"])
    code = printed.output.split("haven-edge enrol URL ")[1].strip()
    box = a_box(tmp_path, gateway)
    box.enrols(code)
    box.exchanges()
    listed = CliRunner().invoke(group, ["list"])
    assert "active" in listed.output
    site_id = box.identity.site().site_id
    assert CliRunner().invoke(group, ["revoke", str(site_id)]).exit_code == 0
    with pytest.raises(GatewayRefused):
        box.exchanges()
    unknown = CliRunner().invoke(group, ["revoke", "999999"])
    assert isinstance(unknown.exception, NotFound)
    box.store.close()
