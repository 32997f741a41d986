"""What a server may read: the folders that its client opened, and what polcheck itself needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from polcheck.base.confinement import confine
from polcheck.base.store import store
from polcheck.packs.shipped import data_folder


def lies_in(path: Path, folders: Iterable[Path]) -> bool:
    """Return whether a path lies in one of the folders once every link is followed."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(os.path.realpath(folder)) for folder in folders)


def confine_to(folders: Iterable[Path]) -> None:
    """Let this process read these folders only, beside polcheck's data and caches and where Python has packs from."""
    confine([*folders, data_folder(), store(), *filter(None, sys.path)])
