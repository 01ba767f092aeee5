"""The box's Flask application."""

from collections.abc import Callable

from flask import Flask

from edge_node.box import Box
from edge_node.link import LinkState
from edge_node.web.problems import show_problems
from edge_node.web.protection import protect
from edge_node.web.routes import api_blueprint


def create_app(
    box: Box, link: Callable[[], tuple[LinkState, int]], hostnames: frozenset[str]
) -> Flask:
    """The application; the console registers its own blueprint beside the API."""
    app = Flask(__name__, static_folder=None)
    protect(app, hostnames)
    show_problems(app)
    app.register_blueprint(api_blueprint(box, link))
    return app
