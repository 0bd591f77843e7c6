"""The simulator on a port: the API, the payment page, and the courier of its web hooks."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from integrations.stripe_simulator import api, checkout, page, returns
from integrations.stripe_simulator.store import Store, Thing
from integrations.stripe_simulator.webhooks import Courier, signed

DEBIT_TAKES = 30  # seconds, in the demo; a bank takes days


class Quiet(WSGIRequestHandler):
    """Says nothing of what went well."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


ADDRESSES = Map(
    [
        Rule("/pay/<name>", endpoint="page"),
        Rule("/v1/checkout/sessions", endpoint="open_session", methods=["POST"]),
        Rule("/v1/checkout/sessions/<name>", endpoint="read_session", methods=["GET"]),
        Rule("/v1/checkout/sessions/<name>/expire", endpoint="expire_session", methods=["POST"]),
        Rule("/v1/refunds", endpoint="create_refund", methods=["POST"]),
        Rule("/v1/refunds/<name>", endpoint="read_refund", methods=["GET"]),
        Rule("/v1/disputes/<name>", endpoint="read_dispute", methods=["GET"]),
        Rule("/v1/events", endpoint="list_events", methods=["GET"]),
        Rule("/v1/<path:name>", endpoint="unknown"),
    ]
)


def make_app(store: Store, api_key: str) -> Any:
    """The simulator as a WSGI application."""

    def app(environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        try:
            endpoint, names = ADDRESSES.bind_to_environ(environ).match()
        except HTTPException as missing:
            return missing(environ, start_response)
        if endpoint == "page":
            return page.answer(request, store, names["name"])(environ, start_response)
        kind, act = api.act_of(request, endpoint, dict(names))
        return api.answer(request, store, api_key, kind, act)(environ, start_response)

    return app


class Simulator:
    """A simulator that listens, in threads of this process. Use it as a context manager, or `start` and `stop`."""

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, api_key: str = "", secret: str = "", path: Path | None = None
    ) -> None:
        self.api_key = api_key or f"sk_test_{secrets.token_hex(12)}"
        self.secret = secret or f"whsec_{secrets.token_hex(16)}"
        self.store = Store(path)
        self.server: BaseWSGIServer = make_server(
            host, port, make_app(self.store, self.api_key), threaded=True, request_handler=Quiet
        )
        self.url = f"http://{host}:{self.server.server_port}"

    def start(self) -> Simulator:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True, name="stripe simulator").start()
        return self

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *ended: Any) -> None:
        self.stop()

    # ---- what people and banks do

    def pay(self, session_id: str, method: str = "card") -> Thing:
        with self.store.lock:
            return checkout.pay(self.store, session_id, method)

    def settle(self, session_id: str, *, succeeds: bool = True) -> Thing:
        with self.store.lock:
            return checkout.settle(self.store, session_id, succeeds=succeeds)

    def end_refund(self, refund_id: str, *, succeeds: bool) -> Thing:
        with self.store.lock:
            return returns.end_refund(self.store, refund_id, succeeds=succeeds)

    def dispute(self, intent_id: str, cents: int | None = None) -> Thing:
        with self.store.lock:
            return returns.dispute(self.store, intent_id, cents)

    def end_dispute(self, dispute_id: str, *, won: bool) -> Thing:
        with self.store.lock:
            return returns.end_dispute(self.store, dispute_id, won=won)

    def signed(self, event: Thing, *, age: float = 0) -> tuple[bytes, dict[str, str]]:
        """The web hook of an event: its body and headers, signed `age` seconds ago."""
        return signed(event, self.secret, at=time.time() - age)


def serve(host: str, port: int, api_key: str, secret: str, hook: str, path: Path | None) -> None:
    """Run a simulator until this process ends: it brings its web hooks to `hook` and lets debits arrive by themselves."""
    simulator = Simulator(host=host, port=port, api_key=api_key, secret=secret, path=path)
    courier = Courier(hook, secret)
    simulator.store.told = courier.take
    courier.start()
    simulator.start()
    while True:
        time.sleep(1)
        with simulator.store.lock:
            arrived = checkout.on_its_way(simulator.store, DEBIT_TAKES)
            for session_id in arrived:
                checkout.settle(
                    simulator.store, session_id, succeeds=not checkout.is_refused(simulator.store, session_id)
                )
            if arrived:
                simulator.store.keep()
