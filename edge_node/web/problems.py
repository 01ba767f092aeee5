"""Errors as RFC 9457 problem documents that say what to do next."""

import json

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from edge_node.store import StoreUnusable
from shared.errors import Conflict, HavenError, IllegalMove, InvalidInput, NotFound, origin

_log = structlog.get_logger()

_STATUS: tuple[tuple[type[HavenError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (InvalidInput, 422, "Input not understood"),
    (IllegalMove, 409, "Not possible any more"),
    (Conflict, 409, "Somebody else was faster"),
    (StoreUnusable, 503, "This box cannot store anything"),
)


def show_problems(app: Flask) -> None:
    """One table maps what can go wrong to answers; routes hold no `try`."""

    @app.errorhandler(HavenError)
    def domain(error: HavenError) -> Response:
        for kind, status, title in _STATUS:
            if isinstance(error, kind):
                return problem(status, title, str(error))
        return problem(500, "This box has a problem", str(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return problem(error.code or 500, error.name, error.description or error.name)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        _log.error("request failed", error=origin(error))
        return problem(
            500,
            "This box has a problem",
            "Nothing was lost. Try again; if it stays, answer the dispatch by SMS or telephone.",
        )


def problem(status: int, title: str, detail: str) -> Response:
    """An `application/problem+json` answer."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Response(json.dumps(content), status=status, mimetype="application/problem+json")
