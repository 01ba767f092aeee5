"""What a request to the box says, checked field by field."""

import json
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

from flask import request

from shared import capability
from shared.errors import InvalidInput, NotFound
from shared.identifier import from_text

E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", bound=IntEnum)

_LONGEST_BYTES = 8192
_LONGEST_TEXT = 500
LONGEST_KEY = 64


def body() -> dict[str, Any]:
    """The request's JSON object. Raises InvalidInput."""
    request.max_content_length = _LONGEST_BYTES
    try:
        sent = json.loads(request.get_data(cache=False))
    except ValueError:
        raise InvalidInput('The body is not JSON. Send an object such as {"by": "AK"}.') from None
    if not isinstance(sent, dict):
        raise InvalidInput('The body must be a JSON object such as {"by": "AK"}.')
    return sent


def text(sent: dict[str, Any], name: str, usual: str | None = None) -> str:
    """A text that can be shown. Raises InvalidInput."""
    value = sent.get(name, usual)
    if not isinstance(value, str):
        raise InvalidInput(f"{name} is missing or is not a text.")
    if len(value) > _LONGEST_TEXT:
        raise InvalidInput(f"{name} is too long: at most {_LONGEST_TEXT} characters.")
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in value) or any(
        0xD800 <= ord(letter) < 0xE000 for letter in value
    ):
        raise InvalidInput(f"{name} holds characters that cannot be shown.")
    return value


def version(sent: dict[str, Any], usual: int | None = None) -> int:
    """The version of a dispatch that was on the screen. Raises InvalidInput."""
    value = sent.get("version", usual)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise InvalidInput("version must be the whole number that the dispatch was shown with.")
    return value


def count(sent: dict[str, Any], name: str) -> int | None:
    """A number, or None where it is not known. Raises InvalidInput."""
    value = sent.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InvalidInput(f"{name} must be a whole number, or null when it is not known.")
    return value


def member(members: type[E], sent: dict[str, Any], name: str) -> E:
    """One of these words. Raises InvalidInput."""
    value = text(sent, name)
    if value not in set(members):
        raise InvalidInput(f"{name} must be one of: {', '.join(members)}.")
    return members(value)


def named(members: type[N], sent: dict[str, Any], name: str) -> N:
    """One of these by its name in small letters. Raises InvalidInput."""
    known = {each.name.lower(): each for each in members}
    found = known.get(text(sent, name))
    if found is None:
        raise InvalidInput(f"{name} must be one of: {', '.join(known)}.")
    return found


def capabilities(sent: dict[str, Any], name: str) -> int:
    """The mask of a list of codes such as ["blood"]; none when it is left out. Raises
    InvalidInput.
    """
    listed = sent.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise InvalidInput(f'{name} must be a list such as ["blood", "oxygen"].')
    return int(capability.mask(listed))


def dispatch_id(typed: str) -> int:
    """Raises NotFound for what cannot be one."""
    try:
        return from_text(typed)
    except ValueError:
        raise NotFound("There is no such dispatch on this box. Load the list again.") from None


def key() -> str:
    """The sender's name for this one press, empty where it gave none. Raises InvalidInput."""
    sent = request.headers.get("Idempotency-Key", "").strip()
    if len(sent) > LONGEST_KEY or not sent.isascii() or not sent.isprintable():
        raise InvalidInput(f"Idempotency-Key has at most {LONGEST_KEY} plain characters.")
    return sent
