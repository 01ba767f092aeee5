"""Asks a routing engine over HTTP: no redirects, no proxies, a time limit and a size limit.

What is raised names neither the address nor the question, which hold where somebody is.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from gateway.providers.bounded_answers import BoundedAdapter, watch_of
from gateway.travel.trouble import EngineTrouble

_CONNECT_S = 0.5
_ANSWER_S = 3.0
# A hundred hospitals take about 30 kB.
_LARGEST_BYTES = 512 * 1024
_PIECE_BYTES = 16 * 1024


class EngineClient:
    """Exchanges JSON with one engine; safe to share among threads. `check` raises EngineTrouble
    when it may not be asked.
    """

    def __init__(
        self,
        base_url: str,
        check: Callable[[], None] = lambda: None,
        connect_s: float = _CONNECT_S,
        answer_s: float = _ANSWER_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._check = check
        self._limits = (connect_s, answer_s)
        self._monotonic = monotonic
        self._session = requests.Session()
        # Neither a proxy of the environment nor a password of a .netrc is meant for an engine.
        self._session.trust_env = False
        adapter = BoundedAdapter(pool_connections=1, pool_maxsize=2, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(self, path: str) -> tuple[int, Any]:
        """The status and the JSON value that a GET is answered with.

        Raises EngineTrouble.
        """
        return self._exchange("GET", path, None)

    def post(self, path: str, question: object) -> tuple[int, Any]:
        """The status and the JSON value that a POST of this JSON value is answered with.

        Raises EngineTrouble.
        """
        return self._exchange("POST", path, question)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def _exchange(self, method: str, path: str, question: object) -> tuple[int, Any]:
        self._check()
        deadline_s = self._monotonic() + sum(self._limits)
        try:
            response = self._session.request(
                method,
                f"{self._base_url}{path}",
                json=question,
                timeout=self._limits,
                allow_redirects=False,
                stream=True,
            )
        except requests.exceptions.Timeout:
            raise EngineTrouble("it does not answer in time") from None
        except requests.exceptions.RequestException:
            raise EngineTrouble("it cannot be reached") from None
        with response:
            status = response.status_code
            if 300 <= status < 400:
                raise EngineTrouble("it redirects, which is not followed")
            if status == 429 or status >= 500:
                raise EngineTrouble(f"it answers HTTP {status}")
            body = self._read(response, deadline_s)
        try:
            return status, json.loads(body)
        except (ValueError, RecursionError):
            raise EngineTrouble(f"it answers HTTP {status} with something else than JSON") from None

    def _read(self, response: requests.Response, deadline_s: float) -> bytes:
        watch = watch_of(response)
        has_cut = False
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                if size > _LARGEST_BYTES:
                    raise EngineTrouble("its answer is too large")
                if self._monotonic() > deadline_s:
                    raise EngineTrouble("its answer does not end in time")
        except (HTTPError, OSError):
            raise EngineTrouble("its answer broke off") from None
        finally:
            if watch is not None:
                has_cut = watch.end()
        if has_cut:
            raise EngineTrouble("its answer does not end in time")
        return b"".join(pieces)
