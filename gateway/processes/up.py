"""`haven-gateway up`: every process of one machine, started together, kept alive, stopped
together.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import FrameType

import click

from gateway.config import Config
from gateway.processes.parent import VARIABLE

_STOP_WITHIN_S = 40.0
_CALM_S = 10.0
_LONGEST_WAIT_S = 15.0


@dataclass
class _Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait_s: float = 0.5
    due_at: float = field(default=0.0)


def up(config: Config) -> int:
    """Runs until SIGINT or SIGTERM. A process that dies is started again; the exit code is 0 on a
    clean stop."""
    python = sys.executable
    children = [
        _Child("web", [python, "-m", "gateway", "serve"]),
        _Child("live", [python, "-m", "gateway", "live"]),
    ]
    if not config.on_sqlite:
        children.append(_Child("worker", [python, "-m", "gateway", "worker"]))
    stopping = threading.Event()

    def stop(signal_number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    click.echo(f"Haven's gateway on http://{config.listen} (live updates on {config.live_listen})")
    while not stopping.wait(0.2):
        for child in children:
            _keep_alive(child)
    return _stop_all(children)


def _keep_alive(child: _Child) -> None:
    now = time.monotonic()
    if child.process is not None:
        code = child.process.poll()
        if code is None:
            if now - child.started_at > _CALM_S:
                child.wait_s = 0.5
            return
        click.echo(f"{child.name} ended with {code}; starting it again", err=True)
        child.process = None
        child.due_at = now + child.wait_s
        child.wait_s = min(child.wait_s * 2, _LONGEST_WAIT_S)
    if now >= child.due_at:
        # A session of its own: Ctrl-C reaches the parent alone, which stops the rest in order.
        child.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            child.command,
            env={**os.environ, VARIABLE: str(os.getpid())},
            start_new_session=True,
        )
        child.started_at = now


def _stop_all(children: list[_Child]) -> int:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _STOP_WITHIN_S
    clean = True
    for process in running:
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            clean = False
    return 0 if clean else 1
