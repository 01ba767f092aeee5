"""Seals a patient's facts, each one under the patient's own key (AES-256-GCM)."""

import os
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12


class ProfileVault:
    """Makes patients' keys, wraps them under the gateway's key `profiles`, and seals with them.

    What is sealed opens only where it was sealed: the patient, the field and the version are part
    of it. Opening anything else raises cryptography's InvalidTag.
    """

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._wrapping = AESGCM(key)
        self._random_bytes = random_bytes

    def new_wrapped_key(self, patient_id: int) -> bytes:
        """A fresh key for this patient, wrapped: as it is stored."""
        return self._seal(self._wrapping, self._random_bytes(_KEY_BYTES), f"key of {patient_id}")

    def seal(
        self, wrapped_key: bytes, patient_id: int, field: str, version: int, value: str
    ) -> bytes:
        """The value under the patient's key: nonce, ciphertext, tag."""
        cipher = self._cipher(wrapped_key, patient_id)
        return self._seal(cipher, value.encode(), _about(patient_id, field, version))

    def open(
        self, wrapped_key: bytes, patient_id: int, field: str, version: int, sealed: bytes
    ) -> str:
        """The value that `seal` sealed."""
        cipher = self._cipher(wrapped_key, patient_id)
        return _open(cipher, sealed, _about(patient_id, field, version)).decode()

    def _cipher(self, wrapped_key: bytes, patient_id: int) -> AESGCM:
        return AESGCM(_open(self._wrapping, wrapped_key, f"key of {patient_id}"))

    def _seal(self, cipher: AESGCM, content: bytes, about: str) -> bytes:
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, content, about.encode())


def _about(patient_id: int, field: str, version: int) -> str:
    return f"{field} of {patient_id}, version {version}"


def _open(cipher: AESGCM, sealed: bytes, about: str) -> bytes:
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
