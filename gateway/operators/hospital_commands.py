"""`haven-gateway hospitals`: what operators do about hospitals, one or many at once."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from gateway.hospitals import contacts, imposing, reachability, tokens
from gateway.hospitals.availability_report import BedCount
from gateway.hospitals.contacts import NewContact
from gateway.hospitals.imposing import AT_ONCE, Imposed, Which
from gateway.hospitals.lookup import find_hospital
from gateway.operators.hospital_sheet import hospital_sheet
from gateway.operators.opened import Openers
from gateway.operators.operator import Operator
from gateway.staff import readiness
from gateway.staff.readiness import Said
from gateway.unit_of_work import UnitOfWork
from shared.bed_type import BedType
from shared.capability import mask
from shared.errors import InvalidInput
from shared.hospital import HospitalStatus
from shared.identifier import to_text
from shared.phone_number import normalise

_by = click.option("--by", required=True, help="Your initials, for the audit trail.")
_STATUSES = click.Choice([status.value for status in HospitalStatus])


def _which(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which hospitals."""
    options = (
        click.option("--county", default="", help="All of this county."),
        click.option("--sub-county", default="", help="All of this part of a county."),
        click.option("--owner", default="", help="All whose owner's name has these words."),
        click.option("--level", "levels", type=int, multiple=True, help="Of this level; again."),
        click.option("--hospital", "ids", type=int, multiple=True, help="This number; again."),
        click.option("--yes", is_flag=True, help="Do not ask whether that is meant."),
        _by,
    )
    for option in reversed(options):
        command = option(command)
    return command


def add_hospital_commands(group: click.Group, opened: Openers) -> None:
    """Adds the commands to the group `hospitals`."""

    def act(hospital: str, by: str, action: str, carry_out: Callable[..., None]) -> None:
        """Carries it out for the hospital that is meant, audits it, and shows the hospital."""
        operator = Operator(by)

        def command(uow: UnitOfWork) -> list[str]:
            hospital_id, _ = find_hospital(uow.connection, hospital)
            carry_out(uow, hospital_id)
            uow.audit(operator.actor, action, f"hospital:{to_text(hospital_id)}")
            return hospital_sheet(uow.connection, hospital_id).lines(uow.now)

        with opened.acting() as services:
            click.echo("\n".join(services.write(command)))

    @group.command("show")
    @click.argument("hospital")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def show_command(hospital: str, as_json: bool) -> None:
        """Show all that is kept of HOSPITAL (its number, its register's id, or its name)."""
        with opened.reading() as reading:
            sheet = reading.database.read(
                lambda c: hospital_sheet(c, find_hospital(c, hospital)[0])
            )
            now = reading.system.now()
        click.echo(json.dumps(sheet.as_dict()) if as_json else "\n".join(sheet.lines(now)))

    @group.command("report")
    @click.argument("hospital")
    @click.option("--free-beds", type=int, help="Free staffed emergency beds.")
    @click.option("--staffed-beds", type=int, help="Staffed emergency beds.")
    @click.option("--unit", "units", multiple=True, help="Such as AdultICU=0; again.")
    @click.option("--stock", "stocks", multiple=True, help="Such as blood=no; again.")
    @click.option("--status", type=_STATUSES)
    @_by
    def report_command(
        hospital: str,
        free_beds: int | None,
        staffed_beds: int | None,
        units: Sequence[str],
        stocks: Sequence[str],
        status: str | None,
        by: str,
    ) -> None:
        """Put down what HOSPITAL's staff said on the telephone."""
        stock_has, stock_lacks = _stocks(stocks)
        said = Said(
            free_beds=free_beds,
            staffed_beds=staffed_beds,
            beds=_units(units),
            stock_has=stock_has,
            stock_lacks=stock_lacks,
            status=None if status is None else HospitalStatus(status),
        )
        if said == Said():
            raise click.UsageError("Say what was reported: --free-beds, --stock, --status ...")
        act(
            hospital,
            by,
            "availability put down",
            lambda uow, hospital_id: readiness.report(uow, hospital_id, said, "operator"),
        )

    _add_contact_commands(group, act)
    _add_token_commands(group, opened)
    _add_imposing_commands(group, opened)


