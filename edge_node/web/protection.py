"""Keeps other web pages from using a browser of the hospital against its box."""

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Request, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest, UnsupportedMediaType

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def protect(app: Flask, hostnames: frozenset[str]) -> None:
    """Refuses foreign host names (DNS rebinding) on every request, and foreign origins and forms
    on writes.
    """

    @app.before_request
    def check() -> None:
        host = (urlsplit(f"//{request.host}").hostname or "").lower()
        if not _is_local(host, hostnames):
            raise MisdirectedRequest(
                "This box is not known by that name. Use its address, or add the name to "
                "HAVEN_EDGE_HOSTNAMES."
            )
        if request.method in _WRITES:
            _check_write(request)


def _is_local(host: str, hostnames: frozenset[str]) -> bool:
    """Names that no foreign web page can own: addresses, names without a dot, `.local`."""
    if host in hostnames or host.endswith(".local") or (host and "." not in host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_write(asked: Request) -> None:
    origin = asked.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != asked.host.lower():
        raise Forbidden("Another web page tried to use this box. Use the box's own console.")
    if asked.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Forbidden("Another web page tried to use this box. Use the box's own console.")
    if asked.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
