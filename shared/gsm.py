"""The GSM 7-bit default alphabet (3GPP TS 23.038): what fits a USSD screen or one SMS segment,
and how much it takes.
"""

import re

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")

SINGLE_SEPTETS = 160
JOINED_SEPTETS = 153
SINGLE_UCS2_UNITS = 70
JOINED_UCS2_UNITS = 67


class _Near(dict[int, str]):
    """By code point, what stands for a character inside the alphabet; `?` for all the others."""

    def __missing__(self, code_point: int) -> str:
        return "?"


_NEAR = _Near(
    {ord(character): character for character in _BASIC | _EXTENDED}
    | dict(zip(map(ord, "‘’“”–—\u00a0\t`ĩũĨŨáíóúêç"), "''\"\"--  'iuIUaiouec", strict=True))
    | {ord("…"): "..."}
    # Some languages write these between and behind thousands.
    | dict(zip(map(ord, "\u202f\u066c\u060c\u066b"), " ,,.", strict=True))
)


# Most texts have none of these, and are measured without looking at every character.
_RARE = re.compile(f"[^{re.escape(''.join(sorted(_BASIC)))}]")


def septets(text: str) -> int | None:
    """How many septets the text takes, or None when some character is outside the alphabet."""
    if _RARE.search(text) is None:
        return len(text)
    total = 0
    for character in text:
        if character in _BASIC:
            total += 1
        elif character in _EXTENDED:
            total += 2
        else:
            return None
    return total


def segments(text: str) -> int:
    """How many SMS segments a carrier bills for this text (GSM-7 where possible, UCS-2
    otherwise).
    """
    size = septets(text)
    if size is not None:
        return 1 if size <= SINGLE_SEPTETS else -(-size // JOINED_SEPTETS)
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= SINGLE_UCS2_UNITS else -(-units // JOINED_UCS2_UNITS)


def to_gsm(text: str) -> str:
    """The text with every character inside the alphabet: near ones replaced, the others shown as
    `?`.
    """
    return text if _RARE.search(text) is None else text.translate(_NEAR)


def clip(text: str, size: int) -> str:
    """The text cut to at most `size` septets, between words where a word boundary is near."""
    if (septets(text) or 0) <= size:
        return text
    kept = text
    while kept and (septets(kept) or 0) > size:
        kept = kept[:-1]
    boundary = kept.rfind(" ")
    return (kept[:boundary] if boundary >= size // 2 else kept).rstrip(" ,.-")
