"""A feature phone: what its screen shows, its messages, its call."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from gateway.simulator.networks import Network, network_of
from shared.errors import InvalidInput
from shared.phone_number import normalise

_MOST_MESSAGES = 200
_MOST_HANDSETS = 2000


@dataclass(frozen=True, slots=True)
class Screen:
    """What the phone shows of a USSD session: `kind` is idle, waiting (for the network), menu
    (input is asked) or ended. `septets` is the size of the gateway's answer, its CON or END
    included; `notice` is the simulator's own remark, which a real phone would not show.
    """

    kind: str
    text: str = ""
    septets: int = 0
    notice: str = ""


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One message on the phone, `received` or `sent`; `other` is who it is from or to."""

    id: str
    direction: str
    other: str
    text: str
    at: str


@dataclass
class UssdSession:
    """One USSD session as the network holds it: `texts` is the whole history of inputs; `busy`
    while a screen is on its way, `held` while the network has not yet handed an answer in.
    """

    id: str
    service_code: str
    texts: list[str]
    started: datetime
    asked: datetime
    turns: int = 0
    metadata: list[str] = field(default_factory=list)
    last_answer: str = ""
    busy: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The USSD session that was on this phone last."""

    id: str
    turns: int
    lasted_s: float


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard in a call: `kind` is say, play (the file at `url`), dial (who is connected) or
    remark (the simulator's own).
    """

    kind: str
    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class DigitsWanted:
    """The call waits for digits: how many at most, the key that ends them, where they go."""

    most: int | None
    finish_on: str
    callback_url: str | None


@dataclass
class CallOnPhone:
    """One call with `other`: `direction` is AT's word for it, Outbound when Haven calls; `state` is
    ringing (on this phone), calling (at Haven), talking or ended; `heard` is what was heard so far,
    and `listens_until` when the last prompt is over.
    """

    id: str
    other: str
    direction: str
    state: str
    listens_until: datetime
    answered: datetime | None = None
    heard: list[Sound] = field(default_factory=list)
    digits: DigitsWanted | None = None
    steps: int = 0
    ended_because: str = ""


class Handset:
    """One phone. Whoever changes it holds `condition` and calls `changed`."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.network: Network = network_of(number)
        self.condition = threading.Condition()
        self.version = 0
        self.screen = Screen("idle")
        self.session: UssdSession | None = None
        self.last_session: SessionEnded | None = None
        self.call: CallOnPhone | None = None
        self.messages: deque[ShortMessage] = deque(maxlen=_MOST_MESSAGES)

    def changed(self) -> None:
        """Wakes whoever watches the phone; the caller holds `condition`."""
        self.version += 1
        self.condition.notify_all()

    def take_message(self, message: ShortMessage) -> None:
        """Adds a message that came in or was sent."""
        with self.condition:
            self.messages.append(message)
            self.changed()

    def wait_for_change(self, version: int, wait_s: float) -> None:
        """Returns once the phone is past this version, or after `wait_s` seconds."""
        with self.condition:
            self.condition.wait_for(lambda: self.version != version, wait_s)

    def state(self, now: datetime) -> dict[str, object]:
        """The whole phone as a JSON object."""
        with self.condition:
            session, call, last = self.session, self.call, self.last_session
            return {
                "number": self.number,
                "version": self.version,
                "network": asdict(self.network),
                "screen": asdict(self.screen),
                "session": None
                if session is None
                else {
                    "id": session.id,
                    "service_code": session.service_code,
                    "turns": session.turns,
                    "left_s": self.network.session_s - (now - session.started).total_seconds(),
                    "idle_left_s": self.network.idle_s - (now - session.asked).total_seconds(),
                },
                "last_session": None if last is None else asdict(last),
                "call": None
                if call is None
                else {
                    "id": call.id,
                    "other": call.other,
                    "direction": call.direction,
                    "state": call.state,
                    "heard": [asdict(sound) for sound in call.heard],
                    "wants_digits": call.digits is not None,
                    "most_digits": call.digits.most if call.digits else None,
                    "finish_on": call.digits.finish_on if call.digits else "",
                    "ended_because": call.ended_because,
                },
                "messages": [asdict(message) for message in self.messages],
            }


class Handsets:
    """Every phone that was used, found by its number; the one unused the longest is forgotten when
    there are too many.
    """

    def __init__(self, country: str, make: Callable[[str], Handset] = Handset) -> None:
        self._country = country
        self._make = make
        self._lock = threading.Lock()
        self._by_number: OrderedDict[str, Handset] = OrderedDict()

    def with_number(self, written: str) -> Handset:
        """The phone with that number, switched on now if it was not; `254711000111` and
        `0711000111` are understood.

        Raises InvalidInput when it is no phone number.
        """
        typed = written.strip()
        if not typed.removeprefix("+").isdecimal() or not typed.isascii():
            raise InvalidInput("A phone number has digits only, such as 254711000111.")
        international = typed if typed.startswith(("+", "0")) else f"+{typed}"
        number = normalise(international, self._country)
        with self._lock:
            handset = self._by_number.get(number)
            if handset is None:
                handset = self._by_number[number] = self._make(number)
                if len(self._by_number) > _MOST_HANDSETS:
                    self._by_number.popitem(last=False)
            self._by_number.move_to_end(number)
            return handset

    def in_use(self) -> list[Handset]:
        """The phones, the one used last first."""
        with self._lock:
            return list(reversed(self._by_number.values()))
