"""Tokens by which a hospital's own programs report for it. Only their hash is kept."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime
from random import Random

from sqlalchemy import Connection, delete, insert, select, update

from gateway.hospitals.tables import hospital_tokens
from shared.errors import InvalidInput, NotFound

_TOKEN_BYTES = 32
_LONGEST_LABEL = 60
# So that whoever finds one in a log or a file sees what it opens.
_PREFIX = "haven_hospital_"


def issue(connection: Connection, rng: Random, now: datetime, hospital_id: int, label: str) -> str:
    """A new token of 256 bits, shown once. `label` says which program has it.

    Raises InvalidInput for a label that is empty or too long.
    """
    if not label.strip() or len(label) > _LONGEST_LABEL:
        raise InvalidInput(f"Say in 1 to {_LONGEST_LABEL} characters which program has the token.")
    token = _PREFIX + urlsafe_b64encode(rng.randbytes(_TOKEN_BYTES)).decode().rstrip("=")
    connection.execute(
        insert(hospital_tokens),
        {
            "token_hash": _hash(token),
            "hospital_id": hospital_id,
            "label": label.strip(),
            "made_at": now,
        },
    )
    return token


def hospital_of(connection: Connection, token: str, now: datetime) -> int | None:
    """The hospital that this token speaks for; None for one that was never issued, or revoked."""
    # A hash of 256 random bits is looked up as it is: how long that takes tells nothing of it.
    mine = hospital_tokens.c.token_hash == _hash(token)
    hospital_id = connection.execute(select(hospital_tokens.c.hospital_id).where(mine)).scalar()
    if hospital_id is not None:
        connection.execute(update(hospital_tokens).where(mine).values(used_at=now))
    return hospital_id


def revoke(connection: Connection, hospital_id: int, label: str) -> None:
    """Takes every token of that label from the hospital. Raises NotFound."""
    gone = connection.execute(
        delete(hospital_tokens).where(
            hospital_tokens.c.hospital_id == hospital_id, hospital_tokens.c.label == label.strip()
        )
    )
    if not gone.rowcount:
        raise NotFound("That hospital has no token of that name; `hospitals show` lists them.")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
