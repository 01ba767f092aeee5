"""The box's end of an exchange, over its stream log."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sync import exchange
from sync.exchange import Message, Session
from sync.frame import packed_frames_of
from sync.note import USUAL_REPLY_BYTES, Note, state_hash
from sync.peer import (
    GATEWAY,
    MOST_EVENTS,
    brings_the_next,
    given_back,
    same_history,
)
from sync.sealing import Bearer
from sync.stream_log import (
    Acknowledgement,
    Connection,
    KeptFrom,
    Position,
    Standing,
    StreamLog,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to go, and what is needed to open its answer and to learn from it."""

    session: Session
    body: bytes
    sent_at: datetime
    complete: bool
    told: tuple[Acknowledgement, ...]
    lost: tuple[Position, ...]


class BoxPeer:
    """The box's end. It reads in one transaction, and takes the answer in as many as it likes.
    Threads may exchange at the same time.
    """

    def __init__(self, log: StreamLog, open_session: Callable[[int], Session]) -> None:
        self._log = log
        self._open_session = open_session
        self._lock = threading.Lock()
        self._number = 0
        # What the gateway is known to know of what we have; None when it has to be told all of it.
        self._told: dict[tuple[int, int], Acknowledgement] | None = None
        self._ask_spell = False
        self._lost: tuple[Position, ...] = ()
        self._to_give_back: tuple[Position, ...] = ()
        self._kept_from: tuple[KeptFrom, ...] = ()

    def request(
        self,
        connection: Connection,
        now: datetime,
        heard_at: datetime | None,
        reply_limit: int = USUAL_REPLY_BYTES,
    ) -> Prepared:
        """The next request: what we have of the gateway's streams, and what it lacks of ours."""
        epoch = self._log.outgoing.epoch(connection)
        if epoch is None:
            raise RuntimeError("begin_epoch() comes before the first exchange")
        has = tuple(self._log.incoming.acknowledgements(connection, GATEWAY, None))
        with self._lock:
            self._number += 1
            number, told = self._number, self._told
            ask_spell, lost, to_give_back = self._ask_spell, self._lost, self._to_give_back
            kept_from = self._kept_from
        complete = told is None
        said = has
        if told is not None:
            said = tuple(each for each in has if told.get((each.lane, each.epoch)) != each)
        note = Note(
            clock=now,
            state_hash=state_hash(has),
            acknowledgements=said,
            complete=complete,
            heard_at=heard_at,
            reply_limit=reply_limit,
            lost=lost,
            spell=ask_spell,
            furthest=tuple(self._log.furthest(connection, GATEWAY)),
            kept_from=kept_from,
        )
        session = self._open_session(epoch)
        frames = chain(
            packed_frames_of(
                given_back(connection, self._log, GATEWAY, to_give_back), recovered=True
            ),
            packed_frames_of(self._log.outgoing.pending(connection, GATEWAY, limit=MOST_EVENTS)),
        )
        body = exchange.build_request(session, number, note, frames, Bearer.HTTPS)
        return Prepared(session, body, now, complete, has, lost)

    def open(self, prepared: Prepared, body: bytes, *, broken_off: bool = False) -> Message:
        """The gateway's answer, or what came of it. Raises Refused for anything else; nothing has
        changed then.
        """
        return exchange.open_answer(
            prepared.session, prepared.body, body, Bearer.HTTPS, broken_off=broken_off
        )

    def learn(self, connection: Connection, prepared: Prepared, note: Note) -> Standing:
        """What the answer says of how the two histories fit; it decides what the next request has
        to say. It only reads.
        """
        log = self._log
        agrees = same_history(connection, log, GATEWAY, note) and not log.readers.has_less(
            connection, GATEWAY, note.acknowledgements
        )
        standing = Standing()
        kept_from: tuple[KeptFrom, ...] = ()
        if note.complete:
            kept_from = tuple(log.readers.kept_from(connection, GATEWAY, note.acknowledgements))
            standing = log.readers.standing(
                connection, GATEWAY, note.acknowledgements, note.furthest
            )
        with self._lock:
            self._told = (
                None if note.spell else {(each.lane, each.epoch): each for each in prepared.told}
            )
            self._ask_spell = not (agrees or note.complete) or bool(standing.lost or kept_from)
            self._lost = standing.lost
            self._to_give_back = note.lost
            self._kept_from = kept_from
        return standing

    @property
    def has_more_to_say(self) -> bool:
        """True when the last answer asked for something, or did not fit what we know."""
        return self._told is None or self._ask_spell or bool(self._lost or self._to_give_back)

    def take_note(self, connection: Connection, prepared: Prepared, message: Message) -> None:
        """Stores what the gateway has of ours. Where it could not give back what we have lost, its
        word is taken for that; what did not fit in this answer may come with the next.
        """
        note = message.note
        if note.complete:
            gives_back = note.more or brings_the_next(message.frames, prepared.lost)
            if prepared.lost and not gives_back:
                lost = {(at.lane, at.epoch) for at in prepared.lost}
                self._log.readers.believe(
                    connection,
                    GATEWAY,
                    [each for each in note.acknowledgements if (each.lane, each.epoch) in lost],
                )
                self._log.readers.give_up(connection, GATEWAY, note.furthest)
            readers, said = self._log.readers, note.acknowledgements
            readers.acknowledge_all(connection, GATEWAY, said)
            readers.send_from(connection, GATEWAY, readers.kept_from(connection, GATEWAY, said))
            return
        for each in note.acknowledgements:
            self._log.readers.acknowledge(connection, GATEWAY, each)
