"""Africa's Talking's callbacks: who may call, what is posted, and what is answered.

A wrong secret gets one flat 404, compared in constant time. A wrong form gets an answer that the
caller can act on: never a traceback, and never a status that makes AT drop a caller.

A plain WSGI application in front of Flask's: Flask's own work would be half of a turn's time
(docs/adr/002).
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import structlog

from gateway.callbacks import voice_script
from gateway.delivery import reports
from gateway.menus.ending import session_ended
from gateway.return_calls import calling_back
from gateway.sms.arriving import BoxTexts, arrive
from gateway.sms.incoming import IncomingSms
from gateway.unit_of_work import Services, UnitOfWork
from gateway.ussd import turn
from gateway.ussd.turn import UssdRequest
from gateway.voice import dialogue, script
from gateway.voice.dialogue import CallStep
from shared.errors import HavenError, InvalidInput
from shared.phone_number import normalise

_log = structlog.get_logger(__name__)

_FOLDER = "/callbacks/africastalking/"
_PLAIN = "text/plain; charset=utf-8"
# Holds the longest field, each of its characters written as nine bytes.
_LARGEST_BODY_BYTES = 80_000
_LONGEST_FIELD = 8_000
_LONGEST_SMS = 2_000
# Africa's Talking waits ten seconds; then the caller reads whatever the network says.
_ANSWER_WITHIN_S = 8.0
_LONGEST_SESSION_ID = 80
_LONGEST_SERVICE_CODE = 32


# `voice/3` is the answer to the third question of a call, `voice/3/-` that nobody answered it.
_QUESTION = re.compile(r"voice/(\d{1,6}(?:/-)?)", re.ASCII)
_XML = "application/xml; charset=utf-8"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a callback is answered, always with status 200."""

    text: str
    content_type: str = _PLAIN


Handler = Callable[[dict[str, str]], Reply]


def _no_boxes(sender: str, text: str) -> bool:
    return False


def in_front_of(
    others: Wsgi,
    services: Services,
    within_s: float = _ANSWER_WITHIN_S,
    *,
    box_texts: BoxTexts = _no_boxes,
) -> Wsgi:
    """Answers what is below `/callbacks/africastalking/<secret>/`, and hands on everything else.

    At every door a database that has not written after `within_s` is waited for no longer: threads
    that wait would be missing for the next caller.
    """
    services = replace(services, write_within_s=within_s)
    secrets = [secret.encode() for secret in services.config.callback_secrets]
    handle_of = _handlers(services, box_texts)

    def known(secret: str) -> bool:
        # Every accepted secret is compared, so that the time tells nothing about which one matched.
        # WSGI hands the path over as Latin-1.
        given = secret.encode("latin-1", "replace")
        matches = [hmac.compare_digest(given, accepted) for accepted in secrets]
        return any(matches)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(_FOLDER):
            return others(environ, start_response)
        secret, _, door = path.removeprefix(_FOLDER).partition("/")
        may_enter = known(secret)
        handle = handle_of(door)
        if handle is None or not may_enter or environ.get("REQUEST_METHOD") != "POST":
            # The same bytes as for any address that does not exist.
            status, reply = "404 NOT FOUND", Reply("Not found\n")
        else:
            with services.traffic:
                status, reply = "200 OK", handle(_form(environ))
        body = reply.text.encode()
        start_response(
            status,
            [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))],
        )
        return [body]

    return answer


