"""The web server: granian, WSGI. Run by `flask serve` as `python -m commands.web`."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from commands.parent import PARENT, leave_with_parent
from config import Settings

if TYPE_CHECKING:
    from flask import Flask

THREADS = 4  # per worker; more of them cost throughput under the interpreter's lock


def main() -> None:
    leave_with_parent(watch=False)
    os.environ[PARENT] = str(os.getpid())  # the workers' parent is this process
    settings = Settings.from_environment()

    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    import app  # noqa: F401  (loaded before the workers are forked: they share its memory)

    gc.freeze()
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


if __name__ == "__main__":
    main()
