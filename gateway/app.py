"""The gateway's web application: one Flask app on the services it is given."""

import json

from flask import Flask, Response
from sqlalchemy import select

from gateway.bootstrap import Gateway
from gateway.callbacks import africastalking
from gateway.notifications.tables import messages
from gateway.sites.routes import sites_blueprint


def create_app(gateway: Gateway) -> Flask:
    """Every route of the web process."""
    services = gateway.services
    app = Flask("gateway", static_folder=None)
    app.register_blueprint(africastalking.blueprint(services))
    boxes = sites_blueprint(
        services.database,
        services.system,
        gateway.node_keys,
        gateway.box_desk.fold,
        opening=gateway.box_desk.opening,
        doorbell_url=services.config.doorbell_url,
    )

    @boxes.after_request
    def wake_senders(response: Response) -> Response:
        # What a box claimed may have caused texts; the senders look at once instead of in a second.
        services.wake_senders.set()
        return response

    app.register_blueprint(boxes)

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
