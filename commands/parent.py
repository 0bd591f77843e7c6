"""Leaving when the parent is gone: nobody keeps the port after a `kill -9` of `flask serve`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PARENT = "ATRIUM_PARENT"  # the process id of the parent, given to its children
PATIENCE = 10.0  # seconds between asking to stop and stopping
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def leave_with_parent(*, watch: bool = True) -> None:
    """End this process when its parent ends, however that ends; nothing when it has none of ours.

    On Linux the kernel sends SIGTERM. Elsewhere, and where SIGTERM is not enough within PATIENCE, a thread that looks at
    the parent's number every half second does it. `watch=False` leaves the thread out: for a process that forks.
    """
    parent = int(os.environ.get(PARENT, "0"))
    if not parent:
        return
    told = tell_kernel()
    if os.getppid() != parent:  # it ended before the kernel was told
        os.kill(os.getpid(), signal.SIGTERM)
    if watch or not told:
        threading.Thread(target=watch_parent, args=(parent,), daemon=True, name="parent").start()


def tell_kernel() -> bool:
    """Ask Linux for SIGTERM at the parent's end; whether it will come."""
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) == 0)


def watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)
