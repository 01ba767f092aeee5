"""The test vectors of the protocol: `python -m tests.sync.vectors > docs/protocol-vectors.json`.

Another implementation checks itself against that file; a test holds this one to it. A value in it
that changes is another protocol.
"""

import json
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import blake2s
from pathlib import Path
from typing import Any

from shared.capability import Capability
from shared.dispatch import CannotTreatReason, DispatchState, Part
from shared.emergency import Kind, Priority, Transport
from shared.hospital import HospitalStatus
from sync import bundle, codec, events, exchange, frame, packing, sms, text_model
from sync.codec import LAYOUTS, Layout, encode
from sync.events import Event
from sync.frame import Frame
from sync.heard import Heard, mark_of
from sync.note import Note, state_hash
from sync.sealing import Bearer, Direction, NodeKeys
from sync.stream_log import Acknowledgement, KeptFrom, Position
from sync.stream_log.values import next_hash

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOX_SECRET, GATEWAY_SECRET = bytes(range(32)), bytes(range(100, 132))
SITE, EPOCH, GATEWAY_EPOCH = 7, 0x12345678, 0x9ABCDEF0
CHALLENGE = bytes(range(16))
COMPRESSED = b"bleeding-injury bleeding-injury bleeding-injury Olympic, Nairobi"
COMPRESSED_ZSTD = (
    "0120403d01000402626c656564696e672d696e6a757279204f6c796d7069632c204e6169726f62690100069f4b"
)
COMPRESSED_WITH_DICTIONARY = "022040bd00005062204f6c796d7069632c03f02363880e78e921bb490f"
HEARD = Heard(mark_of(GATEWAY_EPOCH), 300, 0b101)
_ID = 153_833_732_835_759_477

# The forms of fields, by the names that docs/protocol.md explains.
FORM_NAMES = {
    getattr(codec, f"_{name.upper()}"): name
    for name in (
        "number",
        "text",
        "texts",
        "bytes",
        "flag",
        "degrees",
        "code",
        "digits",
        "phone",
        "time",
        "id",
        "kind",
        "priority",
        "transport",
        "part",
        "reason",
        "state",
        "status",
    )
}


def sample_events() -> list[Event]:
    """At least one event of every type, with and without its optional fields."""
    later = NOON + timedelta(milliseconds=1234)
    claim: dict[str, Any] = {"at": NOON, "claim_id": _ID + 9, "dispatch_id": _ID, "by": "AK"}
    return [
        events.EpochStarted(at=NOON, previous_epoch=0, previous_seq=0, previous_hash=b""),
        events.EpochStarted(
            at=NOON,
            previous_epoch=GATEWAY_EPOCH,
            previous_seq=300,
            previous_hash=bytes(range(16)),
            snapshot=True,
        ),
        events.DispatchOffered(
            at=later,
            dispatch_id=_ID,
            emergency_id=_ID - 5_000_000_000,
            version=1,
            help_code="7K2F",
            answer_code="0831",
            kind=Kind.BLEEDING,
            priority=Priority.CRITICAL,
            needs=int(Capability.EMERGENCY_24H),
            raised_at=NOON,
            answer_by=later + timedelta(seconds=90),
            valid_until=later + timedelta(hours=2),
        ),
        events.DispatchOffered(
            at=later,
            dispatch_id=_ID,
            emergency_id=_ID - 5_000_000_000,
            version=300,
            help_code="7K2F",
            answer_code="4831",
            kind=Kind.INJURY,
            priority=Priority.HIGH,
            needs=int(Capability.THEATRE | Capability.BLOOD),
            raised_at=NOON,
            answer_by=later + timedelta(seconds=240),
            valid_until=later + timedelta(hours=2),
            place_text="kibra olympic stage",
            place_name="Olympic, Nairobi",
            lat=-1.3146,
            lon=36.781,
            radius_m=800,
            travel_min=18,
            distance_m=5200,
            caller_phone="+254711000111",
            patient_count=2,
            age_years=34,
            note="amepigwa na gari",
            signs=("bleeding", "injury"),
            rule_id="bleeding-injury",
            ruleset="2026-11-3",
            referred_by="Mbagathi Hospital",
            part=Part.STABILISE,
        ),
        events.DispatchChanged(
            at=later,
            dispatch_id=_ID,
            version=4,
            state=DispatchState.EXPIRED,
            reason="no answer in time",
        ),
        events.DispatchChanged(
            at=later,
            dispatch_id=_ID,
            version=5,
            state=DispatchState.ACCEPTED,
            transport=Transport.ON_THE_WAY,
            place_text="thika",
            place_name="Thika, Kiambu",
            lat=-1.03,
            lon=37.07,
            radius_m=1500,
            patient_count=3,
            age_years=5,
            note="hot and shaking",
            priority=Priority.CRITICAL,
            travel_min=12,
            kind=Kind.CHILD,
            needs=int(Capability.OXYGEN),
            signs=("fits",),
            answer_by=NOON,
            distance_m=100,
            rule_id="fits-child",
            ruleset="2026-11-3",
            still_needed=False,
        ),
        events.Verdict(
            at=later,
            claim_id=_ID + 9,
            dispatch_id=_ID,
            accepted=False,
            state=DispatchState.SUPERSEDED,
            version=6,
            reason="another hospital accepted first",
        ),
        events.DispatchDelivered(**(claim | {"by": ""}), audible=True),
        events.AcceptDispatch(**claim, age_s=47),
        events.CannotTreat(**claim, reason=CannotTreatReason.NO_BED, note="two away"),
        events.PatientArrived(**claim),
        events.AvailabilityReported(
            at=NOON,
            report_id=_ID + 11,
            by="AK",
            status=HospitalStatus.NORMAL,
            staffed_beds=20,
            free_beds=6,
            last_dispatch_seen=_ID,
        ),
        events.AlarmState(at=NOON, audible=False, reason="sound is off"),
        events.TreatAfterAll(**claim),
        events.DispatchRemoved(at=later, dispatch_id=_ID, reason="erased"),
        events.ReportTaken(at=later, report_id=_ID + 11, accepted=True),
        events.DutyPhonesSet(
            at=later, phones=("+254711000111", "+254711000112"), hours=("", "mon-fri 08:00-17:00")
        ),
        events.StockReported(
            at=NOON, report_id=_ID + 12, by="AK", has=int(Capability.BLOOD), lacks=0
        ),
        events.NoteWritten(at=NOON, report_id=_ID + 13, text="theatre opens at 14:00"),
        events.WalkInRegistered(
            at=NOON,
            report_id=_ID + 14,
            by="AK",
            kind=Kind.CHILD,
            priority=Priority.HIGH,
            help_code="7K2F",
            age_years=8,
        ),
        events.SimReported(at=NOON, working=True, credit_cents=4550, sent_today=3),
        events.SummaryShared(
            at=later, dispatch_id=_ID, blood_type="O-", allergies="penicillin, bee stings"
        ),
        events.SummaryWithdrawn(at=later, dispatch_id=_ID),
    ]


