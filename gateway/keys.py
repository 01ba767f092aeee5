"""The gateway's keys: files of 32 random bytes in HAVEN_SECRET_DIR, and what is done with each.

They are made only together with an empty database, which stores their fingerprints: a machine that
mounts other keys refuses to start instead of writing what nobody can read.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Connection, LargeBinary, String, Table, select

from gateway.database.metadata import metadata
from shared.errors import HavenError

_SIZE_BYTES = 32
_NONCE_BYTES = 12

key_fingerprints = Table(
    "key_fingerprints",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("fingerprint", LargeBinary(16), nullable=False),
)


class KeysUnusable(HavenError):
    """The keys are missing, unsafe, or not this database's."""


@dataclass(frozen=True)
class Keys:
    """Raw keys of 32 bytes each, never shown."""

    database: bytes = field(repr=False)
    phone_numbers: bytes = field(repr=False)
    boxes: bytes = field(repr=False)
    tokens: bytes = field(repr=False)
    # Wraps the keys of patients (gateway.medical).
    profiles: bytes = field(repr=False)


def make(directory: Path, random_bytes: Callable[[int], bytes] = os.urandom) -> Keys:
    """Fresh keys in the directory (0700, files 0600).

    Raises KeysUnusable when there are keys already: making new ones would lose all that the old
    ones sealed.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    for key in fields(Keys):
        try:
            descriptor = os.open(
                directory / f"{key.name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
            )
        except FileExistsError:
            raise KeysUnusable(
                f"{directory} holds keys already; they are kept. "
                "Remove nothing: the database needs them."
            ) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(random_bytes(_SIZE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    descriptor = os.open(directory, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return load(directory)


def exist(directory: Path) -> bool:
    """True when the directory holds at least one key."""
    return any((directory / f"{key.name}.key").exists() for key in fields(Keys))


def load(directory: Path) -> Keys:
    """The keys in the directory.

    Raises KeysUnusable naming what is missing, of the wrong size, or readable by others.
    """
    found: dict[str, bytes] = {}
    for key in fields(Keys):
        path = directory / f"{key.name}.key"
        try:
            if path.stat().st_mode & 0o077:
                raise KeysUnusable(f"{path} can be read by others; run: chmod 600 {path}")
            found[key.name] = path.read_bytes()
        except FileNotFoundError:
            raise KeysUnusable(
                f"{path} is missing. A new gateway makes its keys with `haven-gateway keys init`; "
                "an old one needs the keys it was started with."
            ) from None
        if len(found[key.name]) != _SIZE_BYTES:
            raise KeysUnusable(f"{path} is damaged: it must hold {_SIZE_BYTES} bytes.")
    return Keys(**found)


def confirm(connection: Connection, keys: Keys) -> None:
    """Stores the keys' fingerprints in a new database; in an old one, compares them.

    Raises KeysUnusable naming each key that is not this database's.
    """
    present = {
        key.name: hmac.digest(getattr(keys, key.name), b"haven fingerprint", hashlib.sha256)[:16]
        for key in fields(Keys)
    }
    query = select(key_fingerprints.c.name, key_fingerprints.c.fingerprint)
    stored = {row.name: row.fingerprint for row in connection.execute(query)}
    if not stored:
        connection.execute(
            key_fingerprints.insert(),
            [{"name": name, "fingerprint": fingerprint} for name, fingerprint in present.items()],
        )
        return
    wrong = [name for name, fingerprint in present.items() if stored.get(name) != fingerprint]
    if wrong:
        raise KeysUnusable(
            f"The keys {', '.join(wrong)} in HAVEN_SECRET_DIR are not the ones this database was "
            "made with. Mount the right keys; nothing was changed."
        )


class PhoneVault:
    """Phone numbers at rest: found by a keyed blind index, readable only with the key."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._index_key = hmac.digest(key, b"index", hashlib.sha256)
        self._mark_key = hmac.digest(key, b"mark", hashlib.sha256)
        self._cipher = AESGCM(hmac.digest(key, b"seal", hashlib.sha256))
        self._random_bytes = random_bytes

    def index(self, number: str) -> bytes:
        """Sixteen bytes that stand for this number in look-ups and tell nothing without the key."""
        return hmac.digest(self._index_key, number.encode(), hashlib.sha256)[:16]

    def mark(self, text: str) -> bytes:
        """Sixteen bytes that tell whether a text is the same as before, and nothing without the
        key. Made several times a turn, by what is fastest.
        """
        return hashlib.blake2b(text.encode(), digest_size=16, key=self._mark_key).digest()

    def seal(self, number: str) -> bytes:
        """The number under AES-256-GCM: nonce, ciphertext, tag."""
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, number.encode(), None)

    def open(self, sealed: bytes) -> str:
        """The number that `seal` sealed."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()
