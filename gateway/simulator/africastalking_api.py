"""AT's own HTTP interface: `POST /version1/messaging` and `POST /call`."""

import hmac
import json
import socket
from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, Response, request

from gateway.simulator.calls import Calls
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.faults import NO_FAULT, Fault, Faults
from gateway.simulator.odd_answers import (
    LEAVES,
    WireAnswer,
    invalid_sender,
    odd,
    ordinary,
    unauthorised,
)
from gateway.simulator.text_messages import TextMessages
from shared.errors import InvalidInput

_MOST_RECIPIENTS = 100
_ID_NONE_STATUS = 403


def africastalking_api(
    config: SimulatorConfig,
    faults: Faults,
    texts: TextMessages,
    calls: Calls,
    pause: Callable[[float], None],
) -> Blueprint:
    """The routes that the gateway's adapter posts to."""
    api = Blueprint("africastalking_api", __name__)
    senders = {config.shortcode, *config.senders}

    @api.post("/version1/messaging")
    def messaging() -> Response:
        if not _authentic(config):
            return _written(unauthorised())
        recipients = [part.strip() for part in request.form.get("to", "").split(",")]
        text, sender = request.form.get("message", ""), request.form.get("from")
        for name in ("to", "message"):
            if not request.form.get(name):
                return _written(
                    WireAnswer(
                        400, f"Request is missing required form field '{name}'", "text/plain"
                    )
                )
        if sender is not None and sender not in senders:
            return _written(invalid_sender())
        fault = NO_FAULT
        rows = []
        for to in recipients[:_MOST_RECIPIENTS]:
            taken = faults.take("sms", to)
            fault = taken if taken is not NO_FAULT else fault
            if _leaves(taken):
                rows.append(texts.take(to, text, sender or config.shortcode, taken))
            elif taken.shape == "id_none":
                refused = replace(taken, status_code=taken.status_code or _ID_NONE_STATUS)
                rows.append(texts.take(to, text, sender or config.shortcode, refused))
        answer = odd(fault.shape, rows) if fault.shape else ordinary(rows)
        return _troubled(answer, fault, pause)

    @api.post("/call")
    def call() -> Response:
        if not _authentic(config):
            return _written(unauthorised())
        caller = request.form.get("from", "")
        if config.voice_number and caller != config.voice_number:
            return _written(_call_answer([], f"Invalid callerId: {caller[:24]}"))
        entries: list[dict[str, str]] = []
        fault = NO_FAULT
        for to in request.form.get("to", "").split(",")[:_MOST_RECIPIENTS]:
            taken = faults.take("call", to.strip())
            fault = taken if taken is not NO_FAULT else fault
            entry = {
                "phoneNumber": to,
                "status": taken.call_status or "Queued",
                "sessionId": "None",
            }
            if not taken.call_status and _leaves(taken):
                try:
                    entry["sessionId"] = calls.ring(to, caller, taken)
                except InvalidInput:
                    entry["status"] = "InvalidPhoneNumber"
            entries.append(entry)
        return _troubled(_call_answer(entries, "None"), fault, pause)

    return api


def _authentic(config: SimulatorConfig) -> bool:
    key = request.headers.get("apiKey", "")
    return hmac.compare_digest(key.encode(), config.api_key.encode()) and (
        request.form.get("username") == config.username
    )


def _leaves(fault: Fault) -> bool:
    """Whether the work is done in spite of the trouble with its answer."""
    if fault.drop_connection is not None:
        return fault.drop_connection == "after"
    return fault.http_status is None and (fault.shape is None or fault.shape in LEAVES)


def _call_answer(entries: list[dict[str, str]], error: str) -> WireAnswer:
    return WireAnswer(200, json.dumps({"entries": entries, "errorMessage": error}))


def _troubled(answer: WireAnswer, fault: Fault, pause: Callable[[float], None]) -> Response:
    if fault.delay_s:
        pause(fault.delay_s)
    if fault.drop_connection:
        return _cut_off("")
    if fault.http_status:
        return _written(WireAnswer(fault.http_status, "Something went wrong", "text/plain"))
    return _written(answer)


def _written(answer: WireAnswer) -> Response:
    if answer.cut:
        return _cut_off(
            f"HTTP/1.1 {answer.status} OK\r\nContent-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\n\r\n{answer.body[: len(answer.body) // 2]}"
        )
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    if answer.location:
        response.headers["Location"] = answer.location
    return response


def _cut_off(begun: str) -> Response:
    """Writes what was begun and closes the connection under the response, as a network does.

    Outside werkzeug's server there is no connection to close; an empty 502 stands for it there.
    """
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.sendall(begun.encode())
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=502)
