"""`flask serve` as a person meets it: in a terminal, started, stopped with Ctrl-C, killed. Nothing of it stays behind."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from config import ROOT

pytestmark = pytest.mark.slow
CTRL_C = b"\x03"
PATIENCE = 30  # seconds; it takes half a second on a machine that does nothing else
READY = "Atrium answers at"


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def at_a_terminal() -> None:
    """The terminal is the child's own, and Ctrl-C ends it: whoever runs the tests in the background ignores that signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """`flask serve` in a pseudo-terminal of its own, and everything it prints."""

    def __init__(self, folder: Path, port: int) -> None:
        environment = {**os.environ, "ATRIUM_MODE": "demo", "INSTANCE_PATH": str(folder), "PORT": str(port)}
        for name in ("DATABASE_URL", "QUEUE_URL", "PUBLIC_URL", "FLASK_APP"):
            environment.pop(name, None)
        self.environment = environment
        self.port, self.printed = port, ""
        self.keyboard, screen = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "serve"],
            cwd=ROOT, env=environment, stdin=screen, stdout=screen, stderr=screen, start_new_session=True,
            preexec_fn=at_a_terminal,
        )  # fmt: skip
        os.close(screen)
        self.family: list[psutil.Process] = []

    def read(self) -> str:
        """What was printed so far."""
        while select.select([self.keyboard], [], [], 0)[0]:
            try:
                self.printed += os.read(self.keyboard, 4096).decode(errors="replace")
            except OSError:  # the other side is closed
                break
        return self.printed

    def wait_ready(self) -> None:
        assert until(lambda: READY in self.read() or self.process.poll() is not None, 30), self.printed
        assert self.process.poll() is None, self.printed
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        assert len(self.family) == 5  # web server with two workers, worker, simulator of Stripe

    def press(self, key: bytes, times: int = 1) -> None:
        for _ in range(times):
            os.write(self.keyboard, key)
            time.sleep(0.01)

    def left(self) -> list[psutil.Process]:
        """Which of its processes still run."""
        alive = []
        for member in self.family:
            with suppress(psutil.NoSuchProcess):
                if member.is_running() and member.status() != psutil.STATUS_ZOMBIE:
                    alive.append(member)
        return alive

    def must_be_gone(self, code: int | None = 0) -> None:
        """It ended, with that code; none of its processes is left; the port is free; it printed no traceback."""
        assert until(lambda: self.read() is not None and self.process.poll() is not None, PATIENCE), self.printed
        if code is not None:
            assert self.process.returncode == code, self.read()
        assert until(lambda: not self.left(), 5), self.left()
        assert is_free(self.port)
        assert "Traceback" not in self.read()

    def close(self) -> None:
        for member in [*self.left(), self.process]:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                member.kill()
        self.process.wait()
        os.close(self.keyboard)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Terminal]]:
    """Starts `flask serve` on one installation and one port, as often as asked."""
    port, opened = free_port(), []

    def begin() -> Terminal:
        opened.append(Terminal(tmp_path, port))
        return opened[-1]

    yield begin
    for terminal in opened:
        terminal.close()


def fetch(port: int, path: str = "/healthz") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


def test_ctrl_c_ten_times_frees_the_port_each_time(start: Callable[[], Terminal]) -> None:
    for _ in range(10):
        terminal = start()
        terminal.wait_ready()
        assert fetch(terminal.port) == "ok\n"
        terminal.press(CTRL_C)
        terminal.must_be_gone()
        assert terminal.printed.count(READY) == 1


def test_an_impatient_hand(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_ready()
    terminal.press(CTRL_C, times=10)
    terminal.must_be_gone()


@pytest.mark.parametrize("seconds", [0.3, 0.7, 0.9, 1.1, 1.3])
def test_ctrl_c_while_it_starts(start: Callable[[], Terminal], seconds: float) -> None:
    terminal = start()
    time.sleep(seconds)
    with suppress(psutil.NoSuchProcess):
        terminal.family = psutil.Process(terminal.process.pid).children(recursive=True)
    terminal.press(CTRL_C, times=3)
    assert until(lambda: terminal.read() is not None and terminal.process.poll() is not None, PATIENCE)
    assert until(lambda: not terminal.left(), 5)
    assert is_free(terminal.port)


def test_sigterm_is_a_calm_end(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_ready()
    terminal.process.terminate()
    terminal.must_be_gone()


def test_nobody_stays_when_the_parent_is_killed(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_ready()
    terminal.process.send_signal(signal.SIGKILL)
    assert until(lambda: not terminal.left(), PATIENCE), terminal.left()
    assert is_free(terminal.port)


def test_no_worker_stays_when_the_web_server_is_killed_and_all_start_again(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_ready()
    for victim in psutil.Process(terminal.process.pid).children():
        victim.kill()
    assert until(lambda: not terminal.left(), PATIENCE), terminal.left()
    assert until(lambda: len(psutil.Process(terminal.process.pid).children(recursive=True)) == 5, PATIENCE)
    assert until(lambda: answers(terminal.port), PATIENCE)
    terminal.family = psutil.Process(terminal.process.pid).children(recursive=True)
    terminal.press(CTRL_C)
    terminal.must_be_gone()


def answers(port: int) -> bool:
    with suppress(OSError):
        return fetch(port) == "ok\n"
    return False


WRITE_A_MAIL = """
from app import create_app
from services.outbox import queue_mail_locked
from services.transaction import writing
with create_app().app_context(), writing():
    queue_mail_locked("address_changed", "bob@lysara.example", locale="en", context={"address": "new@lysara.example"})
"""


def test_the_worker_sends_what_another_process_wrote(start: Callable[[], Terminal], tmp_path: Path) -> None:
    """At once, by the queue: the clock would take up to a minute."""
    terminal = start()
    terminal.wait_ready()
    subprocess.run([sys.executable, "-c", WRITE_A_MAIL], cwd=ROOT, env=terminal.environment, check=True, timeout=30)
    assert until(lambda: bool(list((tmp_path / "mail").glob("*.eml"))), 10), terminal.read()
    terminal.press(CTRL_C)
    terminal.must_be_gone()


def test_a_port_in_use_is_said_at_once(start: Callable[[], Terminal]) -> None:
    terminal = start()
    terminal.wait_ready()
    second = start()
    second.process.wait(10)
    assert second.process.returncode == 1
    assert f"Port {second.port} of 127.0.0.1 is in use" in second.read()
    assert fetch(terminal.port) == "ok\n"


def test_a_child_that_does_not_stay_up_ends_the_parent() -> None:
    program = (
        "import sys; from commands import children; children.GIVES_UP = 2\n"
        "child = children.Child('web server', lambda: sys.exit(3))\n"
        "sys.exit(children.keep_running([child], lambda: False, lambda: None))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert "does not stay up" in done.stderr
