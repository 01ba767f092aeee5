"""The JSON API of a handset, under `/phone/<number>/api/`, for the page, the terminal and tests.

Every POST takes a JSON object and answers with the phone's whole state, as `GET state` does.
"""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from gateway.simulator.calls import Calls
from gateway.simulator.handset import Handset, Handsets
from gateway.simulator.text_messages import TextMessages
from gateway.simulator.ussd import TurnTrouble, UssdNetwork
from shared.errors import InvalidInput
from shared.identifier import to_text
from shared.system import System

_LONGEST_WAIT_S = 30.0


def phone_api(
    system: System, handsets: Handsets, ussd: UssdNetwork, texts: TextMessages, calls: Calls
) -> Blueprint:
    """The routes of every handset."""
    api = Blueprint("phone_api", __name__, url_prefix="/phone/<number>/api")

    # Versions of a phone count from nought again in the next run; this tells the runs apart.
    run = to_text(system.new_id())

    def state_of(handset: Handset) -> Response:
        return jsonify({**handset.state(system.now()), "run": run})

    @api.get("/state")
    def state(number: str) -> Response:
        """Answers at once, or once the phone is past the version `after`, at the latest after
        `wait_s` seconds (30 at most).
        """
        handset = handsets.with_number(number)
        after = request.args.get("after", type=int)
        wait_s = request.args.get("wait_s", default=0.0, type=float)
        if after is not None and 0.0 < wait_s <= _LONGEST_WAIT_S:
            handset.wait_for_change(after, wait_s)
        return state_of(handset)

    @api.get("/inbox")
    def inbox(number: str) -> Response:
        """The messages that came in, oldest first."""
        handset = handsets.with_number(number)
        with handset.condition:
            received = [message for message in handset.messages if message.direction == "received"]
        return jsonify(received)

    def acting(path: str, act: Callable[[Handset, "_Body"], None]) -> None:
        def view(number: str) -> Response:
            handset = handsets.with_number(number)
            act(handset, _Body())
            return state_of(handset)

        api.add_url_rule(f"/{path}", path.replace("/", "_"), view, methods=["POST"])

    acting("dial", lambda phone, body: ussd.dial(phone, body.text("code"), body.trouble()))
    acting("answer", lambda phone, body: ussd.answer(phone, body.text("input"), body.trouble()))
    acting("drop", lambda phone, body: ussd.drop(phone, body.flag("notify", True)))
    acting("close", lambda phone, body: ussd.close_screen(phone))
    acting(
        "sms",
        lambda phone, body: texts.send_from(
            phone,
            body.text("to"),
            body.text("text"),
            twice=body.flag("twice", False),
            delay_s=body.seconds("delay_s"),
        ),
    )
    acting("call/dial", lambda phone, body: calls.dial(phone, missed=body.flag("missed", False)))
    acting("call/answer", lambda phone, body: calls.answer(phone))
    acting("call/press", lambda phone, body: calls.press(phone, body.text("keys")))
    acting("call/plays", lambda phone, body: calls.plays(phone, body.seconds("length_s")))
    acting("call/hang-up", lambda phone, body: calls.hang_up(phone))
    return api


class _Body:
    """The JSON object of the present request. It must say that it is JSON, which a form of another
    site cannot.
    """

    def __init__(self) -> None:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise InvalidInput("Send a JSON object, with Content-Type: application/json.")
        self._body = body

    def text(self, name: str) -> str:
        value = self._body.get(name)
        if not isinstance(value, str):
            raise InvalidInput(f"{name} must be a text.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._body.get(name, default)
        if not isinstance(value, bool):
            raise InvalidInput(f"{name} must be true or false.")
        return value

    def seconds(self, name: str) -> float:
        value = self._body.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
            raise InvalidInput(f"{name} must be a number of seconds.")
        return float(value)

    def trouble(self) -> TurnTrouble:
        return TurnTrouble(
            twice=self.flag("twice", False),
            delay_s=self.seconds("delay_s"),
            lose_answer=self.flag("lose_answer", False),
        )
