"""The two ends of an exchange over their stream logs, without any input or output of their own."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from shared.errors import HavenError
from sync import exchange
from sync.codec import decode, encode, lane_of
from sync.events import EpochStarted, Event, Lane
from sync.exchange import Message, Session
from sync.frame import Frame, packed_frames_of
from sync.note import USUAL_LEASE_H, USUAL_REPLY_BYTES, Note, state_hash
from sync.packing import Unreadable
from sync.sealing import Bearer
from sync.sms import Carried
from sync.stream_log import (
    Acknowledgement,
    Connection,
    KeptFrom,
    Outgoing,
    Position,
    Received,
    Standing,
    StreamLog,
)

# A box's number for the gateway, which is alone at the other end.
GATEWAY = 0
_MOST_EVENTS = 2000
_AGREES = Standing()


class CannotApply(HavenError):
    """An event that was read cannot be acted on; it is parked and shown."""


Act = Callable[[Event], None]


def readable(payloads: Iterable[bytes]) -> list[Event]:
    """Those that this version can read."""
    events = []
    for payload in payloads:
        with suppress(Unreadable):
            events.append(decode(payload))
    return events


def events_of(message: Message) -> list[Event]:
    """Every event of a message that this version can read."""
    return readable(payload for frame in message.frames for payload in frame.payloads)


def append(
    connection: Connection, log: StreamLog, reader: int, events: Iterable[Event], now: datetime
) -> list[Position]:
    """Adds events to the reader's streams, lower lanes first, which is the order of locking."""
    return [
        log.outgoing.append(connection, reader, lane_of(event), encode(event), now)
        for event in sorted(events, key=lane_of)
    ]


def receive_frame(
    connection: Connection,
    log: StreamLog,
    writer: int,
    frame: Frame,
    now: datetime,
    act: Act,
    complete: Act,
) -> int:
    """Takes every event of a frame and acts on each new one at once. How many were new.

    One that was acted on already, because it came in brief, only completes what that left out. One
    that cannot be read or applied is parked; the others of the frame go on.
    """
    new = 0
    in_brief: set[int] = set()
    if frame.lane == Lane.EMERGENCIES:
        last = frame.first_seq + len(frame.payloads) - 1
        in_brief = log.texts.in_brief(connection, writer, frame.epoch, frame.first_seq, last)
    for at, payload in _numbered(frame):
        if log.incoming.receive(connection, writer, at, payload, now) is not Received.NEW:
            continue
        new += 1
        why = _attempt(payload, complete if at.seq in in_brief else act)
        if why is not None:
            log.incoming.park(connection, writer, at, why)
        if at.seq in in_brief:
            log.texts.drop_brief(connection, writer, at)
    return new


def receive_text(
    connection: Connection,
    log: StreamLog,
    writer: int,
    carried: Carried,
    now: datetime,
    act: Act,
    complete: Act,
) -> bool:
    """Takes what an SMS brought: what the writer has heard of ours, and its event, which is acted
    on at once. True when that was new.
    """
    if carried.heard is not None:
        log.texts.note_heard(connection, writer, carried.heard)
    at = carried.position
    if at is None:
        return False
    if not carried.brief:
        frame = Frame(at.lane, at.epoch, at.seq, (carried.payload,))
        return bool(receive_frame(connection, log, writer, frame, now, act, complete))
    if not log.texts.keep_brief(connection, writer, at, carried.payload, now):
        return False
    if _attempt(carried.payload, act) is not None:
        # The whole one will be parked, and shown, when it comes.
        log.texts.drop_brief(connection, writer, at)
    return True


def retry_parked(connection: Connection, log: StreamLog, writer: int, act: Act) -> int:
    """Acts on events that an earlier version of this program could not read. How many it were."""
    done = 0
    for event in log.incoming.parked(connection, writer):
        if _attempt(event.payload, act) is None:
            log.incoming.unpark(connection, writer, event.position)
            done += 1
    return done


