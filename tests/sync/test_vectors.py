"""The protocol's test vectors, in docs/protocol-vectors.json, and its description."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.dispatch import CannotTreatReason, Part
from shared.emergency import Kind, Priority, Transport
from sync import codec, compression, events, exchange, frame, packing, sms
from sync.codec import LAYOUTS, decode
from sync.frozen_layouts import GROUPS
from sync.packing import Reader
from sync.sealing import Bearer, Direction, NodeKeys
from sync.stream_log import Position
from tests.sync import vectors

DOCS = Path(__file__).parents[2] / "docs"
RECORDED: dict[str, Any] = json.loads((DOCS / "protocol-vectors.json").read_text("utf-8"))
DESCRIPTION = (DOCS / "protocol.md").read_text("utf-8")


def test_this_version_makes_the_recorded_bytes() -> None:
    assert json.loads(json.dumps(vectors.build())) == RECORDED


@pytest.mark.parametrize("vector", RECORDED["events"], ids=lambda vector: str(vector["type"]))
def test_this_version_reads_the_recorded_events(vector: dict[str, Any]) -> None:
    event = decode(bytes.fromhex(vector["bytes"]))
    assert type(event).__name__ == vector["type"]
    assert json.loads(json.dumps(vectors.shown(event))) == vector["fields"]


def test_every_type_of_event_has_a_vector() -> None:
    assert {vector["type"] for vector in RECORDED["events"]} == {
        layout.type.__name__ for layout in LAYOUTS
    }


def test_this_version_reads_every_recorded_form() -> None:
    for vector in RECORDED["numbers"]:
        for kind in {"unsigned", "signed"} & vector.keys():
            assert getattr(Reader(bytes.fromhex(vector[kind])), kind)() == vector["value"]
    readers = {
        "help_code": packing.read_short_code,
        "digits": packing.read_digits,
        "phone": packing.read_phone_number,
    }
    for vector in RECORDED["codes"]:
        [kind] = readers.keys() & vector.keys()
        assert readers[kind](Reader(bytes.fromhex(vector["bytes"]))) == vector[kind]
    compressed = RECORDED["compressed"]
    for kind in ("plain", "zstd", "zstd_with_dictionary_1"):
        content = compression.grow(bytes.fromhex(compressed[kind]), 1000)
        assert content.hex() == compressed["content"]
    for vector in RECORDED["with_model_1"]["contents"]:
        content = compression.grow(b"\4" + bytes.fromhex(vector["bytes"]), 1000)
        assert content.hex() == vector["content"]
    recorded = RECORDED["frame"]
    read = frame.unpack(bytes.fromhex(recorded["uncompressed"]))
    assert (read.lane, read.epoch, read.first_seq) == (1, recorded["epoch"], 41)
    assert [payload.hex() for payload in read.payloads] == recorded["payloads"]
    assert frame.unpack(b"\0" + bytes.fromhex(recorded["recovered_content"])).recovered
    columns = frame.unpack(bytes.fromhex(recorded["columns"]))
    assert (columns.lane, columns.epoch, columns.first_seq) == (1, recorded["epoch"], 41)
    assert [payload.hex() for payload in columns.payloads] == recorded["payloads_in_columns"]


def test_the_recorded_exchange_opens() -> None:
    gateway = NodeKeys(vectors.GATEWAY_SECRET)
    box = NodeKeys(vectors.BOX_SECRET)
    recorded = RECORDED["exchange"]
    request = bytes.fromhex(recorded["request"])
    head = exchange.read_head(request)
    assert (head.site_id, head.epoch, head.number) == (vectors.SITE, vectors.EPOCH, 1)
    at_gateway = exchange.session(gateway, box.public, head.site_id, head.epoch)
    opened = exchange.open_request(at_gateway, request, Bearer.HTTPS)
    assert opened.note.complete
    assert [str(at.seq) for at in opened.note.lost] == ["12"]
    at_box = exchange.session(box, gateway.public, head.site_id, head.epoch)
    answer = bytes.fromhex(recorded["answer"])
    assert exchange.open_answer(at_box, request, answer, Bearer.HTTPS).frames == opened.frames
    leased = bytes.fromhex(recorded["answer_with_a_lease_of_36_hours"])
    assert exchange.open_answer(at_box, request, leased, Bearer.HTTPS).note.lease_h == 36


def test_the_recorded_texts_open() -> None:
    box, gateway = NodeKeys(vectors.BOX_SECRET), NodeKeys(vectors.GATEWAY_SECRET)
    at_gateway = exchange.session(gateway, box.public, vectors.SITE, vectors.EPOCH)
    at_box = exchange.session(box, gateway.public, vectors.SITE, vectors.EPOCH)
    recorded = RECORDED["sms"]
    up = recorded["accept_up"]
    assert sms.read_label(up) == sms.Label(vectors.SITE, vectors.EPOCH)
    accept = sms.open_message(up, [at_gateway], Direction.UP, [vectors.EPOCH])
    assert isinstance(decode(accept.payload), events.AcceptDispatch)
    assert accept.heard == vectors.HEARD
    verdict = sms.open_message(recorded["verdict_down_names_epoch"], [at_box], Direction.DOWN, [])
    assert verdict.position == Position(1, vectors.GATEWAY_EPOCH, 300)
    assert isinstance(decode(verdict.payload), events.Verdict)
    heard = sms.open_message(recorded["heard_down"], [at_box], Direction.DOWN, [])
    assert (heard.position, heard.heard) == (None, vectors.HEARD)


def test_the_recorded_rings_open() -> None:
    box, gateway = NodeKeys(vectors.BOX_SECRET), NodeKeys(vectors.GATEWAY_SECRET)
    session = exchange.session(box, gateway.public, vectors.SITE, vectors.EPOCH)
    recorded = RECORDED["doorbell"]
    inside = frame.unpack(bytes.fromhex(RECORDED["frame"]["uncompressed"]))
    for name, expected in (("ring_4711", None), ("ring_4711_with_frame", inside)):
        ring = bytes.fromhex(recorded[name])
        assert exchange.open_ring(session, vectors.CHALLENGE, ring) == (4711, expected)


def test_the_description_names_every_field_of_every_event_in_order() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (\d) \| (.*) \|$", DESCRIPTION, re.MULTILINE)
    described = {int(number): (name, int(lane), groups) for number, name, lane, groups in rows}
    assert set(described) == {layout.number for layout in LAYOUTS}
    for layout in LAYOUTS:
        name, lane, groups = described[layout.number]
        assert (name, lane) == (layout.type.__name__, layout.lane)
        assert groups == vectors.described_groups(layout)


@pytest.mark.parametrize(
    ("form", "members"),
    [
        ("kind", {int(each): each.name.lower() for each in Kind}),
        ("priority", {int(each): each.name.lower() for each in Priority}),
        ("transport", {int(each): each.name.lower() for each in Transport}),
        ("part", {int(each): each.name.lower() for each in Part}),
        ("reason", {int(each): each.name.lower() for each in CannotTreatReason}),
        ("state", codec.DISPATCH_STATES),
        ("status", codec.HOSPITAL_STATUSES),
    ],
)
def test_the_description_names_every_number(form: str, members: dict[int, str]) -> None:
    [row] = re.findall(rf"^\| {form} \| (.*?) \|", DESCRIPTION, re.MULTILINE)
    assert row == ", ".join(f"{number} {name}" for number, name in members.items())


def test_the_description_names_how_many_groups_have_columns() -> None:
    [row] = re.findall(r"^Groups with columns: (.*)\.$", DESCRIPTION, re.MULTILINE)
    assert row == ", ".join(f"{kind}: {count}" for kind, count in sorted(GROUPS.items()))
