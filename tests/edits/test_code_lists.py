"""What commas divide in code is deleted with its comma; other code by itself, or not at all."""

from __future__ import annotations

import ast
import os
import random
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tree_sitter import Node

from language_samples import CODE
from polcheck.base.spans import Source, Span
from polcheck.edits.code import tree_of
from polcheck.edits.code_lists import CodeList, delete_code, list_at
from polcheck.edits.edit import EditRefused, apply
from polcheck.languages.registry import language_of_file

_LARGEST = 60_000  # bytes of a file
_MOST = 60  # files of a language
_ENTRIES = 6  # that are deleted in a file


def deleted(code: str, old: str, language: str = "python") -> str:
    """The code without the last place where a text stands."""
    source = Source("file", code.encode())
    start = source.text.rindex(old)
    return apply(source.data, delete_code(source, language, Span(start, start + len(old)))).decode()


@pytest.mark.parametrize(
    ("code", "old", "expected", "language"),
    [
        ("f(a, b, c)\n", "a", "f(b, c)\n", "python"),
        ("f(a, b, c)\n", "b", "f(a, c)\n", "python"),
        ("f(a, b, c)\n", "c", "f(a, b)\n", "python"),
        ("f(a, b=1, c=2)\n", "b=1", "f(a, c=2)\n", "python"),
        ("f(a,b)\n", "b", "f(a)\n", "python"),
        ("f(a)\n", "a", "f()\n", "python"),
        ("f(a,)\n", "a", "f()\n", "python"),
        ("f(\n    a,\n    b,  # why\n    c,\n)\n", "b", "f(\n    a,\n    c,\n)\n", "python"),
        ("f(\r\n    a,\r\n    b\r\n)\r\n", "b", "f(\r\n    a\r\n)\r\n", "python"),
        ("f(a,\n  b)\n", "b", "f(a)\n", "python"),
        ("f(\n    # one\n    a,\n    # two\n    b,\n)\n", "b", "f(\n    # one\n    a,\n)\n", "python"),
        ("import os, sys\n", "os", "import sys\n", "python"),
        ("import os, sys\n", "sys", "import os\n", "python"),
        ("from m import a, b\n", "b", "from m import a\n", "python"),
        ("from m import a, \\\n    b\n", "b", "from m import a\n", "python"),
        ("from m import a, \\\n    b\n", "a,"[:1], "from m import \\\n    b\n", "python"),
        ("from m import (\n    a,\n    b,\n)\n", "b", "from m import (\n    a,\n)\n", "python"),
        ("x = [1, 2]\n", "2", "x = [1]\n", "python"),
        ("x = (1, 2)\n", "2", "x = (1,)\n", "python"),
        ("x = {'a': 1, 'b': 2}\n", "'a': 1", "x = {'b': 2}\n", "python"),
        ("def f(a, b=1, *c): pass\n", "b=1", "def f(a, *c): pass\n", "python"),
        ("class A(B, C): pass\n", "C", "class A(B): pass\n", "python"),
        ("\ufeffé = f(ü, 1)\n", "ü", "\ufeffé = f(1)\n", "python"),
        ("import { a, b as c } from 'm';\n", "b as c", "import { a } from 'm';\n", "typescript"),
        ("const a = 1, b = 2;\n", "b = 2", "const a = 1;\n", "javascript"),
        ("f(a, /* x */ b, c);\n", "c", "f(a, /* x */ b);\n", "javascript"),
        ("const [a, b] = c;\n", "a", "const [b] = c;\n", "javascript"),
        ("func f(a, b int, c string) {}\n", "c string", "func f(a, b int) {}\n", "go"),
        ("var x = []int{\n\t1,\n\t2,\n}\n", "2", "var x = []int{\n\t1,\n}\n", "go"),
        ("int a, b;\n", "a", "int b;\n", "c"),
        ("use a::{b, c};\n", "c", "use a::{b};\n", "rust"),
        ("fn f<A, B>(x: A) {}\n", "B", "fn f<A>(x: A) {}\n", "rust"),
        ("f(a, b: 1)\n", "b: 1", "f(a)\n", "ruby"),
        ("puts a, b\n", "b", "puts a\n", "ruby"),
        ("class A { void f() { g(a, b); } }\n", "b", "class A { void f() { g(a); } }\n", "java"),
        ("f(a: 1, b: 2)\n", "a: 1", "f(b: 2)\n", "swift"),
        ("<?php f($a, $b);\n", "$b", "<?php f($a);\n", "php"),
        ("SELECT a, b FROM t;\n", "b", "SELECT a FROM t;\n", "sql"),
    ],
)
def test_an_entry_goes_with_its_comma(code: str, old: str, expected: str, language: str) -> None:
    """Whatever the list is of, and however it is laid out; what stands beside it stays."""
    assert deleted(code, old, language) == expected


