"""Packs of installed distributions, found without importing any of their code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath

from msgspec import Struct

from polcheck.base.errors import PolicyError, Problem, SubmissionError
from polcheck.base.reader import files_below, is_folder
from polcheck.base.safe_open import NotRegular, read_regular, reason_of
from polcheck.packs.shipped import PACK_LIMITS, pack_of
from polcheck.policy.pack_files import PackFiles
from polcheck.sources.builder import SubmissionBuilder

GROUP = "polcheck.packs"
_COMPILED = "__pycache__"


class Installed(Struct, frozen=True):
    """One entry point: the pack's name, its folder as `package/folder`, and the distribution."""

    name: str
    folder: str
    distribution: metadata.Distribution

    @property
    def resolved(self) -> str:
        """The distribution with its version."""
        return f"{self.distribution.name}=={self.distribution.version}"


def installed_packs() -> dict[str, Installed]:
    """Return the packs of every installed distribution, by name. Raises PolicyError when two bring one name."""
    results: dict[str, Installed] = {}
    for entry in metadata.entry_points(group=GROUP):
        if entry.dist is None:
            continue
        package, _, below = entry.value.partition(":")
        folder = "/".join(part for part in (*package.strip().split("."), *below.strip().split("/")) if part)
        one = Installed(entry.name, folder, entry.dist)
        other = results.setdefault(entry.name, one)
        if other.resolved != one.resolved:
            message = f"two distributions provide the pack `{entry.name}`: {other.resolved} and {one.resolved}"
            raise PolicyError([Problem(message)])
    return results


def read_installed(pack: Installed) -> PackFiles:
    """Return the files of an installed pack. Raises PolicyError when there is no pack where the entry point says."""
    where = f"{pack.distribution.name}: {pack.folder}"
    builder = SubmissionBuilder(where, PACK_LIMITS)
    try:
        for path, file in sorted(_files(pack)):
            _take(builder, path, file)
        result = builder.submission("installed")
    except SubmissionError as error:
        raise PolicyError([Problem(f"the pack `{pack.name}` of {pack.resolved} can't be read: {error}")]) from error
    if "pack.yaml" not in result.files:
        raise PolicyError([Problem(f"{pack.resolved} has no pack.yaml in `{pack.folder}`")])
    return pack_of(pack.name, result, pack.name)


def _files(pack: Installed) -> Iterator[tuple[str, Path]]:
    """Yield the pack's files, as the distribution's own list has them; those of an editable one as they lie in its
    folder.
    """
    folder = PurePosixPath(pack.folder)
    listed = [path for path in pack.distribution.files or () if folder in path.parents]
    for path in listed:
        if _COMPILED not in path.parts:
            yield str(path.relative_to(folder)), Path(str(pack.distribution.locate_file(path)))
    root = None if listed else _editable(pack)
    for file in files_below(str(root)) if root else ():
        if _COMPILED not in file.parts:
            yield file.relative_to(root or file).as_posix(), file


def _editable(pack: Installed) -> Path | None:
    """Return the pack's folder in the project that is installed in place, where distributions list no files."""
    try:
        message = json.loads(pack.distribution.read_text("direct_url.json") or "{}")
        url, editable = message.get("url", ""), message.get("dir_info", {}).get("editable", False)
    except (ValueError, AttributeError):
        return None
    if not editable or not url.startswith("file://"):
        return None
    project = Path(url.removeprefix("file://"))
    return next((path for place in ("src", ".") if is_folder(path := project / place / pack.folder)), None)


def _take(builder: SubmissionBuilder, path: str, file: Path) -> None:
    try:
        data = read_regular(os.fsencode(file), lambda size: builder.admits(path, size))
    except NotRegular as error:
        builder.miss(path, str(error))
    except OSError as error:
        builder.miss(path, f"it can't be read: {reason_of(error)}")
    else:
        if data is not None:
            builder.take(path, data)
