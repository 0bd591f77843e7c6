"""Web hooks: an event signed as Stripe signs it, and a courier that brings each to its address until it answers 2xx."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from integrations.stripe_simulator.store import Thing

PAUSES = (0.0, 1.0, 3.0, 10.0, 30.0, 60.0)  # seconds before each try; Stripe goes on for three days


def signed(event: Thing, secret: str, *, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    """The body of the web hook and its headers. `at`: when it says it was signed."""
    from stripe import WebhookSignature

    body = json.dumps(event)
    stamp = int(time.time() if at is None else at)
    header = WebhookSignature.generate_signature_header(body, secret, stamp)
    return body.encode(), {"Stripe-Signature": header, "Content-Type": "application/json"}


def send(url: str, event: Thing, secret: str, *, timeout: float = 10) -> int:
    """Bring one event; the status of the answer, 0 when there was none."""
    body, headers = signed(event, secret)
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


@dataclass
class Courier:
    """Brings every event to `url`, in a thread of its own. Tries again after a failure."""

    url: str
    secret: str
    waiting: list[tuple[float, int, Thing]] = field(default_factory=list)  # when, which try, what
    wake: threading.Condition = field(default_factory=threading.Condition)
    stopped: bool = False

    def take(self, event: Thing) -> None:
        with self.wake:
            self.waiting.append((time.monotonic(), 0, event))
            self.wake.notify()

    def start(self) -> None:
        threading.Thread(target=self.run, daemon=True, name="web hooks").start()

    def stop(self) -> None:
        with self.wake:
            self.stopped = True
            self.wake.notify()

    def run(self) -> None:
        while not self.stopped:
            with self.wake:
                due = min((when for when, _, _ in self.waiting), default=None)
                pause = None if due is None else max(due - time.monotonic(), 0)
                if pause is None or pause > 0:
                    self.wake.wait(pause)
                    continue
                self.waiting.sort(key=lambda each: each[0])
                _, number, event = self.waiting.pop(0)
            if not 200 <= send(self.url, event, self.secret) < 300 and number + 1 < len(PAUSES):
                with self.wake:
                    self.waiting.append((time.monotonic() + PAUSES[number + 1], number + 1, event))
