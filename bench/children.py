"""Processes of a storm: forked from a server that has read the program once.

Each spawned one would read it again, which takes a second of processor and is not what the storm is about. What a child
has is its own all the same: it makes its own application, and no connection is open before it forks.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

READ_BEFORE = ["app", "bench.readied"]


def forking() -> ForkServerContext:
    """As multiprocessing gives it: with `Process`, `Barrier` and `Queue`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(READ_BEFORE)
    return context
