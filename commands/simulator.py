"""flask stripe-simulator, and the simulator as a child of the demo's `flask serve`."""

from __future__ import annotations

import os
import socket

import click
from flask import current_app
from flask.cli import with_appcontext

from commands.children import Child
from commands.database import settings
from commands.parent import leave_with_parent
from config import Settings
from services.payment_simulation import environment_of, run_simulator, simulated


@click.command("stripe-simulator")
@click.option("--port", default=8001, show_default=True, help="On 127.0.0.1.")
@with_appcontext
def stripe_simulator(port: int) -> None:
    """Run a simulator of Stripe, until Ctrl-C. No card is charged, no money moves."""
    chosen = simulated(settings(), port)
    click.echo("Start Atrium with these settings, and its card payments come here:")
    for name, value in environment_of(chosen).items():
        click.echo(f"  {name}={value}")
    run_simulator(chosen)


def simulator_of_demo(chosen: Settings) -> list[Child]:
    """The simulator as a child, for a demo without a key of Stripe's own; this process and its children know of it."""
    if not chosen.demo or chosen.stripe_api_key:
        return []
    changed = simulated(chosen, free_port(chosen.port + 1))
    os.environ.update(environment_of(changed))
    current_app.extensions["atrium"] = changed
    return [Child("Stripe simulator", lambda: serve_simulator(changed))]


def serve_simulator(chosen: Settings) -> None:
    leave_with_parent()
    run_simulator(chosen)


def free_port(wished: int) -> int:
    """This port when nobody has it, so that pages opened before a restart are found again; else any that is free."""
    for port in (wished, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return int(trial.getsockname()[1])
    return wished


COMMANDS: tuple[click.Command, ...] = (stripe_simulator,)
