"""Standard streams and signals, prepared for the commands.

INVARIANT: whatever a command prints reaches a terminal in UTF-8 and without characters that control it, and a stream
that can't be written is told apart from a fault of polcheck's own.
"""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import TextIO

from polcheck.base.errors import PolcheckError
from polcheck.base.log_commands import at_line_starts, defused

# what render.escape hides, but for line breaks (CRLF is one), tabs, and the colors and weights of polcheck's own texts
_HIDDEN = re.compile(
    r"(?!\x1b\[(?:[0-4]|3[0-7]|9[0-7]|;)*m|\r\n)"
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def harmless(text: str, *, commands: bool = False) -> str:
    """Return the text without what controls a terminal and, unless it may hold `commands`, what a log takes for one."""
    return _HIDDEN.sub(_spelled, text if commands else at_line_starts(text))


class Output(io.TextIOBase):
    """Standard output, or standard error where `log` is set, over the stream that the process was given."""

    def __init__(self, under: TextIO, *, log: bool) -> None:
        super().__init__()
        self._under = under
        self._log = log

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding in which texts are written."""
        return "utf-8"

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._under.isatty()

    def fileno(self) -> int:
        """Return the number of the stream's descriptor. Raises OSError when it has none."""
        return self._under.fileno()

    def write(self, text: str | bytes) -> int:
        """Writes a text, made harmless; bytes, as click writes completion scripts, are UTF-8.

        Raises BrokenPipeError when nobody reads, and PolcheckError when standard output can't be written; what is said
        to a standard error that can't be written is lost.
        """
        text = text.decode() if isinstance(text, bytes) else text
        # NOTE: JSON goes to standard output too, which could not say `\x23`
        self.put(harmless(defused(text) if self._log else text))
        return len(text)

    def put(self, said: str) -> None:
        """Writes a text that is harmless already; raises as `write` does."""
        if said:  # NOTE: click asks with an empty text what kind of stream this is, and hears no error then
            with self._told():
                self._under.write(said)

    def flush(self) -> None:
        """Writes what is held back. Raises as `write` does."""
        with self._told():
            self._under.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _abandon(self._under)
            if self._log:
                return
            if isinstance(error, BrokenPipeError):
                raise
            raise PolcheckError(f"can't write standard output: {(error.strerror or str(error)).lower()}") from error


def _spelled(match: re.Match[str]) -> str:
    from polcheck.render.escape import visible

    return visible(match.group())


def _abandon(stream: TextIO) -> None:
    """Leads a stream nowhere. NOTE: what it holds back is written at exit, and must not fail there once more."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def prepared() -> Iterator[None]:
    """A context in which standard output and error are `Output`, and SIGTERM ends what ctrl-C ends."""
    before = sys.stdin, sys.stdout, sys.stderr
    with _stopped_by_sigterm():
        _fill_descriptors()
        sys.stdin = before[0] or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = Output(_in_utf8(before[1], 1), log=False)
        sys.stderr = Output(_in_utf8(before[2], 2), log=True)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def _in_utf8(stream: TextIO | None, number: int) -> TextIO:
    """Return the stream in UTF-8, whatever the locale; a new one where the process has none."""
    if stream is None:
        return open(number, "w", encoding="utf-8", closefd=False)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream


def _fill_descriptors() -> None:
    """Opens those of 0, 1 and 2 that are closed, so that no file that is opened later takes their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, so that processes are stopped and unfinished files are removed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = None
    with suppress(ValueError):  # NOTE: only a main thread may say what signals do
        before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def terminal_width() -> int:
    """Return the columns of the terminal: as COLUMNS has them, else as standard output's does, else 100.

    NOTE: as `shutil.get_terminal_size`, which imports every compression that there is.
    """
    provided = os.environ.get("COLUMNS", "")
    if provided.isascii() and provided.isdigit() and int(provided) > 0:
        return int(provided)
    with suppress(AttributeError, ValueError, OSError):
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 100  # type: ignore[union-attr]
    return 100


def note_terminal(client: str, page: str) -> None:
    """Say on standard error what a server waits for, where somebody has started it at a terminal."""
    if sys.stdin.isatty():
        sys.stderr.write(f"this is a server, which {client} starts and speaks to: see {page}; ctrl-C ends it\n")
        sys.stderr.flush()


_PATIENCE = 1.0  # seconds before anything is shown
_INTERVAL = 0.1
_WIDTH = 30


class Bar:
    """A context whose methods may be called often; it shows itself when the work takes long."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._start = time.monotonic()
        self._last = 0.0
        self._shown = False
        self._terminal = sys.stderr.isatty()

    def update(self, done: int, total: int) -> None:
        """Shows how many of `total` are done."""
        filled = _WIDTH * done // max(total, 1)
        self._show(f"{'━' * filled}{'╌' * (_WIDTH - filled)} {done}/{total}")

    def count(self, done: int) -> None:
        """Shows how many are done when nobody knows of how many."""
        self._show(str(done))

    def _show(self, text: str) -> None:
        now = time.monotonic()
        if not self._terminal or now - self._start < _PATIENCE or now - self._last < _INTERVAL:
            return
        self._last = now
        self._shown = True
        _draw(f"{self._label} {text}")

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            _draw("")


def _draw(text: str) -> None:
    """Writes a line over the one that the terminal shows. NOTE: `sys.stderr` would spell the controls out."""
    if sys.__stderr__ is not None:
        with suppress(OSError):
            sys.__stderr__.write(f"\r\x1b[K{text}")
            sys.__stderr__.flush()
