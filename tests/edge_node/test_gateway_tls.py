"""The way to the gateway over real TLS: a clock that is not set, certificates, proxies."""

import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import websocket

from edge_node import proxy
from edge_node.config import from_environment
from edge_node.gateway_clock import GatewayClock
from edge_node.gateway_connection import AnswerBrokeOff, GatewayUnreachable, HttpsConnection
from edge_node.gateway_tls import CertificateOutOfDate, gateway_context
from shared.errors import InvalidInput
from tests.edge_node.authorities import NOON, Authority, make_authority
from tests.edge_node.listeners import CHALLENGE, Breaking, Echo, Listener, Tunnel

_DAY = timedelta(days=1)
Serve = Callable[..., Listener]


@pytest.fixture
def serve() -> Iterator[Serve]:
    opened: list[Listener] = []

    def start(handler: type[BaseHTTPRequestHandler], certificate: Path | None = None) -> Listener:
        opened.append(Listener(handler, certificate))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "authority")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _ring(port: int, authority: Authority, now: datetime | None) -> object:
    """The first message of a doorbell."""
    url = f"wss://localhost:{port}/sync/v1/doorbell"
    line = websocket.create_connection(
        url,
        timeout=10,
        sslopt={"context": gateway_context(authority.file, lambda: now)},
        **proxy.websocket_options(url),
    )
    try:
        return line.recv()
    finally:
        line.close()


@pytest.mark.parametrize("now", [None, NOON])
def test_a_good_certificate_is_accepted_with_and_without_a_clock(
    serve: Serve, authority: Authority, now: datetime | None
) -> None:
    server = serve(Echo, authority.signs("localhost", NOON - _DAY, NOON + _DAY))
    connection = HttpsConnection(
        f"https://localhost:{server.port}", authority.file, gateway_now=lambda: now
    )
    assert [connection.post("/", body) for body in (b"one", b"two")] == [b"one", b"two"]
    assert server.connections == 1, "the connection is not kept alive"
    connection.close()
    assert _ring(server.port, authority, now) == CHALLENGE


def test_what_came_of_an_answer_that_broke_off_is_handed_on(
    serve: Serve, authority: Authority
) -> None:
    server = serve(Breaking, authority.signs("localhost", NOON - _DAY, NOON + _DAY))
    connection = HttpsConnection(f"https://localhost:{server.port}", authority.file)
    body = bytes(range(256)) * 90
    with pytest.raises(AnswerBrokeOff, match="broke off") as broke:
        connection.post("/", body)
    connection.close()
    came = len(broke.value.content)
    assert broke.value.content == body[:came]
    assert len(body) * 2 // 3 - 1024 < came <= len(body) * 2 // 3


@pytest.mark.parametrize(
    ("begins", "ends"), [(NOON - 9 * _DAY, NOON - _DAY), (NOON + _DAY, NOON + 9 * _DAY)]
)
def test_dates_count_from_the_moment_that_the_gateways_time_is_known(
    serve: Serve, authority: Authority, begins: datetime, ends: datetime
) -> None:
    server = serve(Echo, authority.signs("localhost", begins, ends))
    clock, url = GatewayClock(), f"https://localhost:{server.port}"
    connection = HttpsConnection(url, authority.file, clock.now)
    assert connection.post("/", b"one") == b"one"
    assert _ring(server.port, authority, None) == CHALLENGE
    connection.close()
    clock.hear(NOON)
    with pytest.raises(GatewayUnreachable) as refusal:
        HttpsConnection(url, authority.file, clock.now).post("/", b"two")
    assert f"valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}" in str(refusal.value)
    assert "administrator has to renew it" in str(refusal.value)
    with pytest.raises(CertificateOutOfDate):
        _ring(server.port, authority, NOON)


@pytest.mark.parametrize("now", [None, NOON])
def test_another_name_or_authority_is_refused_with_and_without_a_clock(
    serve: Serve, authority: Authority, tmp_path: Path, now: datetime | None
) -> None:
    foreign = make_authority(tmp_path / "foreign")
    for certificate in (
        authority.signs("elsewhere.test", NOON - _DAY, NOON + _DAY),
        foreign.signs("localhost", NOON - _DAY, NOON + _DAY),
    ):
        server = serve(Echo, certificate)
        connection = HttpsConnection(
            f"https://localhost:{server.port}", authority.file, gateway_now=lambda: now
        )
        with pytest.raises(GatewayUnreachable, match="HAVEN_EDGE_CA_FILE"):
            connection.post("/", b"one")
        connection.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            _ring(server.port, authority, now)


@pytest.mark.parametrize("now", [None, NOON])
def test_exchange_and_doorbell_go_through_the_proxy_that_the_environment_names(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch, now: datetime | None
) -> None:
    good, old = (
        serve(Echo, authority.signs("localhost", ends - 9 * _DAY, ends))
        for ends in (NOON + _DAY, NOON - 300 * _DAY)
    )
    tunnel = serve(Tunnel)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{tunnel.port}")

    def post(port: int) -> bytes:
        connection = HttpsConnection(f"https://localhost:{port}", authority.file, lambda: now)
        try:
            return connection.post("/", b"one")
        finally:
            connection.close()

    assert post(good.port) == b"one"
    assert _ring(good.port, authority, now) == CHALLENGE
    assert tunnel.connections == good.connections == 2
    if now is None:
        assert post(old.port) == b"one"
    else:
        with pytest.raises(GatewayUnreachable, match="renew"):
            post(old.port)
    assert tunnel.connections == 3
    monkeypatch.setenv("NO_PROXY", "elsewhere.test,localhost")
    assert post(good.port) == b"one"
    assert _ring(good.port, authority, now) == CHALLENGE
    assert (tunnel.connections, good.connections) == (3, 4)


def test_a_step_of_the_boxs_own_clock_is_no_step_of_the_gateways() -> None:
    running_s = [100.0]
    clock = GatewayClock(lambda: running_s[0])
    assert clock.now() is None
    clock.hear(NOON)
    running_s[0] += 60
    assert clock.now() == NOON + timedelta(seconds=60)


def test_a_file_of_authorities_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="HAVEN_EDGE_CA_FILE"):
        from_environment({"HAVEN_EDGE_CA_FILE": str(tmp_path / "missing.pem")})
    odd = tmp_path / "odd.pem"
    odd.write_text("no certificate")
    with pytest.raises(InvalidInput, match=r"odd\.pem"):
        gateway_context(odd, lambda: None)
    assert from_environment({"REQUESTS_CA_BUNDLE": str(odd)}).ca_file == odd
