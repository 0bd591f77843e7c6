"""Several threads at the same act at once: what each answered, and what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from flask import Flask

from models.base import db

Answer = TypeVar("Answer")


def at_once(
    app: Flask, number: int, act: Callable[[threading.Barrier], Answer]
) -> tuple[list[Answer], list[Exception]]:
    """`number` threads begin `act` together, each with a context of its own; the act may wait at the barrier again."""
    barrier = threading.Barrier(number, timeout=60)
    answers, errors = list[Answer](), list[Exception]()

    def run() -> None:
        with app.app_context():
            try:
                barrier.wait()
                answers.append(act(barrier))
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, errors
