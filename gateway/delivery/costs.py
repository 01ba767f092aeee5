"""What messages cost, as the carrier said when it took each."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, func, select

from gateway.notifications.tables import messages


@dataclass(frozen=True, slots=True)
class CostRow:
    """One purpose of messages on one channel. `totals` are by currency, such as `KES 12.80`;
    `unknown` counts messages of which no cost is known.
    """

    channel: str
    purpose: str
    count: int
    totals: tuple[str, ...]
    unknown: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        unknown = f"  ({self.unknown} of unknown cost)" if self.unknown else ""
        totals = ", ".join(self.totals) or "-"
        return f"{self.channel:<5} {self.purpose:<24} {self.count:>7}  {totals}{unknown}"


def costs(connection: Connection, since: datetime) -> list[CostRow]:
    """What was sent since then, by purpose, the dearest kind of message first."""
    rows = connection.execute(
        select(messages.c.channel, messages.c.purpose, messages.c.cost, func.count())
        .where(messages.c.sent_at >= since)
        .group_by(messages.c.channel, messages.c.purpose, messages.c.cost)
    ).all()
    totals: defaultdict[tuple[str, str], defaultdict[str, Decimal]]
    totals = defaultdict(lambda: defaultdict(Decimal))
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    unknown: defaultdict[tuple[str, str], int] = defaultdict(int)
    for channel, purpose, cost, count in rows:
        kind = (channel, purpose)
        counts[kind] += count
        currency, _, amount = cost.partition(" ")
        try:
            each = Decimal(amount)
        except InvalidOperation:
            unknown[kind] += count
            continue
        totals[kind][currency] += each * count
    dearest = sorted(counts, key=lambda kind: (-sum(totals[kind].values()), kind))
    return [
        CostRow(
            *kind,
            count=counts[kind],
            totals=tuple(f"{each} {amount:.2f}" for each, amount in sorted(totals[kind].items())),
            unknown=unknown[kind],
        )
        for kind in dearest
    ]
