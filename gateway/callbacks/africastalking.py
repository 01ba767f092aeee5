"""Africa's Talking's callbacks: who may call, what is posted, and what is answered.

A wrong secret gets one flat 404, compared in constant time. A wrong form gets an answer that the
caller can act on: never a traceback, and never a status that makes AT drop a caller.
"""

import hmac
from collections.abc import Callable
from urllib.parse import parse_qsl

import structlog
from flask import Blueprint, Response, request

from gateway.callbacks import voice_script
from gateway.delivery import reports
from gateway.sms import incoming
from gateway.sms.incoming import IncomingSms
from gateway.unit_of_work import Services
from gateway.ussd import turn
from gateway.ussd.turn import UssdRequest
from shared.errors import HavenError, InvalidInput
from shared.phone_number import normalise

_log = structlog.get_logger(__name__)

_LARGEST_BODY_BYTES = 16_384
_LONGEST_FIELD = 2_000
_LONGEST_SESSION_ID = 80
_LONGEST_SERVICE_CODE = 32
_LONGEST_HISTORY = 1_000


def blueprint(services: Services) -> Blueprint:
    """The routes below `/callbacks/africastalking/<secret>/`."""
    routes = Blueprint("africastalking", __name__)
    secrets = [secret.encode() for secret in services.config.callback_secrets]

    def known(secret: str) -> bool:
        # Every accepted secret is compared, so that the time tells nothing about which one matched.
        matches = [hmac.compare_digest(secret.encode(), accepted) for accepted in secrets]
        return any(matches)

    def guarded(name: str, handle: Callable[[dict[str, str]], Response]) -> None:
        def view(secret: str) -> Response:
            if request.method != "POST" or not known(secret):
                return _flat_404()
            return handle(_form())

        routes.add_url_rule(
            f"/callbacks/africastalking/<secret>/{name}",
            endpoint=name,
            view_func=view,
            methods=["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
            provide_automatic_options=False,
        )

    def ussd(form: dict[str, str]) -> Response:
        try:
            asked = _ussd_request(form, services.config.country)
            return _plain(turn.take_turn(services, asked))
        except HavenError as error:
            _log.warning("ussd turn refused", reason=str(error))
        except Exception:
            # Whatever went wrong here, the caller is in need now: the way to a person is shown.
            _log.exception("ussd turn failed")
        return _plain("END " + _way_out(services))

    def ussd_end(form: dict[str, str]) -> Response:
        try:
            phone = normalise(form.get("phoneNumber", ""), services.config.country)
            turn.end_session(services, form.get("sessionId", "")[:_LONGEST_SESSION_ID], phone)
        except HavenError as error:
            _log.warning("end of ussd session refused", reason=str(error))
        return _plain("")

    def sms(form: dict[str, str]) -> Response:
        try:
            incoming.receive(services, _incoming_sms(form, services.config.country))
        except HavenError as error:
            _log.warning("incoming sms refused", reason=str(error))
        return _plain("")

    def delivery(form: dict[str, str]) -> Response:
        provider_id, status = form.get("id", ""), form.get("status", "")
        if provider_id and status:
            reason = form.get("failureReason", "")
            services.write(lambda uow: reports.receive(uow, provider_id, status, reason))
        return _plain("")

    def voice(form: dict[str, str]) -> Response:
        session_id = form.get("sessionId", "")
        if form.get("isActive") == "0" or not session_id:
            return voice_events(form)
        number = form.get("destinationNumber") or form.get("callerNumber", "")
        try:
            number = normalise(number, services.config.country)
        except HavenError as error:
            _log.warning("voice call of an impossible number", reason=str(error))
        callback_url = (
            f"{services.config.public_url}/callbacks/africastalking/"
            f"{services.config.callback_secrets[0]}/voice"
        )
        script = voice_script.answer_call(
            services, session_id, number, form.get("dtmfDigits", ""), callback_url
        )
        return Response(script, mimetype="application/xml")

    def voice_events(form: dict[str, str]) -> Response:
        session_id = form.get("sessionId", "")
        outcome = form.get("hangupCause") or form.get("callSessionState") or ""
        if session_id and outcome:
            services.write(lambda uow: reports.receive(uow, session_id, outcome, ""))
        return _plain("")

    guarded("ussd", ussd)
    guarded("ussd-end", ussd_end)
    guarded("sms", sms)
    guarded("delivery", delivery)
    guarded("voice", voice)
    guarded("voice-events", voice_events)
    return routes


def _flat_404() -> Response:
    # The same bytes as for any address that does not exist.
    return Response("Not found\n", status=404, mimetype="text/plain")


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain; charset=utf-8")


def _form() -> dict[str, str]:
    """The posted fields, the first of each name, cut to a bearable length, whatever bytes came."""
    declared = request.content_length
    if declared is not None and declared > _LARGEST_BODY_BYTES:
        return {}
    body = request.stream.read(_LARGEST_BODY_BYTES)
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
        text=form.get("text", "")[:_LONGEST_HISTORY],
    )


def _incoming_sms(form: dict[str, str], country: str) -> IncomingSms:
    provider_id = form.get("id", "").strip()
    if not provider_id:
        raise InvalidInput("id is missing.")
    return IncomingSms(
        provider_id=provider_id[:80],
        sender=normalise(form.get("from", ""), country),
        text=form.get("text", ""),
    )


def _way_out(services: Services) -> str:
    catalogue = services.menus.catalogue("en")
    words = {"number": services.config.emergency_numbers[0]}
    return catalogue.text("screens.helpless.title", words)
