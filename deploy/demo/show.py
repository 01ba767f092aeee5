"""`make demo`: everything on one machine, and one page with the phone and the consoles side by
side.
"""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from deploy.demo.cable import Cable
from deploy.demo.stage import BOXES, PROJECT, Addresses, DemoFailed, Stage

_PAGE = Path(__file__).with_name("front.html")
_DEFAULT_PORT = 8800


def main() -> int:
    """Shows the demo until Ctrl-C; the exit code."""
    addresses = Addresses(int(os.environ.get("HAVEN_DEMO_PORT", _DEFAULT_PORT)))
    folder = Path(os.environ.get("HAVEN_DEMO_DIR", PROJECT / ".demo")).absolute()
    stopping = threading.Event()

    def stop(signal_number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    print("Setting up and starting Haven, about a quarter of a minute ...", flush=True)
    try:
        with Stage(folder, addresses) as stage:
            if stage.cable is None:
                raise DemoFailed("There is no cable.")
            server = _serve_front_page(addresses, stage.cable)
            print(_what_to_press(addresses, _shown(stage.operators_command)), flush=True)
            while not stopping.wait(0.5):
                dead = stage.dead()
                if dead is not None:
                    raise DemoFailed(f"{dead} ended by itself: see {folder}/logs/{dead}.log")
            server.shutdown()
            print("\nStopping ...", flush=True)
    except DemoFailed as error:
        print(f"The demo cannot run. {error}", file=sys.stderr)
        return 1
    return 0


def _serve_front_page(addresses: Addresses, cable: Cable) -> ThreadingHTTPServer:
    page = _PAGE.read_text(encoding="utf-8")
    for name, value in {
        "PHONE": f"{addresses.simulator}/phone/254711000111?embed=1",
        "BOX_1": addresses.box(0),
        "BOX_2": addresses.box(1),
        "BOX_1_NAME": BOXES[0],
        "BOX_2_NAME": BOXES[1],
        "SIMULATOR": addresses.simulator,
        "GATEWAY": addresses.gateway,
    }.items():
        page = page.replace("{{" + name + "}}", value)
    body = page.encode()

    class FrontPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/"
            self._answers(200 if found else 404, body if found else b"Not found\n")

        def do_POST(self) -> None:
            # Only from this very page: others may not pull anybody's cable.
            known = self.path in ("/cable/pull", "/cable/plug")
            if not known or self.headers.get("Origin") != addresses.front:
                self._answers(404, b"Not found\n")
                return
            cable.pull() if self.path.endswith("pull") else cable.plug()
            self._answers(200, b"out" if cable.is_out else b"in")

        def _answers(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", addresses.base_port), FrontPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _shown(path: Path) -> Path:
    """The path as somebody in the project's folder types it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _what_to_press(addresses: Addresses, operators_command: Path) -> str:
    return f"""
  Haven is running. Open  {addresses.front}

  On the phone, dial *384*911#, then press
    1  English
    2  Heavy bleeding
    2  Crash, injury or burn
    type  kibera
  A hospital's console rings: press Accept there, and read the SMS on the phone.
  "Pull the hospitals' cable" on the page takes their internet away: their boxes go on by SMS.

  Phone      {addresses.simulator}/phone/254711000111
  Consoles   {addresses.box(0)}   {addresses.box(1)}
  API        {addresses.gateway}/api/v1/docs
  Carrier    {addresses.simulator}/  (more phones, faults on demand)

  An operator, in another terminal:  {operators_command} emergencies list
                                     {operators_command} alarms list
  The same phone in a terminal:      {operators_command} phone --url {addresses.simulator}
  Stop with Ctrl-C.
"""


if __name__ == "__main__":
    sys.exit(main())
