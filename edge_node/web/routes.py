"""The JSON API of a box, and the stream of hints that something changed."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import ServiceUnavailable

from edge_node.box import Box
from edge_node.condition import Condition
from edge_node.dispatch import Dispatch
from edge_node.web import representation, sent
from shared.dispatch import CannotTreatReason
from shared.errors import InvalidInput

# Each open stream holds one of the server's threads; the others answer.
MOST_STREAMS = 16
_HINT_EVERY_S = 15.0


def api_blueprint(box: Box, condition: Callable[[], Condition], hospital_name: str) -> Blueprint:
    """The routes. `condition` tells how the box stands."""
    blueprint = Blueprint("api", __name__)
    streams = threading.BoundedSemaphore(MOST_STREAMS)

    @blueprint.get("/healthz")
    def health() -> Any:
        box.dispatches(limit=1)
        shown = condition()
        # Whoever watches the box is to come when it cannot do its work, and not for a cut cable.
        answer = {
            "status": "ok" if shown.can_store else "cannot store",
            "connected": shown.link.connected,
            "all_at_gateway": shown.all_at_gateway,
            "audible": shown.audible,
            "retired": shown.link.retired,
            "history_differs": shown.link.differs,
            "problems": shown.problems,
        }
        return answer, 200 if shown.can_store else 503

    @blueprint.get("/api/v1/link")
    def link_state() -> Any:
        return representation.condition(condition(), box.now())

    @blueprint.get("/api/v1/dispatches")
    def dispatches() -> Any:
        version = box.notifier.version  # read first, so that a change in between is not missed
        return {"version": version, "dispatches": _with_summaries(box, box.dispatches())}

    @blueprint.get("/api/v1/console")
    def console() -> Any:
        version = box.notifier.version
        stands = condition()
        return {
            "version": version,
            "hospital": hospital_name,
            "clock": representation.clock(box.now(), stands.link),
            "link": representation.condition(stands, box.now()),
            "availability": representation.availability(box.availability()),
            "dispatches": _with_summaries(box, box.dispatches()),
            "reports": [representation.report(each) for each in box.reports()],
        }

    @blueprint.get("/api/v1/dispatches/<dispatch_id>")
    def dispatch(dispatch_id: str) -> Any:
        return _one(box, sent.dispatch_id(dispatch_id))

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/seen")
    def seen(dispatch_id: str) -> Any:
        found = box.dispatch(sent.dispatch_id(dispatch_id))
        box.mark_seen(found.id)
        return _one(box, found.id)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/dismiss")
    def dismiss(dispatch_id: str) -> Any:
        found = sent.dispatch_id(dispatch_id)
        box.dismiss(found)
        return _one(box, found)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/accept")
    def accept(dispatch_id: str) -> Any:
        body = sent.body()
        claim = box.accept(
            sent.dispatch_id(dispatch_id), sent.text(body, "by"), sent.version(body, 0)
        )
        return representation.claim(claim)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/understood")
    def understood(dispatch_id: str) -> Any:
        found = sent.dispatch_id(dispatch_id)
        box.understand(found, sent.version(sent.body()))
        return _one(box, found)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/treat-after-all")
    def treat_after_all(dispatch_id: str) -> Any:
        return representation.claim(
            box.treat_after_all(sent.dispatch_id(dispatch_id), sent.text(sent.body(), "by"))
        )

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/cannot-treat")
    def cannot_treat(dispatch_id: str) -> Any:
        body = sent.body()
        reason = sent.named(CannotTreatReason, body, "reason")
        claim = box.cannot_treat(
            sent.dispatch_id(dispatch_id),
            sent.text(body, "by"),
            reason,
            sent.text(body, "note", ""),
        )
        return representation.claim(claim)

    @blueprint.post("/api/v1/dispatches/<dispatch_id>/arrived")
    def arrived(dispatch_id: str) -> Any:
        return representation.claim(
            box.arrived(sent.dispatch_id(dispatch_id), sent.text(sent.body(), "by"))
        )

    @blueprint.put("/api/v1/alarm")
    def alarm() -> Any:
        body = sent.body()
        audible = body.get("audible")
        if not isinstance(audible, bool):
            raise InvalidInput("audible must be true or false.")
        heard = box.report_alarm(
            audible, sent.text(body, "reason", ""), sent.text(body, "console", "")
        )
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


def _one(box: Box, dispatch_id: int) -> representation.Json:
    return _with_summaries(box, [box.dispatch(dispatch_id)])[0]


def _with_summaries(box: Box, shown: list[Dispatch]) -> list[representation.Json]:
    own = box.summaries([each.id for each in shown])
    return [representation.dispatch(each, own.get(each.id)) for each in shown]


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
