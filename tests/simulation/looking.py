"""What must hold at every moment, whatever is under way."""

from sqlalchemy import Connection, select

from edge_node.dispatch import ClaimState
from edge_node.tables import claims
from edge_node.tables import streams as box_streams
from gateway.sites.tables import sites
from gateway.sites.tables import streams as centre_streams
from sync.peer import GATEWAY
from sync.stream_log import StreamLog
from tests.simulation.broken import require
from tests.simulation.centre import Centre
from tests.simulation.clock import Clock
from tests.simulation.hospital_box import HospitalBox
from tests.simulation.ledger import KEPT, Ledger, Stream, events_by_stream


class Looking:
    """Compares both sides with the ledger, and with each other."""

    def __init__(self, ledger: Ledger, centre: Centre, clock: Clock) -> None:
        self._ledger = ledger
        self._centre = centre
        self._clock = clock
        self._believed: dict[str, dict[tuple[int, int], int]] = {}
        # How often the gateway's disk was put back, and whether it wrote on without knowing.
        self.centre_restores = 0
        self.centre_wrote_blindly = False
        # To a copy from before what boxes keep: they cannot give all of it back.
        self.centre_put_back_too_far = False
        # A box has events of both stories of such a gateway on one stream.
        self.mixed_histories = False

    def at(self, boxes: list[HospitalBox]) -> None:
        """Looks at everything."""
        self.at_what_was_written(boxes)
        self._centre.database.read(self._at_centre)
        for box in boxes:
            box.store.read(lambda connection, box=box: self._at_box(connection, box))  # type: ignore[misc]

    def at_what_was_written(self, boxes: list[HospitalBox]) -> None:
        """Before anything of it can be lost."""
        self._centre.database.read(self._note_centre)
        for box in boxes:
            rows = box.store.read(
                lambda connection: events_by_stream(connection, box_streams, GATEWAY, outgoing=True)
            )
            for (lane, epoch), found in rows.items():
                stream_of = Stream(True, box.site_id, lane, epoch)
                self._ledger.note_written(stream_of, found, self._clock.now, once=True)
            box.store.read(
                lambda connection, box=box: self._is_kept(  # type: ignore[misc]
                    connection, box_streams, (True, box.site_id, GATEWAY)
                )
            )

    def _note_centre(self, connection: Connection) -> None:
        for site_id in connection.execute(select(sites.c.id)).scalars().all():
            rows = events_by_stream(connection, centre_streams, site_id, outgoing=True)
            for (lane, epoch), found in rows.items():
                stream_of = Stream(False, site_id, lane, epoch)
                once = not self.centre_wrote_blindly
                self._ledger.note_written(stream_of, found, self._clock.now, once=once)
            self._is_kept(connection, centre_streams, (False, site_id, site_id))

    def _is_kept(
        self, connection: Connection, log: StreamLog, whose: tuple[bool, int, int]
    ) -> None:
        """Whoever was put back to an older copy can be told again what they have lost."""
        goes_up, site_id, reader = whose
        kept = events_by_stream(connection, log, reader, outgoing=True)
        table = log.outgoing.streams
        for row in connection.execute(select(table).where(table.c.reader == reader)).all():
            stream_of = Stream(goes_up, site_id, row.lane, row.epoch)
            written = self._ledger.written[stream_of]
            here = {each.seq for each in kept.get((row.lane, row.epoch), ())}
            too_far = self.centre_put_back_too_far and not goes_up and row.dropped
            if row.ordinal < 0 or too_far:
                continue  # it was lost: what could not be given back is only believed
            for seq in set(range(1, row.last_seq + 1)) - here:
                is_old = seq in written and written[seq].at < self._clock.now - KEPT
                where = f"{stream_of} has {sorted(here)} of {row.last_seq}"
                require(is_old, "what was said is kept for 35 days", where)

    def _at_centre(self, connection: Connection) -> None:
        holder = ("gateway", self.centre_restores)
        for site_id in connection.execute(select(sites.c.id)).scalars().all():
            self._at_incoming(connection, centre_streams, holder, (True, site_id, site_id))

    def _at_box(self, connection: Connection, box: HospitalBox) -> None:
        holder = (box.name, box.restores)
        self._at_incoming(connection, box_streams, holder, (False, box.site_id, GATEWAY))

    def _at_incoming(
        self,
        connection: Connection,
        log: StreamLog,
        holder: tuple[str, int],
        whose: tuple[bool, int, int],
    ) -> None:
        goes_up, site_id, writer = whose
        kept = events_by_stream(connection, log, writer, outgoing=False)
        for (lane, epoch), rows in kept.items():
            self._ledger.note_received(holder, Stream(goes_up, site_id, lane, epoch), rows)
        table = log.incoming.streams
        for row in connection.execute(select(table).where(table.c.writer == writer)).all():
            stream_of = Stream(goes_up, site_id, row.lane, row.epoch)
            here = {each.seq for each in kept.get((row.lane, row.epoch), ())}
            self._no_gap(holder, stream_of, row.cursor, here)
            known = self._ledger.written[stream_of].get(row.cursor)
            agrees = row.cursor == 0 or (known is not None and row.running_hash in known.hashes)
            if not agrees and self._ledger.parted(stream_of, row.cursor):
                self.mixed_histories = True
                continue
            require(agrees, "no gap is accepted", f"{holder} {stream_of} hash at {row.cursor}")

    def _no_gap(
        self, holder: tuple[str, int], stream_of: Stream, cursor: int, here: set[int]
    ) -> None:
        written = self._ledger.written[stream_of]
        for seq in range(1, cursor + 1):
            if seq in here:
                continue
            where = f"{holder} {stream_of} has {sorted(here)} and its cursor is at {cursor}"
            require(seq in written, "no gap is accepted", where)
            is_old = written[seq].at < self._clock.now - KEPT
            require(is_old, "no gap is accepted, nothing is forgotten too early", where)

    def at_what_each_believes(self, box: HospitalBox) -> None:
        """Neither side believes that the other has what it has not, and neither forgets that it
        has. Holds while no disk was put back.
        """
        centre, site_id = self._centre.database, box.site_id
        at_box = box.store.read(lambda c: _cursors(c, box_streams, GATEWAY))
        at_centre = centre.read(lambda c: _cursors(c, centre_streams, site_id))
        box_believes = box.store.read(lambda c: _believed(c, box_streams, GATEWAY))
        centre_believes = centre.read(lambda c: _believed(c, centre_streams, site_id))
        name = "what is acknowledged is durable"
        for key, count in box_believes.items():
            require(count <= at_centre.get(key, 0), name, f"{box.name} of {key}: {count}")
        for key, count in centre_believes.items():
            require(count <= at_box.get(key, 0), name, f"the gateway of {key}: {count}")
        self._never_lowers(box.name, box_believes)
        self._never_lowers(f"the gateway of box {site_id}", centre_believes)

    def _never_lowers(self, who: str, believes: dict[tuple[int, int], int]) -> None:
        before = self._believed.setdefault(who, {})
        for key, count in believes.items():
            where = f"{who}, {key}: {count} after {before.get(key)}"
            require(count >= before.get(key, 0), "an acknowledgement is not taken back", where)
        before.update(believes)

    def at_what_is_sent(self, box: HospitalBox) -> None:
        """Holds while no disk was put back."""
        sent = select(claims.c.epoch, claims.c.seq).where(claims.c.state == ClaimState.SENT)
        found = box.store.read(lambda c: c.execute(sent).all())
        if not found:
            return
        at_centre = self._centre.database.read(lambda c: _cursors(c, centre_streams, box.site_id))
        for epoch, seq in found:
            arrived = seq <= at_centre.get((1, epoch), 0)
            require(arrived, "sent means that the gateway has it", f"{box.name} {epoch} {seq}")


def _cursors(connection: Connection, log: StreamLog, of: int) -> dict[tuple[int, int], int]:
    table = log.incoming.streams
    query = select(table).where(table.c.writer == of)
    return {(row.lane, row.epoch): row.cursor for row in connection.execute(query)}


def _believed(connection: Connection, log: StreamLog, of: int) -> dict[tuple[int, int], int]:
    table = log.outgoing.streams
    query = select(table).where(table.c.reader == of)
    return {(row.lane, row.epoch): row.acknowledged for row in connection.execute(query)}
