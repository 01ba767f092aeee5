"""Sealed texts between this box and its gateway, over the modem's folders."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from edge_node import epochs
from edge_node.acting import Actor
from edge_node.identity import Site
from edge_node.link import Link
from edge_node.modem import sim as sim_module
from edge_node.modem.sim import Sim
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import streams
from shared.errors import InvalidInput
from shared.system import System
from sync import exchange, peer, sms, texting
from sync.codec import decode
from sync.events import Lane
from sync.exchange import Session
from sync.heard import Heard, mark_of
from sync.packing import Unreadable
from sync.sealing import Direction, NodeKeys, Refused
from sync.sms import Carried
from sync.smsd_outbox import STUCK, OutboxWatch
from sync.smsd_spool import IncomingText, Spool
from sync.stream_log import Waiting
from sync.texting import TextRules

# A working link confirms within a second or two.
_RULES = TextRules(after=timedelta(seconds=20), urgent_at_once=False)
_LOOKED_BACK = timedelta(hours=12)
_HEARD_AFTER = timedelta(seconds=30)
# Once a week the gateway hears that this SIM is ours and works.
_HELLO_EVERY = timedelta(days=7)

_log = structlog.get_logger()
Change = Callable[[Sim], Sim]


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """`gateway_number` is where the gateway takes texts; `cost_cents` what one costs."""

    gateway_number: str
    cost_cents: int


class Texting:
    """What the modem's thread does once a second. Everything is done in the store first or can be
    done again: a text that goes out twice does no harm.
    """

    def __init__(
        self,
        spool: Spool,
        store: Store,
        system: System,
        keys: NodeKeys,
        site: Site,
        actor: Actor,
        link: Link,
        notifier: Notifier,
        settings: ModemSettings,
    ) -> None:
        self._spool = spool
        self._store = store
        self._system = system
        self._keys = keys
        self._site = site
        self._actor = actor
        self._link = link
        self._notifier = notifier
        self._settings = settings
        self._outbox = OutboxWatch(spool)

    def take(self, message: IncomingText) -> bool:
        """Takes in a text of the gateway. False when it is none."""
        if not sms.is_ours(message.text):
            return False
        try:
            carried = self._store.read(lambda connection: self._open(connection, message.text))
        except Refused:
            # Half written, damaged or forged: the gateway texts again what was not heard.
            _log.warning("a sealed text was refused")
            return True
        self._learn_time(carried)
        new = self._store.write(lambda connection: self._take(connection, carried))
        if new:
            self._notifier.changed()
        return True

    def _open(self, connection: Connection, text: str) -> Carried:
        sessions = (self._session(epoch) for epoch in epochs.known(connection))
        of_gateway = streams.incoming.epochs(connection, peer.GATEWAY, Lane.EMERGENCIES)
        return sms.open_message(text, sessions, Direction.DOWN, of_gateway)

    def _session(self, epoch: int) -> Session:
        return exchange.session(self._keys, self._site.gateway, self._site.site_id, epoch)

    def _take(self, connection: Connection, carried: Carried) -> bool:
        new = self._actor.take_text(connection, carried)
        if new and carried.position is not None:
            known = sim_module.stored(connection)
            heard = replace(
                known, texted_at=self._system.now(), texted_epoch=carried.position.epoch
            )
            sim_module.store(connection, heard)
        return new

    def _learn_time(self, carried: Carried) -> None:
        """A box that has never heard the gateway's clock learns from a text roughly what it is."""
        if self._link.state.offset is not None or not carried.payload:
            return
        try:
            at = decode(carried.payload).at
        except Unreadable:
            return
        self._link.update(offset=at - self._system.now())

    def send_due(self) -> None:
        """Hands to the modem what is to be texted now. Raises SpoolUnusable."""
        now = self._system.now()
        known, due = self._store.read(lambda connection: self._due(connection, now))
        told = False
        for each in due:
            text = self._store.read(
                lambda connection, each=each: self._build(connection, known, each)  # type: ignore[misc]
            )
            if text is not None:
                note = f"e{each.position.epoch:x}n{each.position.seq:x}t{each.times:x}"
                self._hand_over(text, now, note)
                told = told or sms.says_heard(text)

            def noted(connection: Connection, each: Waiting = each) -> None:
                streams.texts.note_sent(connection, peer.GATEWAY, each.position, now)

            self._store.write(noted)
        hello = known.said_hello_at is None or now - known.said_hello_at >= _HELLO_EVERY
        if not told and (hello or self._owes_heard(known, now)):
            text = self._store.read(lambda connection: self._build_heard(connection, known))
            self._hand_over(text, now, f"h{int(now.timestamp()):x}")
            told = True
        if told:
            self._change(lambda sim: replace(sim, told_heard_at=now, said_hello_at=now))

    def _due(self, connection: Connection, now: datetime) -> tuple[Sim, list[Waiting]]:
        waiting = streams.texts.waiting(connection, peer.GATEWAY, now - _LOOKED_BACK)
        due = texting.due(waiting, now, _RULES, silent=not self._link.state.connected)
        return sim_module.stored(connection), due

    def _build(self, connection: Connection, known: Sim, each: Waiting) -> str | None:
        epoch = streams.outgoing.epoch(connection) or each.position.epoch
        try:
            return sms.build_event(
                self._session(epoch),
                Direction.UP,
                each.position,
                each.payload,
                # The text names the box's own epoch; an earlier one has to be said.
                reader_knows_epoch=each.position.epoch == epoch,
                heard=self._heard(connection, known),
            )
        except InvalidInput:
            return None

    def _build_heard(self, connection: Connection, known: Sim) -> str:
        epoch = streams.outgoing.epoch(connection) or 1
        heard = self._heard(connection, known) or Heard(mark_of(0))
        return sms.build_heard(self._session(epoch), Direction.UP, heard)

    def _heard(self, connection: Connection, known: Sim) -> Heard | None:
        if known.texted_epoch is None:
            return None
        return streams.texts.heard_of(connection, peer.GATEWAY, known.texted_epoch)

    def _owes_heard(self, known: Sim, now: datetime) -> bool:
        if known.texted_at is None or now - known.texted_at < _HEARD_AFTER:
            return False
        # In touch over the network the gateway knows by that.
        untold = known.told_heard_at is None or known.told_heard_at < known.texted_at
        return untold and not self._link.state.connected

    def _hand_over(self, text: str, now: datetime, note: str) -> None:
        self._spool.send(self._settings.gateway_number, text, now, note, urgent=True)

    def watch(self) -> None:
        """Counts what the modem has sent or could not, and tells the gateway how the SIM is."""
        now = self._system.now()
        outcomes = list(self._spool.outcomes())
        problem = self._outbox.look(now)

        def work(connection: Connection) -> None:
            before = known = sim_module.stored(connection)
            for _, sent, _ in outcomes:
                known = known.sent(now, self._settings.cost_cents) if sent else known.failed()
            if problem or known.problem == STUCK:
                known = replace(known, problem=problem)
            known = sim_module.report(connection, known, now)
            if known != before:
                sim_module.store(connection, known)

        if outcomes or self._worth_writing(problem, now):
            self._store.write(work)
            self._spool.done(*(path for _, _, path in outcomes))

    def _worth_writing(self, problem: str, now: datetime) -> bool:
        known = self._store.read(sim_module.stored)
        day = timedelta(days=1)
        stale = known.reported_at is None or now - known.reported_at >= day
        return stale or (known.problem == STUCK) is not bool(problem)

    def credit_is(self, cents: int) -> None:
        """Somebody who knows says what is left on the SIM."""
        self._change(lambda sim: replace(sim, credit_cents=cents))

    def _change(self, change: Change) -> None:
        def work(connection: Connection) -> None:
            sim_module.store(connection, change(sim_module.stored(connection)))

        self._store.write(work)
