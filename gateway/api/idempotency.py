"""A request sent again, because the answer was lost on the way, gets the same answer and has no
second effect.

The answer of `POST /emergencies` holds a token, so it is sealed under a key that is derived from
ours and from the client's Idempotency-Key together: neither the database nor our keys alone open
it.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.api.tables import idempotent_answers
from gateway.unit_of_work import UnitOfWork
from shared.errors import Conflict

KEPT = timedelta(hours=24)
_NONCE_BYTES = 12


class AnswerSeals:
    """Derives what stands for a client's key in the table, and what seals its answer.

    `key` is 32 bytes, of which only derivations are used.
    """

    def __init__(self, key: bytes) -> None:
        self._reference_key = hmac.digest(key, b"haven idempotency reference", hashlib.sha256)
        self._answer_key = hmac.digest(key, b"haven idempotency answer", hashlib.sha256)

    def reference(self, client_key: str) -> bytes:
        """Thirty-two bytes that stand for the client's key."""
        return hmac.digest(self._reference_key, client_key.encode(), hashlib.sha256)

    def request_hash(self, client_key: str, asked: bytes) -> bytes:
        """Thirty-two bytes that stand for the request; nobody can try bodies out against them
        without both keys.
        """
        return hmac.digest(self._derived(client_key, b"request"), asked, hashlib.sha256)

    def seal(self, client_key: str, answer: bytes, nonce: bytes) -> bytes:
        """The answer under AES-256-GCM: nonce of 12 bytes, ciphertext, tag."""
        reference = self.reference(client_key)
        return nonce + self._cipher(client_key).encrypt(nonce, answer, reference)

    def open(self, client_key: str, sealed: bytes) -> bytes:
        """The answer that `seal` sealed."""
        reference = self.reference(client_key)
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return self._cipher(client_key).decrypt(nonce, ciphertext, reference)

    def _cipher(self, client_key: str) -> AESGCM:
        return AESGCM(self._derived(client_key, b"seal"))

    def _derived(self, client_key: str, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=client_key.encode(), info=purpose).derive(
            self._answer_key
        )


def answer_once(
    uow: UnitOfWork,
    seals: AnswerSeals,
    client_key: str,
    asked: bytes,
    make: Callable[[], bytes],
) -> bytes:
    """What `make` answers, in this transaction; or, within 24 hours, what it answered before.

    Raises Conflict when the client used the same key for something else.
    """
    table = idempotent_answers
    uow.connection.execute(delete(table).where(table.c.created_at < uow.now - KEPT))
    reference = seals.reference(client_key)
    request_hash = seals.request_hash(client_key, asked)
    dialect = uow.connection.dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # The row goes first: whoever sends the same at the same time waits here for this transaction.
    taken = uow.connection.execute(
        insert(table)
        .values(
            reference=reference,
            request_hash=request_hash,
            answer_sealed=b"",
            created_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["reference"])
        .returning(table.c.reference)
    ).first()
    if taken is None:
        stored = uow.connection.execute(select(table).where(table.c.reference == reference)).one()
        if not hmac.compare_digest(stored.request_hash, request_hash):
            raise Conflict(
                "This Idempotency-Key was used for another request. Send the same body again, or "
                "make a new key for a new emergency."
            )
        return seals.open(client_key, stored.answer_sealed)
    answer = make()
    sealed = seals.seal(client_key, answer, uow.system.rng.randbytes(_NONCE_BYTES))
    uow.connection.execute(
        update(table).where(table.c.reference == reference).values(answer_sealed=sealed)
    )
    return answer
