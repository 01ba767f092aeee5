"""The box's Flask application."""

from collections.abc import Callable

from flask import Flask

from edge_node.box import Box
from edge_node.link import LinkState
from edge_node.web.console import console_blueprint
from edge_node.web.problems import show_problems
from edge_node.web.protection import protect
from edge_node.web.routes import api_blueprint


def create_app(
    box: Box,
    link: Callable[[], tuple[LinkState, int]],
    hostnames: frozenset[str],
    hospital_name: str = "",
    frame_ancestors: tuple[str, ...] = (),
) -> Flask:
    """The application: the JSON API, and the console on top of it."""
    app = Flask(__name__, static_folder=None)
    protect(app, hostnames)
    show_problems(app)
    app.register_blueprint(api_blueprint(box, link, hospital_name))
    app.register_blueprint(console_blueprint(frame_ancestors))
    return app
