"""The files of a git revision. No hook, filter or transport of the repository is run."""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import IO, NamedTuple

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.errors import SubmissionError
from polcheck.base.reader import is_there
from polcheck.base.safe_open import NotRegular, read_regular
from polcheck.base.tracker import record_dependency
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.gitignore import MAX_BYTES, Rules
from polcheck.sources.submission import Submission

MAX_POINTER = 16 * 1024
# the .gitignore of a folder, named by its path in the work tree with a final `/` (empty for the root), if there is one
IgnoreFiles = Callable[[bytes], bytes | None]


class Repository(Struct, frozen=True, dict=True):
    """The repository whose work tree holds `folder`; both paths are without links."""

    root: Path
    folder: Path

    @cached_property
    def own(self) -> Path:
        """The folder of git's files for this work tree."""
        own = self.root / ".git"
        pointer = content(own, MAX_POINTER)
        if pointer and pointer.startswith(b"gitdir:"):
            return self.root / os.fsdecode(pointer.removeprefix(b"gitdir:").strip())
        return own

    @cached_property
    def common(self) -> Path:
        """The folder of git's files that all work trees share."""
        pointer = content(self.own / "commondir", MAX_POINTER)
        return self.own / os.fsdecode(pointer.strip()) if pointer else self.own

    def lead(self, place: Path) -> bytes:
        """Return the path from `place`, at or above the folder, to the folder: empty or with a final `/`."""
        return b"".join(os.fsencode(part) + b"/" for part in self.folder.relative_to(place).parts)

    @cached_property
    def leads_elsewhere(self) -> bool:
        """Whether a link or a file in place of git's files leads out of the work tree."""
        root = os.path.realpath(self.root)
        places = (self.root / ".git", self.own, self.common, self.own / "index")
        return any(os.path.commonpath((root, os.path.realpath(place))) != root for place in places)

    def outer_rules(self, ignores: IgnoreFiles | None = None, seconds: float = inf) -> Iterator[Rules]:
        """Yield what files outside the folder ignore in it: the nearest .gitignore first, then `.git/info/exclude`.

        `ignores` gives the .gitignore files where others than those of the work tree count. The user's own ignore file
        (`core.excludesFile`) don't count: a verdict should not depend on whose machine it is. Raises SubmissionError
        for a file that is too big, and IgnoreTimeout where reading one takes more than `seconds`.
        """
        above = [self.folder, *self.folder.parents]
        sources = [(place, place / ".gitignore") for place in above[1 : above.index(self.root) + 1]]
        for place, file in (*sources, (self.root, self.common / "info" / "exclude")):
            if ignores is not None and file.name == ".gitignore":
                data = ignores(b"".join(os.fsencode(part) + b"/" for part in place.relative_to(self.root).parts))
            else:
                data = _ignore_file(file)
            rules = Rules.of(data, lead=self.lead(place), seconds=seconds) if data else None
            if rules is not None:
                yield rules


def repository_of(folder: bytes) -> Repository | None:
    """Return the repository of the nearest folder at or above `folder` that has a `.git`; None when there is none."""
    inner = Path(os.fsdecode(os.path.realpath(folder)))
    for place in (inner, *inner.parents):
        if is_there(place / ".git"):
            return Repository(place, inner)
    return None


def _ignore_file(path: Path) -> bytes | None:
    """Return the bytes of a .gitignore; None when it can't be read. Raises SubmissionError when it is too big."""
    record_dependency(path)
    try:
        data = read_regular(os.fsencode(path), lambda size: size <= MAX_BYTES)
    except (OSError, ValueError, NotRegular):
        return None
    if data is None:
        raise oversized(str(path))
    return data


def oversized(path: str) -> SubmissionError:
    """Return the error for a .gitignore that is too big to be read: what it ignores can't be known."""
    return SubmissionError(f"`{path}` is larger than {MAX_BYTES:,} bytes: --no-gitignore checks what it excludes, too")


def content(path: Path, most: int) -> bytes | None:
    """Return the bytes of a file of git's; None when it can't be read or is bigger than `most`."""
    record_dependency(path)
    try:
        return read_regular(os.fsencode(path), lambda size: size <= most)
    except (OSError, ValueError, NotRegular):
        return None


_LINK, _OTHER_REPOSITORY = b"120000", b"160000"  # as trees write what is no file
SUBMODULE = "a submodule: its files are not in this repository"

