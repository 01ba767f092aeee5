"""Reporters without an account: a token that opens one emergency and nothing else."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from random import Random
from typing import Any

from flask import request
from sqlalchemy import Connection, Row, select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from gateway.emergencies import telling
from gateway.emergencies.tables import emergencies
from shared.errors import NotFound

# DESIGN, Who may see what: the token lives until the end of the emergency + 24 h.
VALID_AFTER_END = timedelta(hours=24)
_TOKEN_BYTES = 32
_NOT_FOUND = (
    "There is no such emergency, or this token does not open it. Use the id and the token that "
    "POST /api/v1/emergencies answered."
)


def new_token(rng: Random) -> str:
    """An opaque token of 256 bits in 43 characters that are safe in a header."""
    return urlsafe_b64encode(rng.randbytes(_TOKEN_BYTES)).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """What is stored instead of the token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def bearer_token() -> str:
    """The token of the present request.

    Raises Unauthorized, before anything is looked up, when it brings none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "Send the emergency's own token: Authorization: Bearer <token>.",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "emergency"}),
        )
    return token.strip()


def opened_emergency(
    connection: Connection,
    now: datetime,
    emergency_id: int,
    token: str,
    *,
    lock: bool = False,
) -> Row[Any]:
    """The emergency that this token opens; with `lock`, locked until the transaction ends.

    Raises NotFound in the same words for an unknown id, another emergency's token and an expired
    one.
    """
    query = select(emergencies).where(emergencies.c.id == emergency_id)
    found = connection.execute(query.with_for_update() if lock else query).first()
    given = token_hash(token)
    # Compared with itself upside down where there is none, so that the time tells nothing.
    expected = found.token_hash if found is not None and found.token_hash else given[::-1]
    opens = hmac.compare_digest(expected, given)
    if found is None or not opens or _expired(found, now):
        raise NotFound(_NOT_FOUND)
    return found


def _expired(emergency: Row[Any], now: datetime) -> bool:
    ended_at = telling.ended_shown(emergency)
    return ended_at is not None and now >= ended_at + VALID_AFTER_END
