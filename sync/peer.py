"""The two ends of an exchange over their stream logs, without any input or output of their own."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.errors import HavenError
from sync import exchange
from sync.codec import decode, encode, lane_of
from sync.events import EpochStarted, Event, Lane
from sync.exchange import Message, Note, Session
from sync.frame import Frame, frames_of
from sync.packing import Unreadable
from sync.sealing import Bearer
from sync.stream_log import Connection, Position, Received, StreamLog

# A box's number for the gateway, which is alone at the other end.
GATEWAY = 0
_UPLOAD_BYTES = 64 * 1024
_MOST_EVENTS = 2000


class CannotApply(HavenError):
    """An event that was read cannot be acted on; it is parked and shown."""


Act = Callable[[Event], None]


def readable(message: Message) -> list[Event]:
    """Every event of a message that this version can read."""
    events = []
    for frame in message.frames:
        for payload in frame.payloads:
            with suppress(Unreadable):
                events.append(decode(payload))
    return events


def append(
    connection: Connection, log: StreamLog, reader: int, events: Iterable[Event], now: datetime
) -> list[Position]:
    """Adds events to the reader's streams, lower lanes first, which is the order of locking."""
    return [
        log.outgoing.append(connection, reader, lane_of(event), encode(event), now)
        for event in sorted(events, key=lane_of)
    ]


def receive_frame(
    connection: Connection, log: StreamLog, writer: int, frame: Frame, now: datetime, act: Act
) -> int:
    """Takes every event of a frame and acts on each new one at once. How many were new.

    One that cannot be read or applied is parked; the others of the frame go on.
    """
    new = 0
    for seq, payload in enumerate(frame.payloads, start=frame.first_seq):
        at = Position(frame.lane, frame.epoch, seq)
        if log.incoming.receive(connection, writer, at, payload, now) is not Received.NEW:
            continue
        new += 1
        try:
            event = decode(payload)
            if not isinstance(event, EpochStarted):
                act(event)
        except (Unreadable, CannotApply) as error:
            log.incoming.park(connection, writer, at, str(error))
    return new


def note_acknowledgements(connection: Connection, log: StreamLog, reader: int, note: Note) -> bool:
    """Stores what the reader has. False when its history of our streams is not ours: then one of
    the two was restored from a backup, or something is badly wrong.
    """
    possible = [
        log.outgoing.acknowledge(connection, reader, each) for each in note.acknowledgements
    ]
    return all(possible) and note.state_hash == _expected_hash(connection, log, reader, note)


def same_history(connection: Connection, log: StreamLog, reader: int, note: Note) -> bool:
    """The same question as `note_acknowledgements` answers, without writing anything."""
    return note.state_hash == _expected_hash(connection, log, reader, note)


def _expected_hash(connection: Connection, log: StreamLog, reader: int, note: Note) -> bytes:
    ours = [
        replace(
            each,
            running_hash=log.outgoing.hash_at(
                connection, reader, Position(each.lane, each.epoch, each.cursor)
            )
            or b"",
        )
        for each in note.acknowledgements
    ]
    return exchange.state_hash(ours)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to go, and what is needed to open its answer."""

    session: Session
    body: bytes
    sent_at: datetime


class BoxPeer:
    """The box's end. It reads in one transaction, and takes the answer in as many as it likes."""

    def __init__(self, log: StreamLog, open_session: Callable[[int], Session]) -> None:
        self._log = log
        self._open_session = open_session

    def request(
        self, connection: Connection, nonce: bytes, now: datetime, heard_at: datetime | None
    ) -> Prepared:
        """The next request: what we have of the gateway's streams, and what it lacks of ours."""
        epoch = self._log.outgoing.epoch(connection)
        if epoch is None:
            raise RuntimeError("begin_epoch() comes before the first exchange")
        has = self._log.incoming.acknowledgements(connection, GATEWAY, None)
        note = Note(
            clock=now,
            acknowledgements=tuple(has),
            state_hash=exchange.state_hash(has),
            heard_at=heard_at,
        )
        session = self._open_session(epoch)
        frames = _fitting(frames_of(self._log.outgoing.pending(connection, GATEWAY)))
        body = exchange.build_request(session, nonce, note, frames, Bearer.HTTPS)
        return Prepared(session, body, now)

    def open(self, prepared: Prepared, body: bytes) -> Message:
        """The gateway's answer. Raises Refused for anything else; nothing has changed then."""
        return exchange.open_answer(prepared.session, prepared.body, body, Bearer.HTTPS)

    def take_note(self, connection: Connection, note: Note) -> bool:
        """Stores what the gateway has of ours. False when histories differ."""
        return note_acknowledgements(connection, self._log, GATEWAY, note)

    def take_frame(self, connection: Connection, frame: Frame, now: datetime, act: Act) -> int:
        """Takes one frame; it is acknowledged by the next request, once this is durable."""
        return receive_frame(connection, self._log, GATEWAY, frame, now, act)


