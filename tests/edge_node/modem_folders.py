"""gammu-smsd's files service as a test plays it: the modem's folders, and what the network does
with the texts in them.
"""

from datetime import datetime
from pathlib import Path

from edge_node.acting import Actor
from edge_node.modem.duty_texts import DutyTexts
from edge_node.modem.texting import ModemSettings, Texting
from edge_node.modem.thread import ModemThread
from edge_node.unanswered import UnansweredPatients
from sync.smsd_spool import Spool
from tests.edge_node.two_sides import Hospital

SHORTCODE = "40404"
FOLDERS = ("inbox", "outbox", "sent", "error")


class ModemFolders:
    """The folders of one modem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in FOLDERS:
            (folder / name).mkdir(parents=True)
        self._received = 0

    def sends(self) -> list[tuple[str, str]]:
        """The modem sends everything that is in its outbox: (number, text), in its order."""
        return self._moves("sent")

    def fails(self) -> list[tuple[str, str]]:
        """The network refuses everything."""
        return self._moves("error")

    def _moves(self, to: str) -> list[tuple[str, str]]:
        found = []
        for path in sorted((self.folder / "outbox").glob("OUT*")):
            number = path.name.split("_")[3]
            found.append((number, path.read_text("ascii")))
            path.replace(self.folder / to / path.name)
        return found

    def waiting(self) -> list[str]:
        """The texts that the modem has yet to send."""
        return [path.read_text("ascii") for path in sorted((self.folder / "outbox").glob("OUT*"))]

    def receives(self, sender: str, text: str, at: datetime) -> None:
        """A text has come, as smsd writes it: UTF-16 with its mark."""
        self._received += 1
        name = f"IN{at:%Y%m%d_%H%M%S}_{self._received:02}_{sender}_00.txt"
        (self.folder / "inbox" / name).write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))

    def kept(self) -> list[str]:
        """What came and was nobody's."""
        return sorted(path.name for path in (self.folder / "kept").glob("*"))


def modem_of(box: Hospital, modem: ModemFolders, name: str = "Mbagathi Hospital") -> ModemThread:
    """The modem's part of the program on this box, as it runs now; `look` is called by the test."""
    spool = Spool(modem.folder)
    texting = Texting(
        spool,
        box.store,
        box.system,
        box.identity.node_keys(),
        box.identity.site(),
        Actor(box.system, box.link, lambda: box.alarm.audible),
        box.link,
        box.notifier,
        ModemSettings(SHORTCODE, cost_cents=100),
    )
    patients = UnansweredPatients(box.store, box.link)
    duty = DutyTexts(spool, box.store, box.box, box.link, patients, name)
    return ModemThread(spool, texting, duty, box.link)
