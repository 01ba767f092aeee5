"""The JSON API of a box, and the stream of hints that something changed."""

import json
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from werkzeug.exceptions import ServiceUnavailable

from edge_node.box import Box
from edge_node.link import LinkState
from edge_node.web import representation
from shared.dispatch import CannotTreatReason
from shared.errors import InvalidInput, NotFound
from shared.hospital import HospitalStatus
from shared.identifier import from_text

E = TypeVar("E", bound=StrEnum)

_LONGEST_BODY_BYTES = 8192
_LONGEST_TEXT = 500
# Each open stream holds one of the server's threads; the others answer.
MOST_STREAMS = 16
_HINT_EVERY_S = 15.0


def api_blueprint(
    box: Box, link: Callable[[], tuple[LinkState, int]], hospital_name: str
) -> Blueprint:
    """The routes. `link` gives the link's state and how many answers are unsent."""
    blueprint = Blueprint("api", __name__)
    streams = threading.BoundedSemaphore(MOST_STREAMS)

    @blueprint.get("/healthz")
    def health() -> Any:
        box.dispatches(limit=1)
        return {"status": "ok"}

    @blueprint.get("/api/v1/link")
    def link_state() -> Any:
        return representation.link(*link())

    @blueprint.get("/api/v1/dispatches")
    def dispatches() -> Any:
        version = box.notifier.version  # read first, so that a change in between is not missed
        listed = [representation.dispatch(each) for each in box.dispatches()]
        return {"version": version, "dispatches": listed}

    @blueprint.get("/api/v1/console")
    def console() -> Any:
        version = box.notifier.version
        state, unsent = link()
        return {
            "version": version,
            "hospital": hospital_name,
            "clock": representation.clock(box.now(), state),
            "link": representation.link(state, unsent),
            "availability": representation.availability(box.availability()),
            "dispatches": [representation.dispatch(each) for each in box.dispatches()],
        }

    @blueprint.get("/api/v1/dispatches/<dispatch_id>")
    def dispatch(dispatch_id: str) -> Any:
        return representation.dispatch(box.dispatch(_id(dispatch_id)))

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/seen")
    def seen(dispatch_id: str) -> Any:
        found = box.dispatch(_id(dispatch_id))
        box.mark_seen(found.id)
        return representation.dispatch(box.dispatch(found.id))

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/dismiss")
    def dismiss(dispatch_id: str) -> Any:
        found = _id(dispatch_id)
        box.dismiss(found)
        return representation.dispatch(box.dispatch(found))

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/accept")
    def accept(dispatch_id: str) -> Any:
        body = _body()
        claim = box.accept(_id(dispatch_id), _text(body, "by"), _version(body, 0))
        return representation.claim(claim)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/understood")
    def understood(dispatch_id: str) -> Any:
        found = _id(dispatch_id)
        box.understand(found, _version(_body()))
        return representation.dispatch(box.dispatch(found))

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/treat-after-all")
    def treat_after_all(dispatch_id: str) -> Any:
        return representation.claim(box.treat_after_all(_id(dispatch_id), _text(_body(), "by")))

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/cannot-treat")
    def cannot_treat(dispatch_id: str) -> Any:
        body = _body()
        reasons = {reason.name.lower(): reason for reason in CannotTreatReason}
        reason = reasons.get(_text(body, "reason"))
        if reason is None:
            raise InvalidInput(f"reason must be one of: {', '.join(reasons)}.")
        claim = box.cannot_treat(
            _id(dispatch_id), _text(body, "by"), reason, _text(body, "note", "")
        )
        return representation.claim(claim)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/arrived")
    def arrived(dispatch_id: str) -> Any:
        return representation.claim(box.arrived(_id(dispatch_id), _text(_body(), "by")))

    @blueprint.get("/api/v1/availability")
    def availability() -> Any:
        return representation.availability(box.availability())

    @blueprint.put("/api/v1/availability")
    def report_availability() -> Any:
        body = _body()
        box.report_availability(
            _member(HospitalStatus, body, "status"),
            _count(body, "staffed_beds"),
            _count(body, "free_beds"),
            _text(body, "by"),
        )
        return representation.availability(box.availability())

    @blueprint.put("/api/v1/alarm")
    def alarm() -> Any:
        body = _body()
        audible = body.get("audible")
        if not isinstance(audible, bool):
            raise InvalidInput("audible must be true or false.")
        heard = box.report_alarm(audible, _text(body, "reason", ""), _text(body, "console", ""))
        return {"audible": heard}

    @blueprint.get("/events")
    def events() -> Response:
        if not streams.acquire(blocking=False):
            raise ServiceUnavailable("Too many consoles are open; close one and load again.")
        stream = Hints(box, streams)
        answer = Response(stream, mimetype="text/event-stream")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint


class Hints:
    """Server-sent events: the number of the latest change, at once and after every change."""

    def __init__(self, box: Box, streams: threading.BoundedSemaphore) -> None:
        self._notifier = box.notifier
        self._streams = streams
        self._told = -1
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        version = self._notifier.wait(self._told, _HINT_EVERY_S)
        if self._notifier.closed:
            raise StopIteration
        if version == self._told:
            return b": still here\n\n"
        self._told = version
        return f"id: {version}\nevent: changed\ndata: {version}\n\n".encode()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._streams.release()


def _id(text: str) -> int:
    try:
        return from_text(text)
    except ValueError:
        raise NotFound("There is no such dispatch on this box. Load the list again.") from None


def _body() -> dict[str, Any]:
    request.max_content_length = _LONGEST_BODY_BYTES
    try:
        body = json.loads(request.get_data(cache=False))
    except ValueError:
        raise InvalidInput('The body is not JSON. Send an object such as {"by": "AK"}.') from None
    if not isinstance(body, dict):
        raise InvalidInput('The body must be a JSON object such as {"by": "AK"}.')
    return body


def _text(body: dict[str, Any], name: str, usual: str | None = None) -> str:
    value = body.get(name, usual)
    if not isinstance(value, str):
        raise InvalidInput(f"{name} is missing or is not a text.")
    if len(value) > _LONGEST_TEXT:
        raise InvalidInput(f"{name} is too long: at most {_LONGEST_TEXT} characters.")
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in value) or any(
        0xD800 <= ord(letter) < 0xE000 for letter in value
    ):
        raise InvalidInput(f"{name} holds characters that cannot be shown.")
    return value


def _version(body: dict[str, Any], usual: int | None = None) -> int:
    """The version of a dispatch that was on the screen."""
    value = body.get("version", usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise InvalidInput("version must be the whole number that the dispatch was shown with.")
    return value


def _count(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InvalidInput(f"{name} must be a whole number, or null when it is not known.")
    return value


def _member(members: type[E], body: dict[str, Any], name: str) -> E:
    value = _text(body, name)
    if value not in set(members):
        raise InvalidInput(f"{name} must be one of: {', '.join(members)}.")
    return members(value)
