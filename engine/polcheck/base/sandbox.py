"""Processes that may be lost: what a stranger's text could keep busy forever, or fill all memory, is done in one.

NOTE: parsers and template engines can't be stopped from inside: 8 KB of `/*a` make tree-sitter's Python parser take
gigabytes, and a template that doubles a text ends its process. A process beside this one is killed instead.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from polcheck.base.errors import internal_error

if TYPE_CHECKING:  # NOTE: most runs need no other process
    from multiprocessing.connection import Connection

SECONDS = 5.0  # for one request
MEMORY = 2 << 30  # bytes that a process may take beyond what it began with
DIED = f"it took more than {MEMORY >> 20} MiB of memory, or its process was killed"
GRACE = 2.0  # seconds after which a process ends that its parent should have ended
_Reply = TypeVar("_Reply")
_state = {"confined": False}


class Overrun(Exception):
    """What was asked for took too long or too much memory; the text says which."""


def is_sandboxed() -> bool:
    """Whether this process is one that may be lost, and need not keep another one for that."""
    return _state["confined"]


def context() -> Any:
    """How processes start: by fork where that is safe, since it needs no copying."""
    import multiprocessing

    forks = hasattr(os, "fork") and threading.active_count() == 1
    return multiprocessing.get_context("fork" if forks else "spawn")


def enter_sandbox(ours: Connection | None = None) -> None:
    """Makes this process one that may be lost: bounded in memory, silent, deaf to ctrl-C, gone with its parent.

    `ours` is the parent's end of the pipe where this process has a copy of it.
    NOTE: a copy that stayed open would keep the pipe from ending with the parent.
    """
    if ours is not None:
        ours.close()
    _state["confined"] = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    if not os.environ.get("POLCHECK_DEBUG"):
        faulthandler.disable()
        with contextlib.suppress(OSError, ValueError):  # libraries in C complain to standard error as they die
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stderr__.fileno() if sys.__stderr__ else 2)
    _bound_memory()


def end_after(seconds: float) -> None:
    """Has the system end this process when so much time goes by, whatever it is doing; 0 is never.

    NOTE: a parent that was killed can't end it, and a search that goes on forever never asks whether there is one.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _size() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def _size() -> int:
    """How many bytes of address space this process has, where the system tells."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 1 << 30


class SandboxedWorker(Generic[_Reply]):
    """One process beside this one that answers requests; it starts with the first, and ends with this object.

    `work` gives the answer; both are sent to the process, so they can be pickled.
    """

    def __init__(self, work: Callable[[Any], _Reply], seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._work = work
        self._pipe: Connection | None = None
        self._stop: Callable[[], object] = lambda: None

    def ask(self, request: Any) -> _Reply:
        """The answer. Raises Overrun when there is none in time, or the process dies."""
        if is_sandboxed():
            return self._work(request)
        try:
            pipe = self._pipe or self._start()
        except OSError as error:
            raise Overrun(f"no process could be started for it: {(error.strerror or str(error)).lower()}") from error
        try:
            pipe.send(request)
            if not pipe.poll(self.seconds):
                self.close()
                raise Overrun(f"it took more than the limit of {self.seconds:g} seconds")
            good, reply = pipe.recv()
        except (EOFError, OSError):
            self.close()
            raise Overrun(DIED) from None
        except BaseException:
            self.close()  # NOTE: after ctrl-C an answer may still come, and is none to the next request
            raise
        if not good:
            raise Overrun(str(reply))
        answer: _Reply = reply
        return answer

    def close(self) -> None:
        """Ends the process; the next request starts another one."""
        self._stop()
        self._pipe = None

    def _start(self) -> Connection:
        how = context()
        ours, theirs = how.Pipe()
        copy = ours if how.get_start_method() == "fork" else None
        process = how.Process(target=_serve, args=(self._work, theirs, copy, self.seconds), daemon=True)
        process.start()
        theirs.close()
        self._pipe = ours
        self._stop = weakref.finalize(self, _end, process, ours)
        return ours  # type: ignore[no-any-return]


def _end(process: Any, pipe: Connection) -> None:
    process.kill()
    process.join()
    pipe.close()


def _serve(work: Callable[[Any], Any], pipe: Connection, ours: Connection | None, seconds: float) -> None:
    """The process's life: requests in, answers out, until the pipe ends."""
    enter_sandbox(ours)
    while True:
        try:
            request = pipe.recv()
        except (EOFError, OSError):
            return
        end_after(seconds + GRACE)
        try:
            reply = (True, work(request))
        except Exception as error:
            reply = (False, internal_error("it", error))
        end_after(0)
        pipe.send(reply)
