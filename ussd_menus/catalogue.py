"""Texts in one language: screens, SMS, prompts, each found by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared import gsm
from shared.errors import InvalidInput


class _Words(dict[str, str]):
    """The words that a text asks for, each clipped to its width and forced into GSM-7. A missing
    one is left out: a caller in an emergency is never shown a failure instead.
    """

    def __init__(self, given: Mapping[str, str], widths: Mapping[str, int]) -> None:
        self._given = given
        self._widths = widths

    def __missing__(self, key: str) -> str:
        near = gsm.to_gsm(self._given.get(key, ""))
        width = self._widths.get(key)
        return near if width is None else gsm.clip(near, width)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's texts, by dotted name such as `sms.telling` or `screens.what.1`."""

    code: str
    texts: Mapping[str, str]
    widths: Mapping[str, int]

    def text(self, name: str, variables: Mapping[str, str] | None = None) -> str:
        """The text with its words filled in, each clipped to its width and forced into GSM-7.

        Raises KeyError when the catalogue has no such text.
        """
        written = self.texts[name]
        if "{" not in written:
            return written
        return written.format_map(_Words(variables or {}, self.widths))

    def has(self, name: str) -> bool:
        """True when there is such a text."""
        return name in self.texts


def parse(code: str, document: Mapping[str, Any], widths: Mapping[str, int]) -> Catalogue:
    """The catalogue in this document.

    Raises InvalidInput when a text is not a string or has a character outside GSM-7.
    """
    texts: dict[str, str] = {}

    def collect(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                collect(f"{prefix}.{key}" if prefix else str(key), inner)
        elif not isinstance(value, str):
            raise InvalidInput(f"Catalogue {code}: {prefix} must be a text; put it in quotes.")
        elif prefix != "language" and gsm.septets(value) is None:
            raise InvalidInput(f"Catalogue {code}: {prefix} has a character outside GSM-7.")
        else:
            texts[prefix] = value

    collect("", document)
    return Catalogue(code, texts, widths)
