"""What a name may stand for, against Python's own `ast` and `symtable` (tests/name_reference.py)."""

from __future__ import annotations

import ast
import logging
import warnings
from collections import Counter
from pathlib import Path

import pytest

from name_reference import Reference
from polcheck.base.spans import Source, Unreadable
from polcheck.languages.grammars import parse
from polcheck.languages.names import names_of
from polcheck.languages.python_names import dotted
from polcheck.selectors.syntax.compile import compile_code
from polcheck.selectors.syntax.query_patterns import compiled
from polcheck.selectors.syntax.query_set import QuerySet
from python_corpora import python_files

FOLDER = ("pkg", "src", "lib")
_LONGEST = 12  # segments: a name that is bound to a part of itself has no longest


def short(names: frozenset[str] | tuple[str, ...]) -> frozenset[str]:
    """Names of no more than a dozen segments."""
    return frozenset(name for name in names if name.count(".") < _LONGEST)


def compare(path: Path, times: Counter[str], notes: list[str]) -> None:
    """Compares what each call of a file may be of; counts it in `times`."""
    from tree_sitter import QueryCursor

    data = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
            source = Source("/".join([*FOLDER, "mod.py"]), data)
            reference = Reference(source.text, FOLDER)
    except (SyntaxError, ValueError, RecursionError, MemoryError, Unreadable):
        times["files that aren't Python"] += 1
        return
    tree = parse(source, "python")
    names = names_of(tree)
    if tree.tree.root_node.has_error or tree.misread or names.unclear:
        times["files undecided"] += 1
        return
    if reference.stars:
        times["files with star imports"] += 1  # NOTE: what they bind, the reference doesn't say
        return
    times["files"] += 1
    query = compiled("(call function: [(identifier) (attribute) (parenthesized_expression)] @c0) @c1", "python")
    for _, captures in QueryCursor(query).matches(tree.tree.root_node):
        function, call = captures["c0"][0], captures["c1"][0]
        wanted = reference.calls.get((call.start_point[0] + 1, call.start_point[1]))
        # NOTE: the calls of `f(x).g(y)` begin at one place; f-strings have no exact places
        if wanted is None or not dotted(function):
            continue
        found = short(names.of(function))
        times["calls"] += 1
        times["calls of what is imported"] += len(found) > 1
        times["calls of what hides an import"] += not found
        if found != short(wanted):
            times["different"] += 1
            text = (function.text or b"").decode()
            notes.append(f"{path}: {call.start_point} {text}: {sorted(found)}, wanted {sorted(wanted)}")


@pytest.mark.parametrize("count", [150, pytest.param(1_000, marks=pytest.mark.corpus)])
def test_names_stand_for_what_python_says_that_they_may(count: int) -> None:
    """For each call of the corpus: the same names as by CPython's symbol tables and the bindings in its tree."""
    times: Counter[str] = Counter()
    notes: list[str] = []
    for path in python_files(count):
        compare(path, times, notes)
    logging.getLogger(__name__).info("compared: %s %s", dict(times), notes)
    assert times["files"] > times["files with star imports"] + times["files undecided"]
    assert times["calls of what is imported"] > 100
    assert not times["different"], notes[:20]