def take_back(
    connection: Connection, log: StreamLog, reader: int, frame: Frame, now: datetime
) -> list[tuple[Position, Event]]:
    """Takes back events of our own that the reader kept and we had lost; those that are new again
    and can be read, for whoever acts on them. What came to the reader ahead of a gap is among them
    each time that it is given back.
    """
    found = []
    for at, payload in _numbered(frame):
        taken = log.readers.adopt(connection, reader, at, payload, now)
        if taken in (Received.NEW, Received.AHEAD):
            with suppress(Unreadable):
                found.append((at, decode(payload)))
    return found


def _attempt(payload: bytes, act: Act) -> str | None:
    """Acts on an event; why that cannot be, or None."""
    try:
        event = decode(payload)
        if not isinstance(event, EpochStarted):
            act(event)
    except (Unreadable, CannotApply) as error:
        return str(error)
    return None


def _numbered(frame: Frame) -> Iterator[tuple[Position, bytes]]:
    for seq, payload in enumerate(frame.payloads, start=frame.first_seq):
        yield Position(frame.lane, frame.epoch, seq), payload


def same_history(connection: Connection, log: StreamLog, reader: int, note: Note) -> bool:
    """True when all that the reader has of our streams is what we think it has; what it has just
    acknowledged counts. Reads only.
    """
    believed = {(each.lane, each.epoch): each for each in log.readers.believed(connection, reader)}
    for each in note.acknowledgements:
        at = Position(each.lane, each.epoch, each.cursor)
        hashed = log.outgoing.hash_at(connection, reader, at) or b""
        known = Acknowledgement(each.lane, each.epoch, each.cursor, 0, hashed)
        believed[each.lane, each.epoch] = known
    if note.state_hash != state_hash(list(believed.values())):
        return False
    return log.readers.knows(connection, reader, note.furthest)


def given_back(
    connection: Connection, log: StreamLog, writer: int, lost: Iterable[Position]
) -> list[Outgoing]:
    """What we kept of the writer's own events that it has lost, at most so many as one exchange
    can carry.
    """
    found: list[Outgoing] = []
    for after in lost:
        room = _MOST_EVENTS - len(found)
        found += log.history(connection, writer, after, room) if room else []
    return found


def brings_the_next(frames: Iterable[Frame], lost: Iterable[Position]) -> bool:
    """True when recovered frames bring the next event of one of those streams: then more may come
    with the next message. What came to the other side ahead of a gap does not follow.
    """
    lacked = {(at.lane, at.epoch): at.seq + 1 for at in lost}
    return any(
        frame.recovered
        and frame.first_seq
        <= lacked.get((frame.lane, frame.epoch), 0)
        < frame.first_seq + len(frame.payloads)
        for frame in frames
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
            packed_frames_of(self._log.outgoing.pending(connection, GATEWAY, limit=_MOST_EVENTS)),
        )
        body = exchange.build_request(session, number, note, frames, Bearer.HTTPS)
        return Prepared(session, body, now, complete, has, lost)

    def open(self, prepared: Prepared, body: bytes) -> Message:
        """The gateway's answer. Raises Refused for anything else; nothing has changed then."""
        return exchange.open_answer(prepared.session, prepared.body, body, Bearer.HTTPS)

    def learn(self, connection: Connection, prepared: Prepared, note: Note) -> Standing:
        """What the answer says of how the two histories fit; it decides what the next request has
        to say. It only reads.
        """
        log = self._log
        agrees = same_history(connection, log, GATEWAY, note) and not log.readers.has_less(
            connection, GATEWAY, note.acknowledgements
        )
        standing = _AGREES
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
            return _AGREES
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
        pending = log.outgoing.pending(connection, site_id, note.acknowledgements, _MOST_EVENTS)
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
                more=waiting or len(pending) == _MOST_EVENTS,
                spell=asks_again or not agrees,
                differs=bool(standing.diverged),
                retired=retired,
                lease_h=lease_h,
            )

        frames = chain(packed_frames_of(pending), packed_frames_of(lost, recovered=True))
        return exchange.build_answer(
            session, body, own_note, frames, note.reply_limit, Bearer.HTTPS
        )


def seen(connection: Connection, log: StreamLog) -> int:
    """How many of the gateway's events a box has, to be compared with the doorbell's count."""
    return sum(each.cursor for each in log.incoming.acknowledgements(connection, GATEWAY, None))
