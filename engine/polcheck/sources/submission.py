"""The files under judgement, read once, with a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property
from polcheck.base.errors import SubmissionError
from polcheck.base.spans import Source
from polcheck.sources.path_patterns import PathListing
from polcheck.sources.trees import base_path, is_base, plain_path

_MOST_SOURCES = 2_000
Stamp = tuple[int, ...]
_Value = TypeVar("_Value")


class Later(Protocol):
    """A file that is read when it is asked for."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    @property
    def stamp(self) -> Stamp | None:
        """What tells that it is as it was without reading it; None when nothing does."""

    def read(self) -> bytes:
        """Return the bytes. Raises OSError when it can't be read any more, or is not as it was."""


class Files(Mapping[str, bytes]):
    """Files by path, of which some are read when they are asked for, each time anew.

    Of those that are None nothing but the path is known: `look` is asked for them, and raises OSError for what is no
    file that may be read.
    """

    def __init__(self, held: Mapping[str, bytes | Later | None], look: Callable[[str], Later] | None = None) -> None:
        self._held = dict(held)
        self._look = look
        self._complete = look is None  # whether everything was looked at

    def _seen(self, path: str) -> bytes | Later:
        """Return the bytes of a file, or where they are to be read, after opening it if nobody has."""
        owned = self._held[path]
        if owned is None:
            assert self._look is not None
            owned = self._held[path] = self._look(path)
        return owned

    def __getitem__(self, path: str) -> bytes:
        owned = self._seen(path)
        return owned if isinstance(owned, bytes) else owned.read()

    def __contains__(self, path: object) -> bool:
        return path in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def held(self, path: str) -> bytes | Later:
        """Return the bytes of the file at `path`, or where they are to be read. Raises OSError when nothing can be
        read.
        """
        return self._seen(path)

    def size(self, path: str) -> int:
        """How many bytes the file at `path` has."""
        owned = self._seen(path)
        return len(owned) if isinstance(owned, bytes) else owned.size

    def stamp(self, path: str) -> Stamp | None:
        """What tells that the file at `path` is as it was without reading it; None when nothing does."""
        owned = self._seen(path)
        return None if isinstance(owned, bytes) else owned.stamp

    def everything(self) -> Mapping[str, bytes | Later]:
        """Return the bytes of every file by path, or where they are to be read; those that can't be read are left
        out.
        """
        if self._complete:
            return self._held  # type: ignore[return-value]  # none is None by now
        faults = self.faults(self._held)
        self._complete = not faults
        return {path: owned for path, owned in self._held.items() if path not in faults and owned is not None}

    def faults(self, paths: Iterable[str]) -> dict[str, str]:
        """Looks at files: those that can't be read, with the reason."""
        results: dict[str, str] = {}
        for path in paths:
            if self._held.get(path, b"") is None:
                try:
                    self._seen(path)
                except OSError as error:
                    results[path] = error.strerror or str(error)
        return results

    def completed(self, known: Mapping[str, bytes | Later]) -> Files:
        """Return the same, with what is `known` of files that nobody has looked at."""
        return Files(
            {path: known.get(path) if owned is None else owned for path, owned in self._held.items()}, self._look
        )

    def updated(self, files: Mapping[str, bytes | Later]) -> Files:
        """Return the same with the content of some replaced, or with some more."""
        updated = Files({**self._held, **files}, self._look)
        updated._complete = self._complete
        return updated

    def below(self, start: str) -> Files:
        """Return the files whose paths begin with `start`, by the rest of their paths."""
        held = {path[len(start) :]: owned for path, owned in self._held.items() if path.startswith(start)}
        look = self._look
        if look is None:
            return Files(held)

        def opened(path: str) -> Later:
            return look(start + path)

        return Files(held, opened)

    def without(self, paths: Iterable[str]) -> Files:
        """Return the same without some of them."""
        left = set(paths)
        return Files({path: owned for path, owned in self._held.items() if path not in left}, self._look)


def _none(paths: Sequence[str]) -> frozenset[str]:
    """Return none of the paths."""
    return frozenset()


class Base(Struct, frozen=True, dict=True):
    """The tree that a project is compared with, and what people call it (`name`).

    `submodules` are the folders whose files belong to other repositories. `converted` returns those of some paths whose
    lines git ends otherwise in a work tree than in the repository.
    """

    files: Submission
    name: str = "the base"
    submodules: frozenset[str] = frozenset()
    converted: Callable[[Sequence[str]], frozenset[str]] = _none

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths by which the base's files are known in the project, sorted."""
        return tuple(base_path(path) for path in self.files.listed)

    def below(self, folder: str) -> Base:
        """Return the part of the base below a folder, with paths as seen from there."""
        start = f"{folder}/"

        def converted(paths: Sequence[str]) -> frozenset[str]:
            return _below(self.converted([start + path for path in paths]), start)

        return replace(
            self,
            files=self.files.below(folder),
            submodules=_below(self.submodules, start),
            converted=converted,
        )


