"""What the check of a set of menus finds."""

from dataclasses import dataclass

from ussd_menus.definitions import ScreenDefinition


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that callers would stumble over: where it is, and what to do about it."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def place_of(screen: ScreenDefinition) -> str:
    """Where a fault of this screen is."""
    return f"Screen {screen.name}"
