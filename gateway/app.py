"""The gateway's web application: one Flask app on the services it is given."""

import json
from functools import partial

from flask import Flask, Response, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from gateway.api.problems import http_problem
from gateway.api.protection import PREFIX as API_PREFIX
from gateway.api.rest import add_rest, rest_application
from gateway.bootstrap import Gateway
from gateway.callbacks import africastalking
from gateway.notifications.tables import messages
from gateway.sites import box_texts
from gateway.sites.routes import sites_blueprint
from gateway.voice.recordings import recordings_blueprint


def create_app(gateway: Gateway) -> Flask:
    """Every route of the web process."""
    services = gateway.services
    app = rest_application()
    add_rest(app, services, gateway.keys)
    boxes = sites_blueprint(
        services.database,
        services.system,
        gateway.node_keys,
        gateway.box_desk,
        opening=gateway.box_desk.opening,
        doorbell_url=services.config.doorbell_url,
        sms_number=services.config.sms_number,
        lease_h=services.config.summary_lease_h,
    )

    @boxes.after_request
    def ring_for_senders(response: Response) -> Response:
        # What a box claimed may have caused texts; a sender looks at once instead of in a second.
        services.sender_bell.ring()
        return response

    app.register_blueprint(boxes)
    app.register_blueprint(recordings_blueprint(services.config.prompts_dir))

    @app.get("/healthz", doc_ui=False)
    def healthz() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz", doc_ui=False)
    def readyz() -> Response:
        services.database.read(
            lambda connection: connection.execute(select(messages.c.id).limit(1))
        )
        return _json({"status": "ready"})

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | HTTPException:
        if request.path.startswith(API_PREFIX):
            return http_problem(error)
        if error.code == 404:
            return Response("Not found\n", status=404, mimetype="text/plain")
        return error

    app.wsgi_app = africastalking.in_front_of(  # type: ignore[method-assign, assignment]
        app.wsgi_app, services, box_texts=partial(box_texts.receive, gateway.exchange_desk)
    )
    return app


def _json(content: object) -> Response:
    return Response(json.dumps(content), mimetype="application/json")