SNIPPETS = [
    "import os\ndef f(os): os.system()\nos.system()",
    "import os\ndef f(): os = g(); os.system()",
    "import os\ndef f(run=os.system): run()",
    "import os\nf = lambda os: os.system()",
    "import os\n[os.system() for os in os.listdir()]",
    "import os\n[os.system() for x in y if (os := x)]",
    "import os\nclass A:\n    os.system()\n    os = None\n    os.system()\n    def f(self): os.system()",
    "class A:\n    import os\n    os.system()\n    def f(self): os.system()",
    "def f():\n    global os\n    import os\ndef g(): os.system()",
    "def f():\n    import os\n    def g():\n        nonlocal os\n        os.system()\n        os = 1\n    os.system()",
    "import os as o, sys\na = o if x else sys\na.f()",
    "import os\na, *b, c = os, 1, 2, os.path\na.f(); b.f(); c.f()",
    "import os\n(a, (b, c)), d = (os, (1, os.path)), 2\na.f(); b.f(); c.f(); d.f()",
    "import os\na = b = c = os.path\na.f(); b.f(); c.f()",
    "import os\nfor a, b in ((os, 1), (2, os.path)): a.f(); b.f()",
    "import os\nif (s := os.system): s()",
    "import os\na: object = os\na.f()",
    "import os\na = os\nb = a\nc = b.path\nc.f()",
    "a = b\nb = a\nimport os\na = os\nb.f()",
    "import os\nx = os\nx = x.path\nx.f()",
    "import os\ndel os\nos.f()",
    "import os\ntry: pass\nexcept E as os: os.f()\nos.f()",
    "import os\nwith a as os: os.f()",
    "import os\nmatch x:\n    case {'a': os}: os.f()\nos.f()",
    "import os\ndef f():\n    match x:\n        case [1, *os]: os.f()\n        case A(b=os): os.f()",
    "import os\ndef f():\n    for os in x: os.f()\n    def g(): os.f()",
    "import os\nclass os: pass\nos.f()",
    "import os\ndef f():\n    def os(): pass\n    os.f()",
    "import a.b.c, a.d as e\na.b.f(); e.f()",
    "from . import x\nfrom .. import y\nfrom .m import z as w\nx.f(); y.f(); w(); x()",
    "import os\n@os.f()\nclass A(os.g()): x = os.h()",
    "import os\ndef f(a=os.f(), *, b: os.g() = os.h()) -> os.i(): pass",
    "import os\nclass A:\n    os = 1\n    x = [os.f() for y in os.g()]",
    "from __future__ import annotations\nannotations.f()",
    "import os\nx = (os) or None\nx.f()\ny = not os\ny.f()",
    "import os\n(os).f(); (os . path).g(); ((os)).h()",
]


@pytest.mark.parametrize("code", SNIPPETS)
def test_every_kind_of_binding_is_followed_as_python_binds(code: str, tmp_path: Path) -> None:
    """The bindings that are rare in the corpus: the reference says the same."""
    path = tmp_path / "a.py"
    path.write_text(code)
    times: Counter[str] = Counter()
    notes: list[str] = []
    compare(path, times, notes)
    assert times["calls"] > 0
    assert not notes


def test_a_query_finds_what_the_names_say() -> None:
    """`#resolves-to?` finds a call for each of the names that it may stand for, and for no other."""
    code = "import numpy as np\nimport os\nnp.load(1)\ndef f(os): os.load(2)\na, b = np, os\na.load(3)\nb.load(4)\n"
    tree = parse(Source("a.py", code.encode()), "python")
    wanted = {"numpy.load": [3, 6], "np.load": [3], "os.load": [7], "a.load": [6], "other.load": []}
    queries = [compile_code([f'((call function: (_) @f) (#resolves-to? @f "{name}"))'], "python") for name in wanted]
    found = QuerySet(queries).search(tree)
    lines = {
        name: [code[: hit.span.start if hit.span else 0].count("\n") + 1 for hit in found[number].matches]
        for number, name in enumerate(wanted)
    }
    assert lines == wanted


@pytest.mark.parametrize(
    "code",
    [
        "import a\nx0 = a\n" + "".join(f"x{n} = x{n - 1}.l if y else x{n - 1}.r\n" for n in range(1, 20)) + "x19.f()",
        "import a\n" + "lambda: " * 300 + "a.f()",
    ],
)
def test_names_that_may_stand_for_too_much_are_told(code: str) -> None:
    """Where what a name stands for can't be worked out within the bounds, nothing is said of the file."""
    tree = parse(Source("a.py", f"{code}\n".encode()), "python")
    query = compile_code(['((call function: (_) @f) (#resolves-to? @f "b.g"))'], "python")
    plain = compile_code(['((call function: (_) @f) (#eq? @f "b.g"))'], "python")
    found = QuerySet([query, plain]).search(tree)
    assert found[0].incomplete
    assert not found[1].incomplete
