"""The way to the gateway over HTTPS: bytes there, bytes back, within a time limit."""

from typing import Protocol

import requests

from shared.errors import HavenError

_CONNECT_S = 5
_READ_S = 20
_LONGEST_ANSWER_BYTES = 4 * 1024 * 1024


class GatewayUnreachable(HavenError):
    """The gateway did not answer as it should; the message says what a person can do."""


class GatewayRefused(HavenError):
    """The gateway answered that it does not know this box or this code."""


class GatewayConnection(Protocol):
    """What the exchange and the enrolment need of a network."""

    def post(self, path: str, body: bytes) -> bytes:
        """The answer's body. Raises GatewayUnreachable or GatewayRefused."""
        ...


class HttpsConnection:
    """One kept-alive connection to one gateway."""

    def __init__(self, gateway_url: str) -> None:
        self._url = gateway_url.rstrip("/")
        self._session = requests.Session()

    def post(self, path: str, body: bytes) -> bytes:
        """The answer's body. Raises GatewayUnreachable or GatewayRefused."""
        try:
            with self._session.post(
                self._url + path,
                data=body,
                headers={"Content-Type": "application/octet-stream"},
                timeout=(_CONNECT_S, _READ_S),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = answer.raw.read(_LONGEST_ANSWER_BYTES, decode_content=True)
                status = answer.status_code
        except requests.exceptions.SSLError:
            raise GatewayUnreachable(
                "The gateway's certificate is not accepted. Check this box's date and the address."
            ) from None
        except requests.RequestException:
            raise GatewayUnreachable(
                "The gateway cannot be reached. Check this box's network; it tries again by itself."
            ) from None
        except Exception as error:
            # urllib3's own errors come through when the body breaks off.
            raise GatewayUnreachable(
                f"The gateway's answer broke off ({type(error).__name__}); trying again."
            ) from None
        if status == 403:
            raise GatewayRefused(
                "The gateway refuses this box or this code. Ask its administrator for a new code."
            )
        if status != 200:
            raise GatewayUnreachable(
                f"The gateway answers with an error ({status}); trying again by itself."
            )
        return bytes(content)

    def close(self) -> None:
        """Lets go of the connection."""
        self._session.close()
