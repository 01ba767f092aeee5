"""Reads the menus that come with Haven, or those that a deployment puts in their place."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from shared.errors import InvalidInput
from ussd_menus import catalogue, operators, schema, trial
from ussd_menus.menus import Menus

_DEFAULT_LANGUAGE = "en"
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
        code = entry.name.removesuffix(".yaml")
        if code != entry.name:
            catalogues[code] = _parsed(
                entry,
                lambda document, code=code: catalogue.parse(code, document, definitions.variables),
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
        loader = _NoKeyTwice(entry.read_text(encoding="utf-8"))
        return parse(loader.get_single_data())
    except OSError as error:
        raise InvalidInput(f"{entry.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{entry.name} is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        raise InvalidInput(f"{entry.name} is not YAML: {error}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{entry.name}: {error}") from None


def _entries(folder: Traversable) -> list[Traversable]:
    try:
        return sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidInput(f"{folder.name} cannot be read: {error.strerror}.") from None


# libyaml reads ten times as fast, where it is: every process reads the menus at its start.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NoKeyTwice(_Loader):  # type: ignore[misc]
    """YAML takes the last of two equal keys without a word; whoever writes menus wants to know."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} stands twice", node.start_mark
                )
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping
