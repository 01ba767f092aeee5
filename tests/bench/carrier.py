"""A carrier that takes every message and reports nothing: a stand-in that costs next to nothing.

The real one is on no machine of ours, so what it costs must not be counted for the gateway. The
simulator would take as much of the machine as the gateway that is measured, and the library's own
server half as much.
"""

import asyncio
import itertools
import json
import re
import sys
from urllib.parse import parse_qs

# The real one takes longer, on a mobile network much longer.
_ANSWERS_AFTER_S = 0.04

_NUMBERS = itertools.count(1)
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Carrier(asyncio.Protocol):
    """Answers `POST /version1/messaging` as Africa's Talking does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody wants to send."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Answers a request that is whole."""
        self._received += data
        head, separator, body = self._received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if not separator or length is None or len(body) < int(length[1]):
            return
        self._received = b""
        asyncio.get_running_loop().call_later(_ANSWERS_AFTER_S, self._take, body.decode())

    def _take(self, message: str) -> None:
        recipient = {
            "statusCode": 101,
            "number": parse_qs(message)["to"][0],
            "status": "Success",
            "cost": "KES 0.8000",
            "messageId": f"ATXid_{next(_NUMBERS)}",
        }
        answer = json.dumps({"SMSMessageData": {"Message": "", "Recipients": [recipient]}}).encode()
        head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(answer)}\r\n\r\n".encode() + answer)


async def _serve(host: str, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Carrier, host, port)
    await server.serve_forever()


if __name__ == "__main__":
    named, _, numbered = sys.argv[1].partition(":")
    asyncio.run(_serve(named, int(numbered)))
