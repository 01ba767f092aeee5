"""A hospital's box: the real programs on the real store, started again after every power cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from edge_node import bundles, enrolment, epochs
from edge_node import link as link_module
from edge_node.acting import Actor
from edge_node.alarm import Alarm
from edge_node.box import Box
from edge_node.exchange import Exchanger
from edge_node.gateway_connection import GatewayConnection
from edge_node.identity import Identity
from edge_node.lease import Lease
from edge_node.link import Link
from edge_node.modem.texting import ModemSettings, Texting
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import streams
from sync import sms
from sync.exchange import session
from sync.frame import Frame
from sync.peer import GATEWAY
from sync.sealing import Direction
from sync.smsd_spool import IncomingText, Spool
from sync.stream_log import Outgoing
from tests.simulation.clock import BoxClock, Clock
from tests.simulation.disk import Disk, Image, PowerCut, Statements

_LOOKED_BACK = timedelta(hours=12)
_statements = Statements()


class DiskStore(Store):
    """The box's store, on a disk that decides when the power goes."""

    def __init__(self, disk: Disk, key: bytes) -> None:
        self._disk = disk
        try:
            super().__init__(disk.path, key)
        except PowerCut:
            # A program that is dead has no file open: closing one later would take the log away.
            self.close()
            raise
        _statements.share(self._writer)
        _statements.share(self._reader)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as connection:
            yield connection
            self._disk.will_commit(connection)
        self._disk.has_committed()


class HospitalBox:
    """One box, or a clone of one: `identity` is the folder with its keys, `disk` holds its
    store.
    """

    def __init__(
        self, identity: Identity, disk: Disk, true: Clock, network: GatewayConnection, rng: Random
    ) -> None:
        self.identity = identity
        self.disk = disk
        self.network = network
        self.rng = rng
        self.clock = BoxClock(true)
        # How often this disk was put back to an older copy.
        self.restores = 0
        self.is_running = False

    @property
    def name(self) -> str:
        return self.disk.path.stem

    @property
    def site_id(self) -> int:
        return self.identity.site().site_id

    def enrols(self, code: str) -> None:
        enrolment.enrol(
            self.identity,
            self.clock.system(self.rng),
            self.network,
            "https://gateway.test",
            code,
            "Casualty",
        )

    def starts(self) -> None:
        """What `edge_node.node` does at a start."""
        self.stops()
        self.system = self.clock.system(self.rng)
        self.store = DiskStore(self.disk, self.identity.store_key())
        self.is_running = True
        assert self.store.moved_aside is None, "a power cut has damaged the store"
        self.store.write(lambda connection: epochs.begin(connection, self.system))
        self.link = self._stored_link()
        self.notifier, alarm = Notifier(), Alarm(self.system.now)
        lease = Lease(self.store, self.link, self.notifier, lambda: self.system.now().timestamp())
        self.box = Box(
            self.store,
            self.system,
            alarm,
            self.notifier,
            lambda: None,
            lease,
            self.link.gateway_now,
        )
        actor = Actor(self.system, self.link, lambda: alarm.audible)
        self.store.write(actor.retry_parked)
        self.texting = Texting(
            Spool(self.disk.path.parent),
            self.store,
            self.system,
            self.identity.node_keys(),
            self.identity.site(),
            actor,
            self.link,
            self.notifier,
            ModemSettings("", 0),
        )
        self.exchanger = Exchanger(
            self.store,
            self.system,
            self.identity.node_keys(),
            self.identity.site(),
            self.network,
            self.link,
            self.notifier,
            actor,
            lease,
        )

    def stops(self) -> None:
        if self.is_running:
            self.store.close()
        self.is_running = False

    def loses_power(self) -> None:
        """The disk is left as it is at this moment; the next start is from there."""
        left = self.disk.after_power_cut()
        self.stops()
        self.disk.put(left)

    def is_put_back(self, image: Image) -> None:
        self.stops()
        self.disk.put(image)
        self.restores += 1

    def bundle(self) -> bytes:
        """What the command line writes beside the running program."""
        return bundles.write_bundle(
            self.store, self.system, self.identity.node_keys(), self.identity.site()
        )[0]

    def waiting(self) -> list[Outgoing]:
        """What the gateway is not known to have."""
        return self.store.read(lambda c: streams.outgoing.pending(c, GATEWAY))

    def takes_frame(self, frame: Frame, written_at: datetime) -> None:
        """By a bearer that cannot be answered at once."""
        actor = self._beside()
        self.store.write(lambda connection: actor.take_frame(connection, frame, written_at))

    def text(self) -> str | None:
        """A short message with one event that waits, as this box seals it."""

        def build(connection: Connection) -> str | None:
            since = self.system.now() - _LOOKED_BACK
            waiting = streams.texts.waiting(connection, GATEWAY, since)
            epoch = streams.outgoing.epoch(connection)
            if not waiting or epoch is None:
                return None
            chosen = self.rng.choice(waiting)
            site = self.identity.site()
            return sms.build_event(
                session(self.identity.node_keys(), site.gateway, site.site_id, epoch),
                Direction.UP,
                chosen.position,
                chosen.payload,
                reader_knows_epoch=chosen.position.epoch == epoch,
            )

        return self.store.read(build)

    def takes_text(self, text: str) -> None:
        """What the modem's thread does with a text that came."""
        self.texting.take(IncomingText("+254700000000", text, ()))

    def _beside(self) -> Actor:
        """Another program on the same disk, which has heard no answer itself."""
        return Actor(self.system, self._stored_link(), lambda: False)

    def _stored_link(self) -> Link:
        now = self.system.now()
        return Link(self.store.read(lambda connection: link_module.stored(connection, now)))

    def takes_bundle(self, content: bytes) -> None:
        bundles.take_bundle(
            self.store, self.identity.node_keys(), self.identity.site(), self._beside(), content
        )


def identity_in(folder: Path, rng: Random) -> Identity:
    """A new box's identity, with keys that the seed chooses."""
    identity = Identity(folder)
    for name in ("store.key", "node.key"):
        file = folder / name
        file.write_bytes(rng.randbytes(32))
        file.chmod(0o600)
    return identity
