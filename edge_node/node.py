"""The composition root of a box: everything that one program on it is made of."""

from dataclasses import dataclass

from edge_node import epochs
from edge_node import link as link_module
from edge_node.acting import Actor
from edge_node.agent import Agent
from edge_node.alarm import Alarm
from edge_node.box import Box
from edge_node.buzzer import Buzzer
from edge_node.condition import Condition, look
from edge_node.config import Config
from edge_node.doorbell import Doorbell
from edge_node.exchange import Exchanger
from edge_node.gateway_clock import GatewayClock
from edge_node.gateway_connection import HttpsConnection
from edge_node.gateway_tls import gateway_context
from edge_node.identity import Identity, IdentityUnusable, NotEnrolled
from edge_node.lease import Lease
from edge_node.link import Link
from edge_node.modem.duty_texts import DutyTexts
from edge_node.modem.texting import ModemSettings, Texting
from edge_node.modem.thread import ModemThread
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.unanswered import UnansweredPatients
from edge_node.watch import StoreWatch
from shared.system import System
from sync.smsd_spool import Spool

STORE_NAME = "store.sqlite"


@dataclass(frozen=True)
class Node:
    """A running box. `exchanger` and `agent` are None until it is enrolled; `hospital_name` is
    empty until then.
    """

    hospital_name: str
    store: Store
    box: Box
    link: Link
    notifier: Notifier
    alarm: Alarm
    exchanger: Exchanger | None
    agent: Agent | None
    watch: StoreWatch
    lease: Lease
    buzzer: Buzzer | None
    modem: ModemThread | None

    def start(self) -> None:
        """Lets the threads run: from here on it talks, and notices."""
        self.watch.start()
        self.lease.start()
        for part in (self.agent, self.buzzer, self.modem):
            if part is not None:
                part.start()

    def condition(self) -> Condition:
        """How the box stands."""
        return look(self.store, self.link.state, self.lease.state, self.alarm.audible)

    def close(self) -> None:
        """Stops the threads and lets go of the store; whatever was not sent is in it."""
        self.notifier.close()
        self.watch.stop()
        self.lease.stop()
        for part in (self.agent, self.buzzer, self.modem):
            if part is not None:
                part.stop()
        self.store.close()


def open_store(config: Config, identity: Identity, *, mends: bool = False) -> Store:
    """The box's store, opened or made. A damaged one is moved aside only by whoever `mends`: the
    one program that holds the folder. Raises StoreUnusable.
    """
    return Store(config.directory / STORE_NAME, identity.store_key(), mends=mends)


def open_node(config: Config, system: System, *, mends: bool = True) -> Node:
    """The box, not yet talking; `start()` makes it. A new epoch begins here. Raises StoreUnusable,
    and IdentityUnusable for the store's key.
    """
    identity = Identity(config.directory)
    store = open_store(config, identity, mends=mends)
    store.write(lambda connection: epochs.begin(connection, system))
    notifier, alarm = Notifier(), Alarm(system.now)
    now = system.now()
    link = Link(store.read(lambda connection: link_module.stored(connection, now)))
    lease = Lease(store, link, notifier)
    exchanger = agent = actor = None
    hospital_name = ""
    try:
        site, keys = identity.site(), identity.node_keys()
    except (NotEnrolled, IdentityUnusable) as error:
        # It shows and rings what it has all the same.
        link.update(problem=str(error))
    else:
        link.update(enrolled=True)
        hospital_name = site.hospital_name
        clock = GatewayClock()
        actor = Actor(system, link, lambda: alarm.audible)
        # This version may read what the one before could not.
        store.write(actor.retry_parked)
        exchanger = Exchanger(
            store,
            system,
            keys,
            site,
            HttpsConnection(site.gateway_url, config.ca_file, clock.now),
            link,
            notifier,
            actor,
            lease,
            config.reply_bytes,
            clock,
        )
        tls = gateway_context(config.ca_file, clock.now)
        doorbell = Doorbell(store, keys, site, link, notifier, system.rng, tls, actor)
        agent = Agent(
            exchanger,
            link,
            notifier,
            system.rng,
            config.exchange_every_s,
            doorbell.keep if site.doorbell_url else None,
            HttpsConnection(site.gateway_url, config.ca_file, clock.now),
        )
    say = agent.say if agent is not None else _nobody
    box = Box(store, system, alarm, notifier, say, lease, link.gateway_now)
    modem = buzzer = None
    if config.buzzer:
        buzzer = Buzzer(config.buzzer, box, UnansweredPatients(store, link), system.now)
    if config.sms_spool is not None and actor is not None:
        spool = Spool(config.sms_spool)
        settings = ModemSettings(config.sms_gateway or site.sms_number, config.sms_cost_cents)
        texting = Texting(spool, store, system, keys, site, actor, link, notifier, settings)
        patients = UnansweredPatients(store, link)
        duty = DutyTexts(spool, store, box, link, patients, hospital_name)
        modem = ModemThread(spool, texting, duty, link, notifier)
    return Node(
        hospital_name=hospital_name,
        store=store,
        box=box,
        link=link,
        notifier=notifier,
        alarm=alarm,
        exchanger=exchanger,
        agent=agent,
        watch=StoreWatch(store, notifier),
        lease=lease,
        buzzer=buzzer,
        modem=modem,
    )


def _nobody() -> None:
    """A box that is not enrolled has nobody to wake."""
