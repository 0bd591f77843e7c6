"""The queue: Huey, its engine chosen by QUEUE_URL when the application binds it.

The queue only wakes the worker. What must be done stands in rows (outbox messages, jobs, deadlines), and the clock
finds again what a lost task left undone: so a queue that cannot be reached delays work and never loses it.

    sqlite:///PATH     one file, for one machine (default)
    redis://…          Redis or Valkey
    postgresql://…     PostgreSQL (tables huey_* beside ours, or in a database of its own)
    memory://          tasks run at once in the process that enqueues them: for tests
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_app_context
from huey import Huey
from huey.serializer import SignedSerializer
from huey.storage import BaseStorage, MemoryStorage, PostgresStorage, RedisStorage, SqliteStorage

log = logging.getLogger(__name__)

Engine = tuple[type[BaseStorage], dict[str, Any]]


class UnknownQueue(ValueError):
    """QUEUE_URL names no engine that we know."""


def engine_of(url: str) -> Engine:
    """The storage class of a QUEUE_URL and the arguments it is made with. Raises UnknownQueue."""
    scheme, _, rest = url.partition("://")
    match scheme.partition("+")[0]:
        case "memory":
            return MemoryStorage, {}
        case "sqlite":
            path = Path(rest.removeprefix("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            return SqliteStorage, {"filename": str(path), "timeout": 20}
        case "redis" | "rediss" | "unix":
            return RedisStorage, {"url": url}
        case "postgresql" | "postgres":
            return PostgresStorage, {"dsn": f"postgresql://{rest}"}
    raise UnknownQueue(f"QUEUE_URL begins with {scheme!r}; known are sqlite:///, redis://, postgresql:// and memory://")


class Queue(Huey):
    """Huey bound to an application: every task runs inside an application context of its own."""

    app: Flask | None = None
    _storage: BaseStorage | None = None

    def __init__(self) -> None:
        super().__init__("atrium", results=False, immediate=True)

    def bind(self, app: Flask) -> None:
        """Choose the engine by this application's QUEUE_URL; it is reached at the first task."""
        url: str = app.extensions["atrium"].queue_url
        self.app = app
        self.serializer = SignedSerializer(secret=app.secret_key)  # what others write into the queue is not run
        self.storage_class, self.storage_kwargs = engine_of(url)
        self._immediate = self.storage_class is MemoryStorage
        self.storage = None

    @property
    def storage(self) -> BaseStorage:
        if self._storage is None:
            self._storage = self.create_storage()
        return self._storage

    @storage.setter
    def storage(self, storage: BaseStorage | None) -> None:
        self._storage = storage

    def task(self, *args: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register a function as a task; see Huey.task."""
        register = super().task(*args, **options)
        return lambda function: register(self.inside_app(function))

    def periodic_task(self, *args: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        """Register a function that the clock calls; see Huey.periodic_task."""
        register = super().periodic_task(*args, **options)
        return lambda function: register(self.inside_app(function))

    def inside_app(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, run in an application context of its own and hence in a database session of its own."""

        @wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            app: Flask | None = current_app._get_current_object() if has_app_context() else self.app  # type: ignore[attr-defined]
            if app is None:
                raise RuntimeError("the queue is not bound to an application")
            with app.app_context():
                return function(*args, **options)

        return run

    def enqueue(self, task: Any) -> Any:
        """Wake the worker. A queue that cannot be reached is logged, not raised: the clock finds the row again."""
        try:
            return super().enqueue(task)
        except Exception:
            if self.immediate:
                raise
            log.exception("the queue cannot be reached; the clock will find %s", task)
            return None


queue = Queue()
