"""The facts that callers' sessions are told while a test runs."""

from collections.abc import Mapping

import pytest

from gateway.menus.host import MenuHost
from ussd_menus.machine import Intent, Machine
from ussd_menus.session import Session


def made_known(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all facts that intents make known from now on, or that sessions begin with."""
    names: set[str] = set()
    begin, perform = Machine.begin, MenuHost.perform

    def begins(
        machine: Machine, facts: Mapping[str, str], before: Session | None = None
    ) -> Session:
        names.update(facts)
        return begin(machine, facts, before)

    def performs(host: MenuHost, intent: Intent, session: Session) -> Mapping[str, str]:
        facts = perform(host, intent, session)
        names.update(facts)
        return facts

    monkeypatch.setattr(Machine, "begin", begins)
    monkeypatch.setattr(MenuHost, "perform", performs)
    return names
