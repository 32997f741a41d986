"""`files`: path patterns over the listing of a submission, with captures.

`*` stays in a segment (dot files too), `**/` is zero or more folders, `?` is one character, `{a,b}` are alternatives,
`{name}` captures one segment or part of one, `{name:**}` several; `\\` makes the next character plain. A leading
`!` excludes; a pattern that ends in `/` matches folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.cached import cached_property

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EVERY = re.compile(r"\*\*|\{([A-Za-z_]\w*):\*\*\}", re.ASCII)
_LAST = re.compile(r"[^*?}]*\Z")  # after the last wildcard or capture
_WILD = re.compile(r"[*?{]")
MAX_ALTERNATIVES = 1_000
_MAX_WRITTEN_OUT = 200_000  # characters
MAX_PATTERNS = 1_000
MAX_LENGTH = 4_096
MAX_WILDCARDS = 100  # NOTE: each costs time at every character of a path
_OTHER = frozenset("?{}\\")  # what makes a pattern more than letters and `*`
_FEW = 8
_UNITED = 20_000  # characters of a regular expression, well within what RE2 takes
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # in a path: a byte that is no UTF-8


_NOTHING: Mapping[str, str] = {}


class FilesProblem(Exception):
    """A path pattern that can't be used; `offset` is the character in it, `help` what would be right."""

    def __init__(self, message: str, offset: int = 0, help: str = "") -> None:
        self.message = message
        self.offset = offset
        self.help = help
        super().__init__(message)


class FilePatterns(Struct, frozen=True, dict=True):
    """A compiled list of path patterns: a path is in when one includes it and none excludes it."""

    texts: tuple[str, ...]
    binds: frozenset[str]

    @cached_property
    def _compiled(self) -> tuple[tuple[_Glob, ...], tuple[_Glob, ...]]:
        globs = [_compile(text) for text in self.texts]
        inside = _united([glob for glob in globs if not glob.excludes])
        return inside or (_compile("**"),), _united([glob for glob in globs if glob.excludes])

    @cached_property
    def _ends(self) -> tuple[str, ...] | None:
        """What each path that is in ends in, one of them; None where that is open. Most paths are told by it."""
        ends = [glob.all_ends for glob in self._compiled[0]]
        return None if any("" in each for each in ends) else tuple({end for each in ends for end in each})

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that some pattern captures."""
        return frozenset(name for glob in self._compiled[0] for name in glob.names)

    @cached_property
    def folders(self) -> bool:
        """Whether some pattern asks for folders."""
        return any(glob.folder for glob in self._compiled[0])

    def match(self, path: str) -> list[dict[str, str]]:
        """Return the captures of each way in which `path` is in (usually one); empty when it isn't.

        A folder's path ends in `/`.
        """
        inside, outside = self._compiled
        if len(inside) == 1 and not outside:
            only = inside[0].match(path)
            return [] if only is None else [only]
        ways: list[dict[str, str]] = []
        for glob in inside:
            result = glob.match(path)
            if result is not None and result not in ways:
                ways.append(result)
        if ways and any(glob.match(path) is not None for glob in outside):
            return []
        return ways

    def among(self, paths: Iterable[str]) -> list[tuple[str, Mapping[str, str]]]:
        """Return those of `paths` that are in, each once for each way, with its captures."""
        inside, outside = self._compiled
        only = inside[0]
        if self._ends is not None:
            paths = [path for path in paths if path.endswith(self._ends)]
        if len(inside) == 1 and only.regex is None and only.simple is not None and not only.folder:
            chosen = [path for path in paths if path[-1] != "/" and only.simple.holds(path)]
            if outside:
                chosen = [path for path in chosen if all(glob.match(path) is None for glob in outside)]
            return [(path, _NOTHING) for path in chosen]
        return [(path, way) for path in paths for way in self.match(path)]

    def may_reach(self, folder: str) -> bool:
        """Return whether the path `folder`, or one below it, may be in. True when that can't be told from the
        patterns.
        """
        included = [text for text in self.texts if not text.startswith("!")] or ["**"]
        excluded = [text[1:] for text in self.texts if text.startswith("!")]
        parts = folder.split("/")
        # NOTE: what excludes files excludes no folder, and folders may be asked for
        if not self.folders and any(_covers(way, parts) for text in excluded for way in alternatives(text)):
            return False
        return any(_reaches(way, parts) for text in included for way in alternatives(text))

    @cached_property
    def suffixes(self) -> frozenset[str]:
        """The endings (`.py`) that the included paths can have; empty when a pattern leaves that open."""
        results: set[str] = set()
        for text in self.texts:
            if text.startswith("!"):
                continue
            for alternative in alternatives(text):
                end = alternative.rsplit("/", 1)[-1]
                dot = end.rfind(".")
                if dot < 0 or _WILD.search(end[dot:]):
                    return frozenset()
                results.add(end[dot:])
        return frozenset(results)

    @cached_property
    def examples(self) -> tuple[tuple[str | None, ...], ...]:
        """For each pattern that includes paths, and each of its alternatives, a path that tells what its files are.

        None where that is open; a path that ends in `/` stands for folders.
        """
        included = (text for text in self.texts if not text.startswith("!"))
        return tuple(tuple(_example(way) for way in alternatives(text)) for text in included)

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The paths that are named in full, without any wildcard or capture."""
        every = (way for text in self.texts if not text.startswith("!") for way in alternatives(text))
        return tuple(way.replace("\\", "") for way in every if not _WILD.search(way))


