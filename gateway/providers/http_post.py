"""One form posted over HTTP, with nothing left to chance: time-outs, size, redirects, secrets.

requests alone follows a redirect with our headers on it, waits without end for a server that sends
a byte every few seconds, and reads an answer of any size.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.utils import default_headers
from urllib3.exceptions import HTTPError

from gateway.providers.bounded_answers import BoundedAdapter, watch_of

LARGEST_ANSWER_BYTES = 64 * 1024
_PIECE_BYTES = 8192
_HEADERS = dict(default_headers())


class Unreachable(Exception):
    """The server was not reached, so that nothing of the request can have had an effect."""


class AnswerLost(Exception):
    """The request was written but no whole answer came back: it may or may not have worked."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long to wait, in seconds: for a connection, and for the whole answer after it."""

    connect_s: float = 3.0
    answer_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; the body is hidden from logs, since it may repeat what we sent."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)


class FormPoster(Protocol):
    """Posts a form and gives back whatever answer comes, of any status."""

    def __call__(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        """Raises Unreachable or AnswerLost; neither names the address or the content."""
        ...


@dataclass(frozen=True, slots=True)
class _Way:
    """How one server is reached: what carries the posts, and the proxy and certificates that the
    environment names.
    """

    adapter: BaseAdapter
    settings: Mapping[str, Any]


class PooledFormPoster:
    """A FormPoster that keeps connections open between posts; safe to share among threads."""

    def __init__(
        self,
        limits: TimeLimits,
        connections: int = 16,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._session = requests.Session()
        adapter = BoundedAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._ways: dict[tuple[str, str], _Way] = {}

    def __call__(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        """Raises Unreachable or AnswerLost; neither names the address or the content."""
        deadline_s = self._monotonic() + self._limits.connect_s + self._limits.answer_s
        # Nothing is chained to what is raised: the library's errors hold the request, with its
        # secret headers and address, and would carry it into a log.
        try:
            response = self._send(url, headers, form)
        except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError):
            raise Unreachable from None
        except requests.exceptions.ConnectionError as error:
            raise (Unreachable if _never_connected(error) else AnswerLost) from None
        except requests.exceptions.RequestException:
            raise AnswerLost from None
        watch = watch_of(response)
        has_cut = False
        with response:
            try:
                body = self._read(response, deadline_s)
            except (HTTPError, OSError):
                raise AnswerLost from None
            finally:
                if watch is not None:
                    has_cut = watch.end()
        if has_cut:
            raise AnswerLost
        return Answer(response.status_code, response.headers, body)

    def _send(
        self, url: str, headers: Mapping[str, str], form: Mapping[str, str]
    ) -> requests.Response:
        """By the adapter itself: a session would look through the environment twice a post, for
        passwords in a .netrc of whoever runs the gateway, and keep the server's cookies.
        """
        parts = urlsplit(url)
        way = self._ways.get((parts.scheme, parts.netloc))
        if way is None:
            way = self._ways[parts.scheme, parts.netloc] = _Way(
                self._session.get_adapter(url),
                self._session.merge_environment_settings(url, {}, True, None, None),
            )
        request = requests.PreparedRequest()
        request.prepare("POST", url, headers={**_HEADERS, **headers}, data=dict(form))
        return way.adapter.send(
            request, timeout=(self._limits.connect_s, self._limits.answer_s), **way.settings
        )

    def close(self) -> None:
        """Closes the pooled connections."""
        self._session.close()

    def _read(self, response: requests.Response, deadline_s: float) -> str:
        """The body as text; one that is too long or too slow counts as lost."""
        pieces: list[bytes] = []
        size = 0
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_ANSWER_BYTES or self._monotonic() > deadline_s:
                raise AnswerLost
        return b"".join(pieces).decode("utf-8", errors="replace")


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """True when the connection was refused, unroutable or unresolved: nothing has been sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ProxyError"}
