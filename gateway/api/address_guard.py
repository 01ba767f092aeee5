"""A coarse guard against floods from one address. It lives in memory and forgets at a restart.

Many phones share one address behind a mobile operator, and a bus crash makes many reports at once:
hence so generous.
"""

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from flask import Request
from werkzeug.exceptions import TooManyRequests

REQUESTS_PER_MINUTE = 120
_ADDRESSES_REMEMBERED = 10_000


class AddressGuard:
    """A bucket of `per_minute` requests for each address, which refills steadily."""

    def __init__(self, now: Callable[[], datetime], per_minute: int = REQUESTS_PER_MINUTE) -> None:
        self._now = now
        self._per_minute = per_minute
        self._lock = threading.Lock()
        # By address: how many requests were left, and when that was counted; oldest first.
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def admit(self, address: str) -> None:
        """Counts one request.

        Raises TooManyRequests, with the seconds to wait, when the address has none left.
        """
        now = self._now()
        with self._lock:
            left, counted_at = self._buckets.pop(address, (float(self._per_minute), now))
            passed_s = max((now - counted_at).total_seconds(), 0.0)
            left = min(left + passed_s * self._per_minute / 60, float(self._per_minute))
            admitted = left >= 1
            self._buckets[address] = (left - 1 if admitted else left, now)
            if len(self._buckets) > _ADDRESSES_REMEMBERED:
                self._buckets.popitem(last=False)
        if not admitted:
            raise TooManyRequests(
                "Too many emergencies came from this address within a minute. Try again in a few "
                "seconds, or raise it by USSD, SMS or a call to the emergency number.",
                retry_after=max(1, round(60 / self._per_minute)),
            )


def client_address(asked: Request) -> str:
    """The address that a request comes from, IPv6 by its /64 network.

    Behind a proxy on this machine or its private network, the proxy's own last entry in
    X-Forwarded-For counts; from anywhere else that header is not believed.
    """
    peer = _parse(asked.remote_addr or "")
    forwarded = asked.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if forwarded and (peer is None or peer.is_private):
        peer = _parse(forwarded) or peer
    if isinstance(peer, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((peer, 64), strict=False))
    return str(peer)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
