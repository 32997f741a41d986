"""The files under judgement, read once, with a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from polcheck.errors import SubmissionError
from polcheck.source import Source


@dataclass(frozen=True)
class Submission:
    """The files of one submission by path (with `/`, relative to its root).

    `fields` are the texts of a JSON bundle whose paths the packs have still to say; `unreadable` are files that are
    there and could not be read, with the reason: policies that would look into them are undecided. Those in `folders`
    are folders, or may be: nobody knows what lies below them.
    """

    name: str
    kind: str
    files: Mapping[str, bytes]
    fields: Mapping[str, bytes] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for path in (*self.files, *self.unreadable):
            check_path(path)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every path of the submission, sorted."""
        return tuple(sorted({*self.files, *self.unreadable}))

    @property
    def listed(self) -> tuple[str, ...]:
        """The paths of files, sorted: those of folders that could not be read are left out."""
        return tuple(path for path in self.paths if path not in self.folders) if self.folders else self.paths

    @cached_property
    def digest(self) -> str:
        """`sha256:` and 64 hex digits over paths and contents, in order of path."""
        total = hashlib.sha256()
        for path in self.paths:
            name = path.encode("utf-8", "surrogateescape")
            data = self.files.get(path)
            content = hashlib.sha256(data).digest() if data is not None else b"unreadable"
            total.update(len(name).to_bytes(8, "big") + name + content)
        return f"sha256:{total.hexdigest()}"

    def size(self, path: str) -> int:
        """How many bytes the file at `path` has."""
        return len(self.files[path])

    def source(self, path: str) -> Source:
        """The file at `path`. Raises KeyError when it is not there or could not be read."""
        return self._sources[path]

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return {path: Source(path, data) for path, data in self.files.items()}

    def placed(self, fields: Mapping[str, str]) -> Submission:
        """The submission with the fields of its bundle at the paths that `fields` says.

        A field that `fields` doesn't map is a file of that name. Raises SubmissionError when two land on one path.
        """
        if not self.fields:
            return self
        files = dict(self.files)
        for name, data in self.fields.items():
            path = fields.get(name, name)
            if path in files:
                raise SubmissionError(f"two fields of the bundle are the file `{path}`")
            files[path] = data
        return replace(self, files=files, fields={})


def check_path(path: str) -> None:
    """Raises SubmissionError when `path` is not a plain path below the root."""
    parts = path.split("/")
    if not path or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise SubmissionError(f"the path `{path}` leaves the submission")
    if "\x00" in path:
        raise SubmissionError("a path holds a NUL character")


def of_files(files: Mapping[str, str | bytes], name: str = "files") -> Submission:
    """A submission of texts or bytes. Raises SubmissionError for a path that leaves it or when it is empty."""
    data = {
        path: text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for path, text in files.items()
    }
    return not_empty(Submission(name, "files", data))


def of_bundle(bundle: object, name: str = "bundle") -> Submission:
    """A submission of a JSON bundle: an object of texts. Raises SubmissionError when it is anything else or empty."""
    if not isinstance(bundle, dict):
        raise SubmissionError(f"the bundle `{name}` is not an object of texts")
    bad = [str(key) for key, text in bundle.items() if not isinstance(text, str)]
    if bad:
        raise SubmissionError(f"the bundle `{name}` is not an object of texts: `{bad[0]}` is not a text")
    fields = {str(key): str(text).encode("utf-8", "surrogatepass") for key, text in bundle.items()}
    return not_empty(Submission(name, "bundle", {}, fields))


def not_empty(submission: Submission) -> Submission:
    """The submission itself. Raises SubmissionError when it holds no file."""
    if not submission.files and not submission.fields and not submission.unreadable:
        raise SubmissionError(f"`{submission.name}` holds no file: there is nothing to judge")
    return submission


def merged_fields(maps: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """One map of the packs' fields to paths. Raises SubmissionError when two packs disagree on a field."""
    merged: dict[str, str] = {}
    for fields in maps:
        for name, path in fields.items():
            if merged.setdefault(name, path) != path:
                raise SubmissionError(f"two packs put the field `{name}` at `{merged[name]}` and at `{path}`")
    return merged