class PathListing(Struct, frozen=True):
    """Paths, and which of them patterns let in: worked out once for each list of patterns."""

    paths: Sequence[str]
    _known: dict[FilePatterns, list[tuple[str, Mapping[str, str]]]] = field(default_factory=dict)

    def among(self, files: FilePatterns) -> list[tuple[str, Mapping[str, str]]]:
        """Return those of the paths that are in, as `FilePatterns.among` does. The list is shared: don't change it."""
        if files not in self._known:
            self._known[files] = files.among(self.paths)
        return self._known[files]


def _example(way: str) -> str | None:
    name = way.rsplit("/", 1)[-1]
    if way.endswith("/"):
        return way
    if not _WILD.search(name):
        return name.replace("\\", "")
    dot = name.rfind(".")
    return None if dot < 0 or _WILD.search(name[dot:]) else "x" + name[dot:]


class _Simple(Struct, frozen=True):
    """The patterns that a path is compared with as text, by their form; nothing but letters in place of `x` and `y`."""

    paths: frozenset[str] = frozenset()  # x
    heads: tuple[str, ...] = ()  # x/**, with the slash
    folders: frozenset[str] = frozenset()  # **/x/**
    names: frozenset[str] = frozenset()  # **/x
    ends: tuple[str, ...] = ()  # **/*x
    around: tuple[tuple[str, str], ...] = ()  # **/x*y

    def holds(self, path: str) -> bool:
        """Return whether one of the patterns matches a path."""
        name = path.rpartition("/")[2]
        if path in self.paths or name in self.names or name.endswith(self.ends):
            return True
        if self.folders and not self.folders.isdisjoint(path.split("/")[:-1]):
            return True
        if path.startswith(self.heads):
            return True
        return any(
            name.startswith(start) and name.endswith(end) and len(name) >= len(start) + len(end)
            for start, end in self.around
        )

    @property
    def all_ends(self) -> tuple[str, ...]:
        """What a path that one of the patterns matches ends in, one of them."""
        if self.heads or self.folders:
            return ("",)
        return (*self.paths, *self.names, *self.ends, *(end for _, end in self.around))

    def __or__(self, other: _Simple) -> _Simple:
        """Return the patterns of both."""
        return _Simple(
            self.paths | other.paths,
            self.heads + other.heads,
            self.folders | other.folders,
            self.names | other.names,
            self.ends + other.ends,
            self.around + other.around,
        )


