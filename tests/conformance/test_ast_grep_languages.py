"""What snippets mean in other languages than Python, held against ast-grep: the same places.

Over the samples of the tests, and (`-m corpus`) over code in the folders that POLCHECK_CORPORA names. What differs, and
why, is a table in docs/patterns.md.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from language_samples import CODE
from polcheck.base.spans import Source, Unreadable
from polcheck.languages.grammars import Tree, parse
from polcheck.languages.readings import readings_of
from polcheck.languages.registry import languages
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet

BINARY = shutil.which("ast-grep", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
pytestmark = pytest.mark.skipif(BINARY is None, reason="ast-grep is not installed: it is in the `dev` extra")
FOLDERS = [Path(folder) for folder in os.environ.get("POLCHECK_CORPORA", "").split(os.pathsep) if folder]
_MOST_FILES = 25
_LARGEST = 300_000


class Place(NamedTuple):
    """Where a match is."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


# for each language: the pattern of ast-grep, and ours, for the same meaning
SAME: dict[str, list[tuple[str, str]]] = {
    "rust": [
        ("$X.unwrap()", "$x.unwrap()"),
        ("println!($$$)", "println!(...)"),
        ("use std::$X;", "use std::$x;"),
        ("std::env::var($X)", "std::env::var($x)"),
        ("Some($X)", "Some($x)"),
        ("if let Some($X) = $Y { $$$ }", "if let Some($x) = $y { ... }"),
        ("match $X { $$$ }", "match $x { ... }"),
        ("impl $T for $S { $$$ }", "impl $t for $s { ... }"),
        ("return $X", "return $x"),
        ("$X == $Y", "$x == $y"),
        ("#[derive($$$)]", "#[derive(...)]"),
        ("$X?", "$x?"),
        ("for $I in $X { $$$ }", "for $i in $x { ... }"),
    ],
    "java": [
        ("$X.equals($Y)", "$x.equals($y)"),
        ("System.out.println($$$)", "System.out.println(...)"),
        ("new $C($$$)", "new $C(...)"),
        ("return $X;", "return $x;"),
        ("if ($X == null) { $$$ }", "if ($x == null) { ... }"),
        ("throw new $E($$$);", "throw new $E(...);"),
        ("@Override", "@Override"),
        ("import java.util.$X;", "import java.util.$x;"),
        ("List<$T>", "List<$t>"),
        ("$X == null", "$x == null"),
        ("for ($T $X : $Y) { $$$ }", "for ($T $x : $y) { ... }"),
        ("$X instanceof $T", "$x instanceof $T"),
        ("$X -> $Y", "$x -> $y"),
    ],
    "csharp": [
        ("Assert.AreEqual($$$)", "Assert.AreEqual(...)"),
        ("Console.WriteLine($$$);", "Console.WriteLine(...);"),
        ("Console.WriteLine($$$)", "Console.WriteLine(...)"),
        ("new $C($$$)", "new $C(...)"),
        ("$X == null", "$x == null"),
        ("using System.$X;", "using System.$x;"),
        ("var $X = $V;", "var $x = $v;"),
        ("throw new $E($$$);", "throw new $E(...);"),
        ("await $X.$F($$$)", "await $x.$f(...)"),
        ("return $X;", "return $x;"),
        ("$X.Add($Y);", "$x.Add($y);"),
        ("typeof($T)", "typeof($T)"),
    ],
    "php": [
        ("new $C($$$)", "new $C(...)"),
        ("return $X;", "return $x;"),
        ("throw new $E($$$);", "throw new $E(...);"),
        ("if ($C) { $$$ }", "if ($c) { ... }"),
        ("foreach ($X as $Y) { $$$ }", "foreach ($x as $y) { ... }"),
        ("isset($X)", "isset($x)"),
        ("$X === null", "$x === null"),
        ("self::$M($$$)", "self::$m(...)"),
        ("['$K' => $X]", "['$k' => $x]"),
    ],
    "kotlin": [
        ("assertEquals($X, $Y)", "assertEquals($x, $y)"),
        ("val $X: $T = $V", "val $x: $t = $v"),
        ("@Test fun $F() { $$$ }", "@Test fun $f() { ... }"),
        ("$X!!", "$x!!"),
        ("if ($C) { $$$ }", "if ($c) { ... }"),
        ("return $X", "return $x"),
        ("throw $E($$$)", "throw $E(...)"),
        ("$X.map { $$$ }", "$x.map { ... }"),
        ("for ($X in $Y) { $$$ }", "for ($x in $y) { ... }"),
        ("$X == null", "$x == null"),
        ("override fun $F($$$): $T = $V", "override fun $f(...): $t = $v"),
        ("when ($X) { $$$ }", "when ($x) { ... }"),
        ("$X ?: $Y", "$x ?: $y"),
    ],
    "ruby": [
        ("get $X do $$$ end", "get $x do ... end"),
        ("def $F($$$) $$$ end", "def $f(...) ... end"),
        ("def $F\n  $$$\nend", "def $f\n  ...\nend"),
        ("$X.map { |$Y| $$$ }", "$x.map { |$y| ... }"),
        ("require $X", "require $x"),
        ("require 'sinatra/base'", "require 'sinatra/base'"),
        ("raise $E, $M", "raise $e, $m"),
        ("$X = $Y", "$x = $y"),
        ("$X ? $Y : $Z", "$x ? $y : $z"),
        ("return $X", "return $x"),
        ("puts $X", "puts $x"),
    ],
    "c": [
        ("jv_free($X);", "jv_free($x);"),
        ("if ($C) { $$$ }", "if ($c) { ... }"),
        ("return $X;", "return $x;"),
        ("$X == NULL", "$x == NULL"),
        ("int $X = $V;", "int $x = $v;"),
        ("for ($$$; $$$; $$$) { $$$ }", "for (...; ...; ...) { ... }"),
        ("$X->$Y = $Z;", "$x->$y = $z;"),
        ("static int $F($$$) { $$$ }", "static int $f(...) { ... }"),
        ("strcmp($X, $Y) == 0", "strcmp($x, $y) == 0"),
        ("while ($C) { $$$ }", "while ($c) { ... }"),
    ],
    "cpp": [
        ("auto $X = $V;", "auto $x = $v;"),
        ("$X.size()", "$x.size()"),
        ("return $X;", "return $x;"),
        ("throw $E;", "throw $e;"),
        ("std::string $X = $V;", "std::string $x = $v;"),
        ("EXPECT_EQ($X, $Y)", "EXPECT_EQ($x, $y)"),
        ("EXPECT_EQ($X, $Y);", "EXPECT_EQ($x, $y);"),
        ("if ($C) { $$$ }", "if ($c) { ... }"),
        ("using $X = $T;", "using $x = $t;"),
    ],
    "scala": [
        ("os.read($X)", "os.read($x)"),
        ("$X match { $$$ }", "$x match { ... }"),
        ("if ($C) $X else $Y", "if ($c) $x else $y"),
        ("$X.map($$$)", "$x.map(...)"),
        ("import $X._", "import $x._"),
        ("new $C($$$)", "new $C(...)"),
        ("throw new $E($$$)", "throw new $E(...)"),
        ("test($X) { $$$ }", "test($x) { ... }"),
        ("$X == $Y", "$x == $y"),
        ("case class $C($$$)", "case class $C(...)"),
        ("assert($X)", "assert($x)"),
        ("$X / $Y", "$x / $y"),
    ],
    "swift": [
        ("guard let $X = $Y else { $$$ }", "guard let $x = $y else { ... }"),
        ("$X!", "$x!"),
        ("$X as! $T", "$x as! $t"),
        ("import $X", "import $x"),
        ("$X == nil", "$x == nil"),
        ("AF.request($$$)", "AF.request(...)"),
        ("for $X in $Y { $$$ }", "for $x in $y { ... }"),
        ("private let $X = $V", "private let $x = $v"),
        ("$X ?? $Y", "$x ?? $y"),
    ],
    "lua": [
        ('require("$X")', 'require("$x")'),
        ("local $X = $V", "local $x = $v"),
        ("function $F($$$) $$$ end", "function $f(...) ... end"),
        ("if $C then $$$ end", "if $c then ... end"),
        ("return $X", "return $x"),
        ("return nil, $X", "return nil, $x"),
        ("for $K, $V in pairs($X) do $$$ end", "for $k, $v in pairs($x) do ... end"),
        ("$X.$Y = $Z", "$x.$y = $z"),
        ("assert($X)", "assert($x)"),
        ("assert.is_true($X)", "assert.is_true($x)"),
        ("string.format($$$)", "string.format(...)"),
    ],
    "elixir": [
        ("def $F($$$) do $$$ end", "def $f(...) do ... end"),
        ("defmodule $M do $$$ end", "defmodule $m do ... end"),
        ("$X |> $F()", "$x |> $f()"),
        ("if $C do $$$ end", "if $c do ... end"),
        ("case $X do $$$ end", "case $x do ... end"),
        ("$X = $V", "$x = $v"),
        ("raise $E, $M", "raise $e, $m"),
        ("use $M", "use $m"),
        ("fn $X -> $Y end", "fn $x -> $y end"),
        ("Enum.map($$$)", "Enum.map(...)"),
    ],
    "haskell": [
        ("return $X", "return $x"),
        ("$X ++ $Y", "$x ++ $y"),
        ("if $C then $A else $B", "if $c then $a else $b"),
        ("$F :: $T", "$f :: $t"),
        ("\\$X -> $Y", "\\$x -> $y"),
        ("$X == $Y", "$x == $y"),
        ("map $F $X", "map $f $x"),
        ("mapM_ $F $X", "mapM_ $f $x"),
        ("concat [$$$]", "concat [...]"),
    ],
    "nix": [
        ("if $C then $A else $B", "if $c then $a else $b"),
        ("$A // $B", "$a // $b"),
        ("import $X", "import $x"),
    ],
    "solidity": [
        ("function $F($$$) { $$$ }", "function $f(...) { ... }"),
        ('import {$$$} from "$X";', 'import {...} from "$x";'),
    ],
    "hcl": [
        ("type = $T", "type = $t"),
        ("vpc_id = $V", "vpc_id = $v"),
        ('description = "$D"', 'description = "$d"'),
    ],
    "html": [
        ('<script src="$X"></script>', '<script src="$x"></script>'),
        ('<meta charset="$X">', '<meta charset="$x">'),
        ('<link rel="stylesheet" href="$X">', '<link rel="stylesheet" href="$x">'),
        ("<p>$X</p>", "<p>$x</p>"),
        ("<title>$X</title>", "<title>$x</title>"),
    ],
    "css": [
        ("margin: $X;", "margin: $x;"),
        ("display: none !important;", "display: none !important;"),
        ("@media print { $$$ }", "@media print { ... }"),
    ],
}


