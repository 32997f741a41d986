"""Main function of a worker process: read batches of requests, write their replies, until the parent closes the
pipe.

NOTE: it begins as a fresh interpreter and imports nothing but what its work needs: neither the host's `__main__` nor
what else the host has loaded.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import time
from typing import BinaryIO

from polcheck.base.errors import internal_error
from polcheck.base.sandbox import GRACE, end_after, enter_sandbox
from polcheck.base.worker_protocol import BOOTED, PROGRESS, REPLIES, Start, read_frame, write_frame


def main(requests: int, replies: int, progress: int) -> None:
    """Serves one parent over three pipes, each by the number of its descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    source, target = os.fdopen(requests, "rb"), os.fdopen(replies, "wb")
    first = read_frame(source)
    if first is None:
        return
    start: Start = pickle.loads(first)  # NOTE: from our own parent, over a pipe that nobody else has
    enter_sandbox()
    # NOTE: there are many rows and no circles among them; what is compiled for the first requests lives to the end
    gc.set_threshold(200_000, 20, 100)
    os.write(progress, PROGRESS.pack(BOOTED, time.monotonic()))
    try:
        _serve(start, source, target, progress)
    except BrokenPipeError:
        os._exit(0)  # the parent is gone


def _serve(start: Start, source: BinaryIO, target: BinaryIO, progress: int) -> None:
    while (frame := read_frame(source)) is not None:
        results: list[tuple[bool, bytes]] = []
        for number, request in enumerate(pickle.loads(frame)):
            os.write(progress, PROGRESS.pack(number, time.monotonic()))
            end_after(start.seconds, start.seconds * start.patience + GRACE)
            try:
                results.append((True, start.codec.encode(start.work(request))))
            except Exception as error:  # NOTE: a fault over one request must not take the others with it
                results.append((False, internal_error(start.doing, error).encode("utf-8", "replace")))
        end_after(0, 0)
        write_frame(target, REPLIES.encode(results))
        if not gc.get_freeze_count():
            gc.freeze()
