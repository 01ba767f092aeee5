"""One form posted, over real sockets on loopback where the failure is the socket's."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import responses

from gateway.providers.http_post import AnswerLost, PooledFormPoster, TimeLimits, Unreachable


@contextmanager
def server_that_writes(answer: bytes, then_waits: bool = False) -> Iterator[str]:
    """A server that reads one request, writes these bytes and closes (or holds on until the
    end).
    """
    listener = socket.create_server(("127.0.0.1", 0))
    finished = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            if then_waits:
                finished.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        finished.set()
        thread.join()
        listener.close()


@pytest.fixture
def post() -> Iterator[PooledFormPoster]:
    poster = PooledFormPoster(TimeLimits(connect_s=0.5, answer_s=0.2))
    yield poster
    poster.close()


@pytest.mark.parametrize(
    ("written", "waits"),
    [
        (b"", False),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 90\r\n\r\n{half", False),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 90\r\n\r\n{half", True),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{half", False),
        (b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", False),
        (b"", True),
        (b"SSH-2.0-OpenSSH\r\n", False),
    ],
    ids=["closed", "half", "half then silence", "half chunk", "bad gzip", "silence", "not HTTP"],
)
def test_an_answer_that_is_not_whole_is_lost(
    post: PooledFormPoster, written: bytes, waits: bool
) -> None:
    with server_that_writes(written, waits) as url, pytest.raises(AnswerLost) as caught:
        post(url, {"apiKey": "secret"}, {"to": "+254711000111"})
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_whole_answer_comes_back_as_it_was_written(post: PooledFormPoster) -> None:
    written = b"HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello"
    with server_that_writes(written) as url:
        answer = post(url, {}, {})
    assert (answer.status, answer.headers["x-one"], answer.body) == (201, "1", "hello")
    assert "hello" not in repr(answer)


def test_a_refused_connection_means_that_nothing_was_sent(post: PooledFormPoster) -> None:
    with socket.socket() as held:  # Bound but not listening, so that the port refuses.
        held.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            post(f"http://127.0.0.1:{held.getsockname()[1]}/", {}, {})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"HTTP/1.1 201 Created\r\nX-Slow: ", b"\r\nContent-Length: 0\r\n\r\n"),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n", b""),
    ],
    ids=["head", "body"],
)
def test_bytes_that_drip_in_time_do_not_hold_a_sender(
    post: PooledFormPoster, before: bytes, after: bytes
) -> None:
    # One byte in each fourth of the time-out.
    given_up = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(before)
            for _ in range(100):
                if given_up.wait(0.05):
                    return
                connection.sendall(b"1")
            # Far too late, and without a fault.
            connection.sendall(after)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with pytest.raises(AnswerLost):
            post(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, {})
        given_up.set()
        thread.join()


@responses.activate
def test_an_answer_that_drips_is_given_up() -> None:
    responses.post("http://drip.example/", body=b"x" * 20_000)
    clock = iter([0.0, 1.0, 99.0])
    poster = PooledFormPoster(TimeLimits(), monotonic=lambda: next(clock))
    with pytest.raises(AnswerLost):
        poster("http://drip.example/", {}, {})


@responses.activate
def test_an_answer_without_end_is_given_up() -> None:
    responses.post("http://flood.example/", body=b"x" * 1_000_000)
    with pytest.raises(AnswerLost):
        PooledFormPoster(TimeLimits())("http://flood.example/", {}, {})


@responses.activate
def test_nothing_of_whoever_runs_the_gateway_goes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("machine provider.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(passwords))
    responses.post("http://provider.example/", headers={"Set-Cookie": "who=us; Path=/"})
    poster = PooledFormPoster(TimeLimits())
    for _ in range(2):
        poster("http://provider.example/", {"apiKey": "ours"}, {"to": "+254711000111"})
    for call in responses.calls:
        sent = call.request.headers
        assert sent["apiKey"] == "ours"
        assert not {"Authorization", "Cookie"} & set(sent)


def test_the_proxy_that_the_environment_names_is_used(
    post: PooledFormPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    written = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nproxy"
    with server_that_writes(written) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        answer = post("http://nobody.invalid/", {}, {})
    assert answer.body == "proxy"
