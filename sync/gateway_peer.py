"""The gateway's end of an exchange, over its stream log."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from sync import exchange
from sync.events import Event
from sync.exchange import Message, Session
from sync.frame import packed_frames_of
from sync.note import USUAL_LEASE_H, Note, state_hash
from sync.peer import (
    MOST_EVENTS,
    Act,
    append,
    given_back,
    receive_frame,
    same_history,
    take_back,
)
from sync.sealing import Bearer
from sync.stream_log import (
    Connection,
    Standing,
    StreamLog,
)


class GatewayPeer:
    """The gateway's end, for one box at a time."""

    def __init__(self, log: StreamLog) -> None:
        self._log = log

    def has_news(self, message: Message) -> bool:
        """True when answering the request takes a write."""
        note = message.note
        return bool(message.frames or note.acknowledgements or note.complete)

    def standing(self, connection: Connection, site_id: int, note: Note) -> Standing:
        """How the box's account of our streams fits ours; one that is not complete says nothing."""
        if not note.complete:
            return Standing()
        return self._log.readers.standing(connection, site_id, note.acknowledgements, note.furthest)

    def take(
        self,
        connection: Connection,
        site_id: int,
        message: Message,
        now: datetime,
        act: Act,
        complete: Act,
        *,
        fresh: bool,
    ) -> int:
        """Takes all new events of a request in the caller's one transaction: each new one is acted
        on once, or completes what came in brief. How many were new. Only a `fresh` request can say
        that something is not kept any more.
        """
        frames = [frame for frame in message.frames if not frame.recovered]
        new = sum(
            receive_frame(connection, self._log, site_id, frame, now, act, complete)
            for frame in sorted(frames, key=lambda frame: frame.lane)
        )
        if message.note.complete and fresh:
            for kept in message.note.kept_from:
                self._log.incoming.skip_to(connection, site_id, kept)
        return new

    def reply(
        self,
        connection: Connection,
        site_id: int,
        message: Message,
        answers: Sequence[Event],
        now: datetime,
        *,
        fresh: bool,
    ) -> None:
        """Stores what the box has of its streams, and adds the answers to them. Only a `fresh`
        request can say that it has less than it once had, or more than we do.

        It locks the counters of these streams, so it comes after everything that other commands
        lock before them.
        """
        readers, note = self._log.readers, message.note
        if note.complete and fresh:
            for frame in message.frames:
                if frame.recovered:
                    take_back(connection, self._log, site_id, frame, now)
            readers.acknowledge_all(connection, site_id, note.acknowledgements)
        else:
            for each in note.acknowledgements:
                readers.acknowledge(connection, site_id, each)
        append(connection, self._log, site_id, answers, now)

    def answer(
        self,
        connection: Connection,
        session: Session,
        request: tuple[bytes, Message],
        now: datetime,
        *,
        retired: bool,
        asks_again: bool = False,
        lease_h: int = USUAL_LEASE_H,
    ) -> bytes:
        """The answer to a request, after everything in it is durable; with `asks_again` the next
        request is to spell everything out even though nothing differs now. `lease_h` as in a note.
        It only reads.
        """
        body, message = request
        note, site_id, log = message.note, session.site_id, self._log
        has = log.incoming.acknowledgements(connection, site_id, None)
        furthest = log.furthest(connection, site_id)
        mentioned = {(frame.lane, frame.epoch) for frame in message.frames if not frame.recovered}
        pending = log.outgoing.pending(connection, site_id, note.acknowledgements, MOST_EVENTS)
        standing = self.standing(connection, site_id, note)
        agrees = standing.agrees and (note.complete or same_history(connection, log, site_id, note))
        lost = given_back(connection, log, site_id, note.lost)

        def own_note(waiting: bool) -> Note:
            return Note(
                clock=now,
                state_hash=state_hash(has),
                acknowledgements=tuple(
                    each
                    for each in has
                    if note.spell or each.ahead or (each.lane, each.epoch) in mentioned
                ),
                complete=note.spell,
                lost=standing.lost + standing.diverged,
                furthest=tuple(furthest),
                more=waiting or len(pending) == MOST_EVENTS,
                spell=asks_again or not agrees,
                differs=bool(standing.diverged),
                retired=retired,
                lease_h=lease_h,
            )

        frames = chain(packed_frames_of(pending), packed_frames_of(lost, recovered=True))
        return exchange.build_answer(
            session, body, own_note, frames, note.reply_limit, Bearer.HTTPS
        )