def _below(paths: Iterable[str], start: str) -> frozenset[str]:
    """Return the rest of each path that begins with `start`."""
    return frozenset(path[len(start) :] for path in paths if path.startswith(start))


UNREADABLE, UNSEARCHED = b"unreadable", b"unsearched"
"""What stands in a digest for the content of a file that can't be read, or that no policy asks for."""


def piece_of_digest(path: str, content: bytes) -> bytes:
    """Return what a file adds to the digest of a submission: its path, and the digest of its content."""
    name = path.encode("utf-8", "surrogateescape")
    return len(name).to_bytes(8, "big") + name + content


class Submission(Struct, frozen=True, dict=True):
    """The files of one submission by path (with `/`, relative to its root).

    `fields` are the texts of a JSON bundle whose paths the packs have still to say; `unreadable` are files that are
    there and could not be read, with the reason: policies that would look into them are undecided. Those in `folders`
    are folders, or may be: nobody knows what lies below them. `marked` are the files that may hold waivers; None while
    nobody has looked. `unsearched` are the files that no policy looks into. `left_out` counts the files and folders
    that were excluded, ignored or git's own; `git_places` are those of the last kind that git didn't put there. `links`
    are the files that are links, with what they hold. `base` is the tree that changes are compared with: its files are
    reached by `base_path`. `digests` are the SHA-256 of the contents of those files that have been read.
    """

    name: str
    kind: str
    files: Mapping[str, bytes]
    fields: Mapping[str, bytes] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    marked: frozenset[str] | None = None
    unsearched: frozenset[str] = frozenset()
    left_out: int = 0
    git_places: tuple[str, ...] = ()
    links: Mapping[str, bytes] = field(default_factory=dict)
    base: Base | None = None
    digests: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.marked is None:  # one that is copied from another has been checked
            for path in (*self.files, *self.unreadable):
                check_path(path)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every path of the submission, sorted."""
        return tuple(sorted({*self.files, *self.unreadable} if self.unreadable else self.files))

    @property
    def listed(self) -> tuple[str, ...]:
        """The paths of files, sorted: those of folders that could not be read are left out."""
        return tuple(path for path in self.paths if path not in self.folders) if self.folders else self.paths

    @cached_property
    def listing(self) -> PathListing:
        """The same paths, with what patterns are known to let in among them."""
        return PathListing(self.listed)

    @cached_property
    def digest(self) -> str:
        """`sha256:` and 64 hex digits over every path, and the contents of the files that aren't `unsearched`.

        NOTE: a small pack asks for few of a large project's files; the others are listed and never read.
        """
        total = hashlib.sha256()
        for path in self.paths:
            content = self._unread(path) or self.digests.get(path)
            if not content:
                try:
                    content = hashlib.sha256(self.files[path]).digest()
                except (KeyError, OSError):
                    content = UNREADABLE
            total.update(piece_of_digest(path, content))
        return f"sha256:{total.hexdigest()}"

    def _unread(self, path: str) -> bytes:
        """Return what stands for the content of a file that isn't read, for the digest; empty for one that is."""
        return UNREADABLE if path in self.unreadable else UNSEARCHED if path in self.unsearched else b""

    def settled(self, paths: Iterable[str]) -> Submission:
        """Return the submission after looking at the files at `paths`: those that can't be read are known to be so.

        NOTE: nobody looks at files that no policy asks for; there may be a hundred times as many.
        """
        faults = self.files.faults(paths) if isinstance(self.files, Files) else {}
        if not faults:
            return self
        assert isinstance(self.files, Files)
        unreadable = dict(sorted({**self.unreadable, **faults}.items()))
        return replace(self, files=self.files.without(faults), unreadable=unreadable)

    def holds(self, path: str) -> bool:
        """Return whether there is a file at `path`, of the project or of its base, that can be read."""
        files, plain = self._place(path)
        return plain in files

    def content(self, path: str) -> bytes:
        """Return the bytes of the file at `path`. Raises KeyError and OSError as `source` does."""
        files, plain = self._place(path)
        return files[plain]

    def pending(self, path: str) -> bytes | Later:
        """Return the bytes of the file at `path`, or where they are to be read. Raises as `source` does."""
        files, plain = self._place(path)
        return files.held(plain) if isinstance(files, Files) else bytes(files[plain])

    def size(self, path: str) -> int:
        """Return how many bytes the file at `path` has."""
        files, plain = self._place(path)
        return files.size(plain) if isinstance(files, Files) else len(files[plain])

    def stamp(self, path: str) -> Stamp | None:
        """Return what tells that the file at `path` is as it was without reading it; None when nothing does."""
        files, plain = self._place(path)
        return files.stamp(plain) if isinstance(files, Files) else None

    def below(self, folder: str) -> Submission:
        """Return the part of the submission below a folder, with paths as seen from there; all of it for no folder."""
        if not folder:
            return self
        start = f"{folder}/"

        def shortened(table: Mapping[str, _Value]) -> dict[str, _Value]:
            return {path[len(start) :]: value for path, value in table.items() if path.startswith(start)}

        return replace(
            self,
            files=self.files.below(start) if isinstance(self.files, Files) else shortened(self.files),
            fields={},
            unreadable=shortened(self.unreadable),
            folders=_below(self.folders, start),
            marked=_below(self.marked or (), start),
            unsearched=_below(self.unsearched, start),
            git_places=tuple(sorted(_below(self.git_places, start))),
            links=shortened(self.links),
            base=self.base and self.base.below(folder),
            digests=shortened(self.digests),
        )

    def may_hold(self, folder: str) -> bool:
        """Return whether there is a file below a folder, or may be, where something could not be read."""
        closed = self.files.keys() - self.links.keys()  # NOTE: a link may be to a folder that was not followed
        return any(
            path.startswith(f"{folder}/") or (path not in closed and f"{folder}/".startswith(f"{path}/"))
            for path in (*self.paths, *self.folders)
        )

    def with_files(self, files: Mapping[str, bytes]) -> Submission:
        """Return the submission with the content of some files replaced, or with files that it doesn't have."""
        if not files:
            return self
        old = self.files
        updated = old.updated(files) if isinstance(old, Files) else {**old, **files}
        return replace(self, files=updated, digests={})

    def source(self, path: str) -> Source:
        """Return the file at `path`.

        Raises KeyError when it is not there, and OSError when it can't be read any more.
        """
        source = self._sources.get(path)
        if source is None:
            if len(self._sources) >= _MOST_SOURCES:
                self._sources.clear()
            source = self._sources[path] = Source(path, self.content(path))
        return source

    def _place(self, path: str) -> tuple[Mapping[str, bytes], str]:
        """Return the files of the tree that a path is in, and the path there."""
        if not is_base(path):
            return self.files, path
        return (self.base.files.files if self.base else {}), plain_path(path)

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return {}

    def known(self, paths: tuple[str, ...], digest: str = "", sources: dict[str, Source] | None = None) -> Submission:
        """Return the submission itself, which takes for known what would else be worked out: its paths and digest.

        `sources` has files that were read, by path, and takes those that are read from now on.
        """
        self.__dict__["paths"] = paths
        if digest:
            self.__dict__["digest"] = digest
        if sources is not None:
            self.__dict__["_sources"] = sources
        return self

    def placed(self, fields: Mapping[str, str]) -> Submission:
        """Return the submission with the fields of its bundle at the paths that `fields` says.

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
    """Raise SubmissionError when `path` is not a plain path below the root."""
    odd = "/." in path or "//" in path or "\x00" in path
    if not odd and path[:1] not in ("", "/", ".") and path[-1] != "/":
        return
    parts = path.split("/")
    if not path or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise SubmissionError(f"the path `{path}` leaves the project")
    if "\x00" in path:
        raise SubmissionError("a path holds a NUL character")


def of_files(files: Mapping[str, str | bytes], name: str = "files") -> Submission:
    """Return a submission of texts or bytes.

    Raises SubmissionError for a path that leaves it, for what is neither a text nor bytes, and when it is empty.
    """
    given: Iterable[tuple[object, object]] = files.items()  # NOTE: whatever their types say
    for path, text in given:
        if not isinstance(path, str) or not isinstance(text, str | bytes):
            raise SubmissionError(f"files are a mapping of paths to strings or bytes: `{path}` isn't one of them")
    data = {
        path: text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for path, text in files.items()
    }
    return not_empty(Submission(name, "files", data))


def of_bundle(bundle: object, name: str = "bundle") -> Submission:
    """Return a submission of a JSON bundle: an object of texts. Raises SubmissionError when it is anything else or
    empty.
    """
    if not isinstance(bundle, dict):
        raise SubmissionError(f"the bundle `{name}` is not an object of strings")
    bad = [str(key) for key, text in bundle.items() if not isinstance(text, str)]
    if bad:
        raise SubmissionError(f"the bundle `{name}` is not an object of strings: `{bad[0]}` is not a string")
    fields = {str(key): str(text).encode("utf-8", "surrogatepass") for key, text in bundle.items()}
    return not_empty(Submission(name, "bundle", {}, fields))


def not_empty(submission: Submission) -> Submission:
    """Return the submission itself. Raises SubmissionError when it holds no file."""
    if not submission.files and not submission.fields and not submission.unreadable:
        raise SubmissionError(f"`{submission.name}` holds no file: there is nothing to check")
    return submission


def merged_fields(maps: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return one map of the packs' fields to paths. Raises SubmissionError when two packs disagree on a field."""
    merged: dict[str, str] = {}
    for fields in maps:
        for name, path in fields.items():
            if merged.setdefault(name, path) != path:
                raise SubmissionError(f"two packs put the field `{name}` at `{merged[name]}` and at `{path}`")
    return merged
