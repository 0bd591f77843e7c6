"""The worker: runs the queue's tasks and the clock. Run by `flask serve` as `python -m commands.worker`."""

from __future__ import annotations

import logging

from commands.parent import leave_with_parent

THREADS = 2


def main() -> None:
    leave_with_parent()
    from app import create_app

    create_app()
    work()


def work() -> None:
    """Run tasks until SIGTERM or SIGINT; one that runs then has eight seconds to end."""
    from tasks.queue import queue

    logging.getLogger("huey").setLevel(logging.WARNING)
    consumer = queue.create_consumer(
        workers=THREADS, max_delay=1.0, shutdown_timeout=8, graceful_signal="TERM", check_worker_health=True
    )
    consumer.run()


if __name__ == "__main__":
    main()
