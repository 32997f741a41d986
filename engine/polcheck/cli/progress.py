"""A progress bar on standard error, for work that takes over a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from types import TracebackType

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
