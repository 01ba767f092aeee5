"""The gateway's own modem: boxes are texted by it first, and what comes to it is heard like any
other text.
"""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from gateway.delivery.sending import Carriers, send
from gateway.notifications import outbox
from gateway.notifications.outbox import Channel
from gateway.providers.modem import Modem
from gateway.sites import texting
from gateway.sms.arriving import arrive
from gateway.sms.incoming import IncomingSms
from shared.errors import SendRetryable
from sync.smsd_spool import Spool, SpoolUnusable
from tests.edge_node.modem_folders import ModemFolders
from tests.journeys.world import World

SIM, STAFF = "+254733000007", "+254722000001"


@pytest.fixture
def folders(tmp_path: Path) -> ModemFolders:
    return ModemFolders(tmp_path / "modem")


def queued(world: World, *purposes: str) -> None:
    for purpose in purposes:
        world.services.write(
            lambda uow, purpose=purpose: outbox.enqueue(  # type: ignore[misc]
                uow,
                channel=Channel.SMS,
                recipient=SIM if purpose == texting.PURPOSE else STAFF,
                text=f"HVN {purpose}",
                purpose=purpose,
                urgency=1,
            )
        )


def sends(world: World, modem: Modem) -> None:
    carriers = Carriers(world.carrier, world.carrier, "40404", modem=modem)
    for message in world.services.write(lambda uow: outbox.claim(uow, 10)):
        send(world.services, carriers, message)


def test_boxes_are_texted_by_the_modem_and_people_by_the_carrier(
    world: World, folders: ModemFolders
) -> None:
    modem = Modem(Spool(folders.folder), world.services.system)
    queued(world, texting.PURPOSE, "offer")
    sends(world, modem)
    assert folders.sends() == [(SIM, "HVN box")]
    assert world.carrier.texts == [(STAFF, "HVN offer")]


def test_where_the_modem_takes_nothing_boxes_are_texted_by_the_carrier(
    world: World, folders: ModemFolders
) -> None:
    modem = Modem(Spool(folders.folder), world.services.system)
    modem.send_sms(SIM, "HVN first", None)
    modem.look(lambda name, sender, text: None)
    world.clock.now += timedelta(minutes=3)
    modem.look(lambda name, sender, text: None)
    with pytest.raises(SendRetryable, match="gammu-smsd"):
        modem.send_sms(SIM, "HVN second", None)
    queued(world, texting.PURPOSE)
    sends(world, modem)
    assert world.carrier.texts == [(SIM, "HVN box")]
    folders.sends()
    modem.look(lambda name, sender, text: None)
    modem.send_sms(SIM, "HVN third", None)
    assert folders.waiting() == ["HVN third"]


def test_what_waited_for_hours_does_not_go_out_late(world: World, folders: ModemFolders) -> None:
    modem = Modem(Spool(folders.folder), world.services.system)
    modem.send_sms(SIM, "HVN old", None)
    for _ in range(2):
        modem.look(lambda name, sender, text: None)
        world.clock.now += timedelta(hours=2)
    assert folders.waiting() == []


def test_whoever_texts_the_modem_is_heard(world: World, folders: ModemFolders) -> None:
    modem = Modem(Spool(folders.folder), world.services.system)
    take = partial(_arrived, world)
    folders.receives("+254711000111", "help my son is bleeding in kibra", world.clock.now)
    modem.look(take)  # smsd may still be writing it
    assert world.emergencies() == []
    modem.look(take)
    assert len(world.emergencies()) == 1
    modem.look(take)
    assert list((folders.folder / "inbox").iterdir()) == []
    assert len(world.emergencies()) == 1


def _arrived(world: World, name: str, sender: str, text: str) -> None:
    arrive(world.services, IncomingSms(name, sender, text), lambda sender, text: False)


def test_a_folder_that_cannot_be_used_says_what_to_do(tmp_path: Path, world: World) -> None:
    with pytest.raises(SpoolUnusable, match="inbox"):
        Spool(tmp_path).check()
    with pytest.raises(SendRetryable, match="outbox"):
        Modem(Spool(tmp_path / "nowhere"), world.services.system).send_sms(SIM, "HVN", None)
