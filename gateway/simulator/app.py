"""The composition root of the simulator."""

import time
from collections.abc import Callable
from contextlib import ExitStack

import structlog
from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from gateway.providers.http_post import FormPoster, PooledFormPoster, TimeLimits
from gateway.simulator.africastalking_api import africastalking_api
from gateway.simulator.agenda import Agenda
from gateway.simulator.callbacks import Callbacks
from gateway.simulator.calls import Calls
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.control_api import control_api
from gateway.simulator.faults import Faults
from gateway.simulator.handset import Handsets
from gateway.simulator.journal import Journal
from gateway.simulator.phone_api import phone_api
from gateway.simulator.text_messages import Credit, TextMessages
from gateway.simulator.ussd import UssdNetwork
from shared.errors import Conflict, HavenError
from shared.system import System

_log = structlog.get_logger()

_LARGEST_REQUEST_BYTES = 64 * 1024
# AT waits 10 s for the answer to a callback.
_CALLBACK_LIMITS = TimeLimits(connect_s=3.0, answer_s=10.0)

# Nothing is fetched from elsewhere but the prompts of calls, from the gateway. The phone may be
# shown in a frame of the demonstration's page,
# which has another port, so that framing is left open.
_CONTENT_POLICY = (
    "default-src 'self'; media-src {gateway}; base-uri 'none'; form-action 'self'; "
    "object-src 'none'"
)


def create_simulator(
    config: SimulatorConfig,
    system: System,
    agenda: Agenda | None = None,
    post: FormPoster | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Flask:
    """The simulator as a Flask app. It works in the background until `app.extensions["stop"]()`.

    An `agenda` of the caller's is run by the caller. `post` carries the callbacks, `pause` waits
    for a number of seconds.
    """
    with ExitStack() as own:
        if agenda is None:
            agenda = Agenda(system.now)
            agenda.start()
            own.callback(agenda.stop)
        if post is None:
            pool = PooledFormPoster(_CALLBACK_LIMITS)
            own.callback(pool.close)
            post = pool
        stop = own.pop_all().close
    journal = Journal(system.now)
    handsets = Handsets(config.country)
    faults = Faults()
    credit = Credit()
    callbacks = Callbacks(config, post, agenda, journal)
    ussd = UssdNetwork(config, system, agenda, callbacks, faults, pause)
    texts = TextMessages(config, system, agenda, callbacks, handsets, journal, credit)
    calls = Calls(config, system, agenda, callbacks, handsets, journal)

    policy = _CONTENT_POLICY.format(gateway=config.gateway_origin)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST_BYTES
    app.extensions["stop"] = stop
    app.register_blueprint(africastalking_api(config, faults, texts, calls, pause))
    app.register_blueprint(phone_api(system, handsets, ussd, texts, calls))
    app.register_blueprint(control_api(faults, credit, journal))

    @app.get("/")
    def choose_phone() -> str:
        return render_template("phones.html", config=config, used=handsets.in_use())

    @app.get("/phone/<number>")
    def phone_page(number: str) -> str:
        return render_template(
            "phone.html",
            number=handsets.with_number(number).number,
            config=config,
            embedded=request.args.get("embed") == "1",
        )

    @app.get("/control")
    def control_page() -> str:
        return render_template("control.html", config=config)

    @app.get("/healthz")
    def healthy() -> Response:
        return jsonify(status="ok")

    @app.errorhandler(HavenError)
    def refuse(error: HavenError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 409 if isinstance(error, Conflict) else 400

    @app.errorhandler(HTTPException)
    def http_fault(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description or error.name), error.code or 500

    @app.errorhandler(Exception)
    def fail(error: Exception) -> tuple[Response, int]:
        # Flask's own line would name the address, and so a phone number.
        route = request.url_rule.rule if request.url_rule else "none"
        _log.error("simulator_failed", route=route, exc_info=error)
        return jsonify(error="The simulator failed; its log says where."), 500

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app
