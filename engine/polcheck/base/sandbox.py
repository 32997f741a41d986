"""Limit the memory, time and signals of a process that may be lost.

NOTE: parsers and template engines can't be stopped from inside: 8 KB of `/*a` make tree-sitter's Python parser take
gigabytes, and a template that doubles a text ends its process. A process beside this one is killed instead.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal

SECONDS = 5.0  # for one request
MEMORY = 2 << 30  # bytes that a process may take beyond what it began with
DIED = f"it took more than {MEMORY >> 20} MiB of memory, or its process was killed"
GRACE = 2.0  # seconds after which a process ends that its parent should have ended
CLOCK_SIGNALS = tuple(getattr(signal, name) for name in ("SIGALRM", "SIGPROF") if hasattr(signal, name))
"""The signals by which the system ends a process whose time is over."""
_state = {"sandboxed": False}


def is_sandboxed() -> bool:
    """Return whether this process is one that may be lost, and need not keep another one for that."""
    return _state["sandboxed"]


def enter_sandbox() -> None:
    """Makes this process one that may be lost: bounded in memory, silent, and deaf to ctrl-C."""
    _state["sandboxed"] = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGALRM"):
        for number in CLOCK_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*CLOCK_SIGNALS, signal.SIGTERM})  # a host may have blocked them
    if not os.environ.get("POLCHECK_DEBUG"):
        faulthandler.disable()
    _bound_memory()


def end_after(processor: float, wall: float) -> None:
    """Has the system end this process after so many seconds of processor time, or by the wall clock, whatever it is
    doing; 0 is never.

    NOTE: a parent that was killed can't end it, and a search that goes on forever never asks whether there is one.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, processor)
        signal.setitimer(signal.ITIMER_REAL, wall)


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _size() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def _size() -> int:
    """Return the size of this process's address space in bytes, where the system reports it."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 1 << 30
