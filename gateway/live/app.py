"""The live process's Flask application and its server."""

import signal
import threading
from collections.abc import Callable

import gevent
import structlog
from flask import Flask
from flask_sock import Sock
from gevent.pywsgi import WSGIServer

from gateway.config import Address
from gateway.database.database import Database
from gateway.live.doorbell import add_doorbell
from gateway.live.heads import Heads, Watch, keep_watching
from shared.system import System
from sync.sealing import NodeKeys

_log = structlog.get_logger()
_PING_EVERY_S = 25
_LONGEST_MESSAGE_BYTES = 4096
_STOP_WITHIN_S = 5

AddRoutes = Callable[[Flask, Sock], None]


def create_live(
    database: Database, system: System, keys: NodeKeys, heads: Heads, *more: AddRoutes
) -> Flask:
    """The application. `more` adds other rooms' sockets, such as the operators' map."""
    app = Flask(__name__, static_folder=None)
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": _PING_EVERY_S,
        "max_message_size": _LONGEST_MESSAGE_BYTES,
    }
    sock = Sock(app)
    add_doorbell(sock, database, system, keys, heads)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        heads.refresh()
        return {"status": "ok"}

    for add in more:
        add(app, sock)
    return app


def run_live(
    listen: Address,
    database: Database,
    system: System,
    keys: NodeKeys,
    watch: Watch,
    *more: AddRoutes,
) -> None:
    """Serves until SIGINT or SIGTERM. The process must have been patched by gevent before
    anything else was imported: start it with `python -m gateway.live`.
    """
    heads, stopping = Heads(database), threading.Event()
    heads.refresh()
    app = create_live(database, system, keys, heads, *more)
    server = WSGIServer((listen.host, listen.port), app, log=None, error_log=None)

    def stop() -> None:
        stopping.set()
        heads.close()
        server.stop(timeout=_STOP_WITHIN_S)

    gevent.signal_handler(signal.SIGTERM, stop)
    gevent.signal_handler(signal.SIGINT, stop)
    watcher = threading.Thread(
        target=keep_watching, args=(heads, watch, stopping), name="watch", daemon=True
    )
    watcher.start()
    _log.info("live", listen=str(listen))
    server.serve_forever()
    stopping.set()
    watcher.join(timeout=_STOP_WITHIN_S)
    watch.close()
