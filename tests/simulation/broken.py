"""What a seed found."""


class Broken(AssertionError):
    """An invariant does not hold. `invariant` is its name; `where` says what was seen."""

    def __init__(self, invariant: str, where: str) -> None:
        super().__init__(f"{invariant}: {where}")
        self.invariant = invariant
        self.where = where


def require(holds: bool, invariant: str, where: str) -> None:
    if not holds:
        raise Broken(invariant, where)