def _add_contact_commands(group: click.Group, act: Callable[..., None]) -> None:
    @group.group("contact")
    def contact_group() -> None:
        """The telephones of a hospital's staff."""

    @contact_group.command("add")
    @click.argument("hospital")
    @click.argument("phone")
    @click.option("--label", default="", help="Whose it is, such as 'maternity desk'.")
    @click.option("--duty", default="", help="'mon-fri 08:00-17:00; holidays off'; else always.")
    @click.option("--sms/--no-sms", default=True, help="Whether it is texted.")
    @click.option("--voice/--no-voice", default=True, help="Whether it is called.")
    @_by
    def add_command(
        hospital: str, phone: str, label: str, duty: str, sms: bool, voice: bool, by: str
    ) -> None:
        """Add PHONE to HOSPITAL's telephones; it has yet to answer before it is trusted."""

        def add(uow: UnitOfWork, hospital_id: int) -> None:
            number = normalise(phone, uow.services.config.country)
            added = NewContact(number, label, sms=sms, voice=voice, duty=duty)
            contacts.add(uow.connection, hospital_id, added)
            _tell_box(uow, hospital_id)

        act(hospital, by, "contact added", add)

    @contact_group.command("remove")
    @click.argument("hospital")
    @click.argument("phone")
    @_by
    def remove_command(hospital: str, phone: str, by: str) -> None:
        """Take PHONE from HOSPITAL's telephones."""

        def remove(uow: UnitOfWork, hospital_id: int) -> None:
            number = normalise(phone, uow.services.config.country)
            contacts.remove(uow.connection, hospital_id, number)
            _tell_box(uow, hospital_id)
            reachability.judge(uow.connection, uow.system, hospital_id)

        act(hospital, by, "contact removed", remove)


def _tell_box(uow: UnitOfWork, hospital_id: int) -> None:
    uow.tell_hospital(hospital_id, contacts.for_box(uow.connection, hospital_id, uow.now))


def _add_token_commands(group: click.Group, opened: Openers) -> None:
    @group.group("token")
    def token_group() -> None:
        """Tokens by which a hospital's own programs report its beds."""

    @token_group.command("issue")
    @click.argument("hospital")
    @click.argument("label")
    @_by
    def issue_command(hospital: str, label: str, by: str) -> None:
        """Print a new token for HOSPITAL's program LABEL, once."""
        operator = Operator(by)

        def issue(uow: UnitOfWork) -> tuple[int, str]:
            hospital_id, _ = find_hospital(uow.connection, hospital)
            token = tokens.issue(uow.connection, uow.system.rng, uow.now, hospital_id, label)
            uow.audit(operator.actor, "token issued", f"hospital:{to_text(hospital_id)}")
            return hospital_id, token

        with opened.acting() as services:
            hospital_id, token = services.write(issue)
        click.echo(token)
        click.echo(
            f"For PUT /api/v1/hospitals/{hospital_id}/availability, as Authorization: Bearer. "
            "It is not shown again.",
            err=True,
        )

    @token_group.command("revoke")
    @click.argument("hospital")
    @click.argument("label")
    @_by
    def revoke_command(hospital: str, label: str, by: str) -> None:
        """Believe HOSPITAL's program LABEL no more."""
        operator = Operator(by)

        def revoke(uow: UnitOfWork) -> None:
            hospital_id, _ = find_hospital(uow.connection, hospital)
            tokens.revoke(uow.connection, hospital_id, label)
            uow.audit(operator.actor, "token revoked", f"hospital:{to_text(hospital_id)}")

        with opened.acting() as services:
            services.write(revoke)
        click.echo("Revoked.")


