"""What makes this box itself: files of mode 0600 in HAVEN_EDGE_DIR, apart from the store.

They survive a damaged store, so that a box that lost its data is still the same box.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.errors import HavenError
from sync.sealing import KEY_BYTES, NodeKeys, PublicKeys

_STORE_KEY, _NODE_KEY, _SITE = "store.key", "node.key", "site.json"


class NotEnrolled(HavenError):
    """The box does not know its gateway yet."""

    def __init__(self) -> None:
        super().__init__(
            "This box is not enrolled. Ask the gateway's administrator for a code, then run: "
            "haven-edge enrol URL CODE"
        )


class IdentityUnusable(HavenError):
    """A key or the enrolment file is damaged or can be read by others."""


@dataclass(frozen=True, slots=True)
class Site:
    """What enrolment told the box."""

    site_id: int
    hospital_id: int
    hospital_name: str
    gateway_url: str
    doorbell_url: str
    gateway: PublicKeys
    # Where to text to; empty where the gateway takes no texts.
    sms_number: str = ""


class Identity:
    """The identity files of one box's folder, which is made when it is not there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with _told(directory):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def store_key(self) -> bytes:
        """The key of the local store, 32 bytes, made at first use."""
        return self._key(_STORE_KEY)

    def node_keys(self, *, anew: bool = False) -> NodeKeys:
        """The box's own keys, made at first use; of a box that is enrolled only when that happens
        `anew`, because its gateway knows no others.

        Raises IdentityUnusable.
        """
        enrolled = (self._directory / _SITE).exists()
        if enrolled and not anew and not (self._directory / _NODE_KEY).exists():
            raise IdentityUnusable(
                f"{self._directory / _NODE_KEY} is missing: the gateway does not know this box "
                "without it. Put it back, or enrol the box again with a new code."
            )
        return NodeKeys(self._key(_NODE_KEY))

    def site(self) -> Site:
        """Who we are to the gateway. Raises NotEnrolled before `keep` was called."""
        try:
            stored = json.loads((self._directory / _SITE).read_text("utf-8"))
            return Site(
                site_id=int(stored["site_id"]),
                hospital_id=int(stored["hospital_id"]),
                hospital_name=str(stored["hospital_name"]),
                gateway_url=str(stored["gateway_url"]),
                doorbell_url=str(stored["doorbell_url"]),
                gateway=PublicKeys(
                    bytes.fromhex(stored["gateway_exchange_key"]),
                    bytes.fromhex(stored["gateway_signing_key"]),
                ),
                # A box that was enrolled by an earlier version was told none.
                sms_number=str(stored.get("sms_number", "")),
            )
        except FileNotFoundError:
            raise NotEnrolled from None
        except (ValueError, KeyError, TypeError, OSError):
            raise IdentityUnusable(
                f"{self._directory / _SITE} is damaged. Enrol the box again with a new code."
            ) from None

    def keep(self, site: Site) -> None:
        """Stores what enrolment told, durably, in place of anything earlier."""
        stored = {
            "site_id": site.site_id,
            "hospital_id": site.hospital_id,
            "hospital_name": site.hospital_name,
            "gateway_url": site.gateway_url,
            "doorbell_url": site.doorbell_url,
            "gateway_exchange_key": site.gateway.exchange.hex(),
            "gateway_signing_key": site.gateway.signing.hex(),
            "sms_number": site.sms_number,
        }
        fresh = self._directory / f"{_SITE}.new"
        fresh.unlink(missing_ok=True)
        self._write(fresh, json.dumps(stored, indent=2).encode())
        fresh.replace(self._directory / _SITE)
        self._sync_directory()

    def _key(self, name: str) -> bytes:
        path = self._directory / name
        with _told(path):
            return self._read_or_make(path, name)

    def _read_or_make(self, path: Path, name: str) -> bytes:
        if not path.exists():
            # A crash in the middle must not leave half a key under the real name.
            fresh = self._directory / f"{name}.new"
            fresh.unlink(missing_ok=True)
            self._write(fresh, os.urandom(KEY_BYTES))
            fresh.replace(path)
            self._sync_directory()
        if path.stat().st_mode & 0o077:
            raise IdentityUnusable(f"{path} can be read by others; run: chmod 600 {path}")
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise IdentityUnusable(
                f"{path} is damaged: it must hold {KEY_BYTES} bytes. Put it back from a copy, or "
                "take it away: what it opened is set aside then."
            )
        return key

    def _write(self, path: Path, content: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _sync_directory(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the disk says of a file, as a sentence. Raises IdentityUnusable."""
    try:
        yield
    except OSError as error:
        raise IdentityUnusable(
            f"{path} cannot be used: {error.strerror}. Have this box's disk looked at."
        ) from None
