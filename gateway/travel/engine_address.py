"""Where the routing engine is, and whether patients' whereabouts may be sent there.

They go to a sidecar that the operator runs: on this machine or on a private network, unless the
operator says in so many words that it may be elsewhere.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from gateway.travel.trouble import EngineTrouble
from shared.errors import InvalidInput

_LOOKS_LIKE = "osrm+http://127.0.0.1:5000 or valhalla+http://127.0.0.1:8002"
# Loopback, RFC 1918, and the unique local addresses of RFC 4193. Link-local ones are left out: the
# services of cloud providers answer there.
_OURS = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)

# The addresses of a host name, as text; empty when nobody knows it.
Resolve = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """`kind` is osrm or valhalla; `base_url` starts with http:// or https://."""

    kind: str
    base_url: str
    host: str
    may_be_remote: bool


def engine_address(written: str, *, may_be_remote: bool = False) -> EngineAddress:
    """The address in a variable such as osrm+http://127.0.0.1:5000.

    Raises InvalidInput when it is none, or names a public address that may not be asked. What a
    host name stands for is checked by `require_ours`.
    """
    kind, plus, rest = written.partition("+")
    parts = urlsplit(rest)
    try:
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        port_is_right = False
    if (
        kind not in ("osrm", "valhalla")
        or not plus
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_is_right
    ):
        raise InvalidInput(f"must look like {_LOOKS_LIKE}.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInput(f"must hold no password, question or fragment; {_LOOKS_LIKE}.")
    address = EngineAddress(kind, rest.rstrip("/"), parts.hostname, may_be_remote)
    literal = _literal(parts.hostname)
    if literal is not None and not may_be_remote and not _is_ours(literal):
        raise InvalidInput(_refusal(parts.hostname))
    return address


def resolve(host: str) -> Sequence[str]:
    """The addresses of a host by this machine's resolver."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return ()
    return sorted({str(entry[4][0]) for entry in found})


def require_ours(address: EngineAddress, look_up: Resolve = resolve) -> None:
    """Raises InvalidInput when the host's name leads to a public address that may not be asked; one
    that nobody knows now may be known later.
    """
    if address.may_be_remote:
        return
    for found in look_up(address.host):
        literal = _literal(found)
        if literal is None or not _is_ours(literal):
            raise InvalidInput(_refusal(address.host))


def check_before_asking(address: EngineAddress, look_up: Resolve = resolve) -> Callable[[], None]:
    """What is done before every question: a name may lead elsewhere since the start."""

    def check() -> None:
        try:
            require_ours(address, look_up)
        except InvalidInput:
            raise EngineTrouble("its name leads to a public address") from None

    return check


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _is_ours(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in _OURS if network.version == address.version)


def _refusal(host: str) -> str:
    return (
        f"leads to {host}, which is a public address: it would hear where patients are. Run the "
        "engine on this machine or on a private network, or set HAVEN_ROUTING_REMOTE=yes."
    )