# NOTE: a repository under judgement must not run anything: these settings name programs that git would start even
# to list or read, and a partial clone would fetch what it lacks. The command line overrides the repository's config.
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.untrackedCache=false", "protocol.allow=never")
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_MISSING = "its content is missing from the repository"
_LEFT_OUT = 10  # times as many files may be listed as read, so that `exclude` can bring them under the limit
_SHOWN_DIGITS = 12  # of a commit's digest
_DIGITS = (40, 64)  # of a digest by SHA-1 and SHA-256
_AT_ONCE = 512  # INVARIANT: their names fit into a pipe's buffer, so that neither side waits for the other


class _Entry(NamedTuple):
    """One line of a tree."""

    mode: bytes
    digest: bytes
    size: int
    path: bytes


def read_revision(folder: str, rev: str, builder: SubmissionBuilder) -> Submission:
    """Return the files below `folder` as they are at the revision `rev` of the repository that holds it.

    Links are not followed and submodules not entered: both are unreadable. Raises SubmissionError when there is no such
    repository or revision, and for a folder that isn't there or holds nothing, unless the submission may be empty.
    """
    tree = _tree(folder, rev, may_lack_folder=builder.may_be_empty)
    listed = list(_listed(folder, tree, builder)) if tree else []
    _miss_links(folder, listed, builder)
    entries = [entry for entry in listed if entry.mode != _LINK and _is_file(entry, builder)]
    for entry, data in zip(entries, _contents(folder, entries), strict=True):
        if data is None:
            builder.miss(_text(entry.path), _MISSING)
        elif builder.admits(_text(entry.path), len(data)):
            builder.take(_text(entry.path), data)
    return builder.submission("revision")


class BaseRevision(Struct, frozen=True):
    """The commit that changes are compared with: `name` is how a person asked for it, `head` what it was compared with.

    `exact` says that the commit is the very one that `name` stands for, not an earlier one from which both developed.
    """

    name: str
    commit: str
    head: str
    exact: bool

    def __str__(self) -> str:
        short = self.commit[:_SHOWN_DIGITS]
        return f"`{self.name}` ({short})" if self.exact else f"{short}, the merge base of `{self.name}` and {self.head}"


def base_revision(folder: str, since: str, head: str = "HEAD") -> BaseRevision:
    """Return the merge base of the revision `since` and `head`, as `git diff --merge-base` takes it.

    `since` is a revision, or `A...B` as `git diff` reads it. Raises SubmissionError when it is empty, names nothing, or
    has no ancestor in common with `head`.
    """
    name, dots, other = since.strip().partition("...")
    if not dots and ".." in name:
        old, _, new = name.partition("..")
        raise SubmissionError(f"`{since}` is a range: give the revision `{old}`, or `{old}...{new or 'HEAD'}`")
    name, head = (name or "HEAD", other or head) if dots else (name, head)
    for each in (name, head):
        _check_name(each, since)
    first, second = _commit(folder, name), _commit(folder, head)
    result = _answer(folder, "merge-base", first, second)
    if result is None:
        raise SubmissionError(f"`{name}` and {head} have no commit in common{_way_out_of_shallow(folder)}")
    return BaseRevision(name, result.decode(), head, result == first)


def converted_lines(folder: str, paths: Sequence[str]) -> frozenset[str]:
    """Return those of some files below `folder` whose CRLF line breaks git stores as LF, by gitattributes and config.

    NOTE: `text`, `eol` and `core.autocrlf` alone say so; a filter that some attribute names is a program, and not run.
    """
    automatic = (_answer(folder, "config", "--get", "core.autocrlf") or b"false").lower() in (b"true", b"input", b"1")
    names = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
    answer = _git(folder, "check-attr", "-z", "--stdin", "text", "eol", stdin=names).split(b"\0")
    values: dict[str, dict[bytes, bytes]] = {}
    for path, name, value in zip(answer[::3], answer[1::3], answer[2::3], strict=False):
        values.setdefault(_text(path), {})[name] = value
    return frozenset(path for path in paths if _is_converted(values.get(path, {}), automatic=automatic))


def _is_converted(attributes: Mapping[bytes, bytes], *, automatic: bool) -> bool:
    text, eol = attributes.get(b"text", b"unspecified"), attributes.get(b"eol", b"unspecified")
    return text != b"unset" and (text in (b"set", b"auto") or eol in (b"lf", b"crlf") or automatic)


