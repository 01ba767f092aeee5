"""What a simulator is started with."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """One account at the simulated Africa's Talking, and where it calls back.

    `callback_url` is the gateway's HAVEN_PUBLIC_URL; `secret` its HAVEN_CALLBACK_SECRET; `api_key`
    its HAVEN_AT_API_KEY. `senders` are further names that messages may come from, beside the
    shortcode; `voice_number` is the only number calls may come from (empty: any). A message is on
    the handset `delivery_delay_s` after it was taken; a call rings for `ring_s`, and one to us is
    picked up after `pick_up_s`.

    Raises InvalidInput when an address or code cannot be used.
    """

    callback_url: str
    secret: str = field(repr=False)
    api_key: str = field(repr=False)
    username: str = "sandbox"
    shortcode: str = "20911"
    senders: tuple[str, ...] = ()
    voice_number: str = ""
    service_code: str = "*384*911#"
    country: str = "KE"
    delivery_delay_s: float = 0.5
    ring_s: float = 30.0
    pick_up_s: float = 2.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.callback_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput("The callback URL must look like http://127.0.0.1:8000.")
        digits = self.service_code[1:-1].replace("*", "")
        if not (
            self.service_code.startswith("*")
            and self.service_code.endswith("#")
            and digits.isascii()
            and digits.isdecimal()
        ):
            raise InvalidInput("The service code must look like *384*911#.")
        if not self.secret or not self.api_key:
            raise InvalidInput("The callback secret and the API key must not be empty.")

    @property
    def gateway_origin(self) -> str:
        """Scheme, host and port of the gateway, such as `http://127.0.0.1:8000`."""
        parts = urlsplit(self.callback_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def own_number(self) -> str:
        """The number that people call."""
        return self.voice_number or self.shortcode

    def callback(self, kind: str) -> str:
        """The address of one kind of callback, such as `ussd` or `delivery`."""
        return f"{self.callback_url.rstrip('/')}/callbacks/africastalking/{self.secret}/{kind}"
