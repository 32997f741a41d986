"""Functions of paths, and of patterns that are data: those of `files`, of .gitignore and of .dockerignore."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.regexes import encodable
from polcheck.selectors.jmespath.signatures import Table
from polcheck.selectors.jmespath.values import CHARACTERS_A_STEP, Budget, TypeMismatchError
from polcheck.sources.gitignore import Rules
from polcheck.sources.path_patterns import FilePatterns, FilesProblem, compile_files

PATHS = Table()
MOST_PATTERNS = 10_000
MOST_CHARACTERS = 64 * 1024  # of all patterns together
MOST_OF_A_PATH = 4_096  # characters; no system has longer ones
_STEPS_A_PATTERN = 4
_PAIRS_A_STEP = 8_192


@PATHS.add("join_path(base: string, relative: string) -> string", own=True)
def _join_path(base: str, relative: str) -> Json:
    """Return the path that `relative` leads to from the folder `base`, without `.` and `..`: `docs/b.md` for `'docs/a'`
    and `'../b.md'`. One that begins with `/` begins at the root; null for a path above the root, empty for the root
    itself."""
    root = "/" if base.startswith("/") else ""
    segments: list[str] = []
    for segment in (relative if relative.startswith("/") else f"{base}/{relative}").split("/"):
        if segment == "..":
            if not segments:
                return None
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    return root + "/".join(segments)


@PATHS.add("path_canonicalize(path: string) -> string", own=True)
def _path_canonicalize(path: str) -> Json:
    """Return the path without repeated slashes, `.` and what `..` takes back, as Kyverno does."""
    return clean(path) if path else ""


def clean(path: str) -> str:
    """Return the shortest path that is the same, as `filepath.Clean` of Go does; `.` for an empty one."""
    root = path.startswith("/")
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == ".." and segments and segments[-1] != "..":
            segments.pop()
        elif segment == ".." and not root:
            segments.append("..")
        elif segment not in ("", ".", ".."):
            segments.append(segment)
    return ("/" if root else "") + "/".join(segments) or "."


@PATHS.add("url_decode(text: string) -> string", place="first", own=True)
def _url_decode(text: str) -> Json:
    """Return the string with each `%20` and its like as the character that it stands for (UTF-8)."""
    from urllib.parse import unquote

    return unquote(text, errors="replace")


@PATHS.add("matches_path(path: string, patterns: string|array[string]) -> boolean", spends=True, own=True)
def _matches_path(budget: Budget, path: str, patterns: str | list[str]) -> Json:
    """Return whether the path is one that `files` with these patterns lets in: `*`, `**/`, `{a,b}`, `!` and so on."""
    texts = _listed(budget, [patterns] if isinstance(patterns, str) else patterns, path)
    return bool(file_patterns(texts).match(path))


@lru_cache(maxsize=512)
def file_patterns(texts: tuple[str, ...]) -> FilePatterns:
    """Return the compiled patterns. Raises TypeMismatchError for one that can't be used."""
    try:
        return compile_files(texts)
    except FilesProblem as problem:
        raise TypeMismatchError(problem.message, 1) from None


