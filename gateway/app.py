"""The gateway's web application: one Flask app on the services it is given."""

import json

from flask import Flask, Response
from sqlalchemy import select

from gateway.callbacks import africastalking
from gateway.notifications.tables import messages
from gateway.unit_of_work import Services


def create_app(services: Services) -> Flask:
    """Every route of the web process."""
    app = Flask("gateway", static_folder=None)
    app.register_blueprint(africastalking.blueprint(services))

    @app.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz")
    def readyz() -> Response:
        services.database.read(
            lambda connection: connection.execute(select(messages.c.id).limit(1))
        )
        return _json({"status": "ready"})

    @app.errorhandler(404)
    def not_found(error: Exception) -> Response:
        return Response("Not found\n", status=404, mimetype="text/plain")

    return app


def _json(content: object) -> Response:
    return Response(json.dumps(content), mimetype="application/json")
