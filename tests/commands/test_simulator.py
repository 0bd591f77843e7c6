"""The demo takes cards at a simulator of its own; `flask stripe-simulator` runs one on its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from commands.simulator import free_port, simulator_of_demo
from config import ROOT, Settings
from integrations.payments.stripe import Stripe
from services.payment_simulation import environment_of, simulated
from tests.integrations.stripe_house import wish


def demo(app: Flask, **changes: str) -> Settings:
    settings: Settings = app.extensions["atrium"]
    return replace(settings, mode="demo", **changes)  # type: ignore[arg-type]


def test_only_a_demo_without_a_key_has_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    before = app.extensions["atrium"]
    for name in ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRETS", "STRIPE_API_BASE"):
        monkeypatch.setenv(name, "")
    assert simulator_of_demo(before) == []
    assert simulator_of_demo(demo(app, stripe_api_key="sk_test_mine")) == []
    assert simulator_of_demo(demo(app, host="0.0.0.0")) == []
    try:
        (child,) = simulator_of_demo(demo(app))
        assert child.name == "Stripe simulator"
        assert os.environ["STRIPE_API_BASE"].startswith("http://127.0.0.1:")
        assert app.extensions["atrium"].stripe_api_key == os.environ["STRIPE_API_KEY"]
    finally:
        app.extensions["atrium"] = before


def test_another_port_when_somebody_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)
    assert free_port(65536) > 0


@pytest.mark.slow
def test_it_runs_on_its_own(tmp_path: Path) -> None:
    port = free_port(0)
    environment = {**os.environ, "ATRIUM_MODE": "demo", "INSTANCE_PATH": str(tmp_path), "FLASK_APP": "app.py"}
    command = [sys.executable, "-m", "flask", "stripe-simulator", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "Start Atrium with these settings" in process.stdout.readline()
            said = dict(process.stdout.readline().strip().split("=", 1) for _ in range(3))
            until_it_answers(said["STRIPE_API_BASE"])
            stripe = Stripe(said["STRIPE_API_KEY"], [], said["STRIPE_API_BASE"])
            assert stripe.start(wish()).url.startswith(f"http://127.0.0.1:{port}/pay/")
            stripe.close()
            expected = simulated(Settings.from_environment(environment), port)
            assert said == environment_of(expected)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    assert (tmp_path / "stripe-simulator.json").exists()


def until_it_answers(address: str) -> None:
    import time

    for _ in range(200):
        try:
            urllib.request.urlopen(address + "/v1/events", timeout=1)
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
