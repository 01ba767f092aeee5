"""What an answer of Africa's Talking means: taken, try again, never, or a person must act.

The codes are AT's; the shapes are those that projects in the field have met. No error text repeats
the answer's body, which may hold the number or the text.
"""

import json
from collections.abc import Mapping

from gateway.providers.http_post import Answer
from gateway.providers.ports import Accepted
from shared.errors import OperatorMustAct, SendRefused, SendRetryable

SMS_STATUS_NAMES = {
    100: "Processed",
    101: "Sent",
    102: "Queued",
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}
_SMS_CODES = {name: code for code, name in SMS_STATUS_NAMES.items()} | {"Success": 101}
_TAKEN = frozenset({100, 101, 102})
_FINAL = frozenset({401, 403, 404, 406, 407, 409})
_OPERATOR = {
    402: "Africa's Talking does not know our sender: check HAVEN_AT_SHORTCODE in its dashboard.",
    405: "The Africa's Talking account is out of credit: top it up now.",
}
_CALL_FINAL = frozenset({"InvalidPhoneNumber", "DestinationNotSupported"})
_NO_VALUE = frozenset({"", "0", "None", "null"})
# A national number's last digits: AT repeats the number as `+2547…`, `2547…` or `07…`.
_SAME_ENDING_DIGITS = 7


def read_sms(answer: Answer, to: str) -> Accepted:
    """What became of the one message to `to`.

    Raises SendRetryable, SendRefused or OperatorMustAct by AT's table of status codes; an answer
    or code that nobody knows is SendRetryable, since the message may not have left.
    """
    _check_status(answer)
    data = _field(_object(answer), "SMSMessageData")
    if not isinstance(data, dict):
        raise SendRetryable("Africa's Talking answered without saying what became of the message.")
    row = _row_for(to, data.get("Recipients"))
    if row is None:
        # AT writes what stopped the whole batch where "Sent to 1/1" stands otherwise.
        code = _SMS_CODES.get(str(data.get("Message", "")).replace(" ", ""))
        if code is None or code in _TAKEN:
            raise SendRetryable("Africa's Talking answered without naming our number.")
        raise _sms_failure(code)
    code = _sms_code(row)
    if code not in _TAKEN:
        raise _sms_failure(code)
    parts = str(row.get("messageParts", ""))
    return Accepted(
        message_id=_value(row.get("messageId")),
        cost=_value(row.get("cost")),
        segments=int(parts) if parts.isdecimal() and int(parts) > 0 else None,
    )


def read_call(answer: Answer) -> Accepted:
    """What became of the one call asked for.

    Raises SendRetryable, SendRefused or OperatorMustAct.
    """
    _check_status(answer)
    body = _object(answer)
    entries = _field(body, "entries")
    entry = entries[0] if isinstance(entries, list) and entries else None
    if isinstance(entry, dict):
        status = str(entry.get("status", ""))
        if status == "Queued":
            return Accepted(message_id=_value(entry.get("sessionId")))
        if status in _CALL_FINAL:
            raise SendRefused(f"Africa's Talking cannot call this number: {status}.")
        if status == "InsufficientCredit":
            raise OperatorMustAct(_OPERATOR[405])
    complaint = str(_field(body, "errorMessage") or "").lower()
    if "callerid" in complaint.replace(" ", ""):
        raise OperatorMustAct(
            "Africa's Talking does not let us call from this number: check the voice number."
        )
    if "credit" in complaint or "balance" in complaint:
        raise OperatorMustAct(_OPERATOR[405])
    raise SendRetryable("Africa's Talking did not queue the call.")


def _check_status(answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise OperatorMustAct(
            f"Africa's Talking's address answered with a redirect (HTTP {status}), which is not "
            "followed because it would carry the API key away: check HAVEN_AT_BASE_URL."
        )
    if status in (401, 403):
        raise OperatorMustAct(
            f"Africa's Talking does not accept our credentials (HTTP {status}): check "
            "HAVEN_AT_USERNAME and HAVEN_AT_API_KEY."
        )
    if status in (404, 405):
        raise OperatorMustAct(
            f"There is no Africa's Talking at its address (HTTP {status}): check "
            "HAVEN_AT_BASE_URL and HAVEN_AT_VOICE_URL."
        )
    if status == 402:
        raise OperatorMustAct(_OPERATOR[405])
    if status in (408, 425, 429) or status >= 500:
        raise SendRetryable(f"Africa's Talking is in trouble (HTTP {status}).", _wait_s(answer))
    raise SendRefused(f"Africa's Talking does not take this message (HTTP {status}).")


def _wait_s(answer: Answer) -> float | None:
    """How long the server asks us to wait, when it says so in seconds and within an hour."""
    asked = answer.headers.get("Retry-After", "").strip()
    return min(float(asked), 3600.0) if asked.isascii() and asked.isdecimal() else None


def _object(answer: Answer) -> object:
    """The body as JSON, whatever its Content-Type says."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise SendRetryable(
            f"Africa's Talking answered something that is not JSON (HTTP {answer.status})."
        ) from None


def _field(body: object, name: str) -> object:
    return body.get(name) if isinstance(body, dict) else None


def _row_for(to: str, recipients: object) -> Mapping[str, object] | None:
    """The row about our number; a lone row is ours, however it writes the number."""
    rows = (
        [row for row in recipients if isinstance(row, dict)] if isinstance(recipients, list) else []
    )
    if len(rows) == 1:
        return rows[0]
    ending = to[-_SAME_ENDING_DIGITS:]
    for row in rows:
        digits = "".join(filter(str.isdecimal, str(row.get("number", ""))))
        if digits.endswith(ending):
            return row
    return None


def _sms_code(row: Mapping[str, object]) -> int | None:
    written = str(row.get("statusCode", ""))
    if written.isascii() and written.isdecimal():
        return int(written[:9])
    return _SMS_CODES.get(str(row.get("status", "")))


def _sms_failure(code: int | None) -> SendRetryable | SendRefused | OperatorMustAct:
    if code in _OPERATOR:
        return OperatorMustAct(_OPERATOR[code])
    name = SMS_STATUS_NAMES.get(code or 0, "a status that is not in its documentation")
    if code in _FINAL:
        return SendRefused(f"Africa's Talking cannot reach this number: {code} {name}.")
    return SendRetryable(f"Africa's Talking did not take the message: {code} {name}.")


def _value(written: object) -> str | None:
    text = "" if written is None else str(written)
    return None if text in _NO_VALUE else text
