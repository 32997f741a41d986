"""Which folders this process reads from, where that is bounded: a server reads what its client opened to it.

INVARIANT: it holds for the whole process. Whoever reads a path that a project or a person names asks here first:
`base/reader.py` and `base/safe_open.py`, which are all ways to read on the way of a run.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from polcheck.base.tracker import Place

OUTSIDE = "outside of the folders that are open here"
_STATE: dict[str, tuple[str, ...]] = {}  # the folders under `folders`; nothing where all may be read


def confine(folders: Iterable[Place] | None) -> None:
    """Let this process read files below these folders only, links followed; all files where it is None."""
    _STATE.clear()
    if folders is not None:
        _STATE["folders"] = tuple(dict.fromkeys(os.path.realpath(os.fsdecode(folder)) for folder in folders))


def refuse_outside(path: Place) -> None:
    """Raise PermissionError for a path that this process is not to read."""
    folders = _STATE.get("folders")
    if folders is None:
        return
    real = os.path.realpath(os.fsdecode(path))
    if not any(real == folder or real.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders):
        raise PermissionError(errno.EACCES, OUTSIDE, os.fsdecode(path))
