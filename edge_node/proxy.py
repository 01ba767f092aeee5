"""The proxy that the environment names for the way to the gateway, for the exchange and the
doorbell alike: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from requests.utils import get_environ_proxies, select_proxy


def websocket_options(url: str) -> dict[str, Any]:
    """How websocket-client is told of it, so that it does not read the environment by rules of its
    own.
    """
    asked = url.replace("ws", "http", 1)
    proxy = select_proxy(asked, get_environ_proxies(asked, no_proxy=None))
    # With a proxy named it asks only this list which hosts are to be reached directly.
    direct = ["*"] if proxy is None else ["none.invalid"]
    named = proxy or "none.invalid"
    parts = urlsplit(named if "://" in named else f"http://{named}")
    options: dict[str, Any] = {
        "http_proxy_host": parts.hostname,
        "http_proxy_port": parts.port or 80,
        "http_no_proxy": direct,
    }
    if parts.username:
        options["http_proxy_auth"] = (unquote(parts.username), unquote(parts.password or ""))
    return options
