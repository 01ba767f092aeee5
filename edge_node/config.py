"""The box's configuration, from `HAVEN_EDGE_*` variables."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi

from shared.errors import InvalidInput
from sync.note import USUAL_REPLY_BYTES

_MOST_REPLY_BYTES = 1024 * 1024

# Nothing that would end the list in the header: what follows would be read as a new rule.
_ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Config:
    """What whoever installs a box sets. `hostnames` are names under which browsers reach it;
    `frame_ancestors` are origins whose pages may show the console in a frame. `reply_bytes` is how
    much the gateway may answer at once, `ca_file` names the authorities whose certificates are
    believed. `sms_spool` are the folders of gammu-smsd's files service, None without a modem;
    `sms_gateway` is where to text to, empty for what enrolment told. `buzzer` is a command that
    makes a noise.
    """

    directory: Path
    host: str
    port: int
    hostnames: frozenset[str]
    exchange_every_s: float
    frame_ancestors: tuple[str, ...]
    reply_bytes: int
    ca_file: Path
    sms_spool: Path | None
    sms_gateway: str
    sms_cost_cents: int
    buzzer: str


def from_environment(environment: Mapping[str, str]) -> Config:
    """The configuration in these variables. Raises InvalidInput naming each one that is wrong."""
    faults: list[str] = []
    host, _, port = (environment.get("HAVEN_EDGE_LISTEN") or "127.0.0.1:8100").rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        faults.append("HAVEN_EDGE_LISTEN must look like 127.0.0.1:8100.")
        port = "0"
    try:
        every_s = float(environment.get("HAVEN_EDGE_EXCHANGE_EVERY_S") or "15")
    except ValueError:
        every_s = 0.0
    if not 1 <= every_s <= 3600:
        faults.append("HAVEN_EDGE_EXCHANGE_EVERY_S must be a number of seconds from 1 to 3600.")
    reply = environment.get("HAVEN_EDGE_REPLY_BYTES") or str(USUAL_REPLY_BYTES)
    if not reply.isdigit() or not 1024 <= int(reply) <= _MOST_REPLY_BYTES:
        faults.append(f"HAVEN_EDGE_REPLY_BYTES must be a number from 1024 to {_MOST_REPLY_BYTES}.")
        reply = "0"
    frame_ancestors = tuple(environment.get("HAVEN_EDGE_FRAME_ANCESTORS", "").split())
    if not all(_ORIGIN.fullmatch(each) for each in frame_ancestors):
        faults.append(
            "HAVEN_EDGE_FRAME_ANCESTORS must be origins such as http://192.168.1.9:8800, "
            "separated by spaces."
        )
    named = environment.get("HAVEN_EDGE_CA_FILE") or environment.get("REQUESTS_CA_BUNDLE")
    ca_file = Path(named or certifi.where()).absolute()
    if not ca_file.is_file():
        faults.append("HAVEN_EDGE_CA_FILE must be a file of certificates (PEM).")
    cost = environment.get("HAVEN_EDGE_SMS_COST_CENTS") or "100"
    if not cost.isdigit() or len(cost) > 6:
        faults.append("HAVEN_EDGE_SMS_COST_CENTS must be a number such as 100.")
        cost = "0"
    sms_gateway = environment.get("HAVEN_EDGE_SMS_GATEWAY", "").strip()
    if not re.fullmatch(r"(\+?[0-9]{2,20})?", sms_gateway):
        faults.append("HAVEN_EDGE_SMS_GATEWAY must be a number such as 40404 or +254711082000.")
    buzzer = environment.get("HAVEN_EDGE_BUZZER", "").strip()
    try:
        shlex.split(buzzer)
    except ValueError:
        faults.append("HAVEN_EDGE_BUZZER must be a command, such as aplay /etc/haven/alarm.wav.")
    spool = environment.get("HAVEN_EDGE_SMS_SPOOL", "").strip()
    if faults:
        raise InvalidInput("The configuration cannot be used:\n  " + "\n  ".join(faults))
    names = environment.get("HAVEN_EDGE_HOSTNAMES", "").split(",")
    return Config(
        directory=Path(environment.get("HAVEN_EDGE_DIR") or "haven-edge").absolute(),
        host=host.strip("[]"),
        port=int(port),
        hostnames=frozenset(name.strip().lower() for name in names if name.strip()),
        exchange_every_s=every_s,
        frame_ancestors=frame_ancestors,
        reply_bytes=int(reply),
        ca_file=ca_file,
        sms_spool=Path(spool).absolute() if spool else None,
        sms_gateway=sms_gateway,
        sms_cost_cents=int(cost),
        buzzer=buzzer,
    )
