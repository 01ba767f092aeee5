"""Errors as RFC 9457 problem documents that say what to do next.

One table maps domain errors to answers; routes hold no `try`. Nothing that was sent is quoted: it
may be a medical fact.
"""

from http import HTTPStatus

import structlog
from flask import Blueprint, Response, request
from flask_openapi3.models.media_type import MediaType
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from shared.errors import Conflict, HavenError, IllegalMove, InvalidInput, NotFound, origin

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_ABOUT_BLANK = "about:blank"

# Domain error, status, the problem's type, its title. The first that fits decides.
_TABLE: tuple[tuple[type[HavenError], int, str, str], ...] = (
    (NotFound, 404, "urn:haven:problem:not-found", "Not found"),
    (InvalidInput, 422, "urn:haven:problem:invalid-input", "Input not understood"),
    (IllegalMove, 409, "urn:haven:problem:not-possible-now", "Not possible any more"),
    (Conflict, 409, "urn:haven:problem:conflict", "Used for something else, or too late"),
)
_INVALID = _TABLE[1]


class Fault(BaseModel):
    """One field that is at fault."""

    model_config = ConfigDict(extra="forbid")

    pointer: str | None = Field(None, description="JSON Pointer to the field of the body.")
    parameter: str | None = Field(None, description="The query or header parameter.")
    detail: str = Field(description="What it should be.")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What happened and what to do next, for a person.")
    errors: list[Fault] | None = Field(None, description="Every field at fault.")


def problem_responses(*statuses: int) -> ResponseDict:
    """The problems of these statuses, as an operation declares them."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: MediaType.model_validate({"schema": schema})},
        }
        for status in statuses
    }


def show_problems(blueprint: Blueprint) -> None:
    """Has every error in these routes answered as a problem."""
    blueprint.register_error_handler(HavenError, _domain_problem)
    blueprint.register_error_handler(HTTPException, http_problem)
    blueprint.register_error_handler(Exception, _unexpected_problem)


def http_problem(error: HTTPException) -> Response:
    """An HTTP error with its own headers (Allow, Retry-After, WWW-Authenticate) as a problem."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # ours, made by validation_problem
    status = error.code or 500
    answer = _problem(status, _ABOUT_BLANK, error.name, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def validation_problem(error: ValidationError) -> Response:
    """What pydantic refused, field by field. A path that names nothing is simply not found."""
    where = error.title
    if where.endswith("Path"):
        return _problem(404, _TABLE[0][2], _TABLE[0][3], "Nothing can have this address.")
    faults = []
    for row in error.errors(include_url=False, include_context=False, include_input=False):
        named = [str(part) for part in row["loc"]]
        if where.endswith(("Query", "Headers")):
            faults.append(Fault(parameter=".".join(named), pointer=None, detail=row["msg"]))
        else:
            pointer = "".join(f"/{_escaped(part)}" for part in named)
            faults.append(Fault(pointer=pointer, parameter=None, detail=row["msg"]))
    detail = "Correct the fields that `errors` names, and send it again."
    _, status, kind, title = _INVALID
    return _problem(status, kind, title, detail, faults)


def _domain_problem(error: HavenError) -> Response:
    for kind, status, problem_type, title in _TABLE:
        if isinstance(error, kind):
            return _problem(status, problem_type, title, str(error))
    return _unexpected_problem(error)


def _unexpected_problem(error: Exception) -> Response:
    rule = request.url_rule.rule if request.url_rule is not None else ""
    _log.error("request failed", error=origin(error), route=rule)
    return _problem(
        500,
        _ABOUT_BLANK,
        "The gateway has a problem",
        "Send the same request again with the same Idempotency-Key. In an emergency do not wait: "
        "use USSD, SMS, or call the emergency number.",
    )


def _problem(
    status: int, kind: str, title: str, detail: str, errors: list[Fault] | None = None
) -> Response:
    content = Problem(type=kind, title=title, status=status, detail=detail, errors=errors)
    return Response(content.model_dump_json(exclude_none=True), status=status, mimetype=MEDIA_TYPE)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
