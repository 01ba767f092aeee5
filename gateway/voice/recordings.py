"""The recorded prompts: where each is, and the public door that plays them to the provider."""

import re
from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, Response, abort, request

from gateway.voice.joining import form_of, join
from gateway.voice.speech import Prompt

_FOLDER = "/prompts"
# Stands where a language's code stands in other addresses; no language has this one.
_ROW = "in-a-row"
_LONGEST_ROW = 64
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

    def row_url(self, prompts: Sequence[Prompt]) -> str | None:
        """Where the provider finds the recordings of all these as one; None when one is missing or
        they cannot be joined.
        """
        paths = [self.path(prompt.language, prompt.name) for prompt in prompts]
        forms = {None if path is None else form_of(path) for path in paths}
        if len(forms) != 1 or None in forms or len(paths) > _LONGEST_ROW:
            return None
        changed = sum(path.stat().st_mtime_ns for path in paths if path)
        of = ",".join(f"{prompt.language}/{prompt.name}" for prompt in prompts)
        address = f"{self._public_url}{_FOLDER}/{_ROW}/{prompts[0].name}.wav"
        return f"{address}?of={of}&v={changed:x}"

    def path(self, language: str, name: str) -> Path | None:
        """The file of that name, whether it is there or not; None for what is no name of one."""
        if not (_NAME.fullmatch(language) and _NAME.fullmatch(name)):
            return None
        return self._folder / language / f"{name}.wav"


def _may_be_heard(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _sound(content: bytes) -> Response:
    response = Response(content, mimetype="audio/wav")
    response.cache_control.public = True
    response.cache_control.max_age = _KEPT_FOR_S
    response.add_etag()
    response.make_conditional(request, accept_ranges=True, complete_length=len(content))
    return response


def recordings_blueprint(folder: Path) -> Blueprint:
    """Serves the recordings, and nothing else that is in the folder."""
    recordings = Recordings(folder, "")
    blueprint = Blueprint("recordings", __name__, url_prefix=_FOLDER)

    @blueprint.get("/<language>/<name>.wav")
    def recording(language: str, name: str) -> Response:
        path = recordings.path(language, name)
        if path is None or not _may_be_heard(path):
            abort(404)
        return _sound(path.read_bytes())

    @blueprint.get(f"/{_ROW}/<name>.wav")
    def row(name: str) -> Response:
        named = [part.partition("/") for part in request.args.get("of", "").split(",")]
        paths = [recordings.path(language, part) for language, _, part in named]
        forms = {form_of(path) if path and _may_be_heard(path) else None for path in paths}
        if len(forms) != 1 or None in forms or len(paths) > _LONGEST_ROW:
            abort(404)
        return _sound(join([path for path in paths if path]))

    return blueprint
