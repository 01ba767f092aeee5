"""What came ahead of a gap or in brief, and is lost by its writer: it moved no cursor, and is given
back all the same.
"""

from edge_node.acting import Actor
from edge_node.dispatch import ClaimState
from edge_node.tables import streams as box_streams
from gateway.sites.exchange import find_site, take_message
from gateway.sites.tables import streams as gateway_streams
from shared.dispatch import DispatchState
from sync.briefing import shorter_forms
from sync.codec import encode
from sync.exchange import Message
from sync.frame import Frame
from sync.note import Note, state_hash
from sync.peer import GATEWAY, readable
from sync.sms import Carried
from sync.stream_log import Outgoing
from tests.edge_node.side import Side
from tests.edge_node.two_sides import Hospital


def test_a_patient_who_came_ahead_of_a_gap_is_given_back(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    gateway.offers()
    side.meets()
    restore = side.backs_up()
    hospital.network.cut = True
    gateway.offers(note="nobody hears of this one")
    ahead = gateway.offers(note="by a ring of the doorbell, or a text")
    last = _latest(side)
    frame = Frame(last.position.lane, last.position.epoch, last.position.seq, (last.payload,))
    hospital.store.write(lambda c: _actor(hospital).take_frame(c, frame))
    claim = hospital.box.accept(ahead, "AK")
    restore()
    hospital.network.cut = False
    side.meets()
    assert gateway.alarms == ["lost"]
    assert gateway.state_of(ahead) is DispatchState.ACCEPTED
    assert side.agree()
    states = {each.id: each.state for each in hospital.box.dispatch(ahead).claims}
    assert states[claim.id] is ClaimState.ACCEPTED
    assert not _waits(side)


def test_a_patient_who_came_in_brief_is_given_back(side: Side) -> None:
    gateway, hospital = side.gateway, side.hospital
    gateway.offers()
    side.meets()
    restore = side.backs_up()
    hospital.network.cut = True
    gateway.offers(note="far beyond what a text can carry")
    patient = gateway.offers(note="a word, and all that a text has no room for")
    last = _latest(side)
    [offer] = readable([last.payload])
    brief = encode(next(iter(shorter_forms(offer))))
    carried = Carried(last.position, brief, brief=True, heard=None)
    hospital.store.write(lambda c: _actor(hospital).take_text(c, carried))
    hospital.box.accept(patient, "AK")
    restore()
    hospital.network.cut = False
    side.meets()
    assert gateway.state_of(patient) is DispatchState.ACCEPTED
    assert side.agree()
    assert not _waits(side)


def test_an_answer_that_came_ahead_of_a_gap_comes_back_to_a_box_that_lost_its_store(
    side: Side,
) -> None:
    gateway, hospital = side.gateway, side.hospital
    first, second = gateway.offers(), gateway.offers()
    side.meets()
    hospital.network.cut = True
    hospital.box.accept(first, "nobody hears of this one")
    claim = hospital.box.accept(second, "AK")
    [*_, last] = hospital.store.read(lambda c: box_streams.outgoing.pending(c, GATEWAY))
    frame = Frame(last.position.lane, last.position.epoch, last.position.seq, (last.payload,))
    site_id = hospital.identity.site().site_id
    site = gateway.quiet.read(lambda c: find_site(c, site_id))
    note = Note(clock=gateway.clock.now, state_hash=state_hash([]))
    take_message(gateway.desk, site, Message(note, (frame,)))
    assert gateway.state_of(second) is DispatchState.ACCEPTED
    side.box_loses_its_store()
    hospital.network.cut = False
    side.meets()
    claims = {each.id: each for each in hospital.box.dispatch(second).claims}
    assert claims[claim.id].state is ClaimState.ACCEPTED
    assert claims[claim.id].by == "AK"
    assert hospital.box.dispatch(first).rings
    assert side.agree()
    # And nothing is asked for again and again.
    assert hospital.exchanges() == 1
    hospital.restarts()
    side.meets()
    assert hospital.exchanges() == 1
    assert not _waits(side)


def _actor(hospital: Hospital) -> Actor:
    return Actor(hospital.system, hospital.link, lambda: True)


def _latest(side: Side) -> Outgoing:
    """The newest event for the box."""
    site_id = side.hospital.identity.site().site_id
    return side.gateway.quiet.read(lambda c: gateway_streams.outgoing.pending(c, site_id))[-1]


def _waits(side: Side) -> int:
    """How many events the box has yet to confirm."""
    site_id = side.hospital.identity.site().site_id
    return side.gateway.quiet.read(lambda c: gateway_streams.readers.unacknowledged(c, site_id))