def _add_imposing_commands(group: click.Group, opened: Openers) -> None:
    def many(
        which: Which,
        by: str,
        question: str,
        carry_out: Callable[[UnitOfWork, Sequence[int]], None],
        *,
        yes: bool,
        imposed_only: bool = False,
    ) -> None:
        operator = Operator(by)
        with opened.acting() as services:
            ids = services.database.read(
                lambda c: imposing.find(c, which, imposed_only=imposed_only)
            )
            if not ids:
                raise InvalidInput("No hospital is meant by that; `hospitals show` shows one.")
            if not yes:
                click.confirm(f"{question} {len(ids)} hospitals?", abort=True)
            with click.progressbar(
                range(0, len(ids), AT_ONCE), label="Hospitals", hidden=len(ids) <= AT_ONCE
            ) as starts:
                for start in starts:
                    batch = ids[start : start + AT_ONCE]

                    def command(uow: UnitOfWork, batch: Sequence[int] = batch) -> None:
                        carry_out(uow, batch)
                        for hospital_id in batch:
                            subject = f"hospital:{to_text(hospital_id)}"
                            uow.audit(operator.actor, question.lower(), subject)

                    services.write(command)
        click.echo(f"Done for {len(ids)} hospitals. Matching knows it from now on.")

    @group.command("impose")
    @click.option("--status", type=_STATUSES, help="Stands above what they report themselves.")
    @click.option("--without", default="", help="What is out of order, such as theatre,ct.")
    @click.option("--until", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="Local time.")
    @click.option("--hours", type=click.FloatRange(0.1, 24 * 365), help="For so long from now.")
    @click.option("--why", required=True, help="Such as 'nurses' strike'.")
    @_which
    def impose_command(
        status: str | None,
        without: str,
        until: datetime | None,
        hours: float | None,
        why: str,
        yes: bool,
        by: str,
        **which: Any,
    ) -> None:
        """Set a status, or what is out of order, for many hospitals at once: a strike, a blackout.

        It stands until it runs out or is lifted, whatever they report meanwhile.
        """
        lacks = int(mask(filter(None, without.split(","))))

        def impose(uow: UnitOfWork, ids: Sequence[int]) -> None:
            ends = None if until is None else _local(uow, until)
            if hours is not None:
                ends = uow.now + timedelta(hours=hours)
            imposed = Imposed(None if status is None else HospitalStatus(status), lacks, ends, why)
            imposing.impose(uow.connection, uow.system, ids, imposed)

        if until is not None and hours is not None:
            raise click.UsageError("Give --until or --hours, not both.")
        many(Which(**which), by, "Impose it on", impose, yes=yes)

    @group.command("lift")
    @_which
    def lift_command(yes: bool, by: str, **which: Any) -> None:
        """Let what hospitals report themselves count again."""

        def lift(uow: UnitOfWork, ids: Sequence[int]) -> None:
            imposing.lift(uow.connection, uow.system, ids)

        many(Which(**which), by, "Lift it from", lift, yes=yes, imposed_only=True)


def _local(uow: UnitOfWork, written: datetime) -> datetime:
    return written.replace(tzinfo=uow.services.hospitals.local(uow.now).tzinfo)


def _units(written: Sequence[str]) -> dict[BedType, BedCount]:
    beds = {}
    for each in written:
        name, _, count = each.partition("=")
        if name not in {sort.value for sort in BedType} or not count.isdigit():
            known = ", ".join(sort.value for sort in BedType)
            raise click.UsageError(f"--unit takes such as AdultICU=0. There are: {known}.")
        beds[BedType(name)] = BedCount(free=int(count))
    return beds


def _stocks(written: Sequence[str]) -> tuple[int, int]:
    has = lacks = 0
    for each in written:
        name, _, there = each.partition("=")
        if there not in ("yes", "no"):
            raise click.UsageError("--stock takes such as blood=no or antivenom=yes.")
        if there == "yes":
            has |= int(mask([name]))
        else:
            lacks |= int(mask([name]))
    return has, lacks