@pytest.mark.parametrize(
    ("code", "old", "expected"),
    [
        ("x = 1  # why\n", "# why", "x = 1\n"),
        ("x\ny\n", "x", "y\n"),
        ("x; y\n", "y", "x;\n"),
    ],
)
def test_other_code_goes_with_its_line_or_the_space_before_it(code: str, old: str, expected: str) -> None:
    """Nothing trails behind what is left."""
    assert deleted(code, old) == expected


@pytest.mark.parametrize(
    ("code", "old", "reason"),
    [
        ("import os\n", "os", "delete what holds it"),
        ("f(a, b=c)\n", "c", "delete what holds it"),
        ("if x:\n    pass\n", "pass", "delete what holds it"),
        ("x = {1}\n", "1", "it is the only entry of its list"),
        ("from m import (a)\n", "a", "it is the only entry of its list"),
    ],
)
def test_what_is_needed_where_it_is_stays(code: str, old: str, reason: str) -> None:
    """The refusal says what to delete."""
    with pytest.raises(EditRefused, match=reason):
        deleted(code, old)


def entries(source: Source, language: str) -> list[CodeList]:
    """All entries of all lists of a file, each as its list has it."""
    result: list[CodeList] = []
    waiting = [tree_of(source, language).tree.root_node]
    known: set[tuple[int, int]] = set()
    tree = tree_of(source, language)
    while waiting:
        node = waiting.pop()
        waiting += node.children
        place = (node.start_byte, node.end_byte)
        if node.is_named and place not in known and place[0] < place[1]:
            known.add(place)
            if (found := list_at(tree, *place)) is not None:
                result.append(found)
    return result


