"""A selector over files of several languages: each file is read in its own."""

from __future__ import annotations

import sys

import pytest

from pack_files import judge, outcome, places
from polcheck.base.errors import PolcheckError
from polcheck.languages.grammars import grammar

CALLS = {
    "src/a.py": "eval(1)\n",
    "src/b.js": "eval(2)\n",
    "src/c.ts": "eval(3 as any)\n",
    "src/d.tsx": "const a = <b>{eval(4)}</b>\n",
    "src/e.go": "package e\n\nfunc f() { eval(5) }\n",
    "src/f.md": "eval(6)\n",
    "src/f.txt": "eval(6)\n",
    "src/g.json": '["eval(7)"]\n',
}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ('"src/**"', ["a.py:1", "b.js:1", "c.ts:1", "d.tsx:1", "e.go:3"]),
        ('"src/*.{ts,tsx}"', ["c.ts:1", "d.tsx:1"]),
        ('["src/*.js", "src/*.ts"]', ["b.js:1", "c.ts:1"]),
        ('["src/**", "!src/*.py"]', ["b.js:1", "c.ts:1", "d.tsx:1", "e.go:3"]),
        ('"src/*.{py,txt}"', ["a.py:1"]),
        ("[src/a.py, src/e.go]", ["a.py:1", "e.go:3"]),
    ],
)
def test_each_file_is_searched_in_its_own_language(files: str, found: list[str]) -> None:
    """Whatever languages the patterns let in, the call is found in all of them."""
    report = judge(f"forbid: {{files: {files}, pattern: eval(...)}}", CALLS)
    assert [place.removeprefix("src/").rpartition(":")[0] for place in places(report)] == found


def test_a_snippet_of_one_language_looks_in_that_alone() -> None:
    """Files in whose language the snippet can't be written are not among those that are examined."""
    body = 'forbid: {files: "src/**", pattern: "import $x as $y"}'
    assert outcome(judge(body, CALLS)) == "pass"
    assert outcome(judge(body, {name: text for name, text in CALLS.items() if name != "src/a.py"})) == "not-applicable"


def test_items_without_files_read_the_files_of_the_subjects() -> None:
    """What a `for` finds in JavaScript is looked through as JavaScript."""
    body = """
    for: {files: "src/*.{js,ts}"}
    forbid: {pattern: eval(...)}
    """
    assert outcome(judge(body, CALLS)) == "fail"


def test_a_relation_reads_its_file_as_the_item_before_it_does() -> None:
    """A target in a file whose language is named is in that language, whatever the file's name says."""
    body = """
    forbid: {files: "bin/*", language: python, pattern: "print(...)", inside: {pattern: "def main(): ..."}}
    """
    assert outcome(judge(body, {"bin/run.txt": "def main():\n    print(1)\n"})) == "fail"


SCRIPTS = {
    "bin/tool": "#!/usr/bin/env python3\nimport os as o\no.system('x')\n",
    "bin/uv": "#!/usr/bin/env -S uv run --script\nimport os\nos.system('x')\n",
    "bin/data": "os.system('x')\n",
    "bin/shell": "#!/bin/sh\nos.system\n",
    "bin/LICENSE": "#!/usr/bin/python3\nos.system('x')\n",
}


@pytest.mark.parametrize("files", ['files: "bin/*", ', 'files: "**", ', ""])
def test_a_script_is_in_the_language_of_its_first_line(files: str) -> None:
    """Files without an ending are read by their `#!` line; those without one are no code."""
    report = judge(f"forbid: {{{files}pattern: os.system(...)}}", SCRIPTS)
    assert places(report) == ["bin/tool:3:1", "bin/uv:3:1"]


def test_files_that_turn_out_to_be_no_script_are_not_examined() -> None:
    """A folder of data is none of the selector's documents."""
    body = 'forbid: {files: "bin/*", pattern: os.system(...)}'
    assert outcome(judge(body, {"bin/data": SCRIPTS["bin/data"]})) == "not-applicable"


def test_a_file_that_is_named_in_full_has_to_have_a_language() -> None:
    """Where neither its name nor its first line tells, nobody knows whether it holds a match."""
    report = judge("forbid: {files: bin/data, pattern: os.system(...)}", SCRIPTS)
    assert outcome(report) == "undecided"
    assert "set `language:`" in str(report)


@pytest.mark.parametrize("item", ['{files: "*.txt", pattern: eval(...)}', '{files: ["*.txt", "*.log"], code: (call)}'])
def test_a_run_refuses_files_in_which_a_selector_never_looks(item: str) -> None:
    """A policy that can't look in any of its files is refused by a run as by `validate`."""
    with pytest.raises(PolcheckError, match=r"this `(?:pattern|code)` is python, and never looks in `"):
        judge(f"forbid: {item}", {"a.txt": "eval(1)\n"})


def test_a_file_whose_grammar_is_not_installed_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be read is told with what to install, and a file of another language is searched all the same."""
    monkeypatch.setitem(sys.modules, "tree_sitter_go", None)
    grammar.cache_clear()
    try:
        body = 'forbid: {files: "src/**", pattern: "eval(1, ...)"}'
        report = judge(body, {name: CALLS[name] for name in ("src/a.py", "src/e.go")})
        assert outcome(report) == "fail"
        alone = judge(body, {"src/e.go": CALLS["src/e.go"]})
    finally:
        grammar.cache_clear()
    assert outcome(alone) == "undecided"
    assert "the grammar of `go` is not installed" in str(alone) and "polcheck[go]" in str(alone)


def test_the_line_of_a_syntax_error_is_its_own() -> None:
    """`file.line` is where the first error is, in languages whose parser is their grammar alone."""
    body = 'for: {files: "*.js"}\nrequire: {where: file.parsed}\nmessage: "line {{ file.line }}"'
    (finding,) = judge(body, {"a.js": "a();\nb();\nlet x = ;\n"}).findings
    assert finding.message == "line 3"


def test_an_encoding_that_only_python_would_read_is_undecided() -> None:
    """PEP 263 counts where the policy says that a file is Python, too."""
    text = b"# coding: utf-7\n+AGUAdgBhAGw-(1)\n"
    report = judge("forbid: {files: bin/x, language: python, pattern: eval(...)}", {"bin/x": text})
    assert outcome(report) == "undecided"
    assert "utf-7" in str(report)


def test_an_encoding_is_read_by_the_interpreter_in_the_first_line() -> None:
    """A script that Python runs is decoded as Python decodes it."""
    text = "#!/usr/bin/env -S uv run\n# coding: latin-1\neval('é')\n".encode("latin-1")
    report = judge("forbid: {files: 'bin/*', pattern: \"eval('é')\"}", {"bin/x": text})
    assert places(report) == ["bin/x:3:1"]
