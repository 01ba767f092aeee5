"""Beds, stock and status as a hospital's staff write them: `BEDS 4/20 ICU 0 STOCK BLOOD NO`."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.bed_type import BedType
from shared.capability import mask
from shared.errors import InvalidInput
from shared.hospital import HospitalStatus

_FILE: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "report_words.toml").read_text(encoding="utf-8")
)
_BEDS, _STOCK, _STATUS, _AT, _YES, _NO = (
    frozenset(_FILE[name]) for name in ("beds", "stock", "status", "at", "yes", "no")
)
_UNITS = {word: BedType(name) for word, name in _FILE["units"].items()}
_STOCKS = {word: int(mask([name])) for word, name in _FILE["stocks"].items()}
_STATUSES = {status.name: status for status in HospitalStatus}
_OPENS = _BEDS | _STOCK | _STATUS | _UNITS.keys()
_WORDS = re.compile(r"[A-Z]+|\d+(?:/\d+)?")
_MOST_DIGITS = 4


@dataclass(slots=True)
class WrittenReport:
    """What was written; None and empty where nothing was said of it. `hospital` is the number of
    one of several that share the phone.
    """

    free_beds: int | None = None
    staffed_beds: int | None = None
    units: dict[BedType, int] = field(default_factory=dict)
    stock_has: int = 0
    stock_lacks: int = 0
    status: HospitalStatus | None = None
    hospital: int | None = None


def is_report(text: str) -> bool:
    """Whether the text begins as a report does. `Beds!` and a number, not a sentence with beds in
    it.
    """
    words = _WORDS.findall(text.upper())
    return len(words) > 1 and words[0] in _OPENS


def parse(text: str) -> WrittenReport:
    """The report in a text of which `is_report` is true.

    Raises InvalidInput where a word makes no sense: then nothing of it is believed.
    """
    report = WrittenReport()
    words = iter(_WORDS.findall(text.upper()))
    for word in words:
        if word in _STOCK:
            continue
        value = next(words, "")
        if word in _BEDS:
            free, _, staffed = value.partition("/")
            report.free_beds = _number(word, free)
            report.staffed_beds = _number(word, staffed) if staffed else None
        elif word in _UNITS:
            report.units[_UNITS[word]] = _number(word, value)
        elif word in _AT:
            report.hospital = _number(word, value)
        elif word in _STATUS and value in _STATUSES:
            report.status = _STATUSES[value]
        elif word in _STOCKS and value in _YES:
            report.stock_has |= _STOCKS[word]
        elif word in _STOCKS and value in _NO:
            report.stock_lacks |= _STOCKS[word]
        else:
            raise InvalidInput(f"{word} {value}".strip()[:40] + " is not understood.")
    if report.stock_has & report.stock_lacks:
        raise InvalidInput("The same stock cannot be there and be used up.")
    return report


def _number(word: str, value: str) -> int:
    if not value.isdigit() or len(value) > _MOST_DIGITS + 6 * (word in _AT):
        raise InvalidInput(f"{word} needs a number behind it.")
    return int(value)
