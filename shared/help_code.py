"""Help codes: the four characters that a caller reads out, such as `7K2F`."""

from random import Random

# No letter that is heard or read as another one or as a digit: I, L, O, U and 0, 1 are out.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 4
_CODES = len(ALPHABET) ** LENGTH


def new(rng: Random) -> str:
    """A code by chance; whoever stores it makes sure that no other open emergency has it."""
    # Drawn at once: chance that nobody can foresee is a call to the system.
    number = rng.randrange(_CODES)
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def parse(text: str) -> str | None:
    """The code that a person typed, forgiving case, spaces and the letters that the alphabet
    leaves out.

    None when the text cannot be a code.
    """
    typed = text.strip().upper().replace(" ", "")
    if len(typed) != LENGTH or any(letter not in ALPHABET for letter in typed):
        return None
    return typed
