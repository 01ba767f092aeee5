"""Who acts by hand: named in the audit trail by their initials."""

import re
from dataclasses import dataclass

from shared.errors import InvalidInput

_INITIALS = re.compile(r"[A-Za-z][A-Za-z.-]{0,11}")


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator, by the initials under which colleagues know them.

    Raises InvalidInput for what cannot be initials.
    """

    initials: str

    def __post_init__(self) -> None:
        if not _INITIALS.fullmatch(self.initials):
            raise InvalidInput("--by takes your initials: 1 to 12 letters, such as --by JK.")

    @property
    def actor(self) -> str:
        """As the audit trail names them."""
        return f"operator:{self.initials}"