def _listed(budget: Budget, patterns: list[str], path: str) -> tuple[str, ...]:
    """Return the patterns. Raises TypeMismatchError for a path, or patterns, that no system takes."""
    if len(path) > MOST_OF_A_PATH:
        raise TypeMismatchError(f"the path is longer than {MOST_OF_A_PATH:,} characters", 0)
    length = sum(map(len, patterns))
    if len(patterns) > MOST_PATTERNS or length > MOST_CHARACTERS:
        limits = f"{MOST_PATTERNS:,} patterns, or {MOST_CHARACTERS:,} characters"
        raise TypeMismatchError(f"these are more than {limits}", 1)
    budget.look()
    budget.spend(_STEPS_A_PATTERN * len(patterns) + (length + len(path)) // CHARACTERS_A_STEP)
    return tuple(patterns)


def _pay(budget: Budget, path: str, patterns: int) -> None:
    """Pay for comparing a path with so many characters of patterns: at worst, RE2 looks at each pair of them."""
    budget.look()
    budget.spend(1 + len(path) * patterns // _PAIRS_A_STEP)


@PATHS.add("matches_gitignore(path: string, patterns: string|array[string]) -> boolean", spends=True, own=True)
def _matches_gitignore(budget: Budget, path: str, patterns: str | list[str]) -> Json:
    """Return whether git ignores the path by these lines of a .gitignore at the root, as a list or as the content of
    the file: the last match decides, `!` takes back, and what is in an ignored folder is ignored. A path that ends in
    `/` is a folder."""
    lines = patterns.split("\n") if isinstance(patterns, str) else patterns
    rules = _rules(_listed(budget, lines, path))
    segments = clean(path).split("/") if path else []
    steps = [
        ("/".join(segments[: end + 1]), end + 1 < len(segments) or path.endswith("/")) for end in range(len(segments))
    ]
    length = sum(map(len, lines))
    for step, folder in steps if rules is not None else ():
        _pay(budget, step, length)
        if step != ".." and rules is not None and rules.ignores(_bytes(step), folder=folder):
            return True
    return False


@lru_cache(maxsize=256)
def _rules(lines: tuple[str, ...]) -> Rules | None:
    return Rules.of(_bytes("\n".join(lines)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape" if any("\udc80" <= c <= "\udcff" for c in text) else "surrogatepass")


@PATHS.add("matches_docker(path: string, patterns: string|array[string]) -> boolean", spends=True, own=True)
def _matches_docker(budget: Budget, path: str, patterns: str | list[str]) -> Json:
    """Return whether Docker leaves the path out by these lines of a .dockerignore, as a list or as the content of
    the file: they begin at the root, `**` is any folders, the last match decides, and `!` takes back."""
    lines = patterns.split("\n") if isinstance(patterns, str) else patterns
    texts = _listed(budget, lines, path)
    place = clean(path).removeprefix("/")
    if place == ".":
        return False
    segments = place.split("/")
    parents = ["/".join(segments[:end]) for end in range(1, len(segments))]
    matched = False
    for pattern in docker_patterns(texts):
        if pattern.exclusion is not matched:
            continue
        for each in (place, *parents):
            _pay(budget, each, len(pattern.text))
            if pattern.matches(each):
                matched = not pattern.exclusion
                break
    return matched


class _DockerPattern:
    """One pattern of a .dockerignore, as moby/patternmatcher compiles it (patternmatcher.go, `Pattern.compile`)."""

    __slots__ = ("_compare", "exclusion", "text")

    def __init__(self, text: str, exclusion: bool) -> None:
        self.text = text
        self.exclusion = exclusion
        self._compare = _comparison(text)

    def matches(self, path: str) -> bool:
        """Return whether the pattern is that of a path, its parents left out."""
        kind, what = self._compare
        if kind == "exact":
            return bool(path == what)
        if kind == "prefix":
            return bool(path.startswith(what))
        if kind == "suffix":
            return bool(path.endswith(what) or (what[:1] == "/" and path == what[1:]))
        return bool(what.search(encodable(path)))


@lru_cache(maxsize=256)
def docker_patterns(lines: tuple[str, ...]) -> tuple[_DockerPattern, ...]:
    """Return the patterns of a .dockerignore's lines, read as moby/patternmatcher does (ignorefile.ReadAll, `New`)."""
    patterns: list[_DockerPattern] = []
    for number, line in enumerate(lines):
        whole = line.removeprefix("\ufeff") if number == 0 else line
        if whole.startswith("#"):
            continue
        text = whole.strip()
        inverted = text.startswith("!")
        text = text[1:].strip() if inverted else text
        if text:
            text = clean(text)
            text = text[1:] if len(text) > 1 and text.startswith("/") else text
        text = ("!" if inverted else "") + text
        if not text.strip():
            continue
        # NOTE: what was cleaned is read again, so that `/!a` takes back, too
        text = clean(text.strip())
        exclusion = text.startswith("!")
        text = text[1:] if exclusion else text
        if not text or not _is_well_formed(text):
            raise TypeMismatchError(f"`{line[:40]}` is not a pattern of .dockerignore", 1)
        patterns.append(_DockerPattern(text, exclusion))
    return tuple(patterns)


def _is_well_formed(pattern: str) -> bool:
    """Return whether Go's `filepath.Match` takes a pattern: escapes and `[…]` are whole, and no range is empty."""
    index, end = 0, len(pattern)

    def character(at: int) -> int:
        """Return where the character of a set that begins at `at` ends, or -1 for one that can't stand there."""
        if at >= end or pattern[at] in "-]":
            return -1
        after = at + 2 if pattern[at] == "\\" else at + 1
        return after if after < end else -1

    while index < end:
        sign = pattern[index]
        index += 2 if sign == "\\" else 1
        if sign != "[":
            continue
        index += pattern[index : index + 1] == "^"
        first = True
        while first or pattern[index : index + 1] != "]":
            first = False
            index = character(index)
            if index > 0 and pattern[index] == "-":
                index = character(index + 1)
            if index < 0:
                return False
        index += 1
    return index == end


def _comparison(pattern: str) -> tuple[str, Any]:  # noqa: PLR0912  # one branch a sign, as the original has them
    """Return how a pattern is compared: with the whole path, its beginning, its end, or by a regular expression."""
    kind, regex, index, first = "exact", "^", 0, True
    while index < len(pattern):
        character = pattern[index]
        index += 1
        if character == "*" and pattern[index : index + 1] == "*":
            index += 2 if pattern[index + 1 : index + 2] == "/" else 1
            if index >= len(pattern):
                kind, regex = ("prefix", regex) if kind == "exact" else ("regex", regex + ".*")
            else:
                kind, regex = "regex", regex + "(.*/)?"
            kind = "suffix" if first else kind
        elif character in "*?":
            kind, regex = "regex", regex + ("[^/]*" if character == "*" else "[^/]")
        elif character == "\\":
            if index < len(pattern):
                kind, regex = "regex", regex + "\\" + pattern[index]
                index += 1
            else:
                regex += "\\"
        elif character in "[]":
            kind, regex = "regex", regex + character
        else:
            regex += "\\" + character if character in ".+()|{}$" else character
        first = False
    if kind == "exact":
        return kind, pattern
    if kind == "prefix":
        return kind, pattern[:-2]
    if kind == "suffix":
        return kind, pattern[2:]
    return kind, _docker_regex(regex + "$", pattern)


def _docker_regex(text: str, pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = False
    try:
        return re2.compile(encodable(text), options=options)
    except re2.error:
        raise TypeMismatchError(f"`{pattern[:40]}` is not a pattern of .dockerignore", 1) from None
