"""Snippets of Python against code: what each finds and binds."""

from __future__ import annotations

from typing import Any

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet


def found(pattern: str, code: str, path: str = "src/main.py", **options: Any) -> list[Any]:
    """The bindings of each hit, or its text where nothing is bound."""
    tree = parse(Source(path, code.encode()), "python")
    result = QuerySet([compile_pattern([pattern], "python", **options)]).search(tree)[0]
    assert result.incomplete == ""
    hits: list[Any] = []
    for hit in result.matches:
        assert hit.span is not None
        bound = {name: value.value for name, value in hit.bindings}
        hits.append(bound or tree.source.text[hit.span.start : hit.span.end])
    return hits


CALLS = [
    ("f(...)", "f()\nf(1)\nf(1, k=2)\nf(*a, **b)\ng()\n", ["f()", "f(1)", "f(1, k=2)", "f(*a, **b)"]),
    ("f($x)", "f(1); f(1, 2); f(k=1); f()", [{"x": "1"}]),
    ("f($x, ...)", "f(1); f(1, 2); f(1, k=2); f(k=1)", [{"x": "1"}, {"x": "1"}, {"x": "1"}]),
    ("f(..., $x)", "f(1, 2); f(3, k=4); f()", [{"x": "2"}, {"x": "3"}]),
    ("f(..., $x, ...)", "f(1, 2)", [{"x": "1"}, {"x": "2"}]),
    ("f(b=$b, a=$a)", "f(a=1, b=2); f(a=1, b=2, c=3)", [{"b": "2", "a": "1"}]),
    ("f(a=$a, ...)", "f(0, b=1, a=2); f(a=3, **k)", [{"a": "2"}, {"a": "3"}]),
    ("f(..., a=$a, ...)", "f(a=1); f(0, b=2, a=3)", [{"a": "1"}, {"a": "3"}]),
    ("f($k=$v, ...)", "f(a=1, b=2)", [{"k": "a", "v": "1"}, {"k": "b", "v": "2"}]),
    ("f(*$a, **$k)", "f(*x, **y); f(x, y)", [{"a": "x", "k": "y"}]),
    ("f(k=...)", "f(k=1); f(k=g(2)); f(j=1)", ["f(k=1)", "f(k=g(2))"]),
    ("f($x, $x)", "f(a, a); f(a, b); f('a', \"a\"); f('a', a)", [{"x": "a"}, {"x": "a"}]),
    ("f(1, 2,)", "f(1, 2); f(1, 2,); f(\n  1,  # one\n  2)", ["f(1, 2)", "f(1, 2,)", "f(\n  1,  # one\n  2)"]),
    ("f((a))", "f(a); f(((a)))", ["f(a)", "f(((a)))"]),
    ("f($_)", "f(a); f(b)", ["f(a)", "f(b)"]),
    ("sum(...)", "sum(x for x in y)", ["sum(x for x in y)"]),
    ("sum($g)", "sum(x for x in y)", [{"g": "(x for x in y)"}]),
    ("sum(x for x in $y)", "sum(x for x in a); sum((x for x in b))", [{"y": "a"}, {"y": "b"}]),
    ("$f($x, ...)", "a.b(1)", [{"f": "a.b", "x": "1"}]),
    ("$_.add_argument($flag, ...)", "p.add_argument('--x', type=int)\na().b.add_argument('y')",
     [{"flag": "--x"}, {"flag": "y"}]),
    ("print(json.dumps($n, ...), ...)", "import json\nprint(json.dumps(a, indent=2), flush=True)", [{"n": "a"}]),
    ("$x.items()", "for k in d['a'].items(): pass", [{"x": "d['a']"}]),
    ("eval", "eval(x); a.eval; f(eval=1); f(eval)", ["eval", "eval"]),
]  # fmt: skip
STRINGS = [
    ('cfg["$key"]', "cfg['a']; cfg[r'b']; cfg['c' \"d\"]; cfg[f'{e}']; cfg[g]; d['h']",
     [{"key": "a"}, {"key": "b"}, {"key": "cd"}]),
    ('f("a")', "f('a'); f('''a'''); f(u'a'); f('\\x61'); f('b'); f(f'a')",
     ["f('a')", "f('''a''')", "f(u'a')", "f('\\x61')", "f(f'a')"]),
    ('f("a_$x")', "f('a_b'); f('a_'); f('b_a_c')", [{"x": "b"}, {"x": ""}]),
    ('f("$a-$b.py")', "f('x-y-z.py')", [{"a": "x", "b": "y-z"}]),
    ('f("$_")', "f('a'); f(b)", ["f('a')"]),
    ('f("$$x costs $5")', "f('$x costs $5')", ["f('$x costs $5')"]),
    ('f("...")', "f('...'); f('a')", ["f('...')"]),
    ('data["$x"] = $x', "data['a'] = a; data['b'] = c", [{"x": "a"}]),
    ('f(f"{$x}/a")', "f(f'{b}/a'); f(f'{b!r}/a'); f(f'{b}/c'); f('{b}/a')", [{"x": "b"}]),
    ('f(f"a{$x!r:>3}")', "f(f'a{b!r:>3}'); f(f'a{b}')", [{"x": "b"}]),
    ('"$x"', "a = 'b' 'c'", [{"x": "bc"}]),
    ('$x = "a" "b"', "y = 'ab'", [{"x": "y"}]),
    ("f($x)", "f('a\\n')", [{"x": "a\n"}]),
    ("f($x)", "f(f'a{b}c')", [{"x": "a{}c"}]),
]  # fmt: skip
COLLECTIONS = [
    ('{"run_id": $v, ...}', "{'a': 1, 'run_id': 2}; {'run_id': 3}; {**x, 'run_id': 4}; {'b': 5}",
     [{"v": "2"}, {"v": "3"}, {"v": "4"}]),
    ('{"a": 1, "b": $x}', "{'b': 2, 'a': 1}; {'a': 1, 'b': 2, 'c': 3}", [{"x": "2"}]),
    ("{...}", "{}; {'a': 1}; {1}", ["{}", "{'a': 1}"]),
    ("{1, ...}", "{1, 2}; {2}", ["{1, 2}"]),
    ("{'a': {'b': $x, ...}, ...}", "{'a': {'c': 1, 'b': 2}}", [{"x": "2"}]),
    ("[$x, ...]", "[1, 2]; []", [{"x": "1"}]),
    ("[..., 1, ..., ...]", "[1]; [2, 1]; [2]", ["[1]", "[2, 1]"]),
    ("[1, ..., 3]", "[1, 3]; [1, 2, 2, 3]; [1, 2]", ["[1, 3]", "[1, 2, 2, 3]"]),
    ("($a, $b)", "x = (1, 2)\ny = 3, 4\n", [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
    ("a[$i:]", "a[1:]; a[:1]; a[1:2]", [{"i": "1"}]),
    ("a[:$i]", "a[:1]; a[::1]; a[1:]", [{"i": "1"}]),
    ("a[...]", "a[1]; a[1, 2]; a[1:]; b[1]", ["a[1]", "a[1, 2]", "a[1:]"]),
    ("[$x for $x in $y if $c]", "[a for a in b if a]; [a for a in b]", [{"x": "a", "y": "b", "c": "a"}]),
    ("{$k: $v for $k, $v in $d}", "{a: b for a, b in c}", [{"k": "a", "v": "b", "d": "c"}]),
]  # fmt: skip
DEFINITIONS = [
    ("def $f(...): ...", "def a(): pass\nasync def b(x: int) -> int:\n  '''doc'''\n  return 1\n@d\ndef c(): pass\n",
     [{"f": "a"}, {"f": "b"}, {"f": "c"}]),
    ("async def $f(...): ...", "def a(): pass\nasync def b(): pass\n", [{"f": "b"}]),
    ("def $f(...) -> $t: ...", "def a(): pass\ndef b() -> int: pass\n", [{"f": "b", "t": "int"}]),
    ("def $f($x, ...): ...", "def a(p: int = 1, q=2): pass\ndef b(*c): pass\ndef d(): pass\n",
     [{"f": "a", "x": "p"}]),
    ("def $f(..., $p, ...): ...", "def a(p, /, q, *, r): pass", [{"f": "a", "p": n} for n in "pqr"]),
    ("def f(x: $t): ...", "def f(x: int): pass\ndef f(x): pass\n", [{"t": "int"}]),
    ("def f(x=$d): ...", "def f(x: int = 1): pass\ndef f(x): pass\n", [{"d": "1"}]),
    ("def f(*$a, **$k): ...", "def f(*x, **y): pass", [{"a": "x", "k": "y"}]),
    ("def f(): return $x", "def f():\n    # why\n    return 1\ndef f():\n    x\n    return 1\n", [{"x": "1"}]),
    ("def f():\n    ...\n    return $x", "def f():\n    a\n    b\n    return 1\n", [{"x": "1"}]),
    ("def f():", "def f(): pass", ["def f(): pass"]),
    ("class $c: ...", "class A: pass\nclass B(A): pass\nclass C[T](A): pass\n", [{"c": "A"}, {"c": "B"}, {"c": "C"}]),
    ("class $c(Base): ...", "class A: pass\nclass B(Base): pass\nclass C(Base, X): pass\n", [{"c": "B"}]),
    ("class $c(..., Base, ...): ...", "class B(Base): pass\nclass C(X, Base, metaclass=M): pass\nclass D: pass\n",
     [{"c": "B"}, {"c": "C"}]),
    ("class $c(...): ...", "class A: pass\nclass B(A): pass\n", [{"c": "A"}, {"c": "B"}]),
    ("@app.route($p, ...)\ndef $f(...): ...", "@a\n@app.route('/x', methods=m)\n@b\ndef g(): pass\ndef h(): pass\n",
     [{"p": "/x", "f": "g"}]),
    ("@...\ndef $f(...): ...", "@a\n@b\ndef g(): pass\ndef h(): pass\n", [{"f": "g"}]),
    ("@$d\nclass $c: ...", "@a\n@b\nclass C: pass\n", [{"d": "a", "c": "C"}, {"d": "b", "c": "C"}]),
    ("lambda ...: $b", "lambda: 1; lambda x, y=1: 2", [{"b": "1"}, {"b": "2"}]),
    ("lambda $x: $x", "lambda a: a; lambda a: b", [{"x": "a"}]),
]  # fmt: skip
STATEMENTS = [
    ("assert $x", "assert a\nassert b, 'why'\n", [{"x": "a"}, {"x": "b"}]),
    ("assert $x, $m", "assert a\nassert b, 'why'\n", [{"x": "b", "m": "why"}]),
    ("raise $e", "raise\nraise A\nraise A from b\n", [{"e": "A"}, {"e": "A"}]),
    ("raise $e from $c", "raise A\nraise A from b\n", [{"e": "A", "c": "b"}]),
    ("raise", "def f():\n  raise\n  raise A\n", ["raise"]),
    ("return $x", "def f():\n  return\n  return (1)\n", [{"x": "1"}]),
    ("return $a, $b", "def f():\n  return 1, 2\n", [{"a": "1", "b": "2"}]),
    ("with open($p, ...) as $f: ...",
     "with open('a', 'w') as f: pass\nwith (open('b') as g): pass\nwith open('c'): pass\n",
     [{"p": "a", "f": "f"}, {"p": "b", "f": "g"}]),
    ("with ..., open($p) as $f, ...: ...", "with a, open('b') as c: pass", [{"p": "b", "f": "c"}]),
    ("for $x in $y: ...", "for a in b: pass\nasync def f():\n  async for c in d: pass\n",
     [{"x": "a", "y": "b"}, {"x": "c", "y": "d"}]),
    ("while True: ...", "while True: break\nwhile x: pass\n", ["while True: break"]),
    ("try: ... except: ...", "try: a\nexcept B: c\ntry: a\nexcept B: c\nexcept: d\nelse: e\n",
     ["try: a\nexcept B: c\nexcept: d\nelse: e"]),
    ("try:\n  ...\nexcept $e as $n:\n  ...", "try: a\nexcept B as b: c\n", [{"e": "B", "n": "b"}]),
    ('if __name__ == "__main__": ...', "if __name__ == '__main__':\n    main()\nelse: pass\n",
     ["if __name__ == '__main__':\n    main()\nelse: pass"]),
    ("if $c: ...", "if (a): b\nelif c: d\nelse: e\n", [{"c": "a"}]),
    ("$a = $b", "x = y = 1\nz: int = 2\n", [{"a": "x", "b": "y = 1"}, {"a": "y", "b": "1"}, {"a": "z", "b": "2"}]),
    ("$a: $t = $b", "z: int = 2\ny = 1\n", [{"a": "z", "t": "int", "b": "2"}]),
    ("$a += $b", "x += 1\nx -= 1\n", [{"a": "x", "b": "1"}]),
    ("$a, $b = $c", "x, y = z\n(p, q) = r\n", [{"a": "x", "b": "y", "c": "z"}, {"a": "p", "b": "q", "c": "r"}]),
    ("$x == None", "a == None; a is None; a != None; (b) == None", [{"x": "a"}, {"x": "b"}]),
    ("$x not in $y", "a not in b; a in b", [{"x": "a", "y": "b"}]),
    ("1 < $x < 3", "1 < a < 3; 1 < a; 1 < a <= 3", [{"x": "a"}]),
    ("$a + $b", "x + y; x - y", [{"a": "x", "b": "y"}]),
    ("$a and $b", "x and y; x or y", [{"a": "x", "b": "y"}]),
    ("not $x", "not a; a", [{"x": "a"}]),
    ("-$x", "-a; +a", [{"x": "a"}]),
    ("$a if $c else $b", "x if y else z", [{"a": "x", "c": "y", "b": "z"}]),
    ("($n := $v)", "(a := 1)", [{"n": "a", "v": "1"}]),
    ("await $x", "async def f():\n  await g()\n", [{"x": "g()"}]),
    ("yield $x", "def f():\n  yield 1\n  yield from g()\n  x = yield 2\n", [{"x": "1"}, {"x": "2"}]),
    ("yield from $x", "def f():\n  yield 1\n  yield from g()\n", [{"x": "g()"}]),
    ("global $x", "def f():\n  global a, b\n", [{"x": "a"}, {"x": "b"}]),
    ("del $x", "del a\ndel b, c\n", [{"x": "a"}, {"x": "b, c"}]),
    ("$x: list[$t]", "a: list[int] = b\nc: int = d\n", [{"x": "a", "t": "int"}]),
    ("$x: $t", "a: int\nb: str = 1\nc = 2\n", [{"x": "a", "t": "int"}, {"x": "b", "t": "str"}]),
    ("a = $x\nb = $y", "a = 1\n# between\nb = 2\nc = 3\n", [{"x": "1", "y": "2"}]),
    ("a()\n...\nb($x)", "a()\nc()\nd()\nb(1)\nb(2)\n", [{"x": "1"}, {"x": "2"}]),
    ("pass", "def f(): pass\n", ["pass"]),
    ("42", "x = 42 + 43", ["42"]),
]  # fmt: skip
IMPORTS = [
    ("import $m", "import a\nimport b.c as d, e\nfrom f import g\n", [{"m": "a"}, {"m": "b.c"}, {"m": "e"}]),
    ("import $m as $n", "import a\nimport b.c as d\n", [{"m": "b.c", "n": "d"}]),
    ("import a.b", "import a.b as c\nimport a\n", ["import a.b as c"]),
    ("from $m import $n", "from a.b import c, d as e\nfrom . import f\nfrom g import *\n",
     [{"m": "a.b", "n": "c"}, {"m": "a.b", "n": "d"}, {"m": "src", "n": "f"}]),
    ("from $m import *", "from a import *\nfrom b import c\n", [{"m": "a"}]),
    ("from a import ...", "from a import b\nfrom a import *\nfrom c import d\n",
     ["from a import b", "from a import *"]),
    ("from src.model import $n", "from .model import A\nfrom src.model import B\nfrom model import C\n",
     [{"n": "A"}, {"n": "B"}]),
    ("from a import b, $x", "from a import c, b\nfrom a import c\n", [{"x": "c"}]),
    ("from __future__ import $n", "from __future__ import annotations\n", [{"n": "annotations"}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "code", "wanted"), [*CALLS, *STRINGS, *COLLECTIONS, *DEFINITIONS, *STATEMENTS, *IMPORTS]
)
def test_a_snippet_finds_and_binds(pattern: str, code: str, wanted: list[Any]) -> None:
    """A snippet matches these places of the code, with these names bound, and no others."""
    assert found(pattern, code) == wanted
