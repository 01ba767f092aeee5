"""The real gammu-smsd with gammu's dummy device: it sends whatever is in its outbox to nobody, and
receives what is put into the device's inbox.
"""

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest

from tests.edge_node.modem_folders import ModemFolders

_CONFIGURATION = """[gammu]
model = dummy
connection = none
port = {device}
gammuloc = /dev/null

[smsd]
service = files
logfile = {folder}/log
commtimeout = 1
loopsleep = 1
receivefrequency = 1
statusfrequency = 60
checksecurity = 0
inboxformat = unicode
inboxpath = {folder}/inbox/
outboxpath = {folder}/outbox/
sentsmspath = {folder}/carried/
errorsmspath = {folder}/error/
"""


def require_gammu() -> None:
    """A machine without it fails its test: a modem that nobody ran is not tested."""
    if shutil.which("gammu-smsd") is None or shutil.which("gammu") is None:
        pytest.fail("There is no gammu-smsd: apt-get install gammu gammu-smsd.")


class GammuSmsd(ModemFolders):
    """The daemon on folders of its own. As a context manager it runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._device = folder / "device"
        for place in range(1, 6):
            (self._device / "sms" / str(place)).mkdir(parents=True)
        # Between the daemon and the folder that the box reads: nothing is carried unseen.
        (folder / "carried").mkdir()
        self._rc = folder / "smsdrc"
        self._rc.write_text(_CONFIGURATION.format(device=self._device, folder=folder))
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._daemon = subprocess.Popen(
            ["gammu-smsd", "-c", str(self._rc)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *error: object) -> None:
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(10)

    def sends(self) -> list[tuple[str, str]]:
        """What the daemon has sent since it was last asked."""
        found = []
        for path in sorted((self.folder / "carried").glob("OUT*")):
            found.append((path.name.split("_")[3], path.read_text("ascii")))
            path.replace(self.folder / "sent" / path.name)
        return found

    def receives(self, sender: str, text: str, at: datetime) -> None:
        """The network brings a text to the device; the daemon writes it into its inbox."""
        place = ("-folder", "1")
        subprocess.run(
            ["gammu", "-c", self._rc, "savesms", "TEXT", *place, "-unread", "-sender", sender],
            input=text.encode("ascii"),
            check=True,
            capture_output=True,
        )
