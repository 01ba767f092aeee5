"""A carrier that takes every message at once and reports nothing: a stand-in that costs little.

The simulator would take as much of the machine as the gateway that is measured.
"""

import itertools
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

_NUMBERS = itertools.count(1)


class Carrier(BaseHTTPRequestHandler):
    """Answers `POST /version1/messaging` as Africa's Talking does."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One message, taken."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        recipient = {
            "statusCode": 101,
            "number": parse_qs(body)["to"][0],
            "status": "Success",
            "cost": "KES 0.8000",
            "messageId": f"ATXid_{next(_NUMBERS)}",
        }
        answer = json.dumps({"SMSMessageData": {"Message": "", "Recipients": [recipient]}}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    host, _, port = sys.argv[1].partition(":")
    ThreadingHTTPServer((host, int(port)), Carrier).serve_forever()
