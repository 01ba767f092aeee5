"""HTTP connections on which the whole answer has to come in time, not only each piece of it."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from gateway.providers.cut_off import CutOff, Watch

_WATCH = "haven_watch"
_CUT_OFF = CutOff()


def watch_of(response: requests.Response) -> Watch | None:
    """The time limit that this response came under; to be ended when its body has been read."""
    watch: Watch | None = getattr(response.raw, _WATCH, None)
    return watch


class _BoundedConnection(HTTPConnection):
    """The whole answer has to come within the read time-out. By itself that counts for each piece:
    a server that sends a byte of the head every few seconds would hold a sender for hours, longer
    than its lease.
    """

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        if self.sock is None or not isinstance(self.timeout, int | float):
            return super().getresponse()
        watch = _CUT_OFF.after(self.timeout, self.sock)
        try:
            response = super().getresponse()
        except BaseException:
            watch.end()
            raise
        # Goes on until the body has been read.
        setattr(response, _WATCH, watch)
        return response


class _BoundedTlsConnection(_BoundedConnection, HTTPSConnection):
    """The same over TLS."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnection


class BoundedAdapter(HTTPAdapter):
    """An adapter that cuts a connection off whose whole answer does not come in time."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
