"""Worker processes: started, fed, bounded in time and memory, and ended in this one place.

Parsing holds the interpreter's lock, a search inside tree-sitter can't be interrupted, and a template can fill all
memory: such work is done in a process beside this one, which can be killed. It is a fresh interpreter, so that it works
in threads, in notebooks, in daemonic processes, in web servers and in scripts without a main guard.

Requests are pickled: they go from us to our own child. Replies come from a process that has parsed untrusted bytes:
they are decoded by their type, and can't be anything but data of that type.
"""

from __future__ import annotations

import os
import pickle
import select
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from polcheck.base.codec import Codec, NotDecoded
from polcheck.base.limits import PATIENCE
from polcheck.base.sandbox import CLOCK_SIGNALS, DIED, MEMORY, SECONDS, is_sandboxed
from polcheck.base.worker_protocol import BOOTED, LENGTH, PROGRESS, REPLIES, Start, write_frame

START_SECONDS = 60.0  # for an interpreter to begin, on a machine that is busy
POLL_SECONDS = 0.25  # between looks at the workers' clocks
_PIPE_BYTES = 1 << 20
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, which Python names from 3.10 on, and on Linux only
_MAIN = (
    "import sys; given = sys.argv[1:]; sys.path[:] = given[3:]; "
    "from polcheck.base.worker_main import main; main(*map(int, given[:3]))"
)
# what a child needs of the environment. NOTE: a process that parses untrusted bytes has no use for anybody's tokens
_ENVIRONMENT = ("POLCHECK_", "PYTHON", "LC_", "LD_", "DYLD_")
_VARIABLES = frozenset({"LANG", "LANGUAGE", "PATH", "HOME", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"})

_Request = TypeVar("_Request")
_Reply = TypeVar("_Reply")


class Overrun(Exception):
    """A request that took too long or too much memory, or failed; the text says which."""


class NoWorker(OSError):
    """Raised when no worker process could be started."""


class _Died(Exception):
    """The worker's process ended, or what it wrote is no reply; the text says why."""


class Worker(Generic[_Request, _Reply]):
    """One process beside this one that answers requests; it starts with the first, and ends with this object.

    `work` gives the reply to a request; it is sent to the process once, so it has to be picklable and of a module that
    can be imported. `codec` is that of the replies. A request that takes more than `seconds` of processor time, or
    `patience` times as many by the wall clock, ends the process.
    """

    def __init__(
        self,
        work: Callable[[_Request], _Reply],
        codec: Codec[_Reply],
        seconds: float = SECONDS,
        doing: str = "it",
        patience: float = PATIENCE,
    ) -> None:
        self.seconds = seconds
        self.batch: Sequence[_Request] = ()  # what it works on
        self._patience = patience
        self._work = work
        self._codec = codec
        self._doing = doing
        self._process: _Process | None = None
        self._stop: Callable[[], object] = lambda: None

    def ask(self, request: _Request) -> _Reply:
        """Return the reply. Raises Overrun when there is none in time, or the process dies, or the work fails."""
        return self.ask_all([request])[0]

    def ask_all(self, requests: Sequence[_Request]) -> list[_Reply]:
        """Return the replies to some requests, which go to the process and back at once.

        Raises Overrun when there is none to one of them in time, or the process dies, or the work fails.
        """
        if is_sandboxed():
            return [self._work(request) for request in requests]
        try:
            self.feed(requests)
            while (replies := self.receive(POLL_SECONDS)) is None:
                if self.is_overdue:
                    self.close()
                    raise Overrun(overrun(self.seconds))
        except OSError as error:
            raise Overrun(f"no process could be started for it: {(error.strerror or str(error)).lower()}") from error
        except _Died as death:
            raise Overrun(str(death)) from None
        except BaseException:
            self.close()  # NOTE: after ctrl-C a reply may still come, and is none to the next request
            raise
        for _, reason in replies:
            if reason is not None:
                raise Overrun(reason)
        return [reply for reply, _ in replies]  # type: ignore[misc]  # there is one where there is no reason for none

    def begin(self) -> None:
        """Starts the process, unless there is one. Raises OSError when the system gives none."""
        if self._process is not None and self._process.owner != os.getpid():
            self.close()  # NOTE: this process was forked; the worker is its parent's
        if self._process is not None and not self.batch and readable([self._process.replies], 0):
            self.close()  # NOTE: it ended while nothing was asked of it, which is no fault of the next request
        if self._process is None:
            start = Start(self._work, self._codec, self.seconds, self._patience, self._doing)
            self._process = process = _Process(pickle.dumps(start, pickle.HIGHEST_PROTOCOL))
            self._stop = weakref.finalize(self, process.end)

    def feed(self, batch: Sequence[_Request]) -> None:
        """Gives requests to the process, which must have none. Raises OSError when no process can be started."""
        data = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        self.begin()
        assert self._process is not None
        assert not self.batch
        self.batch = batch
        self._process.send(data)

    @property
    def descriptor(self) -> int:
        """The file descriptor that becomes readable when a reply is there. Valid only while the process runs."""
        assert self._process is not None
        return self._process.replies

    def receive(self, seconds: float) -> list[tuple[_Reply | None, str | None]] | None:
        """Return the reply to each request of the batch, or None and why there is none; None while they aren't all
        there.

        Raises _Died when the process did, and NoWorker when it never began.
        """
        assert self._process is not None
        try:
            frame = self._process.receive(seconds)
            if frame is None:
                return None
            replies: list[tuple[_Reply | None, str | None]] = [
                (self._codec.decode(data), None) if good else (None, data.decode("utf-8", "replace"))
                for good, data in REPLIES.decode(frame)
            ]
            if len(replies) != len(self.batch):
                raise NotDecoded("another number of replies")
        except (NotDecoded, _Died) as error:
            booted = self._process.clock()[1] > 0
            process = self._process
            self.close()
            if not booted:
                raise NoWorker(0, "it ended before it began") from error
            raise _Died(overrun(self.seconds) if process.was_ended_by_its_clock else DIED) from error
        self.batch = ()
        return replies

    @property
    def is_overdue(self) -> bool:
        """Whether the worker has taken more than its time over one request."""
        if not self.batch or self._process is None:
            return False
        now = time.monotonic()
        _, began = self._process.clock()
        return now - began > self.seconds * self._patience if began > 0 else now - self._process.started > START_SECONDS

    @property
    def at(self) -> int:
        """The place in the batch of the request that the process is, or was, working on."""
        return self._at if self._process is None else self._place()

    _at = 0

    def _place(self) -> int:
        number = self._process.clock()[0] if self._process is not None else 0
        return min(max(number, 0), max(len(self.batch) - 1, 0))

    def close(self) -> None:
        """Ends the process; the next request starts another one."""
        if self._process is not None:
            self._at = self._place()
        self._stop()
        self._process = None
        self.batch = ()


class _Process:
    """A child process and its three pipes."""

    def __init__(self, start: bytes) -> None:
        import subprocess  # NOTE: most runs need no other process

        self.owner = os.getpid()
        self.started = time.monotonic()
        self._number, self._began = 0, 0.0
        self._received = bytearray()
        ends: list[int] = []
        try:
            for _ in range(3):
                ends += _pipe()
            theirs, requests, self.replies, answers, self._progress, ticks = ends
            self._popen = subprocess.Popen(
                [*_command(), "-c", _MAIN, *map(str, (theirs, answers, ticks)), *_module_path()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # NOTE: libraries in C complain to standard error as they die
                stderr=None if os.environ.get("POLCHECK_DEBUG") else subprocess.DEVNULL,
                pass_fds=(theirs, answers, ticks),
            )
        except BaseException:
            for end in ends:
                os.close(end)
            raise
        for end in (theirs, answers, ticks):
            os.close(end)
        os.set_blocking(self.replies, False)
        os.set_blocking(self._progress, False)
        self._requests = os.fdopen(requests, "wb")
        self.send(start)

    def send(self, data: bytes) -> None:
        """Sends a message. NOTE: that a process is gone shows as soon as its replies are waited for."""
        with suppress(BrokenPipeError):
            write_frame(self._requests, data)

    def receive(self, seconds: float) -> bytes | None:
        """Return the next message, or None when it is not whole within so many seconds. Raises _Died."""
        if not readable([self.replies], seconds):
            return None
        while True:
            try:
                part = os.read(self.replies, _PIPE_BYTES)
            except BlockingIOError:
                return None
            except OSError as error:
                raise _Died from error
            if not part:
                raise _Died
            self._received += part
            if len(self._received) < LENGTH.size:
                continue
            (length,) = LENGTH.unpack_from(self._received)
            whole = LENGTH.size + length
            if length > MEMORY or len(self._received) > whole:
                raise _Died  # NOTE: it only speaks when it was asked
            if len(self._received) == whole:
                frame = bytes(memoryview(self._received)[LENGTH.size :])
                self._received = bytearray()
                return frame

    def clock(self) -> tuple[int, float]:
        """Return the place in its batch of the request that was begun last, and when; zeros while the process is
        starting.
        """
        with suppress(OSError):
            while len(data := os.read(self._progress, 4096 * PROGRESS.size)) >= PROGRESS.size:
                number, self._began = PROGRESS.unpack_from(data, len(data) - len(data) % PROGRESS.size - PROGRESS.size)
                self._number = 0 if number == BOOTED else number
        return self._number, self._began

    @property
    def was_ended_by_its_clock(self) -> bool:
        """Whether the system has ended the process when its processor time was over. Valid once it has ended."""
        return self._popen.returncode is not None and -self._popen.returncode in CLOCK_SIGNALS

    def end(self) -> None:
        """Kills the process, unless it belongs to another one."""
        if self.owner == os.getpid():
            self._popen.kill()  # NOTE: one that has ended keeps the status that it ended with
            self._popen.wait()
        else:
            self._popen.returncode = 0  # NOTE: somebody else's child is not waited for
        with suppress(OSError):
            self._requests.close()
        for end in (self.replies, self._progress):
            with suppress(OSError):
                os.close(end)


def overrun(seconds: float) -> str:
    """Return the reason why there is no reply to a request that took too long."""
    return f"it took more than the limit of {seconds:g} seconds"


def readable(descriptors: Iterable[int], seconds: float) -> set[int]:
    """Return those of the descriptors that can be read from within so many seconds, or have come to their end."""
    if not hasattr(select, "poll"):  # NOTE: some libraries of green threads take it away
        return set(select.select([*descriptors], [], [], seconds)[0])
    poll = select.poll()  # NOTE: `select` refuses descriptors beyond 1,023, which a server may have
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    return {descriptor for descriptor, _ in poll.poll(seconds * 1000)}


def _pipe() -> tuple[int, int]:
    """Both ends of a pipe, none of them a standard stream's number."""
    import fcntl

    ends = os.pipe()
    for number, end in enumerate(ends):
        if end < 3:
            lifted = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(end)
            ends = (lifted, ends[1]) if number == 0 else (ends[0], lifted)
    with suppress(OSError):  # so that what is sent first doesn't wait for the interpreter to begin
        fcntl.fcntl(ends[1], _SET_PIPE_SIZE, _PIPE_BYTES)
    return ends


def _command() -> list[str]:
    """Return the interpreter, with what its own options say of encodings and compiled modules.

    NOTE: without `site`, which is told where modules lie by `sys.path`; it takes a third of the time to begin.
    """
    flags = ["-S", "-s", "-X", f"utf8={int(sys.flags.utf8_mode)}"]
    if sys.dont_write_bytecode:
        flags.append("-B")
    if sys.pycache_prefix:
        flags += ["-X", f"pycache_prefix={sys.pycache_prefix}"]
    return [_interpreter(), *flags]


def _interpreter() -> str:
    """Return the path of this Python. NOTE: where it is embedded, `sys.executable` may be the program around it."""
    if os.path.basename(sys.executable or "").lower().startswith(("python", "pypy")):  # noqa: PTH119
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for folder in (sys.prefix, sys.base_prefix, sys.exec_prefix):
        path = os.path.join(folder, "bin", name)  # noqa: PTH118
        if os.access(path, os.X_OK):
            return path
    raise NoWorker(0, "there is no interpreter to start one with")


def _module_path() -> list[str]:
    """Return the module search path of this process, polcheck's own folder included."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    results = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100
    return results if here in results else [*results, here]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in _VARIABLES or name.startswith(_ENVIRONMENT)}


class WorkerPool(Generic[_Request, _Reply]):
    """Several workers over the same work. A context: leaving it leaves no process behind.

    `failed` makes the reply to a request whose worker was killed or died, from the request and the reason.
    """

    def __init__(
        self,
        work: Callable[[_Request], _Reply],
        codec: Codec[_Reply],
        failed: Callable[[_Request, str], _Reply],
        jobs: int,
        seconds: float,
        doing: str = "it",
        patience: float = PATIENCE,
    ) -> None:
        self._failed = failed
        self._seconds = seconds
        self._workers = [Worker(work, codec, seconds, doing, patience) for _ in range(jobs)]

    def __enter__(self) -> WorkerPool[_Request, _Reply]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the processes; the next requests start others."""
        for worker in self._workers:
            worker.close()

    def begin(self) -> None:
        """Starts the processes ahead of the first requests. Raises OSError when the system gives none."""
        for worker in self._workers:
            worker.begin()

    def run(self, batches: Iterator[Sequence[_Request]]) -> Iterator[_Reply | None]:
        """Yield the replies as they come, in no order; None now and then, while there is nothing new.

        Raises OSError when no process can be started.
        """
        for worker in self._workers:
            self._feed(worker, batches)
        while busy := {worker.descriptor: worker for worker in self._workers if worker.batch}:
            for descriptor in readable(busy, POLL_SECONDS):
                yield from self._receive(busy[descriptor], batches)
            for worker in self._workers:
                if worker.is_overdue:
                    yield self._replace(worker, batches, overrun(self._seconds))
            yield None

    def _receive(self, worker: Worker[_Request, _Reply], batches: Iterator[Sequence[_Request]]) -> Iterator[_Reply]:
        batch = worker.batch
        try:
            replies = worker.receive(0)
        except _Died as death:
            yield self._lost(worker, batch, batches, str(death))
            return
        if replies is None:
            return
        self._feed(worker, batches)
        for request, (reply, reason) in zip(batch, replies, strict=True):
            yield self._failed(request, reason) if reason is not None else reply  # type: ignore[misc]

    def _replace(self, worker: Worker[_Request, _Reply], batches: Iterator[Sequence[_Request]], reason: str) -> _Reply:
        batch = worker.batch
        worker.close()
        return self._lost(worker, batch, batches, reason)

    def _lost(
        self,
        worker: Worker[_Request, _Reply],
        batch: Sequence[_Request],
        batches: Iterator[Sequence[_Request]],
        reason: str,
    ) -> _Reply:
        """Gives what is left of a batch to another process; gives the reply to the request that the last one was at."""
        at = min(worker.at, len(batch) - 1)
        rest = [*batch[:at], *batch[at + 1 :]]
        self._feed(worker, iter([rest]) if rest else batches)
        return self._failed(batch[at], reason)

    def _feed(self, worker: Worker[_Request, _Reply], batches: Iterator[Sequence[_Request]]) -> None:
        batch = next(batches, ())
        if batch:
            worker.feed(batch)
