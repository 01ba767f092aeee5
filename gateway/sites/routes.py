"""`POST /sync/v1/enrol` and `POST /sync/v1/exchange`: what boxes speak to."""

from collections.abc import Callable

from flask import Blueprint, Response, request
from sqlalchemy import Connection
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.database.database import Database
from gateway.sites.enrolment import EnrolmentDesk, enrol
from gateway.sites.exchange import answer
from gateway.sites.exchange_desk import ClaimsDesk, ExchangeDesk
from shared.system import System
from sync import enrolment, exchange
from sync.events import Event
from sync.note import USUAL_LEASE_H
from sync.packing import Unreadable
from sync.sealing import NodeKeys, Refused

_BYTES = "application/octet-stream"


def sites_blueprint(
    database: Database,
    system: System,
    keys: NodeKeys,
    claims: ClaimsDesk,
    *,
    opening: Callable[[Connection, int], list[Event]],
    doorbell_url: str = "",
    sms_number: str = "",
    lease_h: int = USUAL_LEASE_H,
) -> Blueprint:
    """The routes for boxes.

    `claims` carries out what boxes say, in the same write. `opening(connection, hospital_id)`
    gives the events that a new box starts from. `lease_h` as in `ExchangeDesk`. Whatever is not
    authentic gets one flat refusal: 403 and nothing that tells why.
    """
    blueprint = Blueprint("sites", __name__, url_prefix="/sync/v1")
    enrolment_desk = EnrolmentDesk(system, keys, doorbell_url, opening, sms_number)
    exchange_desk = ExchangeDesk(database, system, keys, claims, lease_h)

    @blueprint.post("/enrol")
    def enrol_box() -> Response:
        body = _body(enrolment.LONGEST_REQUEST_BYTES)
        answered = database.write(lambda connection: enrol(connection, enrolment_desk, body))
        if answered is None:
            raise Refused
        return Response(answered, mimetype=_BYTES)

    @blueprint.post("/exchange")
    def exchange_with_box() -> Response:
        return Response(
            answer(exchange_desk, _body(exchange.LONGEST_REQUEST_BYTES)), mimetype=_BYTES
        )

    @blueprint.errorhandler(Refused)
    @blueprint.errorhandler(Unreadable)
    @blueprint.errorhandler(RequestEntityTooLarge)
    def refuse(error: Exception) -> Response:
        return Response(b"refused", status=403, mimetype=_BYTES)

    return blueprint


def _body(limit_bytes: int) -> bytes:
    request.max_content_length = limit_bytes
    return request.get_data(cache=False)
