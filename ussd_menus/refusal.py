"""What a schema forbids, in words for whoever writes menus: translators, designers, clinicians."""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "missing": "it is missing. Write it.",
    "extra_forbidden": "nothing of this name belongs here. Is it misspelt?",
    "invalid_key": 'a name must be a text; put it in quotes, as "yes", "no" and "1" need them.',
    "union_tag_not_found": "its `kind` is missing, such as `kind: menu`.",
    "union_tag_invalid": "there is no kind '{tag}'. There are {expected_tags}.",
    "model_type": "it must have names with values below it.",
    "model_attributes_type": "it must have names with values below it.",
    "dict_type": "it must have names with values below it.",
    "list_type": "it must be a list: each line of it begins with `- `.",
    "string_type": "it must be a text; put it in quotes.",
    "bool_type": "it must be true or false.",
    "int_type": "it must be a whole number.",
    "greater_than_equal": "it must be {ge} or more.",
    "less_than_equal": "it must be {le} or less.",
    "too_short": "it must have {min_length} or more below it.",
    "too_long": "it may have no more than {max_length} below it.",
    "literal_error": "it must be {expected}.",
}


def in_words(error: Mapping[str, Any], patterns: Mapping[str, str] | None = None) -> str:
    """What is wrong, without the place, for one of the errors that pydantic lists; `patterns` says
    of a text's pattern what it asks for.
    """
    context = error.get("ctx", {})
    asked_for = (patterns or {}).get(context.get("pattern", ""))
    if asked_for is not None:
        return asked_for
    words = _WORDS.get(error["type"])
    return str(error["msg"]) if words is None else words.format(**context)


def place_in_words(error: Mapping[str, Any], whole: str) -> str:
    """The place as dotted names, `whole` for the document itself, and what is wrong there."""
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    return f"{place or whole}: {in_words(error)}"
