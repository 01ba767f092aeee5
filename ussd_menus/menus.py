"""Everything a caller can be shown: the screens, and the texts of every language."""

from collections.abc import Mapping
from dataclasses import dataclass

from ussd_menus.catalogue import Catalogue
from ussd_menus.definitions import Definitions
from ussd_menus.operators import Operators
from ussd_menus.session import Item


@dataclass(frozen=True, slots=True)
class Menus:
    """The definitions, a catalogue for each language, and what the operators show."""

    definitions: Definitions
    catalogues: Mapping[str, Catalogue]
    operators: Operators
    default_language: str = "en"

    def catalogue(self, language: str) -> Catalogue:
        """That language's texts, or the default's when there are none."""
        return self.catalogues.get(language) or self.catalogues[self.default_language]

    @property
    def languages(self) -> tuple[Item, ...]:
        """The languages in the order of the first screen."""
        ordered = sorted(self.catalogues.values(), key=lambda catalogue: catalogue.position)
        return tuple(Item(catalogue.code, catalogue.name) for catalogue in ordered)
