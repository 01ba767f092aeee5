"""The composition root of a box: everything that one program on it is made of."""

import os
from dataclasses import dataclass

from edge_node import claims
from edge_node import link as link_module
from edge_node.acting import Actor
from edge_node.agent import Agent
from edge_node.alarm import Alarm
from edge_node.box import Box
from edge_node.config import Config
from edge_node.doorbell import Doorbell
from edge_node.exchange import Exchanger
from edge_node.gateway_clock import GatewayClock
from edge_node.gateway_connection import HttpsConnection
from edge_node.gateway_tls import gateway_context
from edge_node.identity import Identity, NotEnrolled
from edge_node.link import Link, LinkState
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import streams
from edge_node.watch import StoreWatch
from shared.system import System

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
    exchanger: Exchanger | None
    agent: Agent | None
    watch: StoreWatch

    def start(self) -> None:
        """Lets the threads run: from here on it talks, and notices."""
        self.watch.start()
        if self.agent is not None:
            self.agent.start()

    def link_state(self) -> tuple[LinkState, int]:
        """The link's state, and how many answers of the staff are unsent."""
        return self.link.state, self.store.read(claims.unsent)

    def close(self) -> None:
        """Stops the threads and lets go of the store; whatever was not sent is in it."""
        self.notifier.close()
        self.watch.stop()
        if self.agent is not None:
            self.agent.stop()
        self.store.close()


def open_store(config: Config, identity: Identity) -> Store:
    """The box's store, opened or made."""
    return Store(config.directory / STORE_NAME, identity.store_key())


def open_node(config: Config, system: System) -> Node:
    """The box, not yet talking; `start()` makes it. A new epoch begins here."""
    identity = Identity(config.directory)
    store = open_store(config, identity)
    epoch = system.rng.randrange(1, 1 << 32)
    store.write(lambda connection: streams.outgoing.begin_epoch(connection, epoch))
    notifier, alarm = Notifier(), Alarm(system.now)
    link = Link(store.read(link_module.stored))
    exchanger = agent = None
    hospital_name = ""
    try:
        site = identity.site()
    except NotEnrolled as error:
        link.update(problem=str(error))
    else:
        link.update(enrolled=True)
        hospital_name = site.hospital_name
        keys, clock = identity.node_keys(), GatewayClock()
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
    if store.moved_aside is not None:
        link.update(
            problem=f"The store was damaged and is now {os.fspath(store.moved_aside)}. Dispatches "
            "are fetched from the gateway again; answers not yet sent may be missing."
        )
    say = agent.say if agent is not None else _nobody
    return Node(
        hospital_name=hospital_name,
        store=store,
        box=Box(store, system, alarm, notifier, say),
        link=link,
        notifier=notifier,
        exchanger=exchanger,
        agent=agent,
        watch=StoreWatch(store, notifier),
    )


def _nobody() -> None:
    """A box that is not enrolled has nobody to wake."""
