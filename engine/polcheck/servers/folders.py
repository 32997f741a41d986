"""What a server may read: the folders that its client opened, and what polcheck itself needs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from polcheck.base.confinement import confine
from polcheck.base.store import store
from polcheck.packs.shipped import data_folder


def confine_to(folders: Iterable[Path]) -> None:
    """Let this process read these folders only, beside polcheck's data and caches and where Python has packs from."""
    confine([*folders, data_folder(), store(), *filter(None, sys.path)])
