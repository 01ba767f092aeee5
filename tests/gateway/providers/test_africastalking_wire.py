"""The adapter against AT's answers at the wire: one row for each status code and odd shape."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses

from gateway.providers.africastalking import AfricasTalking
from gateway.providers.ports import Accepted
from shared.errors import HavenError, InvalidInput, OperatorMustAct, SendRefused, SendRetryable

KEY = "atsk_very_secret_key"
SMS_URL = "https://api.africastalking.com/version1/messaging"
CALL_URL = "https://voice.africastalking.com/call"
TO = "+254711000111"
TEXT = "7K2F saved"


def live() -> AfricasTalking:
    return AfricasTalking("haven", KEY)


def recipient(**changed: Any) -> dict[str, Any]:
    row = {
        "statusCode": 101,
        "number": TO,
        "status": "Success",
        "cost": "KES 0.8000",
        "messageId": "ATXid_1",
    }
    return {**row, **changed}


def messages(*rows: dict[str, Any], message: str = "Sent to 1/1 Total Cost: KES 0.8000") -> str:
    return json.dumps({"SMSMessageData": {"Message": message, "Recipients": list(rows)}})


TAKEN = Accepted("ATXid_1", "KES 0.8000", None)
PLAIN = "text/plain"

SMS_ROWS: list[tuple[str, int, str, str, Accepted | type[HavenError]]] = [
    ("100 processed", 201, "", messages(recipient(statusCode=100)), TAKEN),
    ("101 sent", 201, "", messages(recipient()), TAKEN),
    ("102 queued", 201, "", messages(recipient(statusCode=102)), TAKEN),
    (
        "100 with messageParts",
        201,
        "",
        messages(recipient(statusCode=100, messageParts=2)),
        Accepted("ATXid_1", "KES 0.8000", 2),
    ),
    ("the code as text", 201, "", messages(recipient(statusCode="101")), TAKEN),
    ("no code but Success", 201, "", messages(recipient(statusCode=None)), TAKEN),
    ("another way to write the number", 201, "", messages(recipient(number="0711000111")), TAKEN),
    ("no plus", 201, "", messages(recipient(number="254711000111")), TAKEN),
    (
        "ours among others",
        201,
        "",
        messages(recipient(number="+254733222333", statusCode=406), recipient()),
        TAKEN,
    ),
    (
        "others but not ours",
        201,
        "",
        messages(recipient(number="+254733222333"), recipient(number="+254733222334")),
        SendRetryable,
    ),
    ("HTTP 200 instead of 201", 200, "", messages(recipient()), TAKEN),
    ("charset in the type", 201, "application/json; charset=utf-8", messages(recipient()), TAKEN),
    ("JSON called text", 201, PLAIN, messages(recipient()), TAKEN),
    (
        "taken without an id",
        201,
        "",
        messages(recipient(messageId="None", cost="0")),
        Accepted(None, None, None),
    ),
    ("401 risk hold", 201, "", messages(recipient(statusCode=401)), SendRefused),
    ("402 sender", 201, "", messages(recipient(statusCode=402)), OperatorMustAct),
    ("403 number", 201, "", messages(recipient(statusCode=403)), SendRefused),
    ("404 number type", 201, "", messages(recipient(statusCode=404)), SendRefused),
    ("405 no credit", 201, "", messages(recipient(statusCode=405)), OperatorMustAct),
    ("406 blacklist", 201, "", messages(recipient(statusCode=406)), SendRefused),
    ("407 no route", 201, "", messages(recipient(statusCode=407)), SendRefused),
    ("409 do not disturb", 201, "", messages(recipient(statusCode=409)), SendRefused),
    ("500 internal", 201, "", messages(recipient(statusCode=500)), SendRetryable),
    ("501 gateway", 201, "", messages(recipient(statusCode=501)), SendRetryable),
    ("502 rejected", 201, "", messages(recipient(statusCode=502)), SendRetryable),
    ("a code nobody knows", 201, "", messages(recipient(statusCode=777)), SendRetryable),
    (
        "the id None beside a failure",
        201,
        "",
        messages(recipient(statusCode=403, messageId="None", cost="0")),
        SendRefused,
    ),
    (
        "a failure told by its name only",
        201,
        "",
        messages(recipient(statusCode=None, status="UserInBlacklist")),
        SendRefused,
    ),
    ("nobody: sender", 201, "", messages(message="InvalidSenderId"), OperatorMustAct),
    ("nobody: balance", 201, "", messages(message="InsufficientBalance"), OperatorMustAct),
    ("nobody: number", 201, "", messages(message="Invalid Phone Number"), SendRefused),
    ("nobody, no reason", 201, "", messages(message="Sent to 0/1 Total Cost: 0"), SendRetryable),
    (
        "recipients missing",
        201,
        "",
        '{"SMSMessageData": {"Message": "Sent to 1/1"}}',
        SendRetryable,
    ),
    ("recipients null", 201, "", '{"SMSMessageData": {"Recipients": null}}', SendRetryable),
    ("recipients of texts", 201, "", '{"SMSMessageData": {"Recipients": ["x"]}}', SendRetryable),
    ("the data is a text", 201, "", '{"SMSMessageData": "InvalidRequest"}', SendRetryable),
    ("a list", 201, "", "[]", SendRetryable),
    ("null", 201, "", "null", SendRetryable),
    ("deep nesting", 201, "", "[" * 20_000, SendRetryable),
    ("empty", 201, "", "", SendRetryable),
    ("no JSON", 201, "", "Request received", SendRetryable),
    ("HTML with 200", 200, "text/html", "<html></html>", SendRetryable),
    ("HTML with 502", 502, "text/html", "<html></html>", SendRetryable),
    ("HTTP 500", 500, PLAIN, "", SendRetryable),
    ("HTTP 429", 429, PLAIN, "", SendRetryable),
    ("HTTP 408", 408, PLAIN, "", SendRetryable),
    ("HTTP 401", 401, PLAIN, "The supplied authentication is invalid", OperatorMustAct),
    ("HTTP 403", 403, PLAIN, "", OperatorMustAct),
    ("HTTP 402", 402, PLAIN, "", OperatorMustAct),
    ("HTTP 404", 404, PLAIN, "", OperatorMustAct),
    ("HTTP 400", 400, PLAIN, "Request is missing required form field 'to'", SendRefused),
    ("HTTP 413", 413, PLAIN, "", SendRefused),
    ("HTTP 304", 304, PLAIN, "", OperatorMustAct),
    ("too long", 200, "", " " * 70_000 + messages(recipient()), SendRetryable),
]


@pytest.mark.parametrize(
    ("status", "content_type", "body", "outcome"),
    [pytest.param(*row[1:], id=row[0]) for row in SMS_ROWS],
)
@responses.activate
def test_each_answer_to_a_message_means_one_thing(
    status: int, content_type: str, body: str, outcome: Accepted | type[HavenError]
) -> None:
    responses.post(
        SMS_URL, status=status, body=body, content_type=content_type or "application/json"
    )
    provider = live()
    if isinstance(outcome, Accepted):
        assert provider.send_sms(TO, TEXT, "20911") == outcome
        return
    with pytest.raises(outcome) as caught:
        provider.send_sms(TO, TEXT, "20911")
    assert type(caught.value) is outcome
    said = str(caught.value)
    assert said.endswith(".")
    assert KEY not in said
    assert TO not in said
    assert TEXT not in said


ENTRY = '{"phoneNumber": "+254711000111", "status": "%s", "sessionId": "%s"}'


def calls(status: str, session: str = "None", error: str = "None") -> str:
    return f'{{"entries": [{ENTRY % (status, session)}], "errorMessage": "{error}"}}'


CALL_ROWS: list[tuple[str, int, str, Accepted | type[HavenError]]] = [
    ("queued", 200, calls("Queued", "ATVId_1"), Accepted("ATVId_1")),
    ("queued, 201", 201, calls("Queued", "ATVId_1"), Accepted("ATVId_1")),
    ("bad number", 200, calls("InvalidPhoneNumber"), SendRefused),
    ("no such destination", 200, calls("DestinationNotSupported"), SendRefused),
    ("no credit", 200, calls("InsufficientCredit"), OperatorMustAct),
    ("an unknown status", 200, calls("Sleeping"), SendRetryable),
    (
        "a wrong voice number",
        200,
        '{"entries": [], "errorMessage": "Invalid callerId: +254"}',
        OperatorMustAct,
    ),
    (
        "no credit for anybody",
        200,
        '{"entries": [], "errorMessage": "Insufficient balance"}',
        OperatorMustAct,
    ),
    ("no entries", 200, '{"errorMessage": "None"}', SendRetryable),
    ("entries of texts", 200, '{"entries": ["x"], "errorMessage": null}', SendRetryable),
    ("no JSON", 200, "Queued", SendRetryable),
    ("HTTP 401", 401, "The supplied authentication is invalid", OperatorMustAct),
    ("HTTP 503", 503, "", SendRetryable),
]


@pytest.mark.parametrize(
    ("status", "body", "outcome"), [pytest.param(*row[1:], id=row[0]) for row in CALL_ROWS]
)
@responses.activate
def test_each_answer_to_a_call_means_one_thing(
    status: int, body: str, outcome: Accepted | type[HavenError]
) -> None:
    responses.post(CALL_URL, status=status, body=body)
    provider = live()
    if isinstance(outcome, Accepted):
        assert provider.call(TO, "+254711082000") == outcome
        return
    with pytest.raises(outcome) as caught:
        provider.call(TO, "+254711082000")
    assert type(caught.value) is outcome
    assert KEY not in str(caught.value)


@responses.activate
def test_the_request_is_what_africas_talking_documents() -> None:
    responses.post(SMS_URL, status=201, body=messages(recipient()))
    live().send_sms(TO, "Kũra “now” 🚑", "20911")
    request = responses.calls[0].request
    assert parse_qs(str(request.body)) == {
        "username": ["haven"],
        "to": [TO],
        "message": ['Kura "now" ?'],
        "from": ["20911"],
        "bulkSMSMode": ["1"],
    }
    assert request.headers["apiKey"] == KEY
    assert request.headers["Accept"] == "application/json"


@responses.activate
def test_without_a_sender_the_field_is_left_out() -> None:
    responses.post(SMS_URL, status=201, body=messages(recipient()))
    live().send_sms(TO, TEXT, None)
    assert "from" not in parse_qs(str(responses.calls[0].request.body))


@responses.activate
def test_a_redirect_is_never_followed() -> None:
    responses.post(SMS_URL, status=307, headers={"Location": "https://thief.example/"})
    elsewhere = responses.post("https://thief.example/", body=messages(recipient()))
    with pytest.raises(OperatorMustAct):
        live().send_sms(TO, TEXT, "20911")
    assert elsewhere.call_count == 0


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (requests.exceptions.ConnectTimeout(KEY), "could not be reached"),
        (requests.exceptions.SSLError(KEY), "could not be reached"),
        (requests.exceptions.ReadTimeout(KEY), "may be on its way"),
        (requests.exceptions.ConnectionError(KEY), "may be on its way"),
        (requests.exceptions.ChunkedEncodingError(KEY), "may be on its way"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@responses.activate
def test_a_broken_connection_is_tried_again_and_leaks_nothing(
    failure: Exception, words: str
) -> None:
    responses.post(SMS_URL, body=failure)
    with pytest.raises(SendRetryable, match=words) as caught:
        live().send_sms(TO, TEXT, "20911")
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("asked", "after_s"), [("30", 30.0), ("999999", 3600.0), ("soon", None), ("", None)]
)
@responses.activate
def test_a_server_that_asks_for_patience_gets_it(asked: str, after_s: float | None) -> None:
    responses.post(SMS_URL, status=503, headers={"Retry-After": asked})
    with pytest.raises(SendRetryable) as caught:
        live().send_sms(TO, TEXT, "20911")
    assert caught.value.after_s == after_s


@pytest.mark.parametrize("to", ["0711000111", "", "+", "haven", "+254711 000111"])
def test_what_is_no_international_number_is_refused_before_it_is_sent(to: str) -> None:
    provider = live()
    with pytest.raises(SendRefused):
        provider.send_sms(to, TEXT, "20911")
    with pytest.raises(SendRefused):
        provider.call(to, "+254711082000")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(SendRefused):
        live().send_sms(TO, "  \n", "20911")


def test_the_sandbox_has_no_calls() -> None:
    with pytest.raises(OperatorMustAct, match="HAVEN_AT_VOICE_URL"):
        AfricasTalking("sandbox", KEY).call(TO, "+254711082000")


@responses.activate
def test_the_sandbox_account_writes_to_the_sandbox() -> None:
    responses.post(
        "https://api.sandbox.africastalking.com/version1/messaging", body=messages(recipient())
    )
    provider = AfricasTalking("sandbox", KEY)
    assert provider.send_sms(TO, TEXT, None) == TAKEN


@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("https://api.example.org", True),
        ("http://127.0.0.1:8200", True),
        ("http://localhost:8200/", True),
        ("http://simulator:8200", True),
        ("http://10.1.2.3", True),
        ("http://api.africastalking.com", False),
        ("http://8.8.8.8", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("127.0.0.1:8200", False),
    ],
)
def test_the_key_never_crosses_the_internet_in_the_clear(url: str, usable: bool) -> None:
    for base_url, voice_url in ((url, None), (None, url)):
        if usable:
            AfricasTalking("haven", KEY, base_url, voice_url)
        else:
            with pytest.raises(InvalidInput, match="https://"):
                AfricasTalking("haven", KEY, base_url, voice_url)


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(live())
