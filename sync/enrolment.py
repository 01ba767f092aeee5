"""How a new box and the gateway come to trust each other: a one-time code, typed once.

The code has a public part, which finds it again, and a secret part, which never crosses the wire:
both sides prove with an HMAC that they know it, over everything that was said.
"""

import hmac
from dataclasses import dataclass
from random import Random

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from shared import help_code
from shared.errors import InvalidInput
from sync import packing
from sync.packing import Reader, Unreadable
from sync.sealing import KEY_BYTES, NodeKeys, PublicKeys, Refused

_VERSION = 1
_NUMBER_LENGTH = 4
_SECRET_LENGTH = 12  # 58 bits, behind scrypt, for some hours
_GROUP = 4
_SIGNATURE_BYTES = 64
_PROOF_BYTES = 32
LONGEST_REQUEST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code. `number` is public; `secret` is not to be stored or sent."""

    number: str
    secret: str

    def __str__(self) -> str:
        letters = self.number + self.secret
        return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))

    def proof_key(self) -> bytes:
        """The key of both proofs, 32 bytes. It takes some 50 ms, so that guessing is dear."""
        stretched = Scrypt(salt=f"haven {self.number}".encode(), length=32, n=2**14, r=8, p=1)
        return stretched.derive(self.secret.encode())


def new_code(rng: Random) -> Code:
    """A fresh code, such as `7K2F-9QRS-W3XB-M4NP`."""
    letters = "".join(rng.choices(help_code.ALPHABET, k=_NUMBER_LENGTH + _SECRET_LENGTH))
    return Code(letters[:_NUMBER_LENGTH], letters[_NUMBER_LENGTH:])


def parse_code(typed: str) -> Code:
    """The code that a person typed. Raises InvalidInput saying how one looks."""
    letters = typed.strip().upper().replace("-", "").replace(" ", "")
    if len(letters) != _NUMBER_LENGTH + _SECRET_LENGTH or any(
        letter not in help_code.ALPHABET for letter in letters
    ):
        raise InvalidInput(
            "An enrolment code has 16 letters and digits, such as 7K2F-9QRS-W3XB-M4NP. "
            "Ask the gateway's administrator for one: haven-gateway sites enrol HOSPITAL."
        )
    return Code(letters[:_NUMBER_LENGTH], letters[_NUMBER_LENGTH:])


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """What a box asks for: to be the box with these keys. `name` is what people call it."""

    code_number: str
    box: PublicKeys
    nonce: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the box learns. `doorbell_url` is empty where the gateway has none, `sms_number` (where
    the box texts to) where it takes no texts.
    """

    site_id: int
    hospital_id: int
    hospital_name: str
    gateway: PublicKeys
    doorbell_url: str
    sms_number: str = ""


def build_request(request: EnrolmentRequest, proof_key: bytes, box: NodeKeys) -> bytes:
    """The bytes that a box posts."""
    content = (
        bytes([_VERSION])
        + packing.text(request.code_number)
        + request.box.exchange
        + request.box.signing
        + packing.block(request.nonce)
        + packing.text(request.name)
    )
    return content + box.sign(content) + _proof(proof_key, b"box", content)


def read_request(body: bytes) -> EnrolmentRequest:
    """What a box asks for, not yet proven. Raises Refused for anything else."""
    if len(body) > LONGEST_REQUEST_BYTES:
        raise Refused
    reader = Reader(body[: -_SIGNATURE_BYTES - _PROOF_BYTES])
    try:
        if reader.take(1)[0] != _VERSION:
            raise Refused
        number = reader.text()
        box = PublicKeys(reader.take(KEY_BYTES), reader.take(KEY_BYTES))
        request = EnrolmentRequest(number, box, reader.block(), reader.text())
    except Unreadable:
        raise Refused from None
    if not reader.at_end:
        raise Refused
    return request


def confirm_request(request: EnrolmentRequest, body: bytes, proof_key: bytes) -> None:
    """Raises Refused unless the sender knows the code and holds the keys it shows."""
    content = body[: -_SIGNATURE_BYTES - _PROOF_BYTES]
    proof = body[-_PROOF_BYTES:]
    if not hmac.compare_digest(proof, _proof(proof_key, b"box", content)):
        raise Refused
    request.box.verify(body[-_SIGNATURE_BYTES - _PROOF_BYTES : -_PROOF_BYTES], content)


def build_answer(
    enrolment: Enrolment, request_body: bytes, proof_key: bytes, gateway: NodeKeys
) -> bytes:
    """What the gateway answers; it proves that the gateway knows the code as well."""
    content = (
        bytes([_VERSION])
        + packing.unsigned(enrolment.site_id)
        + packing.unsigned(enrolment.hospital_id)
        + packing.text(enrolment.hospital_name)
        + enrolment.gateway.exchange
        + enrolment.gateway.signing
        + packing.text(enrolment.doorbell_url)
        + packing.text(enrolment.sms_number)
    )
    return content + gateway.sign(content) + _proof(proof_key, b"gateway", content + request_body)


def read_answer(body: bytes, request_body: bytes, proof_key: bytes) -> Enrolment:
    """What the box learns. Raises Refused unless it comes from the gateway that made the code, in
    answer to this very request.
    """
    content, proof = body[: -_SIGNATURE_BYTES - _PROOF_BYTES], body[-_PROOF_BYTES:]
    if not hmac.compare_digest(proof, _proof(proof_key, b"gateway", content + request_body)):
        raise Refused
    reader = Reader(content)
    try:
        if reader.take(1)[0] != _VERSION:
            raise Refused
        site_id, hospital_id, name = reader.unsigned(), reader.unsigned(), reader.text()
        gateway = PublicKeys(reader.take(KEY_BYTES), reader.take(KEY_BYTES))
        doorbell_url = reader.text()
        # A gateway of an earlier version ends here.
        sms_number = "" if reader.at_end else reader.text()
        enrolment = Enrolment(site_id, hospital_id, name, gateway, doorbell_url, sms_number)
    except Unreadable:
        raise Refused from None
    gateway.verify(body[-_SIGNATURE_BYTES - _PROOF_BYTES : -_PROOF_BYTES], content)
    return enrolment


def _proof(proof_key: bytes, who: bytes, content: bytes) -> bytes:
    return hmac.digest(proof_key, b"haven enrol " + who + b"\0" + content, "sha256")
