"""`.gitignore` as git reads it, over bytes, in linear time.

NOTE: pathspec can't match names with lone surrogates or line breaks (its regular expressions are over UTF-8 and `.`
stops at a line break), and costs 30 ms to import; a pattern that isn't understood must not hide a file from judgement.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from math import inf
from time import perf_counter
from typing import Any

from msgspec import Struct

_CLASSES = {
    b"alnum": rb"[0-9A-Za-z]", b"alpha": rb"[A-Za-z]", b"blank": rb"[ \t]", b"cntrl": rb"[\x00-\x1f\x7f]",
    b"digit": rb"[0-9]", b"graph": rb"[!-~]", b"lower": rb"[a-z]", b"print": rb"[ -~]",
    b"punct": rb"[!-/:-@\[-`{-~]", b"space": rb"[ \t-\r]", b"upper": rb"[A-Z]", b"xdigit": rb"[0-9A-Fa-f]",
}  # fmt: skip
_CLASS = re.compile(rb"\[:([^\]]{0,40}):\]")
_SPECIAL = re.compile(rb"[*?[\\]")
_FOLDER = b"\0"  # ends a folder's path, which then is no longer than a file's as far as patterns go
_SEGMENT = b"[^/\\x00]*"
_ABOVE = b"(?:[^\\x00]*/)?"
_MEMORY = 64 * 1024 * 1024
MAX_BYTES = 4 * 1024 * 1024
"""The size of the largest .gitignore that is read; a folder with a bigger one is refused."""
_SET_BYTES = 32 * 1024  # of patterns that are matched in one go: made to be slow, one path can take a second


class IgnoreTimeout(Exception):
    """Comparing with the patterns took longer than there was time for."""


class Rules(Struct, frozen=True):
    """The patterns of one `.gitignore`.

    `base` is the path of its folder in the submission, `lead` the path from its folder to the submission where it lies
    above it; each has a final `/` or is empty. `verdicts` says of each pattern whether it ignores. `literals` are the
    patterns without wildcards: the number of the last one by what it names, `sets` the others, a few at a time, each
    with the numbers of its patterns.
    """

    base: bytes
    lead: bytes
    verdicts: tuple[bool, ...]
    literals: dict[bytes, int]
    sets: tuple[tuple[Any, tuple[int, ...]], ...]

    @classmethod
    def of(cls, data: bytes, base: bytes = b"", lead: bytes = b"", seconds: float = inf) -> Rules | None:
        """Return the patterns in `data`, or None when there are none. Raises IgnoreTimeout after `seconds`."""
        end = perf_counter() + seconds
        verdicts: list[bool] = []
        literals: dict[bytes, int] = {}
        sets: list[_PatternSet] = []
        for ignores, text in _lines(data):
            literal = _literal(text)
            if literal is not None:
                literals[literal] = len(verdicts)
                verdicts.append(ignores)
                continue
            regex = _regex(text)
            if regex is None:
                continue
            if not sets or sets[-1].size > _SET_BYTES:
                _check_time(end)
                sets.append(_PatternSet())
            if sets[-1].add(regex, len(verdicts)):
                verdicts.append(ignores)
        if not verdicts:
            return None
        _check_time(end)
        return cls(base, lead, tuple(verdicts), literals, tuple(one.compiled() for one in reversed(sets)))

    def ignores(self, path: bytes, *, folder: bool, end: float = inf) -> bool | None:
        """Return whether the last pattern that matches `path` ignores it; None when none matches.

        Raises IgnoreTimeout at `end`, on the clock of `perf_counter`.
        """
        relative = self.lead + path[len(self.base) :]
        last = -1
        if self.literals:
            name = relative[relative.rfind(b"/") + 1 :]
            keys = (b"/" + relative, name, *((b"/" + relative + _FOLDER, name + _FOLDER) if folder else ()))
            last = max(self.literals.get(key, -1) for key in keys)
        for patterns, numbers in self.sets:
            if numbers[-1] < last:
                break
            matches = patterns.Match(relative + (_FOLDER if folder else b""))
            _check_time(end)
            if matches:
                last = max(last, numbers[max(matches)])
                break
        return self.verdicts[last] if last >= 0 else None


class _PatternSet:
    """Regular expressions that are matched in one go, each with its number among the patterns of a file."""

    def __init__(self) -> None:
        import re2

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1  # bytes, as git matches them
        options.log_errors = False
        options.max_mem = _MEMORY
        self.patterns = re2.Set.FullMatchSet(options)
        self.numbers: list[int] = []
        self.size = 0

    def add(self, regex: bytes, number: int) -> bool:
        """Add a pattern; return False for one that is too big, and so not understood."""
        if self.patterns.Add(regex) < 0:
            return False
        self.numbers.append(number)
        self.size += len(regex)
        return True

    def compiled(self) -> tuple[Any, tuple[int, ...]]:
        """Return what matches, and the numbers of its patterns."""
        self.patterns.Compile()
        return self.patterns, tuple(self.numbers)


def ignored(rules: Iterable[Rules], path: bytes, *, folder: bool, seconds: float = inf) -> bool:
    """Return whether `path` is ignored; of `rules`, the first that says something decides.

    Raises IgnoreTimeout after `seconds`, or a second later: the time is looked at between sets of patterns.
    """
    end = perf_counter() + seconds
    for one in rules:
        decided = one.ignores(path, folder=folder, end=end)
        if decided is not None:
            return decided
    return False


def _check_time(end: float) -> None:
    if perf_counter() > end:
        raise IgnoreTimeout


def _lines(data: bytes) -> Iterable[tuple[bool, bytes]]:
    """Return for each line that isn't a comment whether it ignores, and its pattern."""
    for line in data.removeprefix(codecs.BOM_UTF8).split(b"\n"):
        text = _trimmed(line.removesuffix(b"\r"))
        if text.startswith(b"#"):
            continue
        ignores = not text.startswith(b"!")
        yield ignores, text if ignores else text[1:]


