"""Help codes: the four characters that a caller reads out, such as `7K2F`."""

from random import Random

# No letter that is heard or read as another one or as a digit: I, L, O, U and 0, 1 are out.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 4


def new(rng: Random) -> str:
    """A code by chance; whoever stores it makes sure that no other open emergency has it."""
    return "".join(rng.choices(ALPHABET, k=LENGTH))


def parse(text: str) -> str | None:
    """The code that a person typed, forgiving case, spaces and the letters that the alphabet
    leaves out.

    None when the text cannot be a code.
    """
    typed = text.strip().upper().replace(" ", "")
    if len(typed) != LENGTH or any(letter not in ALPHABET for letter in typed):
        return None
    return typed
