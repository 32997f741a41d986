"""Names of JavaScript, TypeScript, Go, Java, C# and Rust followed through imports: the rows of docs/patterns.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.languages.registry import languages
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet

PAGE = Path(__file__).parents[2] / "docs" / "patterns.md"

# the language, the pattern, the file whose last line may match, and whether it does
ROWS = [
    ("javascript", "fs.rm($x)", "fs.rm(a)", True),
    ("javascript", "fs.rm($x)", 'import fs from "fs"\nfs.rm(a)', True),
    ("javascript", "fs.rm($x)", 'import * as f from "node:fs"\nf.rm(a)', True),
    ("javascript", "fs.rm($x)", 'import { rm } from "fs"\nrm(a)', True),
    ("javascript", "fs.rm($x)", 'import { rm as remove } from "fs"\nremove(a)', True),
    ("javascript", "fs.rm($x)", 'import { default as f } from "fs"\nf.rm(a)', True),
    ("javascript", "fs.rm($x)", 'const f = require("fs")\nf.rm(a)', True),
    ("javascript", "fs.rm($x)", 'const { rm } = require("fs")\nrm(a)', True),
    ("javascript", "fs.rm($x)", 'const { rm: remove } = require("fs")\nremove(a)', True),
    ("javascript", "fs.rm($x)", 'const remove = require("fs").rm\nremove(a)', True),
    ("javascript", "fs.rm($x)", 'const f = await import("fs")\nf.rm(a)', True),
    ("javascript", "fs.rm($x)", 'import fs from "fs"\nconst remove = fs.rm\nremove(a)', True),
    ("javascript", "fs.rm($x)", 'import { rm } from "other"\nrm(a)', False),
    ("javascript", "fs.rm($x)", 'import { rm } from "fs"\nfunction g(rm) { rm(a) }', False),
    ("javascript", "fs.rm($x)", 'import fs from "fs"\nif (b) { const fs = g(); fs.rm(a) }', False),
    ("javascript", "fs.rm($x)", 'import fs from "fs";\n(fs)?.rm(a)', True),
    ("javascript", "lib.util.run()", 'import { run } from "./lib/util.js"\nrun()', True),
    ("typescript", "fs.rm($x)", 'import fs = require("fs")\nfs.rm(a)', True),
    ("typescript", "fs.rm($x)", 'import { rm as r } from "fs"\nr(a as string)', True),
    ("typescript", "fs.rm($x)", 'import { rm } from "fs"\nconst g = (rm: any) => rm(a)', False),
    ("tsx", "react.useState($x)", 'import { useState } from "react"\nuseState(a)', True),
    ("go", "http.Get($x)", 'package a\nimport "net/http"\nfunc f() { http.Get(a) }', True),
    ("go", "http.Get($x)", 'package a\nimport h "net/http"\nfunc f() { h.Get(a) }', True),
    ("go", "http.Get($x)", 'package a\nimport . "net/http"\nfunc f() { Get(a) }', True),
    ("go", "redis.Dial($x)", 'package a\nimport r "github.com/x/redis/v9"\nfunc f() { r.Dial(a) }', True),
    ("go", "http.Get($x)", 'package a\nimport "net/http"\nfunc f(http T) { http.Get(a) }', False),
    ("go", "http.Get($x)", 'package a\nimport "net/http"\nfunc f() { http := g(); http.Get(a) }', False),
    ("go", "http.Client{...}", 'package a\nimport h "net/http"\nfunc f() { g(h.Client{}) }', True),
    ("java", "java.io.File.listRoots()", "import java.io.File;\nclass A { Object x = File.listRoots(); }", True),
    ("java", "new java.io.File($x)", 'import java.io.File;\nclass A { Object x = new File("a"); }', True),
    ("java", "new java.io.File($x)", 'import java.io.*;\nclass A { Object x = new File("a"); }', True),
    ("java", "new java.io.File($x)", 'class A { Object x = new java.io.File("a"); }', True),
    ("java", "new java.io.File($x)", 'import other.File;\nclass A { Object x = new File("a"); }', False),
    ("java", "new java.io.File()", "import other.File;\nimport java.io.*;\nclass A { Object x = new File(); }", False),
    ("java", "java.io.File $x;", "import java.io.File;\nclass A { File x; }", True),
    ("java", "java.lang.Math.abs($x)", "import static java.lang.Math.abs;\nclass A { int x = abs(1); }", False),
    ("csharp", "System.IO.File.Delete($x)", "using System.IO;\nclass A { void F() { File.Delete(a); } }", True),
    ("csharp", "System.IO.File.Delete($x)", "using F = System.IO.File;\nclass A { void G() { F.Delete(a); } }", True),
    ("csharp", "System.IO.File.Delete($x)", "using static System.IO.File;\nclass A { void G() { Delete(a); } }", True),
    ("csharp", "System.IO.File.Delete($x)", "class A { void F() { System.IO.File.Delete(a); } }", True),
    ("csharp", "System.IO.File.Delete($x)", "using Other;\nclass A { void F() { File.Delete(a); } }", False),
    ("csharp", "System.IO.File.Delete($x)", "using System.IO;\nclass A { void F(T File) { File.Delete(a); } }", False),
    ("rust", "std::fs::remove_file($x)", "use std::fs;\nfn f() { fs::remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::fs::remove_file;\nfn f() { remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::fs::remove_file as rm;\nfn f() { rm(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::{io, fs::{self, File}};\nfn f() { fs::remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::fs::*;\nfn f() { remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use other::fs;\nfn f() { fs::remove_file(a); }", False),
    ("rust", "std::fs::remove_file($x)", "use std::fs::remove_file;\nfn f(remove_file: T) { remove_file(a); }", False),
    ("rust", "std::process::Command::new($x)", "use std::process::Command;\nfn f() { Command::new(a); }", True),
]  # fmt: skip

FURTHER = [
    ("javascript", "fs.rm($x)", 'var f; f = require("fs"); f.rm(a)', True),
    ("javascript", "fs.rm($x)", 'let { rm = b } = require("fs"); rm(a)', True),
    ("javascript", "fs.rm($x)", 'let { rm: r = b } = require("fs"); r(a)', True),
    ("javascript", "fs.rm($x)", 'require("fs").rm(a)', True),
    ("javascript", "fs.rm($x)", 'require("./fs").rm(a)', False),
    ("javascript", "fs.rm($x)", 'import { "rm" as r } from "fs"; r(a)', True),
    ("javascript", "fs.rm($x)", 'import * as f from "fs"; const { rm } = f; rm(a)', True),
    ("javascript", "fs.rm($x)", 'import f from "fs"; const { rm: r } = f; r(a)', True),
    ("javascript", "fs.rm($x)", "const f = require(`fs`); f.rm(a)", True),
    ("javascript", "fs.rm($x)", "const f = require(`${b}`); f.rm(a)", False),
    ("javascript", "fs.promises.rm($x)", 'const { promises: { rm } } = require("fs"); rm(a)', True),
    ("go", "http.Get($x)", 'package a\nimport h "net/http"\nfunc f(){switch h := x.(type){case T: h.Get(a)}}', False),
    ("go", "http.Get($x)", 'package a\nimport h "net/http"\nfunc f() { select { case h := <-c: h.Get(a) } }', False),
    ("go", "http.Get($x)", 'package a\nimport h "net/http"\nfunc f() { type h T; h.Get(a) }', False),
    ("java", "new java.io.File($x)", "import java.io.File;\nclass A { Object x = new @X File(a); }", True),
    ("java", "new java.io.File($x)", "import java.io.File;\nclass A<File> { Object x = new File(a); }", False),
    ("java", "new java.io.File($x)", "import java.io.File;\nclass A<B> { } class C { Object x = new File(a); }", True),
    ("java", "new java.io.File($x)", "import java.io.File;\nclass A { <File> void m() { new File(a); } }", False),
    ("csharp", "System.IO.File.Delete($x)", "class A { void F() { global::System.IO.File.Delete(a); } }", True),
    ("rust", "std::fs::remove_file($x)", "fn f() { ::std::fs::remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::fs;\nfn f(fs: T) { fs::remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::fs;\nfn f() { let fs = fs::remove_file(a); }", True),
    ("rust", "std::fs::remove_file($x)", "use std::fs;\nfn f() { mod fs {} fs::remove_file(a); }", False),
    ("rust", "std::fs::remove_file($x)", 'use std::fs;\nfn f() { println!("{:?}", fs::remove_file(a)); }', True),
    ("rust", "std::fs::remove_file($x)", "use std::fs::remove_file as r;\nmacro_rules! m {($p:expr) => {r($p)}}", True),
]  # fmt: skip


def number_of_matches(language: str, pattern: str, code: str, *, resolve: bool = True) -> int:
    """How often a pattern is found in a file."""
    tree = parse(Source("a", f"{code}\n".encode()), language)
    assert not tree.tree.root_node.has_error, str(tree.tree.root_node)
    result = QuerySet([compile_pattern([pattern], language, resolve)]).search(tree).get(0)
    return len(result.matches) if result is not None else 0


@pytest.mark.parametrize(("language", "pattern", "code", "found"), ROWS + FURTHER)
def test_a_name_is_followed_through_imports(language: str, pattern: str, code: str, found: bool) -> None:
    """As the language resolves it, as far as the file alone can tell."""
    assert number_of_matches(language, pattern, code) == found


@pytest.mark.parametrize(("language", "pattern", "code"), [row[:3] for row in ROWS if row[3]])
def test_without_resolving_names_are_compared_as_they_are_written(language: str, pattern: str, code: str) -> None:
    """`resolve: false` finds the pattern's own words alone."""
    words = pattern.partition("(")[0].removeprefix("new ").partition(" ")[0].partition("{")[0]
    last = code.splitlines()[-1].replace("(fs)?.", "fs.")
    assert number_of_matches(language, pattern, code, resolve=False) == (words in last)


def test_queries_ask_for_what_a_name_stands_for() -> None:
    """`#resolves-to?` follows names in each language that has imports to follow."""
    query = '((call_expression function: (_) @f) (#resolves-to? @f "std.fs.remove_file"))'
    tree = parse(Source("a", b"use std::fs::remove_file as rm;\nfn f() { rm(a); }\n"), "rust")
    assert len(QuerySet([compile_code([query], "rust")]).search(tree)[0].matches) == 1


def test_a_hole_in_a_followed_name_binds_its_segment() -> None:
    """Of the name as it was imported."""
    tree = parse(Source("a", b'import { rm as r } from "fs"\nr(a)\n'), "javascript")
    (match,) = QuerySet([compile_pattern(["fs.$f(...)"], "javascript")]).search(tree)[0].matches
    assert dict(match.bindings)["f"].value == "rm"


def test_the_page_says_which_languages_follow_names() -> None:
    """The languages of the table are those whose records say how names are followed."""
    follow = {name for name, one in languages().items() if one.follows_imports}
    assert follow - {"python"} == {row[0] for row in ROWS}
    page = PAGE.read_text()
    assert all(languages()[name].title in page for name in follow)