def _literal(text: bytes) -> bytes | None:
    """Return the key of a pattern without wildcards: a name, or a path after a `/`; folders end in a zero byte.

    None for a pattern with wildcards, or one that matches nothing.
    """
    if _SPECIAL.search(text) or _FOLDER in text:
        return None
    body = text.removesuffix(b"/")
    key = b"/" + body.removeprefix(b"/") if b"/" in body else body
    return key + _FOLDER * (body != text) if len(key) > key.startswith(b"/") else None


def _trimmed(line: bytes) -> bytes:
    """Return the line without spaces at its end, but for one after a backslash that isn't itself after one."""
    text = line.rstrip(b" ")
    backslashes = len(text) - len(text.rstrip(b"\\"))
    return line[: len(text) + 1] if backslashes % 2 else text


def _regex(text: bytes) -> bytes | None:
    """Return a pattern as a regular expression over whole paths; None when it matches nothing."""
    only_folders = text.endswith(b"/")
    body = text[:-1] if only_folders else text
    anywhere = b"/" not in body
    body = body.removeprefix(b"/")
    glob = _glob(body, several=not anywhere)
    if not body or glob is None:
        return None
    return (_ABOVE if anywhere else b"") + glob + (b"\\x00" if only_folders else b"\\x00?")


def _glob(text: bytes, *, several: bool) -> bytes | None:
    """Return a glob over one segment or `several` as a regular expression; None when it can match nothing."""
    out: list[bytes] = []
    index = 0
    special = _SPECIAL.search(text)
    plain = special.start() if special else len(text)
    while index < len(text):
        char = text[index : index + 1]
        if char == b"*":
            piece, index = _stars(text, index, begins=index == plain)
            piece = piece if several else _SEGMENT
        elif char == b"?":
            piece, index = b"[^/\\x00]", index + 1
        elif char == b"[":
            result = _bracket(text, index)
            if result is None:
                return None
            piece, index = result
        elif char == b"\\":
            if index + 1 == len(text):
                return None
            piece, index = _plain(text[index + 1]), index + 2
        else:
            piece, index = _plain(text[index]), index + 1
        out.append(piece)
    return b"".join(out)


def _stars(text: bytes, start: int, *, begins: bool) -> tuple[bytes, int]:
    """Return the regular expression of the stars at `start`, and where to go on.

    NOTE: git compares what comes before the first wildcard, then forgets it: there the pattern `begins`, so that
    `a**/b` is `a` and then `**/b`.
    """
    end = start + 1
    while text[end : end + 1] == b"*":
        end += 1
    after = text[end : end + 1]
    if end - start < 2 or after not in (b"", b"/") or not (begins or text[start - 1 : start] == b"/"):
        return _SEGMENT, end
    return (_ABOVE, end + 1) if after else (b"[^\\x00]*", end)


def _bracket(text: bytes, start: int) -> tuple[bytes, int] | None:
    """Return the set that opens at `start` and where it ends; None when it never does or makes no sense."""
    index = start + 1
    negated = text[index : index + 1] in (b"!", b"^")
    index += negated
    first = index
    members: set[int] = set()
    while text[index : index + 1] != b"]" or index == first:
        result = _members(text, index)
        if result is None:
            return None
        members |= result[0]
        index = result[1]
    # INVARIANT: a set never matches `/`, neither by naming it nor by leaving it out.
    inside = (set(range(256)) - members if negated else members) - {ord("/"), 0}
    return (b"[" + b"".join(map(_plain, sorted(inside))) + b"]" if inside else b"[^\\x00-\\xff]"), index + 1


def _members(text: bytes, index: int) -> tuple[set[int], int] | None:
    """Return the byte, range or class at `index` of a set, and where the next begins; None when there is none."""
    named = _CLASS.match(text, index)
    if named:
        pattern = _CLASSES.get(named[1])
        return ({b for b in range(128) if re.match(pattern, bytes([b]))}, named.end()) if pattern else None
    low, index = _member(text, index)
    high = low
    if text[index : index + 1] == b"-" and text[index + 1 : index + 2] not in (b"", b"]"):
        high, index = _member(text, index + 1)
    # NOTE: git takes a range's first byte as a member of its own, even if the range is empty: `[b-a]` is `b`
    return ({low, *range(low, high + 1)}, index) if low >= 0 and high >= 0 else None


def _member(text: bytes, index: int) -> tuple[int, int]:
    """Return the byte at `index` of a set, after a backslash if there is one, and where the next begins; -1 for
    none.
    """
    if text[index : index + 1] == b"\\":
        index += 1
    return (text[index], index + 1) if index < len(text) else (-1, index)


def _plain(byte: int) -> bytes:
    return b"\\x%02x" % byte
