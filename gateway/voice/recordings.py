"""The recorded prompts: where each is, and the public door that plays them to the provider."""

import re
from pathlib import Path

from flask import Blueprint, Response, abort, request

from gateway.voice.speech import Prompt

_FOLDER = "/prompts"
_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
# The address of a recording changes with it.
_KEPT_FOR_S = 365 * 24 * 3600


class Recordings:
    """The files `<language>/<name>.wav` below one folder."""

    def __init__(self, folder: Path, public_url: str) -> None:
        self._folder = folder
        self._public_url = public_url

    def url(self, prompt: Prompt) -> str | None:
        """Where the provider finds the recording of this prompt; None when there is none."""
        path = self.path(prompt.language, prompt.name)
        try:
            changed = path.stat().st_mtime_ns if path else 0
        except OSError:
            return None
        address = f"{self._public_url}{_FOLDER}/{prompt.language}/{prompt.name}.wav"
        return f"{address}?v={changed:x}" if path else None

    def path(self, language: str, name: str) -> Path | None:
        """The file of that name, whether it is there or not; None for what is no name of one."""
        if not (_NAME.fullmatch(language) and _NAME.fullmatch(name)):
            return None
        return self._folder / language / f"{name}.wav"


def recordings_blueprint(folder: Path) -> Blueprint:
    """Serves the recordings, and nothing else that is in the folder."""
    recordings = Recordings(folder, "")
    blueprint = Blueprint("recordings", __name__, url_prefix=_FOLDER)

    @blueprint.get("/<language>/<name>.wav")
    def recording(language: str, name: str) -> Response:
        path = recordings.path(language, name)
        if path is None or path.is_symlink() or not path.is_file():
            abort(404)
        content = path.read_bytes()
        response = Response(content, mimetype="audio/wav")
        response.cache_control.public = True
        response.cache_control.max_age = _KEPT_FOR_S
        response.add_etag()
        response.make_conditional(request, accept_ranges=True, complete_length=len(content))
        return response

    return blueprint
