"""Both sides of one hospital, whose disks may be set back."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from tests.edge_node.two_sides import Gateway, Hospital


class Backup:
    """A copy of the gateway's whole database, and the way back to it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._driver().backup(self._copy)

    def _driver(self) -> Any:
        with self._engine.connect() as connection:
            return connection.connection.dbapi_connection

    def restore(self) -> None:
        self._copy.backup(self._driver())


class Side:
    """Both sides, and what may be set back."""

    def __init__(self, engine: Engine, gateway: Gateway, hospital: Hospital) -> None:
        self.gateway, self.hospital = gateway, hospital
        self._engine = engine

    def backs_up(self) -> Callable[[], None]:
        return Backup(self._engine).restore

    def meets(self) -> None:
        """Several exchanges, as the box makes them by the clock."""
        for _ in range(4):
            self.gateway.clock.forward(15)
            self.hospital.exchanges()

    def agree(self) -> bool:
        gateway, hospital = self.gateway, self.hospital
        shown = {each.id: each.state for each in hospital.box.dispatches(limit=1000)}
        kept = {each: gateway.state_of(each) for each in shown}
        return shown == kept and not hospital.link.state.differs

    def effects(self) -> Counter[int]:
        return Counter(self.gateway.effects())

    def copies_box(self) -> Callable[[], None]:
        """Copies the box's disk while it is off; called, the result puts the copy back."""
        hospital, store = self.hospital, self.hospital.folder / "store.sqlite"
        hospital.store.close()
        copy = store.read_bytes()
        hospital.starts()

        def put_back() -> None:
            hospital.store.close()
            store.write_bytes(copy)
            hospital.starts()

        return put_back

    def box_loses_its_store(self) -> None:
        self.hospital.store.close()
        (self.hospital.folder / "store.sqlite").unlink()
        self.hospital.starts()
