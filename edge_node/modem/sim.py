"""The state of the SIM: what was sent, what is left, what is wrong, and telling the gateway."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node.modem.tables import modem
from edge_node.tables import streams
from sync import peer
from sync.events import SimReported

# So many refused one after the other are no chance.
_FAILED_OFTEN = 3
_REPORTED_EVERY = timedelta(days=1)
_REFUSED = "The network refuses this box's texts: is there credit on the SIM, and reception?"
# A network that writes of its own accord: "Your airtime balance is KES 45.50".
_BALANCE_WORDS = re.compile(r"balance|airtime|credit|salio|haraka", re.IGNORECASE)
_AMOUNT = re.compile(r"(?:KES|KSHS?|SHS?|USD|UGX|TZS)[\s.:]*([\d,]+(?:\.\d{1,2})?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sim:
    """What is known. `credit_cents` is None while nobody knows it."""

    said_hello_at: datetime | None = None
    texted_at: datetime | None = None
    texted_epoch: int | None = None
    told_heard_at: datetime | None = None
    credit_cents: int | None = None
    sent_on: str = ""
    sent_today: int = 0
    sent_in_all: int = 0
    failed_in_a_row: int = 0
    problem: str = ""
    reported: str = ""
    reported_at: datetime | None = None

    def sent(self, now: datetime, cost_cents: int) -> "Sim":
        """One more text has gone out."""
        day = f"{now:%Y-%m-%d}"
        left = None if self.credit_cents is None else max(0, self.credit_cents - cost_cents)
        return replace(
            self,
            sent_on=day,
            sent_today=self.sent_today + 1 if self.sent_on == day else 1,
            sent_in_all=self.sent_in_all + 1,
            credit_cents=left,
            failed_in_a_row=0,
            problem="",
        )

    def failed(self) -> "Sim":
        """The modem could not send one."""
        count = self.failed_in_a_row + 1
        return replace(
            self,
            failed_in_a_row=count,
            problem=_REFUSED if count >= _FAILED_OFTEN else self.problem,
        )


def stored(connection: Connection) -> Sim:
    """What was last written down."""
    row = connection.execute(select(modem)).one_or_none()
    if row is None:
        return Sim()
    return Sim(**{name: getattr(row, name) for name in Sim.__dataclass_fields__})


def store(connection: Connection, sim: Sim) -> None:
    """Writes it down."""
    values: dict[str, Any] = {name: getattr(sim, name) for name in Sim.__dataclass_fields__}
    connection.execute(
        insert(modem)
        .values(id=1, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )


def balance_cents(text: str) -> int | None:
    """What a network's message says is left on the SIM, or None when it says nothing of it."""
    if not _BALANCE_WORDS.search(text):
        return None
    amount = _AMOUNT.search(text)
    return None if amount is None else round(float(amount[1].replace(",", "")) * 100)


def report(connection: Connection, sim: Sim, now: datetime) -> Sim:
    """Tells the gateway when something has changed that people should know, and once a day."""
    state = f"{sim.problem}|{_coarse(sim.credit_cents)}"
    fresh = sim.reported_at is not None and now - sim.reported_at < _REPORTED_EVERY
    if fresh and state == sim.reported:
        return sim
    event = SimReported(
        at=now,
        working=not sim.problem,
        credit_cents=sim.credit_cents,
        sent_today=sim.sent_today if sim.sent_on == f"{now:%Y-%m-%d}" else 0,
        problem=sim.problem,
    )
    peer.append(connection, streams, peer.GATEWAY, [event], now)
    return replace(sim, reported=state[:240], reported_at=now)


def _coarse(credit_cents: int | None) -> str:
    """In steps that a person would act on, so that not every text is reported."""
    return "" if credit_cents is None else str(credit_cents // 1000)
