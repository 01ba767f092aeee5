"""Menus in a folder of their own, changed as a test wants them."""

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree
from typing import Any

import yaml


def changed(folder: Path, name: str, change: Callable[[Any], object]) -> Path:
    """Haven's own menus in `folder`, with what is in the YAML file `name` changed."""
    if not folder.exists():
        with as_file(files("ussd_menus")) as ours:
            copytree(ours, folder)
    path = folder / name
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return folder
