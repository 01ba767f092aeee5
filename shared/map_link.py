"""Positions in links of map programs that callers pass on. Nobody opens such a link: what is not
written in it stays unknown.
"""

import re
from urllib.parse import unquote

from shared.coordinates import Coordinates, pair

# Without http only where the host is one of a map: people write "a.m./p.m." as well.
_LINK = re.compile(
    r"(?:https?://|geo:|(?<![\w@.])(?:[a-z0-9-]{1,20}\.){0,3}(?:goo\.gl|google\.[a-z.]{2,6}|"
    r"openstreetmap\.org|osm\.org|apple\.com|maps\.apple|bing\.com|waze\.com|w3w\.co|"
    r"what3words\.com|plus\.codes)[/?])\S+",
    re.IGNORECASE,
)
_NUMBER = r"([+\-]?[0-9]{1,3}(?:\.[0-9]{1,15})?)"
# In this order: the place that is marked before the middle of what is shown.
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"!3d{_NUMBER}!4d{_NUMBER}",
        rf"[?&]mlat={_NUMBER}&(?:amp;)?mlon={_NUMBER}",
        rf"[?&;](?:q|query|ll|daddr|destination|address|markers|sll|center|cbll|cp)="
        rf"(?:loc:|@)?\s?{_NUMBER}(?:,\s?|~){_NUMBER}",
        rf"^geo:{_NUMBER},{_NUMBER}",
        rf"/(?:place|search|dir|maps)/{{1,2}}{_NUMBER},\s?{_NUMBER}",
        rf"/@{_NUMBER},{_NUMBER}",
        rf"#(?:map=)?[0-9.]{{1,5}}/{_NUMBER}/{_NUMBER}",
        rf"[?&]lat(?:itude)?={_NUMBER}&(?:amp;)?(?:lon|lng|longitude)={_NUMBER}",
    )
)
_UNCERTAIN = re.compile(r";u=([0-9]{1,6}(?:\.[0-9]{1,3})?)", re.IGNORECASE)
# Names in a link: /maps/place/Kenyatta+National+Hospital/, ?q=Kenyatta+National+Hospital
_WORDS = re.compile(
    r"(?:[?&](?:q|query|daddr|destination)=|/(?:place|search)/|plus\.codes/)([^&/@#]{3,120})"
)
# A plus is a space there, but for that of a Plus Code.
_SPACE = re.compile(r"(?<![2-9CFGHJMPQRVWX]{4})\+|\+(?![2-9CFGHJMPQRVWX]{2,3}\b)", re.IGNORECASE)
_WHAT3WORDS = re.compile(
    r"///?\s?[^\W\d_]{2,30}\.[^\W\d_]{2,30}\.[^\W\d_]{2,30}|\b(?:w3w\.co|what3words\.com)/\S",
    re.IGNORECASE,
)


def split_link(text: str) -> tuple[str, str] | None:
    """The first link in the text, with what was escaped written out, and the text without links;
    None where there is no link.
    """
    match = _LINK.search(text)
    if match is None:
        return None
    return unquote(match[0]), _LINK.sub(" ", text)


def position_in(link: str) -> tuple[Coordinates, float | None] | None:
    """The position that is written in the link, and how far off it may be, in metres, where the
    link says so (RFC 5870); None for a short link, or one without a position.
    """
    for pattern in _PATTERNS:
        match = pattern.search(link)
        if match is not None and (float(match[1]), float(match[2])) != (0.0, 0.0):
            said = _UNCERTAIN.search(link)
            return pair(match[1], match[2]), None if said is None else float(said[1])
    return None


def words_in(link: str) -> str:
    """The name that the link carries; empty where it has none."""
    match = _WORDS.search(link)
    return "" if match is None else _SPACE.sub(" ", match[1]).strip()


def names_three_words(text: str) -> bool:
    """Whether the text is an address of three words (what3words), which only its owner can read."""
    return _WHAT3WORDS.search(text) is not None
