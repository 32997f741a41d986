"""The paths on the command line: one submission, or files and folders of a project."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from polcheck.base.errors import PolcheckError
from polcheck.base.paths import below, exists, is_folder
from polcheck.base.reader import is_file

# NOTE: what reads configurations and files is imported where it is used, so that a report that is kept is shown sooner


class UnknownPath(PolcheckError):
    """A path of the command line that does not exist, or lies outside the project."""


class Request(NamedTuple):
    """What the paths of the command line ask for: the submission, and which of its paths are reported (empty: all).

    `unsaved` are files whose content is not that on disk, by path.
    """

    target: str
    paths: tuple[str, ...] = ()
    unsaved: Mapping[str, bytes] = {}


def request_of(paths: Sequence[str], config: str | None = None, *, isolated: bool = False) -> Request:
    """Return what `polcheck run PATH…` asks for.

    No path is the working directory. One folder, archive, bundle or `-` is the submission. Files, or several paths,
    belong to one project: its root is the folder of the nearest configuration above what they have in common, else the
    git work tree, else the working directory. Raises UnknownPath for a path that isn't there or lies outside the root,
    and ConfigError for a configuration that can't be used.
    """
    if not paths:
        return Request(".")
    if len(paths) == 1 and not _is_project_file(paths[0], isolated=isolated):
        return Request(paths[0])
    return within_project(paths, config, isolated=isolated)


def unsaved(path: str, stdin: BinaryIO, config: str | None = None, *, isolated: bool = False) -> Request:
    """Return the project of the file at `path`, which need not exist, with standard input as that file's content.

    Raises UnknownPath, ConfigError, and PolcheckError for an input over the limit for one file.
    """
    from polcheck.sources.target import read_file

    root = _root((path,), config, isolated=isolated)
    inside = _in_root(path, root)
    return Request(root, (inside,), {inside: read_file("-", stdin).data})


def within_project(paths: Sequence[str], config: str | None = None, *, isolated: bool = False) -> Request:
    """Return the project of files and folders, and their paths in it. Raises UnknownPath and ConfigError."""
    for path in paths:
        if not exists(path):
            raise UnknownPath(f"there is no file or folder `{path}`")
    root = _root(paths, config, isolated=isolated)
    inside = tuple(dict.fromkeys(_in_root(path, root) for path in paths))
    return Request(root, () if "" in inside else inside)


def _is_project_file(path: str, *, isolated: bool) -> bool:
    """Return whether a path names a file of a project, not a submission.

    NOTE: a .json file may be a bundle or a file like package.json. It is a bundle when it is an object of strings, or
    when no configuration lies above it: a broken bundle must not pass as a file that no policy is about.
    """
    if path == "-" or not is_file(path):
        return False
    from polcheck.project.config import find_config
    from polcheck.sources.target import kind_of_file

    kind = kind_of_file(path)
    if kind != "json":
        return not kind
    return not isolated and find_config(str(Path(path).parent)) is not None and not _is_bundle(path)


def _is_bundle(path: str) -> bool:
    from polcheck.sources.target import read_file

    try:
        data = json.loads(read_file(path).data)
    except (PolcheckError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and bool(data) and all(isinstance(value, str) for value in data.values())


def _root(paths: Sequence[str], config: str | None, *, isolated: bool) -> str:
    from polcheck.project.config import find_config, read_config
    from polcheck.sources.git import repository_of

    common = os.path.commonpath([os.path.realpath(_folder(path)) for path in paths])
    config_file = read_config(config) if config else None if isolated else find_config(common)
    if config_file is not None:
        return config_file.folder or "."
    repository = repository_of(os.fsencode(common))
    return os.path.relpath(repository.root) if repository else "."


def _folder(path: str) -> str:
    return path if is_folder(path) else str(Path(path).parent)


def _in_root(path: str, root: str) -> str:
    """Return a path as seen from the root, which is empty. Raises UnknownPath for what lies outside."""
    folder = below(root, _folder(path))
    if folder is None:
        raise UnknownPath(f"`{path}` lies outside of the project, whose root is `{root}`")
    return folder.rstrip("/") if is_folder(path) else folder + Path(path).name
