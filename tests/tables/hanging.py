"""A check that hangs, dies or takes all memory over projects that say so."""

from __future__ import annotations

import os
import time

from polcheck.project.batch import BatchChecker, BatchResult, BatchTask


class Faulty(BatchChecker, frozen=True):
    """Checks projects but for those with a file `hang.py`, `die.py` or `grow.py`."""

    def __call__(self, task: BatchTask) -> BatchResult:
        """Return the rows of one entry, if at all."""
        bundle = str(task.entry.bundle)
        if "hang.py" in bundle:
            time.sleep(60)
        if "die.py" in bundle:
            os._exit(3)
        if "grow.py" in bundle:
            bytes(3 << 30)
        return super().__call__(task)
