"""The children of `flask serve`: started, watched, started again, ended.

A child is a fork of the parent, which has loaded the application: it is there in a moment and shares the parent's memory.
Each runs in a session of its own, so that Ctrl-C in a terminal reaches the parent only, which then asks each child to
stop by SIGTERM. (A SIGINT to the whole group left granian's workers hanging in two of six trials.)
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from commands.parent import PARENT, PATIENCE

LONG_ENOUGH = 30.0  # seconds after which a child that ends has run well, and starts again at once
GIVES_UP = 5  # starts in a row that did not run well
LONGEST_PAUSE = 16.0
OURS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}


@dataclass
class Child:
    """One child process and what it runs."""

    name: str
    main: Callable[[], None]
    pid: int = 0  # 0: not running
    started: float = 0.0
    failures: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, OURS)  # until the child has handlers of its own
        self.pid = os.fork()
        if self.pid == 0:
            self.live(parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
        self.started = time.monotonic()

    def live(self, parent: int) -> NoReturn:
        """In the child: a session, signals and a parent of its own; then its work, to the end."""
        code = 1
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ[PARENT] = str(parent)
            signal.set_wakeup_fd(-1)
            for number in OURS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
            self.main()
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def has_ended(self) -> bool:
        """Whether it is not running. Clears away what is left of one that just ended."""
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.kill_session()
            self.pid = 0
        return not self.pid

    def revive(self) -> None:
        """Start again after an end that nobody asked for, each time after a longer pause."""
        at = time.monotonic()
        if self.started:
            self.failures = 1 if at - self.started > LONG_ENOUGH else self.failures + 1
            self.not_before = at + (min(2.0 ** (self.failures - 2), LONGEST_PAUSE) if self.failures > 1 else 0)
            self.started = 0.0
            print(f"The {self.name} ended and is started again.", file=sys.stderr, flush=True)
        if at >= self.not_before and self.failures < GIVES_UP:
            self.start()

    def ask_to_stop(self) -> None:
        if not self.has_ended():
            os.kill(self.pid, signal.SIGTERM)

    def end(self, deadline: float) -> None:
        """Wait until it has stopped; kill it at the deadline. Nobody of its session is left."""
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.pid:
            self.kill_session()
            os.waitpid(self.pid, 0)
            self.pid = 0

    def kill_session(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


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

    def take_down(self) -> None:
        """A late press must not end the parent otherwise than calmly, even while the interpreter is closing."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def ring(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def wait(self, seconds: float) -> None:
        select.select([self.read], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while os.read(self.read, 512):
                pass


def keep_running(
    children: list[Child], is_ready: Callable[[], bool], say_ready: Callable[[], None], bell: Bell | None = None
) -> int:
    """Run the children until Ctrl-C, SIGTERM or SIGHUP; returns the exit code.

    `is_ready` is asked until it says yes, then `say_ready` is called once. 1 when a child does not stay up.
    """
    if bell is None:
        bell = Bell()
        bell.hang()
    with ended(children, bell):
        ready = False
        while not bell.stopping:
            for child in children:
                if child.has_ended():
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
def ended(children: list[Child], bell: Bell) -> Iterator[None]:
    """Whatever happens, every child is asked to stop, then ended."""
    try:
        yield
    finally:
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        for child in children:
            child.end(deadline)
        bell.take_down()
