"""Enrolling a box: an administrator's one-time code, and the box's proof that it knows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gateway.sites.tables import SiteState, enrolment_codes, sites, streams
from shared.system import System
from sync.enrolment import (
    Code,
    Enrolment,
    EnrolmentRequest,
    build_answer,
    confirm_request,
    new_code,
    read_request,
)
from sync.events import Event
from sync.peer import append
from sync.sealing import NodeKeys, PublicKeys, Refused, Seal

CODE_LIFE = timedelta(hours=24)
MOST_TRIES = 5
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class EnrolmentDesk:
    """What enrolling needs beside the database.

    `opening` gives the events that a hospital's new box starts from: its open dispatches.
    """

    system: System
    keys: NodeKeys
    doorbell_url: str
    opening: Callable[[Connection, int], Sequence[Event]]
    sms_number: str = ""


def issue_code(
    connection: Connection, system: System, keys: NodeKeys, hospital_id: int, hospital_name: str
) -> Code:
    """A fresh code for this hospital; it works once, for 24 hours, and every earlier one is void.

    Only the code's public part and a sealed key are stored: it cannot be shown a second time.
    """
    connection.execute(
        update(enrolment_codes)
        .where(enrolment_codes.c.hospital_id == hospital_id, enrolment_codes.c.used_by.is_(None))
        .values(tries=MOST_TRIES)
    )
    code = new_code(system.rng)
    while _find_code(connection, code.number) is not None:
        code = new_code(system.rng)
    connection.execute(
        enrolment_codes.insert().values(
            number=code.number,
            hospital_id=hospital_id,
            hospital_name=hospital_name[:120],
            sealed_proof_key=_wrap(keys).close(code.proof_key(), [code.number.encode()]),
            expires_at=system.now() + CODE_LIFE,
            tries=0,
        )
    )
    return code


def enrol(connection: Connection, desk: EnrolmentDesk, body: bytes) -> bytes | None:
    """The answer to a box that proves a code, or None: a refusal, which counts as a try.

    The same request again, because the answer was lost, gets the same answer. The hospital's
    earlier box is retired in the same transaction.
    """
    try:
        request = read_request(body)
    except Refused:
        return None
    code = _find_code(connection, request.code_number)
    now = desk.system.now()
    if code is None or code.tries >= MOST_TRIES or code.expires_at < now:
        return None
    proof_key = _wrap(desk.keys).open(code.sealed_proof_key, [code.number.encode()])
    try:
        confirm_request(request, body, proof_key)
        desk.keys.shared_with(request.box)
    except Refused:
        connection.execute(
            update(enrolment_codes)
            .where(enrolment_codes.c.number == code.number)
            .values(tries=enrolment_codes.c.tries + 1)
        )
        return None
    site_id = code.used_by
    if site_id is None:
        site_id = _make_site(connection, desk, code, request, now)
    elif not _is_same_box(connection, site_id, request):
        return None
    enrolment = Enrolment(
        site_id,
        code.hospital_id,
        code.hospital_name,
        desk.keys.public,
        desk.doorbell_url,
        desk.sms_number,
    )
    return build_answer(enrolment, body, proof_key, desk.keys)


def _make_site(
    connection: Connection,
    desk: EnrolmentDesk,
    code: Row[*tuple[Any, ...]],
    request: EnrolmentRequest,
    now: datetime,
) -> int:
    # First, because it locks emergencies: an exchange of the earlier box locks its row after them.
    opening = desk.opening(connection, code.hospital_id)
    connection.execute(
        update(sites)
        .where(sites.c.hospital_id == code.hospital_id, sites.c.state == SiteState.ACTIVE)
        .values(state=SiteState.RETIRED)
    )
    made = sites.insert().values(
        hospital_id=code.hospital_id,
        name=request.name[:_LONGEST_NAME],
        exchange_key=request.box.exchange,
        signing_key=request.box.signing,
        state=SiteState.ACTIVE,
        enrolled_at=now,
    )
    site_id: int = connection.execute(made.returning(sites.c.id)).scalar_one()
    connection.execute(
        update(enrolment_codes)
        .where(enrolment_codes.c.number == code.number)
        .values(used_by=site_id)
    )
    if streams.outgoing.epoch(connection) is None:
        streams.outgoing.begin_epoch(connection, desk.system.rng.randrange(1, 1 << 32))
    append(connection, streams, site_id, opening, now)
    return site_id


def _is_same_box(connection: Connection, site_id: int, request: EnrolmentRequest) -> bool:
    site = connection.execute(select(sites).where(sites.c.id == site_id)).one()
    enrolled = PublicKeys(site.exchange_key, site.signing_key)
    return enrolled == request.box and site.state != SiteState.REVOKED


def _find_code(connection: Connection, number: str) -> Row[*tuple[Any, ...]] | None:
    query = select(enrolment_codes).where(enrolment_codes.c.number == number).with_for_update()
    return connection.execute(query).one_or_none()


def _wrap(keys: NodeKeys) -> Seal:
    return keys.wrapping_key("enrolment codes")