def theirs(language: str, pattern: str, files: Sequence[str]) -> set[Place]:
    """The places of a pattern as ast-grep finds them."""
    rule = json.dumps({"id": "a", "language": language, "rule": {"pattern": pattern}})
    command = [str(BINARY), "scan", "--json=stream", "--no-ignore", "hidden", "--inline-rules", rule, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr.startswith("Error"), done.stderr
    places: set[Place] = set()
    for line in done.stdout.splitlines():
        match = json.loads(line)
        start, end = match["range"]["start"], match["range"]["end"]
        places.add(Place(match["file"], start["line"] + 1, start["column"] + 1, end["line"] + 1, end["column"] + 1))
    return places


def ours(language: str, pattern: str, trees: dict[str, Tree]) -> set[Place]:
    """The places of a snippet whose names are compared as they are written."""
    bank = QuerySet([compile_pattern([pattern], language, resolve=False)])
    places: set[Place] = set()
    for path, tree in trees.items():
        for match in bank.search(tree)[0].matches:
            assert match.span is not None
            places.add(Place(path, *tree.source.place(match.span)[1:]))
    return places


def trees_of(language: str, files: Sequence[Path]) -> dict[str, Tree]:
    """The trees of those files that the grammar can read; others are undecided here."""
    trees: dict[str, Tree] = {}
    for path in files:
        try:
            tree = parse(Source(str(path), path.read_bytes()), language)
        except Unreadable:
            continue
        if not tree.tree.root_node.has_error:
            trees[str(path)] = tree
    return trees


@pytest.mark.parametrize("language", sorted(SAME))
def test_snippets_find_what_ast_grep_finds_in_a_sample(language: str, tmp_path: Path) -> None:
    """The same places, no more and no fewer."""
    path = tmp_path / f"sample{languages()[language].suffixes[0]}"
    path.write_text(CODE[language])
    trees = trees_of(language, [path])
    assert trees
    different = {
        snippet: (mine ^ other)
        for pattern, snippet in SAME[language]
        if (mine := ours(language, snippet, trees)) != (other := theirs(language, pattern, list(trees)))
        and not ((language, snippet) in MORE and other < mine)
    }
    assert not different


def _lines(tree: Tree, start: int, end: int) -> range:
    """Return the lines between two bytes."""
    span = tree.source.span_of_bytes(start, end)
    return range(tree.source.line_of(span.start), tree.source.line_of(span.end) + 1)


# snippets that find more on purpose, and fewer; docs/patterns.md says why
MORE = {("csharp", "new $C(...)"), ("scala", "new $C(...)"), ("haskell", "import Data.$M"), ("swift", "import $x")}
FEWER = {("elixir", "fn $x -> $y end")}


@pytest.mark.corpus
@pytest.mark.skipif(not FOLDERS, reason="POLCHECK_CORPORA names no folders of code")
@pytest.mark.parametrize(("language", "pattern", "snippet"), [(one, *pair) for one in SAME for pair in SAME[one]])
def test_snippets_find_what_ast_grep_finds(language: str, pattern: str, snippet: str) -> None:
    """On files of real projects."""
    suffixes = languages()[language].suffixes[:1]  # NOTE: ast-grep doesn't know all of them
    files = [
        path
        for folder in FOLDERS
        for path in sorted(folder.rglob("*"))
        if path.suffix in suffixes and path.is_file() and path.stat().st_size < _LARGEST
    ]
    trees = trees_of(language, files[:_MOST_FILES])
    if not trees:
        pytest.skip(f"no files of {language} in POLCHECK_CORPORA")
    mine, other = ours(language, snippet, trees), theirs(language, pattern, list(trees))
    if (language, snippet) in FEWER:
        assert mine <= other
        return
    assert other <= mine
    if (language, snippet) not in MORE:
        embedded = {
            (path, line)
            for path, tree in trees.items()
            for root in readings_of(tree).embedded.roots
            for line in _lines(tree, root.start_byte, root.end_byte)
        }
        assert not {place for place in mine - other if (place.file, place.line) not in embedded}
