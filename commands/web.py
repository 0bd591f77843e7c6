"""The web server: granian, WSGI. A child of `flask serve`."""

from __future__ import annotations

import gc
import os
import signal

from flask import Flask

from commands.parent import PARENT, leave_with_parent
from config import Settings

THREADS = 4  # per worker; more of them cost throughput under the interpreter's lock


def serve_web() -> None:
    """Serve until SIGTERM. Settings are those of the environment: each worker makes its own application."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    leave_with_parent(watch=False)
    os.environ[PARENT] = str(os.getpid())  # the workers' parent is this process
    settings = Settings.from_environment()
    os.register_at_fork(after_in_child=listen_again)
    gc.freeze()  # what is loaded by now is shared with the workers, and stays so
    Server(
        "commands.web:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=THREADS,
        factory=True,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=8,
    ).serve()


def listen_again() -> None:
    """In a worker just forked: it inherits its parent's handlers, and would swallow a SIGTERM until it has its own."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def application() -> Flask:
    """One worker's application."""
    leave_with_parent()
    from app import create_app

    app = create_app()
    gc.collect()
    gc.freeze()  # what lives as long as the worker is never looked at again
    gc.set_threshold(10_000, 20, 50)  # pages make many short-lived objects: an eighth of their time went to looking
    return app
