"""Phone numbers: one form inside Haven (E.164 with `+`), and a masked one for people and logs."""

from functools import lru_cache

import phonenumbers

from shared.errors import InvalidInput

_LONGEST = 24
# A caller's number comes with each of their turns, and a parse costs a fifth of one.
_REMEMBERED = 4096


@lru_cache(_REMEMBERED)
def normalise(typed: str, country: str) -> str:
    """The number in E.164, such as `+254711000111`; `country` (ISO 3166 alpha-2) completes a
    national number.

    Raises InvalidInput when it cannot be a phone number.
    """
    text = typed.strip()
    if not text or len(text) > _LONGEST:
        raise InvalidInput("The phone number is missing or too long; write it like +254711000111.")
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise InvalidInput("That is not a phone number; write it like +254711000111.") from None
    if not phonenumbers.is_possible_number(parsed):
        raise InvalidInput("No phone has that number; write it like +254711000111.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str) -> str:
    """The number with only its ends readable, `+254…111`, for logs and lists."""
    return f"{number[:4]}…{number[-3:]}" if len(number) > 7 else "…"
