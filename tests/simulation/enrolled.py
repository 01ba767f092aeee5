"""The disks of a gateway and its first box after the enrolment, made once: the code's slow hash
would take half of a seed's time.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.simulation.centre import Centre
from tests.simulation.clock import Clock
from tests.simulation.disk import Disk, Image
from tests.simulation.hospital_box import HospitalBox, identity_in
from tests.simulation.network import Network

FIRST_BOX = "box-0"


@dataclass(frozen=True)
class Enrolled:
    """The gateway's disk, and the files that make the box itself. It has not run yet."""

    centre: Image
    identity: dict[str, bytes]

    def put_identity(self, folder: Path) -> None:
        folder.mkdir()
        for name, content in self.identity.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)


@cache
def first_box_enrolled() -> Enrolled:
    with TemporaryDirectory() as made:
        folder, clock, rng = Path(made), Clock(), Random(0)
        disk = Disk(folder / "gateway.sqlite", lambda: False)
        centre = Centre(disk, clock, rng)
        network = Network(centre, clock, rng, lambda: None)
        identity = identity_in(folder / FIRST_BOX, rng)
        box = HospitalBox(identity, Disk(folder / "box", lambda: False), clock, network, Random(0))
        box.enrols(centre.code())
        centre.database.close()
        files = {file.name: file.read_bytes() for file in (folder / FIRST_BOX).iterdir()}
        return Enrolled(disk.image(), files)