class _Glob(Struct, frozen=True):
    """One pattern, or several that capture nothing.

    `simple` are those that a path is compared with as text, `regex` is for the others; None where there are none.
    """

    regex: Any
    excludes: bool
    folder: bool
    ends: tuple[str, ...] = ("",)  # what a path that the regular expression matches ends in, one of them
    simple: _Simple | None = None
    whole: str | None = None  # of `{name:**}` the name, of `**` an empty text: every path matches

    @property
    def names(self) -> frozenset[str]:
        """The names that the pattern captures."""
        return frozenset(name.rsplit("__", 1)[0] for name in self.regex.groupindex) if self.regex else frozenset()

    @property
    def all_ends(self) -> tuple[str, ...]:
        """What a path that matches ends in, one of them; empty texts among them where that is open."""
        if self.folder:
            return ("/",)
        simple = self.simple.all_ends if self.simple is not None else ()
        return (*simple, *(self.ends if self.regex is not None else ()))

    def match(self, path: str) -> dict[str, str] | None:
        """Return the captures when the whole of `path` matches, else None."""
        if self.folder != path.endswith("/"):
            return None
        text = path.rstrip("/") if self.folder else path
        if self.whole is not None:
            return {self.whole: text} if self.whole else {}
        if self.simple is not None and self.simple.holds(text):
            return {}
        if self.regex is None or not text.endswith(self.ends):
            return None
        result = self.regex.fullmatch(_encodable(text))
        if result is None:
            return None
        captures: dict[str, str] = {}
        for name, number in self.regex.groupindex.items():
            start, end = result.span(number)
            if start < 0:
                continue
            if captures.setdefault(name.rsplit("__", 1)[0], text[start:end]) != text[start:end]:
                return None  # the same name twice is the same value
        return captures


def _united(globs: Sequence[_Glob]) -> tuple[_Glob, ...]:
    """Return the same patterns; those that capture nothing are tried as one, since every path is compared with each."""
    left = [glob for glob in globs if glob.names]
    for folder in (False, True):
        plain = [glob for glob in globs if glob.folder is folder and not glob.names]
        if len(plain) <= 1:
            left += plain
            continue
        simple = reduce(or_, (glob.simple for glob in plain if glob.simple is not None), _Simple())
        others = [glob for glob in plain if glob.regex is not None]
        if len(others) <= _FEW:
            left += [glob if glob.simple is None else replace(glob, simple=None) for glob in others]
        else:
            for group in _groups(others):
                united = _searched("|".join(glob.regex.pattern for glob in group))
                ends = tuple({end for glob in group for end in glob.ends})
                left.append(_Glob(united, group[0].excludes, folder, ends))
        if simple != _Simple():
            left.append(_Glob(None, plain[0].excludes, folder, simple=simple))
    return tuple(left)


def _simple(ways: Sequence[str]) -> tuple[_Simple, list[str]]:
    """Return those of some alternatives that a path is compared with as text, and the others."""
    simple, others = _Simple(), list[str]()
    for way in ways:
        one = _as_simple(way)
        if one is None:
            others.append(way)
        else:
            simple |= one
    return simple, others


def _as_simple(way: str) -> _Simple | None:
    """Return an alternative as a pattern that a path is compared with as text; None for one of another form."""
    deep, below = way.startswith("**/"), way.endswith("/**")
    text = way.removeprefix("**/").removesuffix("/**")
    if not text or not text.isascii() or "**" in text or text.count("*") > 1 or not _OTHER.isdisjoint(text):
        return None
    start, star, end = text.partition("*")
    if not deep:
        if star:
            return None
        return _Simple(heads=(f"{text}/",)) if below else _Simple(paths=frozenset({text}))
    if "/" in text or (below and star):
        return None
    if below:
        return _Simple(folders=frozenset({text}))
    if not star:
        return _Simple(names=frozenset({text}))
    return _Simple(around=((start, end),)) if start else _Simple(ends=(end,))


