"""What people type, brought into the form in which it is stored; or why it cannot be."""

from shared.errors import InvalidInput

LONGEST_NAME = 80
LONGEST_NOTE = 200
MOST_BEDS = 10_000


def named(typed: str) -> str:
    """Who says something. Raises InvalidInput where nobody does."""
    name = short(typed, "by", LONGEST_NAME)
    if not name:
        raise InvalidInput("by is missing: say who answers, a name or initials such as AK.")
    return name


def short(typed: str, field: str, longest: int) -> str:
    """The text on one line. Raises InvalidInput when it is longer than that."""
    text = " ".join(typed.split())
    if len(text) > longest:
        raise InvalidInput(f"{field} is too long: at most {longest} characters.")
    return text
