"""Reading the YAML tables that an operator may edit, with errors in words."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from shared.errors import InvalidInput

T = TypeVar("T")


def read_table(path: Path, what: str, build: Callable[[Mapping[str, Any]], T]) -> T:
    """What `build` makes of the file's content.

    Raises InvalidInput naming the file, and what is missing, unknown or of another kind.
    """
    try:
        return build(yaml.safe_load(path.read_text(encoding="utf-8")))
    except InvalidInput as error:
        raise InvalidInput(f"{path.name}: {error}") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"{path.name} is not a {what} ({type(error).__name__}: {error}); compare it with the "
            "one that came with Haven."
        ) from None


def check_keys(what: str, content: Mapping[str, Any], known: set[str]) -> None:
    """Raises InvalidInput for a key that is not known, such as one that is spelt wrongly."""
    if not isinstance(content, Mapping):
        raise InvalidInput(f"{what} should have the keys {', '.join(sorted(known))}.")
    unknown = {str(key) for key in content} - known
    if unknown:
        raise InvalidInput(f"{what} knows {', '.join(sorted(known))}, not {min(unknown)}.")