def _groups(globs: Iterable[_Glob]) -> Iterator[list[_Glob]]:
    """Yield the patterns in groups that are not too large together."""
    group: list[_Glob] = []
    size = 0
    for glob in globs:
        size += len(glob.regex.pattern)
        if group and size > _UNITED:
            yield group
            group, size = [], len(glob.regex.pattern)
        group.append(glob)
    if group:
        yield group


def _searched(regex: str) -> Any:
    """Return the compiled expression. Raises FilesProblem where it is too large."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(regex, options)
    except re2.error:
        raise FilesProblem(
            "a path pattern that stands for too much", 0, "split it, or use fewer alternatives"
        ) from None


def compile_files(texts: Sequence[str]) -> FilePatterns:
    """Return the compiled list. Raises FilesProblem, whose `offset` is within the text that it speaks of."""
    if len(texts) > MAX_PATTERNS:
        raise FilesProblem(f"more than {MAX_PATTERNS:,} path patterns")
    return _patterns(tuple(texts))


@lru_cache(maxsize=1024)
def _patterns(texts: tuple[str, ...]) -> FilePatterns:
    """Return the compiled list; the same one for the same texts, so that what it works out is worked out once."""
    names: list[frozenset[str]] = []
    for text in texts:
        glob = _compile(text)
        if not glob.excludes:
            names.append(glob.names)
    shared = frozenset.intersection(*names) if names else frozenset()
    return FilePatterns(texts, shared)


def alternatives(text: str) -> list[str]:
    """`text` with each `{a,b}` written out; captures stay. Raises FilesProblem when there are too many."""
    queue, done = [text], []
    while queue:
        current = queue.pop()
        group = _first_group(current)
        if group is None:
            done.append(current)
            continue
        start, end, choices = group
        queue += [current[:start] + choice + current[end:] for choice in reversed(choices)]
        number = len(queue) + len(done)
        if number > MAX_ALTERNATIVES or number * len(text) > _MAX_WRITTEN_OUT:
            raise FilesProblem(f"more than {MAX_ALTERNATIVES} alternatives, or too much text in them")
    return done


def _first_group(text: str) -> tuple[int, int, list[str]] | None:
    """Return the first `{a,b}` of `text`: where it starts and ends, and its choices."""
    index = 0
    while index < len(text):
        if text[index] == "\\":
            index += 2
            continue
        if text[index] == "{":
            end, choices = _group(text, index)
            if len(choices) > 1:
                return index, end, choices
            index = end
            continue
        index += 1
    return None


def _group(text: str, start: int) -> tuple[int, list[str]]:
    """Return the end and the comma-separated parts of the brace group that opens at `start`."""
    depth, part, parts, index = 0, start + 1, [], start
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 2
            continue
        if char == "{":
            depth += 1
        elif char == "," and depth == 1:
            parts.append(text[part:index])
            part = index + 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return index + 1, [*parts, text[part:index]]
        index += 1
    raise FilesProblem("`{` is never closed", start, "write `\\{` for a brace")


@lru_cache(maxsize=4096)
def _compile(text: str) -> _Glob:
    if len(text) > MAX_LENGTH:
        raise FilesProblem(f"a path pattern of more than {MAX_LENGTH:,} characters")
    excludes = text.startswith("!")
    body = text[1:] if excludes else text
    if not body or body.startswith("/"):
        raise FilesProblem("a path pattern starts at the project's root, without `/`", 0, "drop the leading `/`")
    if ".." in body.split("/") or "." in body.split("/"):
        raise FilesProblem("a path pattern has no `.` or `..` segments", 0, "name the path from the root")
    folder = body.endswith("/")
    ways = alternatives(body.rstrip("/"))
    if any(len(_WILD.findall(way)) > MAX_WILDCARDS for way in ways):
        raise FilesProblem(f"more than {MAX_WILDCARDS} wildcards in a path pattern")
    simple, others = _simple(ways)
    regex = "|".join(_regex(way, number) for number, way in enumerate(others))
    compiled = _searched(f"(?s:{regex})") if others else None
    every = _EVERY.fullmatch(ways[0]) if len(ways) == 1 else None
    whole = (every[1] or "") if every else None
    return _Glob(compiled, excludes, folder, _ends(others), simple if simple != _Simple() else None, whole)


def _ends(ways: Sequence[str]) -> tuple[str, ...]:
    """Return what a path ends in that one of these alternatives matches: one of them, or an empty text."""
    # NOTE: without the `/` after a wildcard, since `**/a` matches `a`
    ends = {"" if "\\" in way else _LAST.search(way)[0].removeprefix("/") for way in ways}  # type: ignore[index]
    return tuple(sorted({end if end.isascii() else "" for end in ends})) or ("",)


def _regex(text: str, number: int) -> str:
    """Return one alternative as a regular expression; group names carry a number so that each is unique."""
    out: list[str] = []
    index = count = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            out.append(re.escape(text[index + 1]))
            index += 2
        elif text.startswith("**/", index) and (index == 0 or text[index - 1] == "/"):
            out.append("(?:[^/]+/)*")
            index += 3
        elif text.startswith("**", index):
            out.append(".*")
            index += 2
        elif char == "{":
            end, (inner,) = _group(text, index)
            out.append(_capture(inner, index, f"{number}_{count}"))
            count += 1
            index = end
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)))
            index += 1
    return "(?:" + "".join(out) + ")"


def _capture(inner: str, offset: int, number: str) -> str:
    name, _, kind = inner.partition(":")
    if not _NAME.fullmatch(name) or kind not in ("", "**"):
        raise FilesProblem(
            f"`{{{inner}}}` is neither a capture nor alternatives",
            offset,
            "write `{name}`, `{name:**}` or `{a,b}`",
        )
    return f"(?P<{name}__{number}>{'.+' if kind else '[^/]+'})"


def _encodable(text: str) -> str:
    """`text` for RE2, which takes UTF-8 only: each byte of a path that is none becomes one replacement character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _reaches(pattern: str, folder: Sequence[str]) -> bool:
    """Return whether a pattern without alternatives may match `folder` or a path below it."""
    segments = pattern.rstrip("/").split("/")
    for segment, name in zip(segments, folder, strict=False):
        if "**" in segment:
            return True
        if not _segment(segment).fullmatch(_encodable(name)):
            return False
    return len(segments) >= len(folder)


def _covers(pattern: str, folder: Sequence[str]) -> bool:
    """Return whether a pattern without alternatives matches every path below `folder`."""
    *above, last = pattern.split("/")
    if last != "**" or len(above) > len(folder) or any("**" in segment for segment in above[1:]):
        return False
    if above[:1] == ["**"]:
        return len(above) == 1 or (len(above) == 2 and any(_segment(above[1]).fullmatch(_encodable(n)) for n in folder))
    return all(_segment(segment).fullmatch(_encodable(name)) for segment, name in zip(above, folder, strict=False))


@lru_cache(maxsize=4096)
def _segment(text: str) -> Any:
    """Return one segment of a pattern as a regular expression."""
    return _searched(f"(?s:{_regex(text, 0)})")


def folders_of(paths: Iterable[str]) -> list[str]:
    """Return every folder that holds one of `paths`, each ending in `/`, sorted."""
    results: set[str] = set()
    for path in paths:
        end = path.rfind("/")
        while end > 0 and path[: end + 1] not in results:
            results.add(path[: end + 1])
            end = path.rfind("/", 0, end)
    return sorted(results)
