"""How JSON columns are written and read: pydantic's parser, which every session and every emergency
goes through several times a turn, takes a third of the standard library's time.
"""

from typing import Any

from pydantic_core import from_json, to_json


def write(value: Any) -> str:
    """The value as JSON text."""
    return to_json(value).decode()


read = from_json
