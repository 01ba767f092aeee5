"""`/api/v1/emergencies`: raised without an account, followed with the emergency's own token."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel
from sqlalchemy import Row

from gateway.api import emergency_representation as shown
from gateway.api import reporting
from gateway.api.address_guard import AddressGuard, client_address
from gateway.api.emergency_models import (
    Answers,
    CreateHeaders,
    EmergencyCreated,
    EmergencyNow,
    EmergencyPath,
    EmergencyReport,
    Position,
    Timeline,
    TransportReport,
)
from gateway.api.idempotency import AnswerSeals, answer_once
from gateway.api.problems import problem_responses
from gateway.api.reporters import bearer_token, opened_emergency
from gateway.unit_of_work import Services, UnitOfWork
from shared.emergency import Transport
from shared.identifier import from_text

T = TypeVar("T")

_TAG = Tag(name="emergencies", description="Raise an emergency, and follow it.")
_TOKEN: list[dict[str, list[Any]]] = [{"emergency_token": []}]
_BODY_PROBLEMS = (400, 413, 415, 422)


def add_emergency_routes(
    routes: APIBlueprint, services: Services, seals: AnswerSeals, guard: AddressGuard
) -> None:
    """Adds the routes below `/emergencies`."""

    def read(path: EmergencyPath, represent: Callable[..., T]) -> T:
        token, now = bearer_token(), services.system.now()
        return services.database.read(
            lambda connection: represent(
                connection, opened_emergency(connection, now, from_text(path.id), token)
            )
        )

    def change(
        path: EmergencyPath, carry_out: Callable[[UnitOfWork, Row[Any]], Row[Any]]
    ) -> Response:
        token = bearer_token()

        def command(uow: UnitOfWork) -> EmergencyNow:
            emergency = opened_emergency(
                uow.connection, uow.now, from_text(path.id), token, lock=True
            )
            return shown.emergency_now(uow.connection, services, carry_out(uow, emergency))

        return _json(services.write(command))

    @routes.post(
        "/emergencies",
        tags=[_TAG],
        responses={201: EmergencyCreated, **problem_responses(*_BODY_PROBLEMS, 409, 429)},
    )
    def raise_emergency(header: CreateHeaders, body: EmergencyReport) -> Response:
        """Raise an emergency, with or without an account
        Everything is optional; the more is said, the better the hospital. With a position, or a
        place that is understood, a hospital is told before this answers. Otherwise operators are
        told, and `place_choices` holds what the typed place may mean.
        """
        guard.admit(client_address(request))

        def make(uow: UnitOfWork) -> bytes:
            emergency, token = reporting.report_emergency(uow, body)
            created = shown.emergency_created(uow.connection, services, emergency, token)
            return created.model_dump_json().encode()

        def command(uow: UnitOfWork) -> bytes:
            key = header.idempotency_key
            if key is None:
                return make(uow)
            asked = body.model_dump_json().encode()
            return answer_once(uow, seals, key, asked, lambda: make(uow))

        answer = services.write(command)
        response = Response(answer, status=201, mimetype="application/json")
        response.headers["Location"] = f"{request.path}/{json.loads(answer)['id']}"
        return response

    @routes.get(
        "/emergencies/<id>",
        tags=[_TAG],
        security=_TOKEN,
        responses={
            200: EmergencyNow,
            304: {"description": "Nothing has changed since the ETag in If-None-Match."},
            **problem_responses(401, 404, 422),
        },
    )
    def show_emergency(path: EmergencyPath) -> Response:
        """How the emergency stands
        Ask again with `If-None-Match` to hear only of changes.
        """
        found = read(path, lambda connection, row: shown.emergency_now(connection, services, row))
        response = _json(found)
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
        response.headers["Cache-Control"] = "private, no-cache"
        response.make_conditional(request)
        return response

    @routes.get(
        "/emergencies/<id>/timeline",
        tags=[_TAG],
        security=_TOKEN,
        responses={200: Timeline, **problem_responses(401, 404, 422)},
    )
    def show_timeline(path: EmergencyPath) -> Response:
        """What happened so far, without any content"""
        return _json(read(path, shown.timeline))

    changed: ResponseDict = {200: EmergencyNow, **problem_responses(*_BODY_PROBLEMS, 401, 404, 409)}

    @routes.post("/emergencies/<id>/location", tags=[_TAG], security=_TOKEN, responses=changed)
    def give_location(path: EmergencyPath, body: Position) -> Response:
        """Say where the patient is now"""
        return change(path, lambda uow, row: reporting.move_patient(uow, row, body))

    @routes.post("/emergencies/<id>/details", tags=[_TAG], security=_TOKEN, responses=changed)
    def give_details(path: EmergencyPath, body: Answers) -> Response:
        """Say more about the patient
        It is triaged again; what is urgent already never becomes less urgent.
        """
        return change(path, lambda uow, row: reporting.add_details(uow, row, body))

    @routes.post("/emergencies/<id>/transport", tags=[_TAG], security=_TOKEN, responses=changed)
    def give_transport(path: EmergencyPath, body: TransportReport) -> Response:
        """Say how the patient gets there
        `none` has operators look for transport; `not_coming` cancels.
        """
        answer = Transport[body.answer.upper()]
        return change(path, lambda uow, row: reporting.answer_transport(uow, row, answer))

    @routes.post(
        "/emergencies/<id>/cancel",
        tags=[_TAG],
        security=_TOKEN,
        responses={200: EmergencyNow, **problem_responses(401, 404, 409, 422)},
    )
    def cancel_emergency(path: EmergencyPath) -> Response:
        """Cancel: no help is needed any more"""
        return change(path, reporting.cancel_emergency)


def _json(content: BaseModel) -> Response:
    return Response(content.model_dump_json(), mimetype="application/json")
