"""The facts that callers' sessions are told while a test runs."""

from collections import defaultdict
from collections.abc import Mapping

import pytest

from gateway.menus.host import FACTS, MenuHost
from ussd_menus.machine import Intent, Machine
from ussd_menus.session import Session


def made_known(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, set[str]]:
    """The values, by name, of all facts that intents make known from now on, or that sessions begin
    with.
    """
    told: dict[str, set[str]] = defaultdict(set)
    begin, perform = Machine.begin, MenuHost.perform

    def begins(
        machine: Machine, facts: Mapping[str, str], before: Session | None = None
    ) -> Session:
        for name, value in facts.items():
            told[name].add(value)
        return begin(machine, facts, before)

    def performs(host: MenuHost, intent: Intent, session: Session) -> Mapping[str, str]:
        facts = perform(host, intent, session)
        for name, value in facts.items():
            told[name].add(value)
        return facts

    monkeypatch.setattr(Machine, "begin", begins)
    monkeypatch.setattr(MenuHost, "perform", performs)
    return told


def undeclared(told: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What was made known although no room says so: by name, the values that are too many."""
    found = {}
    for name, values in told.items():
        declared = FACTS.get(name, frozenset())
        # Any of them may have none.
        if name not in FACTS or (declared is not None and values - declared - {""}):
            found[name] = values - (declared or set()) - {""}
    return found
