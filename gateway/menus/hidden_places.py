"""Somebody who may be watched is still offered the last and the home place, and neither is named:
whoever holds the phone would read where they live or were.
"""

from collections.abc import Mapping

_PLACES = ("last_place", "home_place")
# Stands in the menu for a name, in every language.
_UNNAMED = "..."


def hidden_places(facts: Mapping[str, str]) -> dict[str, str]:
    """What the menus know of the places instead, and that the session is one to be discreet in."""
    unnamed = {name: _UNNAMED for name in _PLACES if facts.get(name)}
    return {**unnamed, "watched": "yes"}
