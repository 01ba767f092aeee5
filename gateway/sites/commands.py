"""`haven-gateway sites`: enrol boxes, and see them."""

import json
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import Connection, select, update

from gateway.database.database import Database
from gateway.hospitals.reachability import judge
from gateway.sites.enrolment import CODE_LIFE, issue_code
from gateway.sites.sim_card import as_dict, in_words
from gateway.sites.tables import SiteState, sites, streams
from shared.errors import NotFound
from shared.system import System
from sync.sealing import NodeKeys

# Opens what a command works on, when it runs and not before.
Opener = Callable[[], tuple[Database, System, NodeKeys]]
# Finds a hospital by what an administrator typed: its id and its name. Raises NotFound.
FindHospital = Callable[[Connection, str], tuple[int, str]]


def sites_commands(open_gateway: Opener, find_hospital: FindHospital) -> click.Group:
    """The command group, on whatever the program's root wires in."""

    @click.group("sites")
    def group() -> None:
        """The hospitals' boxes."""

    @group.command("enrol")
    @click.argument("hospital")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def enrol_command(hospital: str, as_json: bool) -> None:
        """Print the one-time code that enrols a box for HOSPITAL (its id or its name)."""
        database, system, keys = open_gateway()

        def work(connection: Connection) -> tuple[str, str]:
            hospital_id, name = find_hospital(connection, hospital)
            return str(issue_code(connection, system, keys, hospital_id, name)), name

        code, name = database.write(work)
        hours = CODE_LIFE.total_seconds() / 3600
        if as_json:
            click.echo(json.dumps({"code": code, "hospital": name, "valid_hours": hours}))
            return
        click.echo(f"Code for {name}: {code}")
        click.echo(f"It works once, for {hours:.0f} hours. On the box: haven-edge enrol URL {code}")

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def list_command(as_json: bool) -> None:
        """Show every box, when it was last heard, and what is wrong with it."""
        database, _, _ = open_gateway()
        boxes = database.read(listed)
        if as_json:
            click.echo(json.dumps(boxes))
            return
        for site in boxes:
            click.echo(
                f"{site['id']:>5}  hospital {site['hospital_id']}  {site['state']:<8}"
                f"  last seen {site['last_seen_at'] or 'never'}  {site['unsent']} unsent"
            )
            if site["sim"]:
                click.echo(f"       {in_words(site['sim'])}")
            for trouble in site["troubles"]:
                click.echo(f"       ! {trouble}")

    @group.command("revoke")
    @click.argument("site", type=int)
    def revoke_command(site: int) -> None:
        """Stop listening to box SITE for good: it was stolen or broken."""
        database, system, _ = open_gateway()
        reached = database.write(lambda connection: revoke(connection, system, site))
        click.echo(f"Box {site} is revoked. Its hospital needs a new code: sites enrol HOSPITAL")
        if not reached:
            click.echo(
                "No other channel to this hospital has proved itself: callers now read that it is "
                "not yet informed, and operators phone it. See: emergencies list"
            )

    return group


def revoke(connection: Connection, system: System, site_id: int) -> bool:
    """Believes the box no more; whether its hospital can still be reached. Raises NotFound."""
    revoked = (
        update(sites)
        .where(sites.c.id == site_id)
        .values(state=SiteState.REVOKED)
        .returning(sites.c.hospital_id)
    )
    hospital_id = connection.execute(revoked).scalar()
    if hospital_id is None:
        raise NotFound(f"There is no box {site_id}. See: haven-gateway sites list")
    return judge(connection, system, hospital_id)


def listed(connection: Connection) -> list[dict[str, Any]]:
    """Every box, and what is wrong with it."""
    troubles = streams.incoming.troubles(connection)
    return [
        {
            "id": site.id,
            "hospital_id": site.hospital_id,
            "name": site.name,
            "state": site.state,
            "audible": site.audible,
            "last_seen_at": site.last_seen_at.isoformat() if site.last_seen_at else None,
            "sim": as_dict(site),
            "unsent": streams.readers.unacknowledged(connection, site.id),
            "troubles": [each.what for each in troubles if each.writer == site.id]
            + (["Its history differs from ours."] if site.differs_at else []),
        }
        for site in connection.execute(select(sites).order_by(sites.c.id))
    ]
