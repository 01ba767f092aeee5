"""`PUT /api/v1/hospitals/<id>/availability`: a hospital's own programs report its beds."""

from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from gateway.api.availability_models import AvailabilityNow, AvailabilityTaken
from gateway.api.hospital_models import HospitalPath
from gateway.api.problems import problem_responses
from gateway.hospitals import register, tokens
from gateway.hospitals.availability_report import BedCount
from gateway.staff import readiness
from gateway.staff.readiness import Said
from gateway.unit_of_work import Services, UnitOfWork
from shared.bed_type import BedType
from shared.capability import mask
from shared.hospital import HospitalStatus

_TAG = Tag(name="availability", description="Hospitals report how full they are.")
_TOKEN: list[dict[str, list[Any]]] = [{"hospital_token": []}]
_VIA = "api"


def add_availability_routes(routes: APIBlueprint, services: Services) -> None:
    """Adds the route."""

    @routes.put(
        "/hospitals/<id>/availability",
        tags=[_TAG],
        security=_TOKEN,
        responses={
            200: AvailabilityTaken,
            **problem_responses(400, 401, 403, 404, 409, 413, 415, 422),
        },
    )
    def report_availability(path: HospitalPath, body: AvailabilityNow) -> Response:
        """Report beds, stock and status; the newest report counts"""
        token = _bearer()
        said = _said(body)

        def command(uow: UnitOfWork) -> AvailabilityTaken:
            speaks_for = tokens.hospital_of(uow.connection, token, uow.now)
            if speaks_for is None:
                raise _unauthorized()
            if speaks_for != path.id:
                raise Forbidden("This token speaks for another hospital.")
            readiness.report(uow, path.id, said, _VIA)
            _, now = register.find(uow.connection, path.id)
            return AvailabilityTaken(
                status=now.status.value,
                staffed_beds=now.staffed_beds,
                free_beds=now.free_beds,
                assigned_since=now.assigned_since,
                reported_at=now.reported_at,
            )

        taken = services.write(command)
        return Response(taken.model_dump_json(), mimetype="application/json")


def _said(body: AvailabilityNow) -> Said:
    emergency = body.emergency_beds or body.beds.get(BedType.EMERGENCY)
    return Said(
        free_beds=None if emergency is None else emergency.free,
        staffed_beds=None if emergency is None else emergency.staffed,
        beds={sort: BedCount(beds.staffed, beds.free) for sort, beds in body.beds.items()},
        stock_has=int(mask(name for name, there in body.stock.items() if there)),
        stock_lacks=int(mask(name for name, there in body.stock.items() if not there)),
        status=None if body.status is None else HospitalStatus(body.status),
        at=body.at,
    )


def _bearer() -> str:
    """Raises Unauthorized, before anything is looked up, when the request brings no token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized()
    return token.strip()


def _unauthorized() -> Unauthorized:
    return Unauthorized(
        "Send the hospital's token, which `haven-gateway hospitals token issue` printed: "
        "Authorization: Bearer <token>.",
        www_authenticate=WWWAuthenticate("bearer", {"realm": "hospital"}),
    )
