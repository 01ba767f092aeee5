"""All that is kept of one hospital, as an operator reads it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from gateway.hospitals.register import strictest
from gateway.hospitals.tables import (
    availability,
    availability_reports,
    hospital_beds,
    hospital_contacts,
    hospital_tokens,
    hospitals,
)
from gateway.operators.plain_words import age_words
from shared.capability import ALL, codes
from shared.errors import NotFound

_REPORTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class HospitalSheet:
    """A hospital's standing facts, what it last reported, and how it is reached. Moments are ISO
    8601 in UTC.
    """

    id: int
    name: str
    level: int
    owner: str
    place: str
    catchment: str
    catchment_population: int | None
    status: str
    has: list[str]
    lacks: list[str]
    unknown: list[str]
    open_24h: bool | None
    reachable: bool
    imposed: dict[str, Any] | None
    reported: dict[str, Any]
    beds: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    tokens: list[dict[str, Any]]
    reports: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return asdict(self)

    def lines(self, now: datetime) -> list[str]:
        """As a terminal shows it."""
        level = f"level {self.level}" if self.level else "level unknown"
        told = "is told" if self.reachable else "NOT INFORMED: operators phone it"
        lines = [
            f"{self.id} {self.name} ({level}, {self.owner or 'owner unknown'})",
            f"  {self.place}",
            f"  Status {self.status}; {told}.",
            f"  Has: {', '.join(self.has) or 'nothing known'}.",
            f"  Has not: {', '.join(self.lacks) or 'nothing known'}.",
            f"  Nobody knows: {', '.join(self.unknown) or 'nothing'}.",
        ]
        people = (
            "" if self.catchment_population is None else f"{self.catchment_population:,} people"
        )
        if serves := ", ".join(filter(None, (self.catchment, people))):
            lines.append(f"  Serves: {serves}.")
        if self.imposed is not None:
            until = self.imposed["until"] or "it is lifted"
            what = [self.imposed["status"] or "status as reported"]
            what += [f"no {each}" for each in self.imposed["lacks"]]
            lines.append(
                f"  SET BY OPERATORS until {until}: {', '.join(what)} ({self.imposed['why']})."
            )
        lines.append(f"  {_reported_line(self.reported, now)}")
        lines += [
            f"  {each['bed_type']}: {_or_unknown(each['free'])} free of "
            f"{_or_unknown(each['staffed'])}, {_ago(each['reported_at'], now)}."
            for each in self.beds
        ]
        for each in self.contacts:
            by = " and ".join(name for name in ("sms", "voice") if each[name])
            ok = f"OK {_ago(each['ok_at'], now)}" if each["ok_at"] else "NEVER ANSWERED"
            duty = each["duty"] or "day and night"
            lines.append(f"  Phone {each['phone']} {each['label']} ({by}; {duty}; {ok})")
        if not self.contacts:
            lines.append("  No phone: haven-gateway hospitals contact add")
        lines += [f"  Token of {each['label']}" for each in self.tokens]
        return lines


def hospital_sheet(connection: Connection, hospital_id: int) -> HospitalSheet:
    """The sheet of a hospital. Raises NotFound."""
    row = connection.execute(
        select(
            hospitals,
            availability,
            availability.c.status.label("reported_status"),
            availability.c.source.label("reported_source"),
        )
        .join(availability, availability.c.hospital_id == hospitals.c.id)
        .where(hospitals.c.id == hospital_id)
    ).first()
    if row is None:
        raise NotFound("There is no such hospital.")

    def listed(table: Any, *names: str) -> list[dict[str, Any]]:
        columns = [table.c[name] for name in names]
        query = select(*columns).where(table.c.hospital_id == hospital_id)
        return [_plain(dict(each)) for each in connection.execute(query).mappings()]

    reports = connection.execute(
        select(availability_reports)
        .where(availability_reports.c.hospital_id == hospital_id)
        .order_by(availability_reports.c.at.desc())
        .limit(_REPORTS_SHOWN)
    ).mappings()
    place = [row.ward, row.sub_county, row.county]
    where = "" if row.lat is None else f" ({row.lat:.4f}, {row.lon:.4f})"
    imposed = None
    if row.imposed_status or row.imposed_lacks:
        imposed = _plain(
            {
                "status": row.imposed_status,
                "lacks": list(codes(row.imposed_lacks)),
                "until": row.imposed_until,
                "why": row.imposed_why,
            }
        )
    return HospitalSheet(
        id=hospital_id,
        name=row.name,
        level=row.level,
        owner=row.owner,
        place=", ".join(filter(None, place)) + (where or "; no coordinates, so never matched"),
        catchment=row.catchment,
        catchment_population=row.catchment_population,
        status=strictest(row.status, row.reported_status, row.imposed_status).value,
        has=list(codes(row.has)),
        lacks=list(codes(row.lacks)),
        unknown=list(codes(ALL & ~row.has & ~row.lacks)),
        open_24h=row.open_24h,
        reachable=row.reachable,
        imposed=imposed,
        reported=_plain(
            {
                "free_beds": row.free_beds,
                "staffed_beds": row.staffed_beds,
                "at": row.reported_at,
                "assigned_since": row.assigned_since,
                "source": row.reported_source,
                "stock_has": list(codes(row.stock_has)),
                "stock_lacks": list(codes(row.stock_lacks)),
                "stock_at": row.stock_reported_at,
            }
        ),
        beds=listed(hospital_beds, "bed_type", "staffed", "free", "reported_at"),
        contacts=listed(
            hospital_contacts, "phone", "label", "sms", "voice", "duty", "tested_at", "ok_at"
        ),
        tokens=listed(hospital_tokens, "label", "made_at", "used_at"),
        reports=[
            _plain({name: each[name] for name in ("at", "source", "said", "counted")})
            for each in reports
        ],
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _reported_line(reported: dict[str, Any], now: datetime) -> str:
    if reported["at"] is None:
        return "Beds: never reported."
    stock = [f"no {each}" for each in reported["stock_lacks"]] + reported["stock_has"]
    return (
        f"Beds: {reported['free_beds']} free of {_or_unknown(reported['staffed_beds'])}, "
        f"{_ago(reported['at'], now)}; {reported['assigned_since']} of ours since. "
        f"Stock: {', '.join(stock) or 'never reported'}."
    )


def _or_unknown(count: int | None) -> str:
    return "?" if count is None else str(count)


def _ago(at: str, now: datetime) -> str:
    return f"{age_words(int((now - datetime.fromisoformat(at)).total_seconds())).strip()} ago"
