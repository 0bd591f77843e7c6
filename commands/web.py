"""The web server: granian, WSGI. A child of `flask serve`."""

from __future__ import annotations

import gc
import os

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


def application() -> Flask:
    """One worker's application."""
    leave_with_parent()
    from app import create_app

    return create_app()
