"""How gammu-smsd's files service names messages in its folders, and writes them. Pure: whoever has
the modem reads and writes the folders.

    outbox/OUT<priority><date>_<time>_<serial>_<recipient>_<note>.txt, then moved to sent/ or error/
    inbox/IN<date>_<time>_<serial>_<sender>_<part>.txt
"""

import codecs
import re
from dataclasses import dataclass
from datetime import datetime

# Not "-" or "_", which part the fields, and no path.
_NOTE = re.compile(r"[A-Za-z0-9]{1,40}")
_NUMBER = re.compile(r"\+?[0-9]{2,20}")
_INCOMING = re.compile(r"IN(\d{8}_\d{6}_\d+)_(.*)_(\d+)\.txt")


@dataclass(frozen=True, slots=True)
class IncomingName:
    """What the name of a file in the inbox says. `part` counts from 0 where a message has several
    parts, which share their `group`.
    """

    group: str
    sender: str
    part: int


def outgoing_name(number: str, at: datetime, note: str, *, urgent: bool) -> str:
    """The name of a file for the outbox; `note` makes it one of its kind. Urgent ones go first,
    then the oldest. Raises ValueError for a number or a note that cannot stand in a name.
    """
    if not _NUMBER.fullmatch(number):
        raise ValueError("that is no number to text to")
    if not _NOTE.fullmatch(note):
        raise ValueError("a note has letters and digits")
    return f"OUT{'A' if urgent else 'M'}{at:%Y%m%d_%H%M%S}_00_{number}_{note}.txt"


def read_incoming_name(name: str) -> IncomingName | None:
    """What it says, or None for a file that is no text message."""
    match = _INCOMING.fullmatch(name)
    return None if match is None else IncomingName(match[1], match[2], int(match[3]))


def read_text(content: bytes) -> str:
    """The text of a file in the inbox, whether written as Unicode (UTF-16 with its mark) or as
    UTF-8. What is neither is kept as far as it can be read.
    """
    if content.startswith(codecs.BOM_UTF16_BE):
        return content[2:].decode("utf-16-be", "replace")
    if content.startswith(codecs.BOM_UTF16_LE):
        return content[2:].decode("utf-16-le", "replace")
    return content.decode("utf-8", "replace")
