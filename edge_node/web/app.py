"""The box's Flask application."""

from collections.abc import Callable

from flask import Flask

from edge_node.box import Box
from edge_node.condition import Condition
from edge_node.web.console import console_blueprint
from edge_node.web.problems import show_problems
from edge_node.web.protection import protect
from edge_node.web.report_routes import report_blueprint
from edge_node.web.routes import api_blueprint


def create_app(
    box: Box,
    condition: Callable[[], Condition],
    hostnames: frozenset[str],
    hospital_name: str = "",
    frame_ancestors: tuple[str, ...] = (),
) -> Flask:
    """The application: the JSON API, and the console on top of it."""
    app = Flask(__name__, static_folder=None)
    protect(app, hostnames)
    show_problems(app)
    app.register_blueprint(api_blueprint(box, condition, hospital_name))
    app.register_blueprint(report_blueprint(box))
    app.register_blueprint(console_blueprint(frame_ancestors))
    return app
