"""Reads the menus and catalogues that come with Haven, or those that a deployment puts in their
place.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from shared.errors import InvalidInput
from ussd_menus import catalogue, definitions
from ussd_menus.machine import Menus


def load(folder: Traversable | None = None) -> Menus:
    """The menus in the folder (`menus.yaml` and `catalogues/*.yaml`); Haven's own when None.

    Raises InvalidInput naming the file and what is wrong in it.
    """
    root = folder or files("ussd_menus")
    written = definitions.parse(_read(root / "menus.yaml"))
    catalogues = {}
    for entry in (root / "catalogues").iterdir():
        code = entry.name.removesuffix(".yaml")
        if code != entry.name:
            catalogues[code] = catalogue.parse(code, _read(entry), written.widths)
    if "en" not in catalogues:
        raise InvalidInput("catalogues/en.yaml is missing: English is what others fall back to.")
    return Menus(written, catalogues, default_language="en")


def _read(entry: Traversable) -> Any:
    try:
        return yaml.safe_load(entry.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InvalidInput(f"{entry.name} is not YAML: {error}") from None
