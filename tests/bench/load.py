"""A client that keeps connections open and posts forms as fast as the server answers.

One thread waits for all connections at once, so that it takes little of the machine from the server
that is measured, and the same of it from each.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

# A visit posts one form after another and is sent each answer's body.
Visit = Generator[dict[str, str], str, None]
_LARGEST_ANSWER_BYTES = 65_536
_SILENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """What was posted, and how long the server took. Times are in seconds."""

    posts: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.posts / self.seconds


def run(url: str, visits: Iterable[Visit], connections: int) -> Load:
    """Plays every visit, `connections` of them at a time, each on an open connection.

    Raises RuntimeError when an answer is not a 200 or the server falls silent.
    """
    waiting = iter(visits)
    lines = [_Line(url) for _ in range(connections)]
    with selectors.DefaultSelector() as selector:
        posts, busy = 0, 0
        began = time.perf_counter()
        for line in lines:
            if line.begin(waiting):
                selector.register(line.socket, selectors.EVENT_READ, line)
                posts, busy = posts + 1, busy + 1
        while busy:
            ready = selector.select(_SILENT_S)
            if not ready:
                raise RuntimeError(f"no answer within {_SILENT_S:g} s")
            for key, _ in ready:
                line = key.data
                if not line.answered():
                    continue
                if line.go_on() or line.begin(waiting):
                    posts += 1
                else:
                    selector.unregister(line.socket)
                    busy -= 1
        seconds = time.perf_counter() - began
    for line in lines:
        line.socket.close()
    return Load(posts, seconds)


def run_steadily(url: str, visits: Iterable[Visit], per_second: float) -> list[float]:
    """Begins so many visits a second, each of a single post, whether or not the earlier ones have
    been answered. How long each waited for its answer, in seconds.

    Raises RuntimeError when an answer is not a 200 or the server falls silent.
    """
    waiting, took = deque(visits), []
    idle: list[_Line] = []
    posted_at: dict[_Line, float] = {}
    with selectors.DefaultSelector() as selector:
        due = time.perf_counter()
        while waiting or posted_at:
            if waiting and time.perf_counter() >= due:
                line = idle.pop() if idle else _Line(url)
                selector.register(line.socket, selectors.EVENT_READ, line)
                posted_at[line] = time.perf_counter()
                line.begin(iter([waiting.popleft()]))
                due += 1 / per_second
            pause_s = max(due - time.perf_counter(), 0.0) if waiting else _SILENT_S
            ready = selector.select(pause_s)
            if not ready and not waiting:
                raise RuntimeError(f"no answer within {_SILENT_S:g} s")
            for key, _ in ready:
                line = key.data
                if line.answered():
                    took.append(time.perf_counter() - posted_at.pop(line))
                    if line.go_on():
                        raise ValueError("a steady visit has a single post")
                    selector.unregister(line.socket)
                    idle.append(line)
    for line in idle:
        line.socket.close()
    return took


class _Line:
    """One open connection with the visit that is on it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((str(parts.hostname), int(parts.port or 80)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        ).encode()
        self._received = b""
        self._answer = ""
        self._visit: Visit | None = None

    def begin(self, waiting: Iterator[Visit]) -> bool:
        """Posts the first form of the next visit; False when none is left."""
        self._visit = next(waiting, None)
        if self._visit is None:
            return False
        self._post(next(self._visit))
        return True

    def go_on(self) -> bool:
        """Posts the visit's next form; False when it has ended."""
        assert self._visit is not None
        try:
            self._post(self._visit.send(self._answer))
        except StopIteration:
            return False
        return True

    def answered(self) -> bool:
        """True when the whole answer is here."""
        self._received += self.socket.recv(_LARGEST_ANSWER_BYTES)
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            if not self._received:
                raise RuntimeError("the server closed the connection")
            return False
        status, *headers = head.split(b"\r\n")
        if b" 200 " not in status:
            raise RuntimeError(f"the server answered {status.decode()}")
        lengths = [h for h in headers if h.lower().startswith(b"content-length:")]
        if len(body) < int(lengths[0].partition(b":")[2]):
            return False
        self._received, self._answer = b"", body.decode()
        return True

    def _post(self, form: dict[str, str]) -> None:
        body = urlencode(form).encode()
        self.socket.sendall(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
