"""Constants of Python against a reading of Python's own `ast`, and against modules as importing them gives them."""

from __future__ import annotations

import ast
import importlib
import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from polcheck.base.spans import Source, Unreadable
from polcheck.languages.constant_lookup import Constants
from polcheck.languages.constants import Name, Value, encoded
from polcheck.languages.grammars import parse
from polcheck.languages.python_constants import RULES
from python_corpora import python_files

_NOTHING = object()
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Block:
    """The bindings of a module or class body, by a walk over Python's own tree."""

    def __init__(self, body: list[ast.stmt], whole: ast.AST) -> None:
        self.stores: Counter[str] = Counter()
        self.values: dict[str, ast.expr] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        for statement in body:
            self._store(statement)
        for statement in self._straight(body):
            self._read(statement)
        if isinstance(whole, ast.Module):
            for node in ast.walk(whole):
                if isinstance(node, _SCOPES):
                    self._store_globals(node)

    def _straight(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            yield statement
            if isinstance(statement, ast.With | ast.AsyncWith):
                yield from self._straight(statement.body)

    def _read(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._pair(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._pair(statement.target, statement.value)
        elif isinstance(statement, ast.ClassDef):
            self.classes[statement.name] = statement
        for node in ast.walk(statement) if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign) else ():
            if isinstance(node, ast.NamedExpr):
                self.values[node.target.id] = node.value

    def _pair(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.values[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            starred = [*target.elts, *value.elts]
            if len(target.elts) == len(value.elts) and not any(isinstance(each, ast.Starred) for each in starred):
                for one, other in zip(target.elts, value.elts, strict=True):
                    self._pair(one, other)
            elif target.elts and value.elts and not isinstance(target.elts[0], ast.Starred):
                self._pair(target.elts[0], value.elts[0])

    def _store(self, node: ast.AST, inside: bool = False) -> None:
        """Count what a node binds here; `inside` a comprehension only a walrus does."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.stores[node.name] += 1
            for decorator in node.decorator_list:
                self._store(decorator, inside)
            return
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.AnnAssign) and node.value is None:
            return
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and not inside:
            self.stores[node.id] += 1
        elif isinstance(node, ast.NamedExpr):
            self.stores[node.target.id] += inside
        elif isinstance(node, ast.alias):
            self.stores[(node.asname or node.name).split(".")[0]] += 1
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self.stores[node.name] += 1
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.stores[node.rest] += 1
        for child in ast.iter_child_nodes(node):
            self._store(child, inside or isinstance(node, _COMPREHENSIONS))

    def _store_globals(self, scope: ast.AST) -> None:
        declared = {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}
        for node in ast.walk(scope) if declared else ():
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node.id in declared:
                self.stores[node.id] += 1


class Reference:
    """What the names of one file are, where Python's own tree says it."""

    def __init__(self, tree: ast.Module) -> None:
        self.module = Block(tree.body, tree)

    def value(self, name: str) -> Any:
        """Return the value of a dotted name, or `_NOTHING`."""
        block = self.module
        *owners, last = name.split(".")
        for owner in owners:
            if block.stores[owner] != 1 or owner not in block.classes:
                return _NOTHING
            block = Block(block.classes[owner].body, block.classes[owner])
        return self._of(last, block, 0)

    def _of(self, name: str, block: Block, depth: int) -> Any:
        if block.stores[name] != 1 or name not in block.values or depth > 50:
            return _NOTHING
        return self._evaluated(block.values[name], block, depth + 1)

    def _evaluated(self, node: ast.expr, block: Block, depth: int) -> Any:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bytes):
                return node.value.decode("latin-1")
            return node.value if isinstance(node.value, str | int | float | None) else _NOTHING
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._evaluated(node.operand, block, depth)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value if isinstance(node.op, ast.USub) else value
            return _NOTHING
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = (self._evaluated(each, block, depth) for each in (node.left, node.right))
            return left + right if isinstance(left, str) and isinstance(right, str) else _NOTHING
        if isinstance(node, ast.NamedExpr):
            return self._evaluated(node.value, block, depth)
        if isinstance(node, ast.JoinedStr):
            parts = [self._part(each, block, depth) for each in node.values]
            return "".join(parts) if all(isinstance(part, str) for part in parts) else _NOTHING
        if isinstance(node, ast.Name):
            here = block if block.stores[node.id] else self.module
            return self._of(node.id, here, depth)
        if isinstance(node, ast.Attribute) and (chain := _dotted(node)):
            return self.value(chain)
        return _NOTHING

    def _part(self, node: ast.expr, block: Block, depth: int) -> Any:
        if isinstance(node, ast.FormattedValue):
            value = self._evaluated(node.value, block, depth)
            simple = node.conversion == -1 and node.format_spec is None
            return str(value) if simple and type(value) in (str, int) else _NOTHING
        return self._evaluated(node, block, depth)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    base = _dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{base}.{node.attr}" if isinstance(node, ast.Attribute) and base else ""


def constants_of(path: str, data: bytes) -> Mapping[str, Any] | None:
    """Return the constants that a file defines, by dotted name; None where it can't be searched."""
    tree = parse(Source(path, data), "python")
    if tree.tree.root_node.has_error or tree.misread:
        return None
    table = RULES.of(tree).constants()
    lookup = Constants.of([path], {path: encoded(table)}, {path: "python"}, {})
    found = {name: lookup.resolved(encoded(Name(name)), path) for name in table.names}
    return {name: cell.value for name, cell in found.items() if isinstance(cell, Value)}


def compare(path: Path, times: Counter[str], notes: list[str]) -> None:
    """Compare what a file defines with the reference; count it in `times`."""
    data = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        found = constants_of("mod.py", data)
    except (SyntaxError, ValueError, RecursionError, MemoryError, Unreadable):
        times["files that aren't Python"] += 1
        return
    if found is None:
        times["files undecided"] += 1
        return
    times["files"] += 1
    reference = Reference(tree)
    for name, value in found.items():
        wanted = reference.value(name)
        times["constants"] += 1
        # NOTE: half of a surrogate pair has no place in data
        same = type(wanted) is type(value) and (wanted == value or (isinstance(value, str) and "\ufffd" in value))
        if not same:
            times["different"] += 1
            notes.append(f"{path}: {name} = {value!r}, wanted {'nothing' if wanted is _NOTHING else repr(wanted)}")
    names = [name for name in reference.module.values if reference.value(name) is not _NOTHING]
    times["constants of the reference"] += len(names)
    times["of them not found"] += sum(name not in found for name in names)


@pytest.mark.parametrize("count", [250, pytest.param(20_000, marks=pytest.mark.corpus)])
def test_every_constant_is_the_value_that_python_gives_the_name(count: int) -> None:
    """In the standard library and what is installed, by names with one binding in Python's own tree."""
    times: Counter[str] = Counter()
    notes: list[str] = []
    for path in python_files(count):
        compare(path, times, notes)
    logging.getLogger(__name__).info("compared: %s %s", dict(times), notes)
    assert not times["different"], notes[:20]
    assert times["constants"] > 300
    # NOTE: what a star import, `exec` or `globals()` could set is dynamic
    assert times["of them not found"] < 0.15 * times["constants of the reference"], times


MODULES = """
argparse ast base64 bdb bisect calendar cmd codecs collections configparser contextlib copy csv datetime decimal
difflib dis email.charset email.message enum filecmp fnmatch fractions ftplib functools getopt gettext glob gzip
hashlib heapq html.parser http.client http.cookies http.server imaplib inspect ipaddress json json.decoder keyword
linecache locale logging logging.handlers mailbox mimetypes numbers opcode optparse os pathlib pdb pickle pickletools
pkgutil platform plistlib poplib pprint pstats queue quopri random re reprlib sched secrets selectors shelve shlex
shutil signal smtplib socket socketserver sqlite3.dbapi2 ssl stat statistics string stringprep subprocess symtable
sysconfig tarfile tempfile textwrap threading timeit token tokenize traceback types typing unittest.case urllib.parse
urllib.request uuid warnings wave weakref webbrowser xml.dom.minidom xml.sax.handler xmlrpc.client zipapp zipfile
"""


def test_constants_of_modules_are_what_importing_them_gives() -> None:
    """Modules of the standard library, with their classes: the attribute has that type and value."""
    compared = 0
    for name in MODULES.split():
        module = importlib.import_module(name)
        assert module.__file__ is not None
        for dotted, value in (constants_of("mod.py", Path(module.__file__).read_bytes()) or {}).items():
            actual: Any = module
            for part in dotted.split("."):
                actual = getattr(actual, part, _NOTHING)
            if actual is _NOTHING or dotted.rpartition(".")[2] in ("__doc__", "__module__"):
                continue  # deleted, or a private name of a class
            compared += 1
            actual = actual.decode("latin-1") if isinstance(actual, bytes) else actual
            assert actual == value, (name, dotted)
            assert isinstance(actual, type(value)), (name, dotted)
    assert compared > 400
