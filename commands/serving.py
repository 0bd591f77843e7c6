"""flask serve · worker."""

from __future__ import annotations

import errno
import http.client
import socket
import sys

import click
from flask.cli import with_appcontext

from commands.children import Bell, Child, keep_running
from commands.database import bring_up_to_date, settings
from commands.simulator import simulator_of_demo
from commands.web import serve_web
from commands.worker import work
from config import Settings
from models.base import db
from tasks.queue import queue


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Start web server and worker, until Ctrl-C. The database is brought up to date first."""
    bell = Bell()
    bell.hang()  # first: a KeyboardInterrupt raised inside a weak reference's callback is lost, a ring is not
    chosen = settings()
    check_port(chosen)
    bring_up_to_date(quiet=True)
    db.session.remove()
    db.engine.dispose()
    children = [Child("web server", serve_web), Child("worker", work), *simulator_of_demo(chosen)]
    sys.exit(keep_running(children, lambda: answers(chosen), lambda: say_address(chosen), bell))


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run the queue's tasks and the clock, until Ctrl-C."""
    if queue.immediate:
        raise click.ClickException("QUEUE_URL is memory://: tasks run where they are enqueued, and need no worker.")
    work()


def check_port(chosen: Settings) -> None:
    """Refuse a port that somebody listens on: granian would share it silently."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((chosen.host, chosen.port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
            raise click.ClickException(
                f"Port {chosen.port} of {chosen.host} {why}. Choose another: PORT=8001"
            ) from error


def answers(chosen: Settings) -> bool:
    """Whether the web server answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.host, chosen.host)
    connection = http.client.HTTPConnection(host, chosen.port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def say_address(chosen: Settings) -> None:
    click.echo(f"Atrium answers at {chosen.public_url}  (Ctrl-C stops it)")


COMMANDS: tuple[click.Command, ...] = (serve, worker)
