"""Haven's own menus pass the check that a deployment's have to pass, and are whole."""

from pathlib import Path

import pytest

from gateway.menus.host import FACTS, INTENTS, LISTS
from shared import triage
from ussd_menus import files
from ussd_menus.check import check
from ussd_menus.check_names import Known

MENUS = files.load()
RULES = triage.parse(Path("shared/triage_rules.toml").read_text(encoding="utf-8"))


def test_havens_own_menus_have_no_fault() -> None:
    assert [str(fault) for fault in check(MENUS, RULES, Known(INTENTS, LISTS, FACTS))] == []


@pytest.mark.parametrize("name", sorted(INTENTS))
def test_every_intent_of_the_gateway_is_used(name: str) -> None:
    assert any(name in screen.intents for screen in MENUS.definitions.screens.values())


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_list_of_the_gateway_is_used(name: str) -> None:
    assert any(name == screen.items for screen in MENUS.definitions.screens.values())
