"""The children of `flask serve`: started, watched, started again, ended.

Each child runs in a session of its own, so that Ctrl-C in a terminal reaches the parent only, which then asks each child
to stop by SIGTERM. (A SIGINT to the whole group left granian's workers hanging in two of six trials.)
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from commands.parent import PARENT, PATIENCE
from config import ROOT

LONG_ENOUGH = 30.0  # seconds after which a child that ends has run well, and starts again at once
GIVES_UP = 5  # starts in a row that did not run well
LONGEST_PAUSE = 16.0


@dataclass
class Child:
    """One child process, by the module it runs."""

    name: str
    module: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    not_before: float = field(default=0.0)

    def start(self) -> None:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, PARENT: str(os.getpid()), "PYTHONPATH": os.pathsep.join(paths)}
        command = [sys.executable, "-m", self.module]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
        self.started = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def revive(self) -> None:
        """Start again after an end that nobody asked for, each time after a longer pause."""
        if self.process is not None:
            self.kill_group()
            at = time.monotonic()
            self.failures = 1 if at - self.started > LONG_ENOUGH else self.failures + 1
            self.not_before = at + min(2.0 ** (self.failures - 2), LONGEST_PAUSE) if self.failures > 1 else at
            code, self.process = self.process.returncode, None
            print(f"The {self.name} ended ({code}) and is started again.", file=sys.stderr, flush=True)
        if time.monotonic() >= self.not_before and self.failures < GIVES_UP:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait until it has stopped; kill it at the deadline. Nobody of its session is left."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(deadline - time.monotonic(), 0))
        self.kill_group()
        self.process.wait()

    def kill_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Bell:
    """Signals wake the parent from its wait: ring once or ten times, it is the same."""

    def __init__(self) -> None:
        self.stopping = False
        self.read, self.write = os.pipe()
        os.set_blocking(self.read, False)
        os.set_blocking(self.write, False)

    def hang(self) -> None:
        signal.set_wakeup_fd(self.write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ring)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def ring(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def wait(self, seconds: float) -> None:
        select.select([self.read], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while os.read(self.read, 512):
                pass


def keep_running(children: list[Child], is_ready: Callable[[], bool], say_ready: Callable[[], None]) -> int:
    """Run the children until Ctrl-C, SIGTERM or SIGHUP; returns the exit code.

    `is_ready` is asked until it says yes, then `say_ready` is called once. 1 when a child does not stay up.
    """
    bell = Bell()
    bell.hang()
    with ended(children):
        for child in children:
            child.start()
        ready = False
        while not bell.stopping:
            for child in children:
                if not child.is_running:
                    child.revive()
                if child.failures >= GIVES_UP:
                    print(f"The {child.name} does not stay up; see its messages above.", file=sys.stderr, flush=True)
                    return 1
            if not ready and is_ready():
                ready = True
                say_ready()
            bell.wait(1.0 if ready else 0.05)
    return 0


@contextlib.contextmanager
def ended(children: list[Child]) -> Iterator[None]:
    """Whatever happens, every child is asked to stop, then ended."""
    try:
        yield
    finally:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        for child in children:
            child.end(deadline)
