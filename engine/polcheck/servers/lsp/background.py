"""Work in the background that is asked for more often than it is done: checks while somebody types."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable

_LOG = logging.getLogger(__name__)


class Repeated:
    """Does one thing whenever it is requested, once for all requests that come within a pause, never twice at a time.

    `work` is given an event that is set when its result is not wanted any more: another request came, or the end.
    INVARIANT: after the last request, `work` begins once more and is not disturbed. An exception that it raises goes to
    `failed` and ends nothing but that one attempt.
    """

    def __init__(
        self,
        work: Callable[[threading.Event], Awaitable[None]],
        failed: Callable[[Exception], None],
        pause: float,
    ) -> None:
        self._work = work
        self._failed = failed
        self._pause = pause
        self._requested = asyncio.Event()
        self._cancel = threading.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def request(self) -> None:
        """Ask for it to be done soon."""
        self._requested.set()
        self._idle.clear()
        self._cancel.set()

    async def settled(self) -> None:
        """Wait until all that was asked for is done, or given up at the end."""
        await self._idle.wait()

    async def close(self) -> None:
        """End: what is under way is told to stop, and waited for no longer."""
        self._cancel.set()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._repeat()
        finally:
            self._cancel.set()
            self._idle.set()

    async def _repeat(self) -> None:
        while True:
            await self._requested.wait()
            while self._requested.is_set():
                self._requested.clear()
                await asyncio.sleep(self._pause)
            self._cancel = threading.Event()
            try:
                await self._work(self._cancel)
            except Exception as error:
                _LOG.exception("a check failed")
                self._failed(error)
            if not self._requested.is_set():
                self._idle.set()