def build() -> dict[str, Any]:
    """The whole file."""
    box, gateway = NodeKeys(BOX_SECRET), NodeKeys(GATEWAY_SECRET)
    session = exchange.session(box, gateway.public, SITE, EPOCH)
    samples = sample_events()
    payloads = [encode(event) for event in samples]
    hashes = [b""]
    for payload in payloads:
        hashes.append(next_hash(hashes[-1], payload))
    has = [
        Acknowledgement(1, GATEWAY_EPOCH, 300, 5, hashes[3]),
        Acknowledgement(2, GATEWAY_EPOCH, 1, 0, hashes[1]),
    ]
    verdict = samples[6]
    assert isinstance(verdict, events.Verdict)
    verdict = replace(verdict, reason="")
    idle = Note(clock=NOON, state_hash=state_hash(has), heard_at=NOON)
    spelled = Note(
        clock=NOON,
        state_hash=state_hash(has),
        acknowledgements=tuple(has),
        complete=True,
        reply_limit=1024,
        lost=(Position(1, EPOCH, 12),),
        spell=True,
        furthest=(Position(1, GATEWAY_EPOCH, 303),),
        kept_from=(KeptFrom(Position(2, EPOCH, 7), hashes[2], comes=True),),
    )
    a_frame = Frame(1, EPOCH, 41, (payloads[8],))
    # Uncompressed: what a compressor makes of it may differ from version to version.
    packed = b"\0" + frame.content_of(a_frame)
    in_columns = frame.columns_form_of(
        Frame(1, EPOCH, 41, (*payloads, payloads[3])), lambda texts: b"\0" + texts
    )
    if in_columns is None:
        raise AssertionError("the samples do not stand in columns")
    request = exchange.build_request(session, 1, spelled, [packed], Bearer.HTTPS)
    answer = exchange.build_answer(
        session, request, lambda waiting: idle, [packed], 65536, Bearer.HTTPS
    )
    primer = Path("sync/primer_1.bin").read_bytes()
    return {
        "numbers": [
            {"value": value, "unsigned": packing.unsigned(value).hex()}
            for value in (0, 1, 127, 128, 300, 2**32, 2**64 - 1)
        ]
        + [
            {"value": value, "signed": packing.signed(value).hex()}
            for value in (0, -1, 1, -64, 64, 2**40, -(2**40))
        ],
        "codes": [
            {"help_code": code, "bytes": packing.short_code(code).hex()}
            for code in ("7K2F", "2222", "ZZZZ", "", "odd!")
        ]
        + [
            {"digits": code, "bytes": packing.digits(code).hex()}
            for code in ("4831", "0001", "", "12a")
        ]
        + [
            {"phone": number, "bytes": packing.phone_number(number).hex()}
            for number in ("+254711000111", "+1", "", "0711", "anonymous")
        ],
        "events": [
            {
                "type": type(event).__name__,
                "fields": shown(event),
                "bytes": payload.hex(),
                "running_hash": hashed.hex(),
            }
            for event, payload, hashed in zip(samples, payloads, hashes[1:], strict=True)
        ],
        "frame": {
            "lane": 1,
            "epoch": EPOCH,
            "first_seq": 41,
            "payloads": [payloads[8].hex()],
            "content": frame.content_of(a_frame).hex(),
            "recovered_content": frame.content_of(
                Frame(1, EPOCH, 41, (payloads[8],), recovered=True)
            ).hex(),
            "uncompressed": packed.hex(),
            "payloads_in_columns": [payload.hex() for payload in (*payloads, payloads[3])],
            "columns": in_columns.hex(),
        },
        "compressed": {
            "content": COMPRESSED.hex(),
            "plain": "00" + COMPRESSED.hex(),
            "zstd": COMPRESSED_ZSTD,
            "zstd_with_dictionary_1": COMPRESSED_WITH_DICTIONARY,
        },
        "with_model_1": {
            "chances": _digest(b"".join(map(_two_bytes, text_model.CHANCES))),
            "evidence": _digest(
                b"".join(_two_bytes(each & 0xFFFF) for row in text_model.EVIDENCE for each in row)
            ),
            "slots": _digest(text_model.primed(primer)),
            "contents": [
                {"content": content.hex(), "bytes": text_model.compress(content).hex()}
                for content in (
                    b"",
                    bytes(range(0, 256, 15)),
                    COMPRESSED,
                    payloads[3],
                    payloads[8],
                    frame.content_of(a_frame),
                    frame.content_of(Frame(1, GATEWAY_EPOCH, 300, (payloads[3], payloads[6]))),
                )
            ],
        },
        "keys": {
            "box_secret": BOX_SECRET.hex(),
            "box_exchange": box.public.exchange.hex(),
            "box_signing": box.public.signing.hex(),
            "gateway_secret": GATEWAY_SECRET.hex(),
            "gateway_exchange": gateway.public.exchange.hex(),
            "gateway_signing": gateway.public.signing.hex(),
            "shared": box.shared_with(gateway.public).hex(),
            "signature_of_haven": box.sign(b"haven").hex(),
        },
        "state_hash": state_hash(has).hex(),
        "exchange": {
            "site": SITE,
            "box_epoch": EPOCH,
            "number": 1,
            "request": request.hex(),
            "answer": answer.hex(),
            "answer_with_a_lease_of_36_hours": exchange.build_answer(
                session, request, lambda waiting: replace(idle, lease_h=36), [], 0, Bearer.HTTPS
            ).hex(),
            "idle_request": exchange.build_request(session, 2, idle, [], Bearer.HTTPS).hex(),
        },
        "doorbell": {
            "challenge": CHALLENGE.hex(),
            "hello": exchange.build_hello(session, CHALLENGE).hex(),
            "ring_4711": exchange.build_ring(session, CHALLENGE, 4711).hex(),
            "ring_4711_with_frame": exchange.build_ring(session, CHALLENGE, 4711, packed).hex(),
        },
        "bundle": bundle.build(session, Direction.UP, spelled, [packed]).hex(),
        "sms": {
            # What zstd makes of an event may differ from version to version: these are shorter
            # plainly or with the model.
            "accept_up": sms.build_event(
                session,
                Direction.UP,
                Position(1, EPOCH, 41),
                payloads[8],
                reader_knows_epoch=True,
                heard=HEARD,
            ),
            "verdict_down_names_epoch": sms.build_event(
                session,
                Direction.DOWN,
                Position(1, GATEWAY_EPOCH, 300),
                encode(verdict),
                reader_knows_epoch=False,
            ),
            "heard_down": sms.build_heard(session, Direction.DOWN, HEARD),
        },
    }


def _two_bytes(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _digest(content: bytes) -> str:
    return blake2s(content, digest_size=8).hexdigest()


def shown(event: Event) -> dict[str, Any]:
    """The fields of an event as JSON."""
    return {field.name: _json(getattr(event, field.name)) for field in fields(event)}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def described_groups(layout: Layout) -> str:
    """The groups of an event as docs/protocol.md lists them: a field that has a usual value is in
    brackets, groups are parted by semicolons.
    """
    return "; ".join(
        ", ".join(
            f"[{field.name}: {FORM_NAMES[field.form]}]"
            if field.optional
            else f"{field.name}: {FORM_NAMES[field.form]}"
            for field in group
        )
        for group in layout.groups
    )


if __name__ == "__main__":
    if "--table" in sys.argv:
        for layout in LAYOUTS:
            name, lane = layout.type.__name__, int(layout.lane)
            print(f"| {layout.number} | `{name}` | {lane} | {described_groups(layout)} |")
    else:
        print(json.dumps(build(), indent=1))