def tokens(node: Node, leave_out: tuple[int, int] = (-1, -1)) -> Iterator[bytes]:
    """The texts of the leaves of a tree, without comments and what stands in a stretch."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if (one.is_extra and one.is_named) or (leave_out[0] <= one.start_byte and one.end_byte <= leave_out[1]):
            continue
        if one.child_count:
            waiting += reversed(one.children)
        elif one.text:
            yield one.text


class Tally:
    """What came of the deletions in many files."""

    def __init__(self) -> None:
        self.exact = 0
        self.refused: Counter[str] = Counter()
        self.wrong: list[str] = []


# NOTE: what says how the parameters beside it are given is deleted so that they are given otherwise
_SEPARATORS = frozenset({"keyword_separator", "positional_separator"})


def try_file(chance: random.Random, path: str, data: bytes, language: str, tally: Tally) -> None:
    """Delete some entries of a file, each from the file as it is, and compare what is left."""
    source = Source(path, data)
    lists = entries(source, language)
    for found in chance.sample(lists, min(len(lists), _ENTRIES)):
        entry = found.entries[found.number]
        place = (entry.start_byte, entry.end_byte)
        try:
            edits = delete_code(source, language, source.span_of_bytes(*place))
        except EditRefused as refusal:
            tally.refused[refusal.reason.partition(":")[0]] += 1
            continue
        after = Source(path, apply(data, edits))
        where = f"{path}:{source.utf8.count(bytes([10]), 0, place[0]) + 1}: {(entry.text or b'')[:60]!r}"
        old = list(tokens(tree_of(source, language).tree.root_node, place))
        new = list(tokens(tree_of(after, language).tree.root_node))
        shorter = (old[:at] + old[at + 1 :] for at, text in enumerate(old) if text == b",")
        if old != new and new not in shorter:
            tally.wrong.append(f"{where}: other tokens")
        elif language == "python" and entry.type not in _SEPARATORS and not _is_same_in_python(source, after, place):
            tally.wrong.append(f"{where}: Python reads something else")
        elif any(edit.text for edit in edits):
            tally.wrong.append(f"{where}: something was written")
        else:
            tally.exact += 1


def _is_same_in_python(before: Source, after: Source, place: tuple[int, int]) -> bool:
    """Whether Python's own parser reads the old file without one node, or one name, and the new one alike."""
    start, end = place
    lines = before.utf8.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    tree = ast.parse(before.utf8)
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if not isinstance(value, list):
                continue
            for at, item in enumerate(value):
                inner = getattr(item, "context_expr", item) if isinstance(item, ast.withitem) else item
                if getattr(inner, "lineno", 0) and _begin(inner, starts) == start and _stop(inner, starts) == end:
                    shorter = [*value[:at], *value[at + 1 :]]
                    setattr(node, name, shorter)
                    if ast.dump(tree) == ast.dump(ast.parse(after.utf8)):
                        return True
                    setattr(node, name, value)
    # NOTE: pairs of a mapping, parameters with defaults and names of statements are in no list by themselves
    return len(ast.dump(ast.parse(after.utf8))) < len(ast.dump(tree))


def _begin(node: Any, starts: list[int]) -> int:
    result: int = starts[node.lineno - 1] + node.col_offset
    return result


def _stop(node: Any, starts: list[int]) -> int:
    result: int = starts[node.end_lineno - 1] + node.end_col_offset
    return result


@pytest.mark.parametrize("language", sorted(CODE))
def test_what_is_left_of_a_sample_is_what_was_there(language: str) -> None:
    """In each language: the same tokens but for the entry and at most one comma, whatever ends the lines."""
    tally = Tally()
    chance = random.Random(language)
    for text in (CODE[language], CODE[language].replace("\n", "\r\n")):
        try_file(chance, "file", text.encode(), language, tally)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.exact or tally.refused


def real_files() -> dict[str, list[Path]]:
    """Real files of code by language, below the folders that POLCHECK_CODE_CORPUS names, or on this machine."""
    result: dict[str, list[Path]] = {}
    here = (sysconfig.get_paths()["stdlib"], "/usr/lib/node_modules", "/usr/share", "/usr/include", "/usr/lib/ruby")
    for root in os.environ.get("POLCHECK_CODE_CORPUS", ":".join(here)).split(":"):
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
                    continue
                found = language_of_file(str(path), b"")
                if found is not None:
                    result.setdefault(found, []).append(path)
    return result


@pytest.mark.corpus
def test_what_is_left_of_a_real_file_is_what_was_there() -> None:
    """Some entries of up to some hundred files of each language."""
    wrong: list[str] = []
    for language, paths in sorted(real_files().items()):
        chance = random.Random(language)
        tally = Tally()
        for path in paths if len(paths) <= _MOST else chance.sample(paths, _MOST):
            try:
                try_file(chance, str(path), path.read_bytes(), language, tally)
            except EditRefused:
                continue  # NOTE: what can't be read has no lists
        wrong += [f"{language}: {line}" for line in tally.wrong]
        refused = tally.refused.most_common(3)
        sys.stdout.write(f"{language}: {len(paths)} files, {tally.exact} exact, refused {refused}\n")
    assert not wrong, "\n".join([f"{len(wrong)} are wrong", *wrong[:20]])
