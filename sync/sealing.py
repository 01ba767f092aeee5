"""Keys and seals: nobody between a box and the gateway can read, alter, redirect or reuse a
message.

A seal is AES-SIV with a key of one box, one direction and one epoch of the box. What is sealed is
bound to its bearer, its type and the message it answers; the same bytes anywhere else do not open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import HavenError

KEY_BYTES = 32
_SIV_KEY_BYTES = 64
SEAL_BYTES = 16


class Refused(HavenError):
    """The bytes are damaged, foreign or forged. Whoever sent them learns only that."""

    def __init__(self, message: str = "This message was refused.") -> None:
        super().__init__(message)


class Bearer(IntEnum):
    """What carries a message. The numbers are on the wire."""

    HTTPS = 1
    WEBSOCKET = 2
    SMS = 3
    FILE = 4


class MessageType(IntEnum):
    """What a sealed part is. The numbers are on the wire."""

    REQUEST = 1
    RESPONSE = 2
    REQUEST_FRAME = 3
    RESPONSE_FRAME = 4
    HELLO = 5
    RING = 6
    BUNDLE = 7
    BUNDLE_FRAME = 8
    TEXT = 9


class Direction(IntEnum):
    """Which way a sealed part travels."""

    UP = 1  # from the box to the gateway
    DOWN = 2


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What a node shows the other: an X25519 and an Ed25519 public key, 32 bytes each."""

    exchange: bytes
    signing: bytes

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises Refused unless the node with these keys signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise Refused from None


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """A node's private keys, both made from one secret of 32 bytes."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a node's secret has {KEY_BYTES} bytes")

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(
            self._exchange_key().public_key().public_bytes_raw(),
            self._signing_key().public_key().public_bytes_raw(),
        )

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature of 64 bytes."""
        return self._signing_key().sign(message)

    def shared_with(self, other: PublicKeys) -> bytes:
        """The secret that only these two nodes can compute. Raises Refused for a weak key."""
        try:
            return self._exchange_key().exchange(X25519PublicKey.from_public_bytes(other.exchange))
        except ValueError:
            raise Refused from None

    def wrapping_key(self, purpose: str) -> "Seal":
        """A seal for this node's own storage."""
        return Seal(expand(self.secret, f"haven wrap {purpose}", _SIV_KEY_BYTES))

    def _exchange_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(expand(self.secret, "haven x25519"))

    def _signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(expand(self.secret, "haven ed25519"))


class Seal:
    """AES-SIV under one key. The same content in the same place gives the same bytes."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def close(self, content: bytes, bound_to: Sequence[bytes]) -> bytes:
        """Sealed bytes, 16 longer than the content."""
        return self._cipher.encrypt(content, list(bound_to))

    def open(self, sealed: bytes, bound_to: Sequence[bytes]) -> bytes:
        """The content. Raises Refused when anything was altered or belongs elsewhere."""
        try:
            return self._cipher.decrypt(sealed, list(bound_to))
        except (InvalidTag, ValueError):
            raise Refused from None


def expand(secret: bytes, purpose: str, size: int = KEY_BYTES) -> bytes:
    """`size` bytes from a secret for one purpose (HKDF-SHA-256)."""
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=purpose.encode()).derive(secret)


def seal_between(
    own: NodeKeys, other: PublicKeys, site_id: int, epoch: int, direction: Direction
) -> Seal:
    """The seal for one direction between a box and the gateway, in one epoch of the box.

    Both sides compute the same one. Raises Refused for a weak public key.
    """
    purpose = f"haven sync 1 {direction.name} {site_id} {epoch}"
    return Seal(expand(own.shared_with(other), purpose, _SIV_KEY_BYTES))
