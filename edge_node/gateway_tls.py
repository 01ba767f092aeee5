"""TLS to the gateway from a box whose clock may never have been set (DESIGN 5).

Chain and name are checked always. The dates of the gateway's certificate are checked against the
gateway's own time, which a sealed answer has told; before the first one they are not, or a box
without a battery clock could never connect. What travels is sealed in any case.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.errors import InvalidInput

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module has no name for.
_NO_CHECK_TIME = 0x200000


class CertificateOutOfDate(ssl.SSLCertVerificationError):
    """The gateway's certificate is not valid at this time; the message says what to do."""


class GatewayContext(ssl.SSLContext):
    """Settings of TLS that check dates by the gateway's clock, on every way to use them."""

    gateway_now: Callable[[], datetime | None]

    def check_dates(self, certificate: dict[str, Any]) -> None:
        """Raises CertificateOutOfDate."""
        now = self.gateway_now()
        if now is None:
            return
        begins, ends = (
            datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate[name]), UTC)
            for name in ("notBefore", "notAfter")
        )
        if not begins <= now <= ends:
            raise CertificateOutOfDate(
                f"The gateway's certificate is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}, "
                f"and the gateway's clock says {now:%Y-%m-%d}. Its administrator has to renew it; "
                "dispatches can be answered by SMS or telephone meanwhile."
            )


class _Socket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        _check(self.context, self.getpeercert())


class _Object(ssl.SSLObject):
    """The same inside another connection, such as one to a proxy."""

    def do_handshake(self) -> None:
        super().do_handshake()
        _check(self.context, self.getpeercert())


def _check(context: ssl.SSLContext, certificate: Any) -> None:
    if isinstance(context, GatewayContext):
        context.check_dates(certificate)


def gateway_context(ca_file: Path, gateway_now: Callable[[], datetime | None]) -> GatewayContext:
    """The settings, trusting the authorities in `ca_file`. Raises InvalidInput for a bad file."""
    context = GatewayContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= _NO_CHECK_TIME
    context.sslsocket_class, context.sslobject_class = _Socket, _Object
    context.gateway_now = gateway_now
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError):
        raise InvalidInput(f"{ca_file} is no file of certificates (PEM).") from None
    return context
