"""The hospitals' internet in the demo: a relay that can be pulled out like a cable."""

import contextlib
import selectors
import socket
import threading

_CHUNK = 64 * 1024


class Cable:
    """Relays whoever connects to one of its ports to another port of this machine. Pulled out, it
    breaks every connection and takes no new one.
    """

    def __init__(self, ports: dict[int, int]) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_out = False
        self._listening = [
            (socket.create_server(("127.0.0.1", here), backlog=64), there)
            for here, there in ports.items()
        ]
        for listener, there in self._listening:
            threading.Thread(target=self._accept, args=(listener, there), daemon=True).start()

    @property
    def is_out(self) -> bool:
        return self._is_out

    def pull(self) -> None:
        """The hospitals have no internet from now on."""
        with self._lock:
            self._is_out = True
            for end in self._open:
                # Whoever waits for it in another thread notices.
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def plug(self) -> None:
        """And have it again."""
        self._is_out = False

    def close(self) -> None:
        self.pull()
        for listener, _ in self._listening:
            listener.close()

    def _accept(self, listener: socket.socket, there: int) -> None:
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(end, there), daemon=True).start()

    def _relay(self, end: socket.socket, there: int) -> None:
        with contextlib.suppress(OSError), end:
            if self._is_out:
                return
            with socket.create_connection(("127.0.0.1", there), timeout=5) as other:
                other.settimeout(None)
                both = {end, other}
                with self._lock:
                    self._open |= both
                try:
                    _carry(end, other)
                finally:
                    with self._lock:
                        self._open -= both


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until one of them ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                content = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr]
                if not content:
                    return
                key.data.sendall(content)
