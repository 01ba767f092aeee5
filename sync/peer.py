"""What both ends of an exchange do over their stream logs, without any input or output."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from shared.errors import HavenError
from sync.codec import decode, encode, lane_of
from sync.events import EpochStarted, Event, Lane
from sync.exchange import Message
from sync.frame import Frame
from sync.note import Note, state_hash
from sync.packing import Unreadable
from sync.sms import Carried
from sync.stream_log import (
    Acknowledgement,
    Connection,
    Outgoing,
    Position,
    Received,
    StreamLog,
)

# A box's number for the gateway, which is alone at the other end.
GATEWAY = 0
MOST_EVENTS = 2000


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
        room = MOST_EVENTS - len(found)
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


def seen(connection: Connection, log: StreamLog) -> int:
    """How many of the gateway's events a box has, to be compared with the doorbell's count."""
    return sum(each.cursor for each in log.incoming.acknowledgements(connection, GATEWAY, None))
