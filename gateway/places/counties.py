"""The counties of a country under one spelling each, however a register writes them."""

import re
from typing import Any

import pycountry

_NOT_LETTERS = re.compile(r"[^a-z]+")
_FILLERS = re.compile(r"\b(county|district|city|province)\b")


def _key(name: str) -> str:
    words = _FILLERS.sub(" ", name.lower().replace("/", " ").replace("-", " "))
    return _NOT_LETTERS.sub("", words)


class Counties:
    """The first-level areas of a country (ISO 3166 alpha-2), named as people write them: `Nairobi`,
    `Taita-Taveta`.
    """

    def __init__(self, country: str) -> None:
        self._names: dict[str, str] = {}

        subdivisions: Any = pycountry.subdivisions
        for area in subdivisions.get(country_code=country) or ():
            if area.parent_code is None:
                name = area.name.replace("/", "-").removesuffix(" City")
                self._names[_key(area.name)] = name

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in alphabetical order."""
        return tuple(sorted(self._names.values()))

    def find(self, written: str) -> str | None:
        """The county that a register or a person means by this; None when it is none."""
        key = _key(written)
        return self._names.get(_MISSPELT.get(key, key))


# As GeoNames writes them.
_MISSPELT = {"elegeyomarakwet": "elgeyomarakwet"}
