"""The menus and triage rules of this deployment: Haven's own, or those that were put in their
place, and never any that callers would stumble over.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from pathlib import Path

from gateway.menus.host import FACTS, INTENTS, LISTS
from shared import triage
from shared.errors import InvalidInput
from shared.triage import TriageRules
from ussd_menus import files
from ussd_menus.check import check
from ussd_menus.check_names import Known, check_trial
from ussd_menus.fault import Fault
from ussd_menus.menus import Menus

_KNOWN = Known(INTENTS, LISTS, FACTS)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read, and what is wrong with it."""

    menus: Menus
    rules: TriageRules
    faults: list[Fault]


def load(menus_dir: Path | None, rules_file: Path | None) -> Loaded:
    """Reads and checks them; Haven's own where None is given.

    Raises InvalidInput, naming the file, for one that cannot be read at all.
    """
    if menus_dir is None and rules_file is None:
        return _own()
    return _load(menus_dir, rules_file)


@cache
def _own() -> Loaded:
    """They do not change while the program runs."""
    return _load(None, None)


def _load(menus_dir: Path | None, rules_file: Path | None) -> Loaded:
    menus = files.load(menus_dir)
    rules = _rules(rules_file)
    return Loaded(menus, rules, check(menus, rules, _KNOWN))


def trial_faults(menus_dir: Path | None, menus: Menus) -> list[Fault]:
    """What is wrong with the example data beside the menus, which `menus try` needs."""
    try:
        return check_trial(menus, files.load_trial(menus_dir), _KNOWN)
    except InvalidInput as error:
        where, _, what = str(error).partition(": ")
        return [Fault(where, what)]


def load_for_callers(menus_dir: Path | None, rules_file: Path | None) -> Loaded:
    """As `load`; also raises InvalidInput when anything is wrong with them."""
    loaded = load(menus_dir, rules_file)
    if loaded.faults:
        listed = "\n".join(f"  {fault}" for fault in loaded.faults)
        raise InvalidInput(
            f"The menus or triage rules have faults; mend them, or unset HAVEN_MENUS_DIR and "
            f"HAVEN_TRIAGE_RULES to use Haven's own:\n{listed}"
        )
    return loaded


def _rules(rules_file: Path | None) -> TriageRules:
    source = rules_file or resources("shared") / "triage_rules.toml"
    try:
        return triage.parse(source.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{source.name} cannot be read: {error}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{source.name}: {error}") from None
