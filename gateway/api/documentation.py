"""The OpenAPI document, and a page that shows it, with no asset from anywhere else."""

from importlib.resources import files

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI
from werkzeug.exceptions import NotFound

# Swagger UI sets styles on elements; scripts may come from files of this server only.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def add_documentation(routes: APIBlueprint, app: OpenAPI) -> None:
    """Adds `openapi.json`, `docs` and the page's assets."""
    swagger = files("flask_openapi3_swagger") / "templates" / "swagger"
    pages = files("gateway.api") / "pages"
    assets = {
        "swagger-ui.css": (swagger / "css" / "swagger-ui.css", "text/css"),
        "swagger-ui-bundle.js": (swagger / "js" / "swagger-ui-bundle.js", "text/javascript"),
        "docs.js": (pages / "docs.js", "text/javascript"),
    }

    def openapi_document() -> Response:
        return jsonify(app.api_doc)

    def documentation_page() -> Response:
        response = Response((pages / "docs.html").read_bytes(), mimetype="text/html")
        response.headers["Content-Security-Policy"] = _PAGE_POLICY
        return response

    def documentation_asset(name: str) -> Response:
        if name not in assets:
            raise NotFound
        file, mimetype = assets[name]
        response = Response(file.read_bytes(), mimetype=mimetype)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    for rule, view in (
        ("/openapi.json", openapi_document),
        ("/docs", documentation_page),
        ("/docs/<name>", documentation_asset),
    ):
        routes.add_url_rule(rule, view_func=view)
