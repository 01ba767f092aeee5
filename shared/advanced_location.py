"""Advanced Mobile Location: the text message by which a phone that called for help says where it is
(ETSI TS 103 625).
"""

import re

from shared.coordinates import Coordinates, pair

# Carriers change the quotation mark. The message's own length is not looked at: samples disagree.
_MESSAGE = re.compile(r"""A(?:\W|&quot;){1,6}ML=[0-9];""", re.IGNORECASE)
_FIELD = re.compile(r"(?:^|;)(lt|lg|rd)=\s?([+\-]?[0-9]{1,7}(?:\.[0-9]{1,12})?|N)(?=;|\s|$)")


def is_message(text: str) -> bool:
    """Whether a phone wrote this text."""
    return _MESSAGE.search(text) is not None


def read_message(text: str) -> tuple[Coordinates, float | None] | None:
    """The position, and its radius in metres where it is told; None when the phone had no fix."""
    match = _MESSAGE.search(text)
    if match is None:
        return None
    fields = dict(_FIELD.findall(text[match.end() - 1 :]))
    lat, lon, radius = fields.get("lt", ""), fields.get("lg", ""), fields.get("rd", "N")
    if "N" in (lat, lon, radius) or not (lat and lon) or float(lat) == float(lon) == 0:
        return None
    return pair(lat, lon, told=True), float(radius)
