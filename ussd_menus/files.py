"""Reads the menus that come with Haven, or those that a deployment puts in their place."""

import re
from collections.abc import Hashable
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from shared.errors import InvalidInput
from ussd_menus import catalogue, operators, schema, trial
from ussd_menus.menus import Menus

_DEFAULT_LANGUAGE = "en"
_CATALOGUE = re.compile(r"([a-z]{2,3})\.yaml")
# What editors and file systems leave beside a file.
_NOT_OURS = re.compile(r"^\.|~$|^__pycache__$")
# Menus take six levels.
_DEEPEST = 20
# Staff and operators read these, and in English where a language leaves them out.
_NOT_FOR_PATIENTS = ("hospital.", "operator.", "voice.")


def load(folder: Traversable | None = None) -> Menus:
    """The menus in the folder: `menus.yaml`, `operators.yaml` and `catalogues/*.yaml`. Haven's own
    when None.

    Raises InvalidInput naming the file and what is wrong in it.
    """
    root = folder or files("ussd_menus")
    definitions = _parsed(root / "menus.yaml", schema.parse)
    catalogues = {}
    for entry in _entries(root / "catalogues"):
        named = _CATALOGUE.fullmatch(entry.name)
        if named is None:
            raise InvalidInput(
                f"catalogues/{entry.name}: name it by its language's code, such as sw.yaml, or "
                "take it out of the folder."
            )
        catalogues[named[1]] = _parsed(
            entry,
            lambda document, code=named[1]: catalogue.parse(code, document, definitions.variables),
        )
    if _DEFAULT_LANGUAGE not in catalogues:
        raise InvalidInput("catalogues/en.yaml is missing: English is what others fall back to.")
    default = catalogues[_DEFAULT_LANGUAGE]
    catalogues = {
        code: each.completed_by(default, _NOT_FOR_PATIENTS) for code, each in catalogues.items()
    }
    return Menus(
        definitions,
        catalogues,
        _parsed(root / "operators.yaml", operators.parse),
        _DEFAULT_LANGUAGE,
    )


def load_trial(folder: Traversable | None = None) -> trial.TrialData:
    """The example data beside the menus, for trying them without a gateway. Raises InvalidInput."""
    data: trial.TrialData = _parsed((folder or files("ussd_menus")) / "trial.yaml", trial.parse)
    return data


def _parsed(entry: Traversable, parse: Any) -> Any:
    try:
        # Some editors put a mark before the first letter, which "utf-8-sig" takes away.
        return parse(_document(entry.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InvalidInput(f"{entry.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{entry.name} is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        raise InvalidInput(f"{entry.name} is not YAML: {error}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{entry.name}: {error}") from None


def _document(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        # A few aliases can stand for more than any memory holds; each level takes some of the
        # stack.
        if isinstance(event, yaml.AliasEvent):
            raise InvalidInput(f"line {_line(event)}: *{event.anchor} is not taken. Write it out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise InvalidInput(f"line {_line(event)}: this is nested too deeply.")
    return _Strict(text).get_single_data()


def _line(event: yaml.Event) -> int:
    return 0 if event.start_mark is None else int(event.start_mark.line) + 1


def _entries(folder: Traversable) -> list[Traversable]:
    try:
        entries = (entry for entry in folder.iterdir() if not _NOT_OURS.search(entry.name))
        return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidInput(f"{folder.name} cannot be read: {error.strerror}.") from None


# libyaml reads ten times as fast, where it is: every process reads the menus at its start.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(_Loader):  # type: ignore[misc]
    """YAML takes the last of two equal keys without a word, and fails without one at what looks
    like a date or a number and is none; whoever writes menus wants to know.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError):
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value!r} needs quotes to be a text", node.start_mark
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for written, _ in node.value:
            key = self.construct_object(written, deep=True)
            if not isinstance(key, Hashable):
                continue
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} stands twice", written.start_mark
                )
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping
