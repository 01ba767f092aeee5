"""What the slow line is compared with: events as JSON, gzipped, a hundred to a page, fetched by a
cursor on one kept-alive connection. `python -m tests.bench.plain_poll serve HOST PORT COUNT` and
`... fetch URL`, which prints the seconds that it took.
"""

import gzip
import json
import sys
import time
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from sync.events import DispatchOffered
from tests.bench.corpus import emergencies

PAGE = 100


def as_json(offer: DispatchOffered) -> dict[str, Any]:
    """The event with every field that has a value, times in ISO 8601."""
    shown = {name: value for name, value in asdict(offer).items() if value not in ("", b"", None)}
    return json.loads(json.dumps(shown, default=str))  # type: ignore[no-any-return]


def serve(host: str, port: int, count: int) -> None:
    """Serves until it is ended."""
    events = [as_json(offer) for offer in emergencies(count)]

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            after = int(self.path.rpartition("=")[2])
            page = {"events": events[after : after + PAGE], "cursor": min(after + PAGE, count)}
            content = gzip.compress(json.dumps(page, separators=(",", ":")).encode())
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    ThreadingHTTPServer((host, port), Pages).serve_forever()


def fetch(url: str) -> None:
    """Fetches page after page until one is empty, which says that all are there."""
    began, session, after, size = time.perf_counter(), requests.Session(), 0, 0
    while True:
        answer = session.get(f"{url}/events?after={after}", timeout=120)
        size += int(answer.headers["Content-Length"])
        page = answer.json()
        if not page["events"]:
            break
        after = page["cursor"]
    print(json.dumps({"seconds": time.perf_counter() - began, "events": after, "bytes": size}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        fetch(sys.argv[2])
