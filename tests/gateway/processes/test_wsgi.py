"""The web process as its server loads it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.faults.installation import PROJECT, Installation

_LOADS = """
import gc, os
from gateway.processes.wsgi import load
load()
frozen = gc.get_freeze_count()
gc.collect()
print(frozen, len(gc.get_objects()), flush=True)
os._exit(0)  # its threads need no leave
"""


def test_the_collector_walks_through_nothing_that_stays(tmp_path: Path) -> None:
    environment = {**os.environ, **Installation(tmp_path).environment, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", _LOADS], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    frozen, walked = map(int, done.stdout.split())
    assert frozen > 10 * walked
