"""What exists at the simulator: objects by id, events in their order, answers by idempotency key, and its clock."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Thing = dict[str, Any]


class Refused(Exception):
    """A request that Stripe would refuse; becomes the JSON of an API error."""

    def __init__(self, message: str, *, status: int = 400, param: str = "", code: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.message, self.status, self.param, self.code = message, status, param, code
        self.kind = kind or "invalid_request_error"

    def body(self) -> Thing:
        error = {"type": self.kind, "message": self.message, "param": self.param, "code": self.code}
        return {"error": {name: value for name, value in error.items() if value}}


class Store:
    """Everything, behind one lock. With a `path` it is kept there as JSON and read again at the next start."""

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.lock = threading.RLock()
        self.path = path
        self.clock = clock
        self.skipped = 0.0  # seconds that a test has let pass
        self.failing = 0  # so many requests more are answered with 500
        self.things: dict[str, Thing] = {}
        self.events: list[Thing] = []
        self.answers: dict[str, Thing] = {}
        self.methods: dict[str, str] = {}  # by payment intent: card, bancontact, sepa_debit
        self.told: Callable[[Thing], None] = lambda event: None  # what happens with a new event
        if path is not None and path.exists():
            kept = json.loads(path.read_text("utf-8"))
            self.things, self.events, self.answers, self.methods = (
                kept[name] for name in ("things", "events", "answers", "methods")
            )

    def now(self) -> int:
        return int(self.clock() + self.skipped)

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self.skipped += seconds

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{secrets.token_hex(12)}"

    def add(self, prefix: str, kind: str, **fields: Any) -> Thing:
        thing: Thing = {"id": self.new_id(prefix), "object": kind, "created": self.now(), "livemode": False, **fields}
        self.things[thing["id"]] = thing
        return thing

    def get(self, kind: str, thing_id: str) -> Thing:
        """The object. Raises Refused (404) when there is none of that kind."""
        thing = self.things.get(thing_id)
        if thing is None or thing["object"] != kind:
            raise Refused(f"No such {kind}: '{thing_id}'", status=404, param="id", code="resource_missing")
        return thing

    def tell(self, kind: str, thing: Thing) -> Thing:
        """Write down that something happened to an object, as it is now, and let the web hooks know."""
        import stripe

        event: Thing = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": self.now(),
            "data": {"object": json.loads(json.dumps(thing))},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.events.append(event)
        self.told(event)
        return event

    def keep(self) -> None:
        """Write everything down, so that a restart of the demo forgets nothing."""
        if self.path is not None:
            kept = {"things": self.things, "events": self.events, "answers": self.answers, "methods": self.methods}
            draft = self.path.with_suffix(".new")
            draft.write_text(json.dumps(kept), "utf-8")
            draft.replace(self.path)
