"""What operators' commands work with, opened by the program's root when one runs."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gateway.database.database import Database
from gateway.keys import PhoneVault
from gateway.ports import Hospitals
from gateway.unit_of_work import Services
from shared.system import System


@dataclass(frozen=True, slots=True)
class Reading:
    """What a command needs that only looks."""

    database: Database
    system: System
    vault: PhoneVault
    hospitals: Hospitals


@dataclass(frozen=True, slots=True)
class Openers:
    """`reading` opens what looks; `acting` what changes something, beside a running gateway."""

    reading: Callable[[], AbstractContextManager[Reading]]
    acting: Callable[[], AbstractContextManager[Services]]