def _handlers(services: Services, box_texts: BoxTexts) -> Callable[[str], Handler | None]:
    """What answers at each door."""

    def ussd(form: dict[str, str]) -> Reply:
        try:
            asked = _ussd_request(form, services.config.country)
            return Reply(turn.take_turn(services, asked))
        except HavenError as error:
            _log.warning("ussd turn refused", reason=str(error))
        except Exception:
            # Whatever went wrong here, the caller is in need now: the way to a person is shown.
            _log.exception("ussd turn failed")
        return Reply(turn.way_out(services))

    def ussd_end(form: dict[str, str]) -> Reply:
        try:
            phone = normalise(form.get("phoneNumber", ""), services.config.country)
            turn.end_session(services, form.get("sessionId", "")[:_LONGEST_SESSION_ID], phone)
        except HavenError as error:
            _log.warning("end of ussd session refused", reason=str(error))
        return Reply("")

    def sms(form: dict[str, str]) -> Reply:
        came = IncomingSms(
            provider_id=form.get("id", "").strip()[:80],
            sender=form.get("from", "").strip(),
            text=form.get("text", "")[:_LONGEST_SMS],
        )
        arrive(services, came, box_texts)
        return Reply("")

    def delivery(form: dict[str, str]) -> Reply:
        provider_id, status = form.get("id", ""), form.get("status", "")
        if provider_id and status:
            reason = form.get("failureReason", "")
            services.write(lambda uow: reports.receive(uow, provider_id, status, reason))
        return Reply("")

    def voice(form: dict[str, str], question: str = "") -> Reply:
        session_id = form.get("sessionId", "")[:_LONGEST_SESSION_ID]
        if form.get("isActive") == "0" or not session_id:
            return voice_events(form)
        number = _person(form, services)
        if _is_inbound(form):
            # Whoever rings us pays nothing: the call is declined, and made from here.
            try:
                if number:
                    services.write(lambda uow: calling_back.call_back(uow, number, session_id))
            except Exception:
                # Nobody may ever call back: answered after all, they hear the emergency number.
                _log.exception("missed call not taken in")
                return Reply(dialogue.way_out(services), _XML)
            return Reply(script.REJECT, _XML)
        callback_url = (
            f"{services.config.public_url}/callbacks/africastalking/"
            f"{services.config.callback_secrets[0]}/voice"
        )
        keys = form.get("dtmfDigits", "")
        step, _, silence = question.partition("/")
        asked = CallStep(
            session_id=session_id,
            phone=number,
            step=int(step) if step else None,
            keys="" if silence else keys,
            address=callback_url,
        )
        try:
            answer = dialogue.take_step(services, asked)
            if answer is None:
                answer = voice_script.answer_call(services, session_id, number, keys, callback_url)
        except Exception:
            # As with a USSD turn, whoever listens is in need now.
            _log.exception("voice step failed")
            answer = dialogue.way_out(services)
        return Reply(answer, _XML)

    def voice_events(form: dict[str, str]) -> Reply:
        session_id = form.get("sessionId", "")[:_LONGEST_SESSION_ID]
        outcome = form.get("hangupCause") or form.get("callSessionState") or ""
        if not session_id or _is_inbound(form):
            return Reply("")
        number = _person(form, services)
        over = (
            form.get("isActive") == "0"
            or bool(form.get("hangupCause"))
            or outcome.lower() == "completed"
        )

        def happened(uow: UnitOfWork) -> None:
            if outcome:
                reports.receive(uow, session_id, outcome, "")
            if over:
                session_ended(uow, session_id, number)
                calling_back.ended(uow, session_id, number, outcome.upper())

        services.write(happened)
        return Reply("")

    doors: Mapping[str, Handler] = {
        "ussd": ussd,
        "ussd-end": ussd_end,
        "sms": sms,
        "delivery": delivery,
        "voice": voice,
        "voice-events": voice_events,
    }

    def handler(door: str) -> Handler | None:
        question = _QUESTION.fullmatch(door)
        return doors.get(door) if question is None else partial(voice, question=question[1])

    return handler


def _person(form: Mapping[str, str], services: Services) -> str:
    """The number of whoever is on the other end, whichever of the two AT calls the caller; empty
    when it hides itself.
    """
    ours = {services.config.voice_number, services.config.at_shortcode, ""}
    numbers = [form.get(name, "") for name in ("callerNumber", "destinationNumber")]
    number = next((number for number in numbers if number not in ours), "")
    try:
        return normalise(number, services.config.country)
    except HavenError as error:
        _log.warning("voice call of an impossible number", reason=str(error))
        return ""


def _is_inbound(form: Mapping[str, str]) -> bool:
    return form.get("direction", "").lower() == "inbound"


def _form(environ: Mapping[str, Any]) -> dict[str, str]:
    """The posted fields, the first of each name, cut to a bearable length, whatever bytes came."""
    declared = environ.get("CONTENT_LENGTH") or "0"
    if not (declared.isascii() and declared.isdecimal()) or int(declared) > _LARGEST_BODY_BYTES:
        return {}
    # Without a length it came in pieces, which the server has put together.
    body: bytes = environ["wsgi.input"].read(int(declared) or _LARGEST_BODY_BYTES)
    fields: dict[str, str] = {}
    pairs = parse_qsl(
        body.decode("utf-8", "replace"),
        keep_blank_values=True,
        encoding="utf-8",
        errors="replace",
        max_num_fields=None,
    )
    for name, value in pairs:
        fields.setdefault(name, value.replace("\x00", "")[:_LONGEST_FIELD])
    return fields


def _ussd_request(form: dict[str, str], country: str) -> UssdRequest:
    session_id = form.get("sessionId", "").strip()
    if not session_id or len(session_id) > _LONGEST_SESSION_ID:
        raise InvalidInput("sessionId is missing or too long.")
    return UssdRequest(
        session_id=session_id,
        phone=normalise(form.get("phoneNumber", ""), country),
        service_code=form.get("serviceCode", "")[:_LONGEST_SERVICE_CODE],
        network_code=form.get("networkCode", ""),
        text=form.get("text", ""),
    )
