"""polcheck.yaml and pyproject.toml: found by walking up, read, and written back."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from polcheck.disk.packs import data_folder
from polcheck.disk.paths import shown
from polcheck.disk.regular import reason_of
from polcheck.disk.watch import note
from polcheck.errors import ConfigError, Problem
from polcheck.source import Source

if TYPE_CHECKING:
    from polcheck.config import Written  # NOTE: cerberus takes a while to import; most commands do without

CONFIG_NAMES = ("polcheck.yaml", "pyproject.toml")
_MOST_BYTES = 64 * 1024 * 1024


def find_config(target: str) -> Written | None:
    """The nearest configuration at or above `target`, or the working directory where `target` is no folder.

    Raises ConfigError for one that can't be used, and where a folder has both polcheck.yaml and [tool.polcheck].
    """
    start = Path(os.path.realpath(target if Path(target).is_dir() else "."))
    return next((found for folder in (start, *start.parents) if (found := read_config_in(str(folder)))), None)


def read_config_in(folder: str) -> Written | None:
    """The configuration in a folder, if there is one. Raises ConfigError as `find_config` does."""
    places = [Path(folder, name) for name in CONFIG_NAMES]
    for path in places:
        note(path)
    found = [read_config(str(path)) for path in places if path.is_file()]
    own = [written for written in found if written is not None]
    if len(own) > 1:
        where = own[1].where(())
        raise ConfigError([Problem(f"{own[0].path} is the configuration, and so is the table at {where}")])
    return own[0] if own else None


def read_config(path: str) -> Written | None:
    """The configuration in the file at `path`; None for a pyproject.toml that says nothing of polcheck.

    Raises ConfigError when it can't be read or used.
    """
    source = read_own(path)
    if path.endswith(".toml") and b"polcheck" not in source.data:
        return None
    from polcheck.config import read

    return read(source, str(Path(os.path.realpath(path)).parent), _schema())


def read_own(path: str, hint: str = "") -> Source:
    """A small file of the project, its path as `shown`. Raises ConfigError, with `hint`, when it can't be read."""
    note(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError([Problem(f"`{shown(path)}` can't be read: {reason_of(error)}", help=hint)]) from error
    if len(data) > _MOST_BYTES:
        raise ConfigError([Problem(f"`{shown(path)}` is too large: over {_MOST_BYTES} bytes")])
    return Source(shown(path), data)


@lru_cache(maxsize=1)
def _schema() -> str:
    return (data_folder() / "schemas" / "config.yaml").read_text("utf-8")
