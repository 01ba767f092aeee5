"""The answers that are kept so that a request sent again is not carried out again."""

from sqlalchemy import Column, LargeBinary, Table

from gateway.database.metadata import Instant, metadata

idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    # A keyed hash of the client's Idempotency-Key; the key itself is stored nowhere.
    Column("reference", LargeBinary(32), primary_key=True),
    # A keyed hash of the request, which shows whether the same was asked again.
    Column("request_hash", LargeBinary(32), nullable=False),
    # The answer's bytes under a key that needs the client's own; empty only while it is made.
    Column("answer_sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)
