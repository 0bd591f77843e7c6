"""The worker: runs the queue's tasks and the clock. A child of `flask serve`, or `flask worker` on its own."""

from __future__ import annotations

import logging

from commands.parent import leave_with_parent
from tasks.queue import queue

THREADS = 2


def work() -> None:
    """Run tasks until SIGTERM or SIGINT; one that runs then has eight seconds to end."""
    leave_with_parent()
    logging.getLogger("huey").setLevel(logging.WARNING)
    consumer = queue.create_consumer(workers=THREADS, max_delay=1.0, shutdown_timeout=8, graceful_signal="TERM")
    consumer.run()
