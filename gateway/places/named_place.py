"""A place with all that the gazetteer knows it by."""

from dataclasses import dataclass

from shared.place import Place


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place with its other names and its population (0: not known)."""

    place: Place
    aliases: tuple[str, ...] = ()
    population: int = 0
