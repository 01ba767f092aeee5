"""What every request under `/api/` must be, and the headers that every answer carries."""

import json
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    UnprocessableEntity,
    UnsupportedMediaType,
)

PREFIX = "/api/"
LARGEST_BODY_BYTES = 65_536
_LOCKED_DOWN = "default-src 'none'; frame-ancestors 'none'"


def check_bodies(blueprint: Blueprint, without_body: frozenset[str]) -> None:
    """Refuses bodies that are too large, are no JSON, or are no object. `without_body` names the
    endpoints that take none.
    """

    @blueprint.before_request
    def check() -> None:
        # One more than allowed: what comes in chunks is cut at the limit, without a word.
        request.max_content_length = LARGEST_BODY_BYTES + 1
        if request.method not in ("POST", "PUT") or request.endpoint in without_body:
            return
        if request.mimetype != "application/json":
            raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
        body = request.get_data()
        if len(body) > LARGEST_BODY_BYTES:
            raise RequestEntityTooLarge
        if not isinstance(_parsed(body), dict):
            raise UnprocessableEntity("Send one JSON object, such as {}.")


def add_security_headers(app: Flask, *, over_tls: bool) -> None:
    """Gives every answer under `/api/` its headers; no other web page may read it (no CORS)."""

    @app.after_request
    def protect(response: Response) -> Response:
        if request.path.startswith(PREFIX):
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Content-Security-Policy", _LOCKED_DOWN)
            response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Content-Type-Options"] = "nosniff"
            if over_tls:
                response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def _parsed(body: bytes) -> Any:
    def no_such_number(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    try:
        return json.loads(body, parse_constant=no_such_number)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON in UTF-8. Correct it and send it again.") from None
