"""Latitude and longitude as people type and paste them, somewhere in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.plus_code import half_diagonal_m


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Two numbers of degrees, in the order in which they are latitude and longitude; `told` when
    the text says itself which is which. `radius_m` is what their last digits leave open.
    """

    lat: float
    lon: float
    radius_m: float
    told: bool = False


_LABEL = r"lat(?:itude)?\s*[:=]?\s*"
_LABEL_LON = r"(?:lon(?:g(?:itude)?)?|lng)\s*[:=]?\s*"
_BETWEEN = r"[\s,;/|&]{1,4}"
_DEGREES = r"[+\-]?[0-9]{1,3}(?:\.[0-9]{1,15})?"


def _angle_pattern(which: int, letters: str) -> str:
    """One angle, with the letter on one side: degrees alone, or with minutes, or with both."""
    angle = (
        rf"(?P<degrees{which}>{_DEGREES})\s?(?P<mark{which}>[°º])?"
        rf"(?:\s?(?P<minutes{which}>[0-9]{{1,2}}(?:\.[0-9]{{1,9}})?)\s?'?"
        rf"(?:\s?(?P<seconds{which}>[0-9]{{1,2}}(?:\.[0-9]{{1,9}})?)\s?(?:\"|''|')?)?)?"
    )
    letter = rf"(?P<letter{which}>[NSEW])"
    return rf"{letter}\s?{angle}" if letters == "before" else rf"{angle}\s?{letter}"


_WITH_LETTERS = tuple(
    re.compile(
        rf"(?<![\w.+\-]){_angle_pattern(1, letters)}(?:{_BETWEEN})?"
        rf"{_angle_pattern(2, letters)}(?!\w)",
        re.IGNORECASE,
    )
    for letters in ("behind", "before")
)
_LABELLED = re.compile(
    rf"\b{_LABEL}(?P<lat>{_DEGREES})°?{_BETWEEN}{_LABEL_LON}(?P<lon>{_DEGREES})(?![\w.])"
    rf"|\b{_LABEL_LON}(?P<lon_first>{_DEGREES})°?{_BETWEEN}{_LABEL}(?P<lat_last>{_DEGREES})"
    r"(?![\w.])",
    re.IGNORECASE,
)
# Without letters only many decimals tell a position from a price, a time or a house number. On its
# own two are enough.
_ALONE = re.compile(
    r"[\s(\[]*([+\-]?[0-9]{1,3}\.[0-9]{2,15})°?\s{0,4}[,;/ ]\s{0,4}"
    r"([+\-]?[0-9]{1,3}\.[0-9]{2,15})°?[\s)\].!]*"
)
_WITHIN = re.compile(
    r"(?<![\w.+\-])([+\-]?[0-9]{1,3}\.[0-9]{3,15})°?\s{0,4}[,;/ ]\s{0,4}"
    r"([+\-]?[0-9]{1,3}\.[0-9]{3,15})°?(?![\w.])"
)
# Decimal commas: only where something else keeps the two apart.
_COMMAS = re.compile(
    r"(?<![\w.,+\-])([+\-]?[0-9]{1,3},[0-9]{3,15})°?\s{0,4}(?:[;/]|\s)\s{0,4}"
    r"([+\-]?[0-9]{1,3},[0-9]{3,15})°?(?![\w.,])"
)
_PLAIN_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "’": "'", "′": "'", "‘": "'", "`": "'", "´": "'",
     "”": '"', "“": '"', "″": '"', "˚": "°", "\u00a0": " "}
)  # fmt: skip


def find(text: str) -> Coordinates | None:
    """The first coordinates in the text; None where nothing is surely meant so."""
    text = text.translate(_PLAIN_SIGNS)
    told = next(_with_letters(text), None) or _labelled(text)
    if told is not None:
        return told
    match = _ALONE.fullmatch(text) or _WITHIN.search(text)
    if match is None and (match := _COMMAS.search(text)) is not None:
        return pair(match[1].replace(",", "."), match[2].replace(",", "."))
    return None if match is None else pair(match[1], match[2])


def pair(lat: str, lon: str, *, told: bool = False) -> Coordinates:
    """Two written numbers of degrees; what their decimals leave open is the radius."""
    step = 10.0 ** -min(_decimals(lat), _decimals(lon))
    return Coordinates(float(lat), float(lon), half_diagonal_m(0.0, step, step), told)


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _labelled(text: str) -> Coordinates | None:
    match = _LABELLED.search(text)
    if match is None:
        return None
    return pair(match["lat"] or match["lat_last"], match["lon"] or match["lon_first"], told=True)


def _with_letters(text: str) -> Iterator[Coordinates]:
    for pattern in _WITH_LETTERS:
        for match in pattern.finditer(text):
            first, second = _angle(match, 1), _angle(match, 2)
            if first is None or second is None:
                continue
            for lat, lon in ((first, second), (second, first)):
                if lat.letter in "NS" and lon.letter in "EW":
                    radius_m = half_diagonal_m(0.0, lat.step, lon.step)
                    yield Coordinates(lat.degrees, lon.degrees, radius_m, told=True)


@dataclass(frozen=True, slots=True)
class _Angle:
    degrees: float
    letter: str
    step: float


def _angle(match: re.Match[str], which: int) -> _Angle | None:
    """One angle of a match; None where it can be none, or is a whole number without a mark: "5 s"
    says something else.
    """
    degrees, minutes, seconds = (
        match[f"{part}{which}"] or "" for part in ("degrees", "minutes", "seconds")
    )
    if minutes and ("." in degrees or float(minutes) >= 60 or float(seconds or 0) >= 60):
        return None
    smallest = seconds or minutes or degrees
    if not (match[f"mark{which}"] or "." in smallest or seconds):
        return None
    letter = match[f"letter{which}"].upper()
    value = abs(float(degrees)) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    per_degree = 3600 if seconds else 60 if minutes else 1
    below_zero = letter in "SW" or degrees.startswith("-")
    step = 10.0 ** -_decimals(smallest) / per_degree
    return _Angle(-value if below_zero else value, letter, step)
