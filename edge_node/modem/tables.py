"""The tables of the modem."""

from sqlalchemy import Column, Integer, String, Table

from edge_node.tables import Instant, metadata

# One row: what is known of the SIM, and what the gateway was told.
modem = Table(
    "modem",
    metadata,
    Column("id", Integer, primary_key=True),
    # When the gateway was last texted so that it knows our number.
    Column("said_hello_at", Instant),
    # When the gateway last texted an event, in which of its epochs, and when it was told so.
    Column("texted_at", Instant),
    Column("texted_epoch", Integer),
    Column("told_heard_at", Instant),
    # What the SIM has left as far as is known, in cents of the country's money.
    Column("credit_cents", Integer),
    Column("sent_on", String(10), nullable=False),  # the day that is counted
    Column("sent_today", Integer, nullable=False),
    Column("sent_in_all", Integer, nullable=False),
    Column("failed_in_a_row", Integer, nullable=False),
    Column("problem", String(200), nullable=False),
    # What the gateway was told of the SIM, and when.
    Column("reported", String(240), nullable=False),
    Column("reported_at", Instant),
)

# Whom this box has texted about a patient whom nobody answered for.
duty_texts = Table(
    "duty_texts",
    metadata,
    Column("dispatch_id", Integer, primary_key=True),
    Column("phone", String(20), primary_key=True),
    Column("at", Instant, nullable=False),
)
