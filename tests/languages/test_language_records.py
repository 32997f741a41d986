"""Languages are records: what is particular to one of them stands in its file and nowhere else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import polcheck
from polcheck.base.spans import Source
from polcheck.formats import formats
from polcheck.languages import supported
from polcheck.languages.grammars import grammar, parse
from polcheck.languages.registry import UnknownLanguage, language_of, language_of_script, languages, may_be_script
from polcheck.selectors.syntax.compile import compile_pattern

ENGINE = Path(polcheck.__file__).parent
SUPPORTED = ENGINE / "languages" / "supported"
NAMES = {one.name for one in languages().values() if one.general} - formats().keys()
# NOTE: files are rewritten by modules for some kinds of file, formats and Python alike, which a table lists; the worker
# asks for the name of the program that runs polcheck; what a version of the policy language has is a table, too
NAMED_ELSEWHERE = {
    "authoring/rewrites/rewrite.py",
    "languages/registry.py",
    "base/worker.py",
    "policy/versions.py",
    "policy/exports.py",  # `python/…` are selectors that polcheck defines
    "formats/gomod.py",
}


def modules() -> list[Path]:
    """Every module of the engine that isn't the file of a language."""
    own = [path for name in NAMES for path in SUPPORTED.parent.glob(f"{name}_*.py")]  # what is too long for its file
    return sorted(set(ENGINE.rglob("*.py")) - set(SUPPORTED.glob("*.py")) - set(own))


def test_a_file_is_a_language() -> None:
    """Each module in `supported` holds records, and each record can be asked for by its name."""
    files = {path.stem for path in SUPPORTED.glob("*.py")} - {"__init__"}
    records = [import_module(f"{supported.__name__}.{file}").LANGUAGES for file in files]
    assert all(records)
    assert sorted(one.name for each in records for one in each) == sorted(languages())
    assert {file.replace("_", "-") for file in files} <= set(languages()) >= {"python", "bash", "tsx"}


def test_no_code_asks_which_language_it_has() -> None:
    """No module compares a language with a name: it asks the language's record."""
    asks = re.compile(r"\blanguage\b\s*(?:==|!=|(?:not )?in)\s*[\"'({\[]")
    quoted = re.compile("|".join(f"[\"']{name}[\"']" for name in sorted(NAMES)))
    found = [
        f"{path.relative_to(ENGINE)}:{number}: {line.strip()}"
        for path in modules()
        if str(path.relative_to(ENGINE)) not in NAMED_ELSEWHERE
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if quoted.search(line) or asks.search(line)
    ]
    assert not found


def test_no_module_imports_a_language() -> None:
    """The registry finds the files of languages; no import names one."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("polcheck.languages.supported.")], path


def test_no_suffix_and_no_name_means_two_languages() -> None:
    """A file is in one language at most."""
    for field in ("suffixes", "file_names", "interpreters"):
        every = [name for one in languages().values() for name in getattr(one, field)]
        assert len(every) == len(set(every)), field


def test_each_language_has_an_extra_and_one_has_all() -> None:
    """The extras of the package are those that the records name, and `languages` is all of them."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = {one.extra for one in languages().values() if one.extra}
    for one in languages().values():
        package = one.module.replace("_", "-")
        wanted = extras[one.extra] if one.extra else project["dependencies"]
        assert any(str(entry).startswith(f"{package}>=") for entry in wanted), one.name
    assert extras["languages"] == [f"polcheck[{','.join(sorted(named, key=list(extras).index))}]"]


@pytest.mark.parametrize("name", sorted(languages()))
def test_a_missing_grammar_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What isn't installed is told with the extra that brings it."""
    one = languages()[name]
    monkeypatch.setitem(sys.modules, one.module, None)
    grammar.cache_clear()
    try:
        with pytest.raises(UnknownLanguage, match=f"the grammar of `{name}` is not installed") as caught:
            compile_pattern(["f($x)"], name)
    finally:
        grammar.cache_clear()
    assert ("polcheck[" + one.extra + "]" if one.extra else "'polcheck'") in caught.value.help


@pytest.mark.parametrize("name", sorted(languages()))
def test_the_kinds_that_a_record_names_are_kinds_of_its_grammar(name: str) -> None:
    """No record names a node that its grammar hasn't."""
    one, tongue = languages()[name], grammar(name)
    rules = one.snippet
    named = {*one.strings, *one.comments, *one.lists, *filter(None, [one.string_content])}
    named |= rules.grouping | rules.arguments | rules.keyword_arguments | rules.keyword_unpacking | rules.parameters
    named |= rules.mappings | rules.imports | rules.clauses | rules.with_clauses | rules.open_ended | rules.open_bases
    named |= {*rules.alike, *rules.optional, *rules.name_lists}
    named |= {kind for kind, _ in {*rules.definitions, *rules.value_left_out, *rules.named_fields}}
    known = {tongue.node_kind_for_id(number) for number in range(tongue.node_kind_count)}
    assert not named - known
    fields = {field for _, field in {*rules.definitions, *rules.value_left_out, *rules.named_fields}}
    fields |= rules.exact_leaves | rules.exact_branches
    assert not [field for field in fields if tongue.field_id_for_name(field) is None]


@pytest.mark.parametrize(
    ("first", "language"),
    [
        (b"#!/usr/bin/python3.11\n", "python"),
        (b"#! /usr/bin/env -S python3 -u\n", "python"),
        (b"#!/usr/bin/env -S uv run --script\n# /// script\n", "python"),
        (b"#!/usr/bin/env -i PATH=/bin bash\n", "bash"),
        (b"#!/bin/sh -e\n", "bash"),
        (b"#!/usr/bin/env node\r\n", "javascript"),
        (b"#!/usr/bin/perl\n", None),
        (b"#!/usr/bin/env\n", None),
        (b"#!\n", None),
        (b"# python\n", None),
        (b"", None),
    ],
)
def test_the_first_line_of_a_script_says_its_language(first: bytes, language: str | None) -> None:
    """The interpreter is read as the kernel and `env` read it, without its version."""
    assert language_of_script(first) == language


@pytest.mark.parametrize(
    ("path", "language", "script"),
    [
        ("a.pyw", "python", False),
        ("SConstruct", "python", False),
        ("home/.bashrc", "bash", False),
        ("bin/run", None, True),
        (".hidden", None, True),
        ("Makefile", "make", False),
        ("docker/Dockerfile.dev", "dockerfile", False),
        ("Rakefile", "ruby", False),
        ("Jenkinsfile", None, False),
        ("bin/", None, False),
        ("a.txt", None, False),
        ("a.b/run", None, True),
    ],
)
def test_a_name_says_its_language_or_that_it_may_be_a_script(path: str, language: str | None, script: bool) -> None:
    """By ending or by whole name; only a name without an ending leaves it to the first line."""
    assert (language_of(path), may_be_script(path)) == (language, script)


def test_every_language_parses_its_own_files() -> None:
    """A file of each ending has a tree in its language."""
    for one in languages().values():
        for suffix in one.suffixes:
            path = f"a{suffix}"
            assert language_of(path) == one.name
            assert parse(Source(path, b"\n"), one.name).tree.root_node.end_byte <= 1
