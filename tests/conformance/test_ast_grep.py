"""What snippets mean, held against ast-grep over the standard library: the same places, and every difference explained.

Snippets run with `resolve: false` here, as ast-grep follows no imports. docs/patterns.md says the same in words.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from polcheck.base.spans import Source, Unreadable
from polcheck.languages.grammars import Tree, parse
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet

BINARY = shutil.which("ast-grep", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
pytestmark = pytest.mark.skipif(BINARY is None, reason="ast-grep is not installed: it is in the `dev` extra")
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
_MOST_FILES = 300


class Hit(NamedTuple):
    """A match: its file, and its place."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


# ast-grep's pattern, and ours, for the same meaning
SAME: list[tuple[str, str]] = [
    ("isinstance($X, $Y)", "isinstance($x, $y)"),
    ("len($$$)", "len(...)"),
    ("$X.append($Y)", "$x.append($y)"),
    ("print($X, file=$F)", "print($x, file=$f)"),
    ("subprocess.Popen($$$, shell=True, $$$)", "subprocess.Popen(..., shell=True, ...)"),
    ("os.environ[$X]", "os.environ[$x]"),
    ("$X[:$Y]", "$x[:$y]"),
    ("$X % $Y", "$x % $y"),
    ("lambda $X: $Y", "lambda $x: $y"),
    ("{$K: $V}", "{$k: $v}"),
    ("[$X, $Y]", "[$x, $y]"),
    ("[$X for $Y in $Z]", "[$x for $y in $z]"),
    ("import $X", "import $x"),
    ("return $X", "return $x"),
    ("raise ValueError($$$)", "raise ValueError(...)"),
    ("assert $X", "assert $x"),
    ("if $X is None:\n    $$$", "if $x is None: ..."),
    ("for $I in range($$$):\n    $$$", "for $i in range(...): ..."),
    ("try:\n    $$$\nexcept $E:\n    $$$", "try: ...\nexcept $e: ..."),
]
# the same where they differ: why, what the text of a match only of theirs and only of ours looks like
OTHER: list[tuple[str, str, str, str | None, str | None]] = [
    ("open($X, $$$)", "open($x, ...)", "`...` may be nothing, and its comma with it", None, r"open\([^,]*\)$"),
    ("$X = None", "$x = None", "an annotation that the snippet leaves out", None, r"^[\w.]+ ?: "),
    ("$X = $X + $Y", "$x = $x + $y", "parentheses make no difference", None, r"\("),
    ('"utf-8"', '"utf-8"', "quotes make no difference", None, r"^[bru]*'utf-8'$"),
    ("def $F($$$):\n    $$$", "def $f(...): ...", "`async`, a result", None, r"^async |\)\s*->"),
    ("def $F(self):\n    $$$", "def $f(self): ...", "`async`, a result", None, r"^async |\)\s*->"),
    ("@property\ndef $F($$$):\n    $$$", "@property\ndef $f(...): ...", "decorators, a result", None, r"\n\s*@|->"),
    ("class $C($B):\n    $$$", "class $c($b): ...", "`$b` is no keyword argument", r"^class \w+\(\w+=", None),
    ("from $M import $N", "from $m import $n", "`*` is no name; each of several", r"\*$", r"[(,]"),
    ("with open($$$) as $F:\n    $$$", "with open(...) as $f: ...", "exactly this one item", r"^with [^\n]*, ", None),
]  # fmt: skip

# type parameters, which a snippet leaves out; the library has them since Python 3.12
GENERIC = re.compile(r"class \w+\[")


@cache
def trees() -> dict[str, Tree]:
    """A few hundred files of the standard library, parsed."""
    paths = [*sorted(LIBRARY.glob("*.py")), *sorted(LIBRARY.glob("*/*.py"))]
    chosen = [path for path in paths if not {"test", "tests", "site-packages", "lib2to3"} & set(path.parts)]
    found: dict[str, Tree] = {}
    for path in chosen[:_MOST_FILES]:
        try:
            found[str(path)] = parse(Source(str(path), path.read_bytes()), "python")
        except Unreadable:
            continue
    return found


@cache
def theirs() -> dict[str, frozenset[Hit]]:
    """The matches of every pattern as ast-grep finds them, in one run."""
    patterns = [pattern for pattern, _ in SAME] + [case[0] for case in OTHER]
    rules = [
        json.dumps({"id": str(number), "language": "python", "rule": {"pattern": pattern}})
        for number, pattern in enumerate(patterns)
    ]
    command = [str(BINARY), "scan", "--json=stream", "--inline-rules", "\n---\n".join(rules), *trees()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, set[Hit]] = {pattern: set() for pattern in patterns}
    for line in done.stdout.splitlines():
        match = json.loads(line)
        start, end = match["range"]["start"], match["range"]["end"]
        hit = Hit(match["file"], start["line"] + 1, start["column"] + 1, end["line"] + 1, end["column"] + 1)
        found[patterns[int(match["ruleId"])]].add(hit)
    return {pattern: frozenset(hits) for pattern, hits in found.items()}


@cache
def ours() -> dict[str, frozenset[Hit]]:
    """The matches of every snippet."""
    snippets = [snippet for _, snippet in SAME] + [case[1] for case in OTHER]
    bank = QuerySet([compile_pattern([snippet], "python", resolve=False) for snippet in snippets])
    found: dict[str, set[Hit]] = {snippet: set() for snippet in snippets}
    for path, tree in trees().items():
        results = bank.search(tree)
        for number, snippet in enumerate(snippets):
            result = results[number]
            assert not result.incomplete, f"{path}: {result.incomplete}"
            for hit in result.matches:
                assert hit.span is not None
                place = tree.source.place(hit.span)
                found[snippet].add(Hit(path, *place[1:]))
    return {snippet: frozenset(hits) for snippet, hits in found.items()}


def text_of(hit: Hit) -> str:
    """What was matched."""
    starts, text = trees()[hit.file].source.line_starts, trees()[hit.file].source.text
    return text[starts[hit.line - 1] + hit.column - 1 : starts[hit.end_line - 1] + hit.end_column - 1]


@pytest.mark.parametrize(("pattern", "snippet"), SAME)
def test_a_snippet_finds_what_ast_grep_finds(pattern: str, snippet: str) -> None:
    """The same places, no more and no fewer."""
    assert ours()[snippet] == theirs()[pattern]
    assert ours()[snippet], "a shape that occurs nowhere tells nothing"


@pytest.mark.parametrize(("pattern", "snippet", "why", "only_theirs", "only_ours"), OTHER)
def test_where_a_snippet_differs_it_is_for_the_reason_given(
    pattern: str, snippet: str, why: str, only_theirs: str | None, only_ours: str | None
) -> None:
    """Every match that only one of them finds has what the reason speaks of; the others agree."""
    mine, other = ours()[snippet], theirs()[pattern]
    assert mine & other, why
    mine = frozenset(hit for hit in mine if hit in other or not GENERIC.match(text_of(hit)))
    for hits, sign in ((other - mine, only_theirs), (mine - other, only_ours)):
        assert bool(hits) == (sign is not None), (why, sorted(hits)[:3])
        for hit in hits:
            assert sign and re.search(sign, text_of(hit)), (why, hit, text_of(hit))


def test_ten_shapes_and_more_are_compared() -> None:
    """Calls, statements, definitions, displays, operators."""
    assert len(SAME) >= 10
