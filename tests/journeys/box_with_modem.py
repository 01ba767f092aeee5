"""A gateway and a hospital's real box, joined by a network that can be cut, and by SMS."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from edge_node.dispatch import Dispatch
from edge_node.gateway_connection import GatewayRefused, GatewayUnreachable
from gateway.bootstrap import Gateway
from gateway.box_desk import BoxDesk, EnrolledBoxes
from gateway.database.database import Database
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.sites.enrolment import EnrolmentDesk, issue_code
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.tables import sites, streams
from gateway.sites.texting import text_boxes
from sync.sealing import NodeKeys, Refused
from tests.edge_node.modem_folders import SHORTCODE, ModemFolders, modem_of
from tests.edge_node.two_sides import Clock, Hospital, Network
from tests.journeys.world import KEYS, World, build_world

SIM = "+254733000007"
# Until a box has said that it is there, and its number.
HELLO_S = 5
_PLACE = (-1.3100, 36.8000)


def world_with_boxes(database: Database, folder: Path) -> World:
    """A gateway in one process whose boxes are enrolled for real."""
    plain = build_world(database, folder)
    services = replace(plain.services, boxes=EnrolledBoxes())
    desk = BoxDesk(services, AvailabilityBoard(services.system))
    gateway = Gateway(services, KEYS, NodeKeys(KEYS.boxes), desk)

    def begin(connection: Connection) -> None:
        streams.outgoing.begin_epoch(connection, 77)

    database.write(begin)
    return World(plain.clock, services, plain.carrier, plain.boxes, desk, gateway)


class _GatewayEnd:
    """What the box's network reaches."""

    def __init__(self, world: World) -> None:
        keys = NodeKeys(KEYS.boxes)
        self.quiet = world.services.database
        self.desk = ExchangeDesk(self.quiet, world.services.system, keys, world.desk)
        self.enrolment = EnrolmentDesk(
            world.services.system, keys, "", world.desk.opening, SHORTCODE
        )


class BoxWithModem:
    """A hospital with a box, its modem, and the carrier between them.

    `passes` lets time pass second by second: the gateway works, the modem's thread looks, texts
    travel both ways (unless `lost` swallows them), and the box exchanges where `cut` allows.
    """

    def __init__(
        self,
        world: World,
        folder: Path,
        name: str = "Mbagathi Hospital",
        modem: ModemFolders | None = None,
    ) -> None:
        self.world = world
        row = world.hospital(name, *_PLACE, box=False)
        self.hospital_id = row.id
        end = _GatewayEnd(world)
        self.network = Network(end)
        # The box's clock is the world's, so that both sides move together.
        clock = Clock()
        clock.now = world.clock.now
        self.clock = clock
        self.hospital = Hospital(folder / "box", clock, self.network)
        code = world.services.database.write(
            lambda connection: issue_code(
                connection, world.services.system, NodeKeys(KEYS.boxes), row.id, name
            )
        )
        self.hospital.enrols(str(code))
        self.modem = modem or ModemFolders(folder / "modem")
        self.lost: Callable[[str, str], bool] = lambda to, text: False
        self.up: list[str] = []
        self.down: list[str] = []
        self.to_staff: list[tuple[str, str]] = []
        self._handed = 0
        self.starts_modem()

    def starts_modem(self) -> None:
        """The modem's part of the program, on the box as it runs now."""
        self.thread = modem_of(self.hospital, self.modem)

    def restarts(self) -> None:
        self.hospital.restarts()
        self.starts_modem()

    def cuts(self) -> None:
        """The internet is gone."""
        self.network.cut = True

    def heals(self) -> None:
        self.network.cut = False

    def passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.forward(1)
            self.clock.now = self.world.clock.now
            self._exchanges()
            text_boxes(self.world.services, NodeKeys(KEYS.boxes))
            self.world.settle()
            self._carries_down()
            self.thread.look()
            self.thread.look()
            self._carries_up()

    def _exchanges(self) -> None:
        try:
            self.hospital.exchanges()
        except (GatewayUnreachable, GatewayRefused, Refused):
            self.hospital.link.update(connected=False)

    def _carries_down(self) -> None:
        texts = self.world.carrier.texts
        for to, text in texts[self._handed :]:
            if to == SIM and not self.lost(to, text):
                self.down.append(text)
                self.modem.receives(SHORTCODE, text, self.world.clock.now)
        self._handed = len(texts)

    def _carries_up(self) -> None:
        for number, text in self.modem.sends():
            if number != SHORTCODE:
                self.to_staff.append((number, text))
            elif not self.lost(number, text):
                self.up.append(text)
                self.world.post("sms", self.form(text))

    def form(self, text: str, sender: str = SIM) -> dict[str, str]:
        """How the carrier hands a text of the box to the gateway."""
        return {"from": sender, "to": SHORTCODE, "text": text, "id": f"sms-{text}"[:60]}

    def knows(self) -> Dispatch:
        """The one patient whom the box shows."""
        (only,) = self.hospital.box.dispatches()
        return only

    def site(self) -> object:
        return self.world.services.database.read(lambda c: c.execute(select(sites)).one())


def forward(box: BoxWithModem, **much: float) -> None:
    """Time passes in which nothing looks."""
    box.world.clock.now += timedelta(**much)
    box.clock.now = box.world.clock.now
