"""Puts the REST interface together: the application that knows OpenAPI, and its routes."""

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from gateway.api.address_guard import AddressGuard
from gateway.api.availability_routes import add_availability_routes
from gateway.api.documentation import add_documentation
from gateway.api.emergency_routes import add_emergency_routes
from gateway.api.hospital_feed_routes import add_hospital_feed_routes
from gateway.api.hospital_routes import add_hospital_routes
from gateway.api.idempotency import AnswerSeals
from gateway.api.problems import Problem, show_problems, validation_problem
from gateway.api.protection import add_security_headers, check_bodies
from gateway.keys import Keys
from gateway.unit_of_work import Services

_NAME = "api"


def rest_application() -> OpenAPI:
    """A Flask application that collects its OpenAPI document from the routes it is given."""
    return OpenAPI(
        "gateway",
        static_folder=None,
        doc_ui=False,
        info=Info(
            title="Haven",
            version="1",
            description="Emergencies raised by programs. Errors are application/problem+json.",
        ),
        security_schemes={
            "emergency_token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token that raising the emergency answered.",
            },
            "hospital_token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token that `haven-gateway hospitals token issue` printed.",
            },
        },
        validation_error_model=Problem,
        validation_error_callback=validation_problem,
    )


def add_rest(app: OpenAPI, services: Services, keys: Keys) -> None:
    """Adds every route under `/api/v1`."""
    routes = APIBlueprint(_NAME, __name__, url_prefix="/api/v1")
    show_problems(routes)
    check_bodies(routes, without_body=frozenset({f"{_NAME}.cancel_emergency"}))
    add_emergency_routes(
        routes, services, AnswerSeals(keys.tokens), AddressGuard(services.system.now)
    )
    add_hospital_routes(routes, services)
    add_hospital_feed_routes(routes, services)
    add_availability_routes(routes, services)
    add_documentation(routes, app)
    app.register_api(routes)
    add_security_headers(app, over_tls=services.config.public_url.startswith("https://"))