def _check_name(name: str, since: str) -> None:
    """Raise SubmissionError for what names no revision because a part of it is missing."""
    if not name.strip("/") or name.endswith("/"):
        what = f"`{since}` names no branch" if since.strip() else "the name of the revision is empty"
        raise SubmissionError(f"{what}: is a variable empty? GitHub sets `github.base_ref` for pull requests only")
    if len(name) in _DIGITS and not name.strip("0"):
        raise SubmissionError(f"`{name}` stands for no commit: it is what a push of a new branch has before it")
    if name.startswith("-") or "\0" in name:
        raise SubmissionError(f"`{name}` is not a git revision")


def _commit(folder: str, name: str) -> bytes:
    """Return the digest of the commit that `name` stands for. Raises SubmissionError when there is none."""
    _git(folder, "rev-parse", "--git-dir")  # NOTE: says what is wrong where there is no repository at all
    result = _answer(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", os.fsencode(name) + b"^{commit}")
    if result is None:
        what = "commit" if name == "HEAD" else f"git revision `{name}`"
        raise SubmissionError(f"there is no {what} in the repository of `{folder}`{_way_out_of_shallow(folder)}")
    return result


def _way_out_of_shallow(folder: str) -> str:
    """Return what to do where commits are missing because a clone was made without them; empty where it wasn't."""
    shallow = _answer(folder, "rev-parse", "--is-shallow-repository") == b"true"
    return ": this clone is shallow, so fetch more of the history (`fetch-depth: 0`)" if shallow else ""


def check_paths(folder: str, rev: str, paths: Iterable[str]) -> None:
    """Raise SubmissionError for one of `paths`, seen from `folder`, that names nothing at the revision `rev`."""
    tree = _tree(folder, rev)
    for path in paths:
        if tree is not None and _parsed(folder, tree + b":" + os.fsencode(path)) is None:
            raise SubmissionError(f"the git revision `{rev}` has no file or folder `{path}`")


def tree_of(repository: str, commit: str, folder: str = "") -> str:
    """Return the name of the tree of `folder` in a commit. Raises SubmissionError when there is none."""
    tree = _parsed(repository, f"{commit}^{{tree}}".encode())
    below = _parsed(repository, tree + b":" + os.fsencode(folder)) if tree and folder else tree
    result = _parsed(repository, below + b"^{tree}") if below else None
    if result is None:
        raise SubmissionError(f"the commit {commit} has no folder `{folder}`" if tree else f"no commit {commit}")
    return result.decode()


def _tree(folder: str, rev: str, *, may_lack_folder: bool = False) -> bytes | None:
    """Return the name of the tree of `folder` at the revision `rev`."""
    prefix = _git(folder, "rev-parse", "--show-prefix").removesuffix(b"\n")
    if not rev or rev.startswith("-") or "\0" in rev:
        raise SubmissionError(f"`{rev}` is not a git revision")
    tree = _parsed(folder, os.fsencode(rev) + b"^{tree}")
    if tree is None:
        raise SubmissionError(f"there is no git revision `{rev}` in the repository of `{folder}`")
    if prefix:
        below = _parsed(folder, tree + b":" + prefix.rstrip(b"/"))
        tree = _parsed(folder, below + b"^{tree}") if below else None
    if tree is None and not may_lack_folder:
        raise SubmissionError(f"the git revision `{rev}` has no folder `{_text(prefix.rstrip(b'/'))}`")
    return tree


def _parsed(folder: str, name: bytes) -> bytes | None:
    """Return the digest of the object that git calls `name`; None when there is none."""
    return _answer(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name)


def _answer(folder: str, *arguments: str | bytes) -> bytes | None:
    """Return the line that git prints; None when it refuses."""
    try:
        return _git(folder, *arguments).strip()
    except SubmissionError:
        return None


def _listed(folder: str, tree: bytes, builder: SubmissionBuilder) -> Iterator[_Entry]:
    """What the user left in of a tree.

    NOTE: read as it comes, since a few small trees that hold each other many times list more files than anyone can.
    """
    most = builder.limits.files * _LEFT_OUT
    rest = b""
    with _started(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", tree) as process:
        output = _pipe(process.stdout)
        for chunk in iter(lambda: output.read(1 << 16), b""):
            *lines, rest = (rest + chunk).split(b"\0")
            most -= len(lines)
            if most < 0:
                raise builder.too_many()
            yield from (entry for entry in map(_entry, lines) if builder.wants(_text(entry.path)))
        if process.wait():
            raise _stopped(folder)


def _entry(line: bytes) -> _Entry:
    head, _, path = line.partition(b"\t")
    mode, _, digest, size = head.split()
    return _Entry(mode, digest, int(size) if size.isdigit() else -1, path)


def _is_file(entry: _Entry, builder: SubmissionBuilder) -> bool:
    """Return whether the entry is a file within the limits; otherwise it's noted with the reason."""
    path = _text(entry.path)
    if entry.mode == _OTHER_REPOSITORY:
        builder.miss(path, SUBMODULE, folder=True)
        return False
    if entry.size < 0:
        builder.miss(path, _MISSING)
        return False
    return builder.admits(path, entry.size)


def _miss_links(folder: str, listed: Sequence[_Entry], builder: SubmissionBuilder) -> None:
    """Record every link: as a file's where it leads to a file of the revision, else as what may be a folder."""
    files = frozenset(entry.path for entry in listed if entry.mode not in (_LINK, _OTHER_REPOSITORY))
    links = [entry for entry in listed if entry.mode == _LINK]
    short = [entry for entry in links if 0 <= entry.size <= builder.limits.path_length]
    targets = dict(zip((entry.path for entry in short), _contents(folder, short), strict=True))
    for entry in links:
        target = targets.get(entry.path)
        if target is not None:
            builder.links[_text(entry.path)] = target
        leads = target is not None and _target(entry.path, target) in files
        builder.miss(_text(entry.path), "a link, which is not followed in a revision", folder=not leads)


def _target(path: bytes, target: bytes) -> bytes:
    """Return the path that a link at `path` leads to, as far as its own text tells."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _contents(folder: str, entries: Sequence[_Entry]) -> Iterator[bytes | None]:
    """Yield the content of each entry, in order; None for one that the repository lacks."""
    with _started(folder, "cat-file", "--batch") as process:
        requested, answered = _pipe(process.stdin), _pipe(process.stdout)
        for start in range(0, len(entries), _AT_ONCE):
            batch = entries[start : start + _AT_ONCE]
            try:
                requested.write(b"".join(entry.digest + b"\n" for entry in batch))
                requested.flush()
            except BrokenPipeError as error:
                raise _stopped(folder) from error
            for _ in batch:
                yield _object(answered, folder)


def _object(answered: IO[bytes], folder: str) -> bytes | None:
    """Return the content of the next object; None for a missing one."""
    head = answered.readline().split()
    if len(head) == 2 and head[1] == b"missing":
        return None
    if len(head) != 3 or head[1] != b"blob":
        raise _stopped(folder)
    size = int(head[2])
    data = answered.read(size + 1)
    if len(data) != size + 1:
        raise _stopped(folder)
    return data[:-1]


def _stopped(folder: str) -> SubmissionError:
    why = "it is damaged, or a partial clone that lacks files"  # NOTE: git may end rather than say which
    return SubmissionError(f"git can't read all of the revision in the repository of `{folder}`: {why}")


def _git(folder: str, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
    """What git prints. Raises SubmissionError when it can't be run or refuses."""
    with _not_missing():
        done = subprocess.run(
            _command(folder, arguments), env=_environment(), input=stdin, capture_output=True, check=False
        )
    if done.returncode:
        message = _text(done.stderr).strip().partition("\n")[0].removeprefix("fatal: ")
        if message.startswith("not a git repository"):
            raise SubmissionError(f"`{folder}` is not in a git repository")
        raise SubmissionError(f"git can't read the repository of `{folder}`: {message}")
    return done.stdout


@contextmanager
def _started(folder: str, *arguments: str | bytes) -> Iterator[subprocess.Popen[bytes]]:
    """A running git, which ends with the context."""
    with _not_missing():
        process = subprocess.Popen(
            _command(folder, arguments),
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    with process:  # NOTE: it closes the pipes, on which git ends, and waits for that
        yield process


@contextmanager
def _not_missing() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SubmissionError("git is needed for this, and it is not installed") from error


def _command(folder: str, arguments: Sequence[str | bytes]) -> list[str | bytes]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return ["git", "--no-pager", *settings, "-C", folder, *arguments]


def _environment() -> dict[str, str]:
    """Return the environment without what would send git to another repository, such as a hook's GIT_DIR."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return own | _ENVIRONMENT


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # INVARIANT: `_started` asks for both
    return pipe


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