def _fitting(frames: Sequence[Frame]) -> list[Frame]:
    fitting: list[Frame] = []
    size = 0
    for frame in frames:
        size += sum(map(len, frame.payloads))
        if fitting and size > _UPLOAD_BYTES:
            break
        fitting.append(frame)
    return fitting


class GatewayPeer:
    """The gateway's end, for one box at a time."""

    def __init__(self, log: StreamLog) -> None:
        self._log = log

    def has_news(self, message: Message) -> bool:
        """True when the request carries events, so that answering it takes a write."""
        return bool(message.frames)

    def take(
        self, connection: Connection, site_id: int, message: Message, now: datetime, act: Act
    ) -> int:
        """Takes all events of a request in the caller's one transaction: each new one is acted on
        once. How many were new.
        """
        return sum(
            receive_frame(connection, self._log, site_id, frame, now, act)
            for frame in sorted(message.frames, key=lambda frame: frame.lane)
        )

    def reply(
        self,
        connection: Connection,
        site_id: int,
        message: Message,
        answers: Sequence[Event],
        now: datetime,
    ) -> None:
        """Stores what the box has of its streams, and adds the answers to them.

        It locks the counters of these streams, so it comes after everything that other commands
        lock before them.
        """
        note_acknowledgements(connection, self._log, site_id, message.note)
        append(connection, self._log, site_id, answers, now)

    def answer(
        self,
        connection: Connection,
        session: Session,
        request: tuple[bytes, Message],
        now: datetime,
        *,
        retired: bool,
    ) -> bytes:
        """The answer to a request, after everything in it is durable. It only reads."""
        body, message = request
        note, site_id = message.note, session.site_id
        mentioned = {(frame.lane, frame.epoch) for frame in message.frames}
        has = self._log.incoming.acknowledgements(connection, site_id, mentioned)
        pending = self._log.outgoing.pending(
            connection, site_id, note.acknowledgements, _MOST_EVENTS
        )
        differs = not same_history(connection, self._log, site_id, note)

        def own_note(waiting: bool) -> Note:
            return Note(
                clock=now,
                acknowledgements=tuple(has),
                state_hash=exchange.state_hash(has),
                more=waiting or len(pending) == _MOST_EVENTS,
                differs=differs,
                retired=retired,
            )

        return exchange.build_answer(
            session, body, own_note, frames_of(pending), note.reply_limit, Bearer.HTTPS
        )


def last_dispatch_seq(connection: Connection, log: StreamLog) -> int:
    """The number of the last lane-1 event of the gateway that a box has, without a gap."""
    streams = log.incoming.acknowledgements(connection, GATEWAY, None)
    return max((each.cursor for each in streams if each.lane == Lane.EMERGENCIES), default=0)


def seen(connection: Connection, log: StreamLog) -> int:
    """How many of the gateway's events a box has, to be compared with the doorbell's count."""
    return sum(each.cursor for each in log.incoming.acknowledgements(connection, GATEWAY, None))
