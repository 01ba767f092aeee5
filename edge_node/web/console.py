"""The console: one page of our own files, which talks to the JSON API and to nothing else."""

from importlib.resources import files

from flask import Blueprint, Response, render_template, request

from shared.triage import parse


def console_blueprint(frame_ancestors: tuple[str, ...]) -> Blueprint:
    """The page and its files. Pages of `frame_ancestors` may show it in a frame."""
    rules = parse((files("shared") / "triage_rules.toml").read_text(encoding="utf-8"))
    policy = "; ".join(
        (
            "default-src 'none'",
            "connect-src 'self'",
            "img-src 'self' data:",
            "script-src 'self'",
            "style-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            " ".join(("frame-ancestors 'self'", *frame_ancestors)),
        )
    )
    blueprint = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )

    @blueprint.get("/")
    def page() -> str:
        return render_template("console.html", rules=rules)

    @blueprint.after_app_request
    def protect_content(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if request.endpoint == "console.static":
            # Asked again at every load: after an update no old script meets a new API.
            answer.headers["Cache-Control"] = "no-cache"
        else:
            answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
