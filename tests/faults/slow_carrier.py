"""Africa's Talking as a listener on loopback that takes its time, in every way that a network
has.
"""

import json
import socket
import threading
from collections import Counter
from contextlib import suppress
from enum import Enum
from urllib.parse import parse_qs

_LONGEST_REQUEST = 65536


class Mood(Enum):
    """How it treats whoever connects."""

    ANSWERS = "answers"
    ANSWERS_LATE = "takes the message, and answers after the time-out"
    DRIPS = "takes the message, and answers drop by drop without end"
    SILENT = "accepts the connection and never says a word"
    FULL = "accepts no connection: its backlog is full"


class SlowCarrier:
    """Counts every message that it has taken, whether or not anybody waited for its answer."""

    def __init__(self) -> None:
        self.mood = Mood.ANSWERS
        self.taken: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._accepts = threading.Event()
        self._accepts.set()
        self._closing = threading.Event()
        self._waiting_in_line: list[socket.socket] = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def turns(self, mood: Mood) -> None:
        """From now on it is like this."""
        self.mood = mood
        if mood is Mood.FULL:
            self._fills_its_backlog()
        else:
            self._accepts.set()
            for connection in self._waiting_in_line:
                connection.close()
            self._waiting_in_line.clear()

    def close(self) -> None:
        """Lets go of everybody."""
        self._closing.set()
        self.turns(Mood.ANSWERS)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _fills_its_backlog(self) -> None:
        """Others stand in line until the next one who comes hears nothing at all."""
        self._accepts.clear()
        while True:
            connection = socket.socket()
            connection.settimeout(0.2)
            self._waiting_in_line.append(connection)
            try:
                connection.connect(self._listener.getsockname())
            except TimeoutError:
                return
            assert len(self._waiting_in_line) < 100, "this machine has no end of a backlog"

    def _accept(self) -> None:
        while not self._closing.is_set():
            self._accepts.wait()
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if not self._accepts.is_set():
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while (form := _request(connection)) is not None:
                mood = self.mood
                if mood is Mood.SILENT:
                    _until_hung_up(connection)
                    return
                message = (form["to"][0], form["message"][0])
                with self._lock:
                    self.taken[message] += 1
                    number = self.taken.total()
                if mood is Mood.ANSWERS_LATE:
                    _until_hung_up(connection)
                    return
                if mood is Mood.DRIPS:
                    self._drip(connection)
                    return
                connection.sendall(_answer(message[0], number))

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 201 Created\r\nX-Drops: ")
        while not self._closing.wait(0.02):
            connection.sendall(b".")


def _request(connection: socket.socket) -> dict[str, list[str]] | None:
    """The form of the next request; None when nobody asks any more."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(_LONGEST_REQUEST)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    (length,) = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(body) < length:
        body += connection.recv(_LONGEST_REQUEST)
    return parse_qs(body.decode())


def _until_hung_up(connection: socket.socket) -> None:
    while connection.recv(_LONGEST_REQUEST):
        pass


def _answer(to: str, number: int) -> bytes:
    row = {
        "number": to,
        "statusCode": 101,
        "status": "Success",
        "messageId": f"ATXid_{number}",
        "cost": "KES 0.8000",
        "messageParts": 1,
    }
    content = {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [row]}}
    body = json.dumps(content).encode()
    return b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body
