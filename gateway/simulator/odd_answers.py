"""AT's answers to a message, ordinary and odd, as they go over the wire."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

# Shapes after which the message has left all the same: only the answer is odd.
LEAVES = frozenset({"charset", "processed_with_parts", "other_number_format", "empty", "half"})

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What is written back. `cut` stops half-way through the body and closes the connection."""

    status: int
    body: str
    content_type: str = _JSON
    location: str = ""
    cut: bool = False


def ordinary(rows: Sequence[Mapping[str, object]]) -> WireAnswer:
    """The documented answer about these recipients."""
    taken = [row for row in rows if row["statusCode"] in (100, 101, 102)]
    total = sum(float(str(row["cost"]).removeprefix("KES ")) for row in taken)
    message = f"Sent to {len(taken)}/{len(rows)} Total Cost: KES {total:.4f}"
    return _message_data({"Message": message, "Recipients": list(rows)})


def invalid_sender() -> WireAnswer:
    """AT's refusal of the whole batch."""
    return _message_data({"Message": "InvalidSenderId", "Recipients": []})


def unauthorised() -> WireAnswer:
    """AT's refusal of our credentials."""
    return WireAnswer(401, "The supplied authentication is invalid", "text/plain")


def odd(shape: str, rows: Sequence[Mapping[str, object]]) -> WireAnswer:
    """The answer in one of `faults.SHAPES`."""
    answer = ordinary(rows)
    match shape:
        case "charset":
            return replace(answer, content_type="application/json; charset=utf-8")
        case "processed_with_parts":
            return ordinary([{**row, "statusCode": 100, "messageParts": 1} for row in rows])
        case "other_number_format":
            return ordinary([{**row, "number": str(row["number"]).lstrip("+")} for row in rows])
        case "id_none":
            return ordinary(rows)
        case "nobody":
            return invalid_sender()
        case "no_recipients":
            return _message_data({"Message": "Sent to 0/1 Total Cost: 0"})
        case "plain_401":
            return unauthorised()
        case "redirect":
            return WireAnswer(302, "", "text/html", location="https://example.invalid/elsewhere")
        case "html":
            return WireAnswer(502, "<html><h1>502 Bad Gateway</h1></html>", "text/html")
        case "not_json":
            return WireAnswer(200, "Request received", "text/plain")
        case "empty":
            return WireAnswer(200, "", _JSON)
        case _:
            return replace(answer, cut=True)


def _message_data(data: Mapping[str, object]) -> WireAnswer:
    return WireAnswer(201, json.dumps({"SMSMessageData": data}))
