"""The way to the gateway over HTTPS: bytes there, bytes back, within a time limit."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter

from edge_node.gateway_tls import CertificateOutOfDate, GatewayContext, gateway_context
from shared.errors import HavenError

_CONNECT_S = 5
_READ_S = 20
_LONGEST_ANSWER_BYTES = 4 * 1024 * 1024
# Small, so that little of an answer that breaks off is lost.
_PART_BYTES = 1024
_OK = 200


class GatewayUnreachable(HavenError):
    """The gateway did not answer as it should; the message says what a person can do."""


class AnswerBrokeOff(GatewayUnreachable):
    """The answer ended too early; `content` is what came of it."""

    def __init__(self, message: str, content: bytes) -> None:
        super().__init__(message)
        self.content = content


class GatewayRefused(HavenError):
    """The gateway answered that it does not know this box or this code."""


class GatewayConnection(Protocol):
    """What the exchange and the enrolment need of a network."""

    def post(self, path: str, body: bytes) -> bytes:
        """The answer's body. Raises GatewayUnreachable, as AnswerBrokeOff where a part of it came,
        or GatewayRefused.
        """
        ...


class _Adapter(HTTPAdapter):
    """Has every connection, also one through a proxy, made with one context."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        return super().proxy_manager_for(proxy, **more, ssl_context=self._context)


class HttpsConnection:
    """One kept-alive connection to one gateway, trusting the authorities in `ca_file`.
    `gateway_now` is the gateway's clock, None as long as it was not heard.
    """

    def __init__(
        self,
        gateway_url: str,
        ca_file: Path,
        gateway_now: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._url = gateway_url.rstrip("/")
        self._ca_file = ca_file
        self._session = requests.Session()
        self._session.mount("https://", _Adapter(gateway_context(ca_file, gateway_now)))

    def post(self, path: str, body: bytes) -> bytes:
        """See `GatewayConnection`."""
        content, status = bytearray(), 0
        try:
            with self._session.post(
                self._url + path,
                data=body,
                headers={"Content-Type": "application/octet-stream"},
                timeout=(_CONNECT_S, _READ_S),
                allow_redirects=False,
                stream=True,
                # Given with each request: what the environment names must not add to it.
                verify=str(self._ca_file),
            ) as answer:
                status = answer.status_code
                for part in answer.raw.stream(_PART_BYTES, decode_content=True):
                    content += part
                    if len(content) > _LONGEST_ANSWER_BYTES:
                        break
        except requests.exceptions.SSLError as error:
            raise GatewayUnreachable(_refusal(error)) from None
        except requests.RequestException:
            raise GatewayUnreachable(
                "The gateway cannot be reached. Check this box's network; it tries again by itself."
            ) from None
        except Exception as error:
            # urllib3's own errors come through when the body breaks off.
            said = f"The gateway's answer broke off ({type(error).__name__}); trying again."
            if status == _OK and content:
                raise AnswerBrokeOff(said, bytes(content)) from None
            raise GatewayUnreachable(said) from None
        if status == 403:
            raise GatewayRefused(
                "The gateway refuses this box or this code. Ask its administrator for a new code."
            )
        if status != _OK:
            raise GatewayUnreachable(
                f"The gateway answers with an error ({status}); trying again by itself."
            )
        return bytes(content)

    def close(self) -> None:
        """Lets go of the connection."""
        self._session.close()


def _refusal(error: BaseException) -> str:
    """What a person can do about a certificate. The reason is wrapped several times over."""
    wrapped: list[BaseException | None] = [error]
    while wrapped:
        found = wrapped.pop()
        if isinstance(found, CertificateOutOfDate):
            return str(found)
        if found is not None:
            wrapped += [found.__cause__, found.__context__]
    return (
        "The gateway's certificate is not accepted: it is another server's, or of an authority "
        "that this box does not trust. Check the gateway's address and HAVEN_EDGE_CA_FILE."
    )
