"""Calls behind a star, which the grammar takes for calls of what the star is before."""

from __future__ import annotations

import pytest

from pack_files import judge, places

CODES = {
    "list": "x = [*eval(a)]\n",
    "set": "x = {1, *eval(a)}\n",
    "tuple": "x = *eval(a), 1\n",
    "parentheses": "x = (*eval(a),)\n",
    "index": "x[*eval(a)]\n",
    "loop": "for x in *eval(a), 1: pass\n",
    "return": "def f():\n    return *eval(a), 1\n",
    "yield": "def f():\n    yield *eval(a), 1\n",
    "chain": "x = [*eval(a).b[0].c()]\n",
    "argument": "f(*eval(a))\n",
    "dictionary": "x = {**eval(a)}\n",
    "far away": "x = [" + " " * 100 + "*eval(a)]\n",
    "comment": "x = [*  # why\n  eval  # not\n  (a)]\n",
    "continued": "x = [*\\\n  eval\\\n  (a)]\n",
    "awaited": "async def f():\n    return [*await eval(a)]\n",
    "parenthesized": "x = [*(eval)(a)]\n",
    "inside": "x = [*f(eval(a))]\n",
    "match": "match *eval(a), 1:\n    case _: pass\n",
    "target": "*eval(a).b, c = d\n",
    "second target": "c, *eval(a).b = d\n",
    "annotation": "def f(*args: *eval(a)): ...\n",
    "more": "x += *eval(a), 1\n",
    "second statement": "x = 1;y = *eval(a), 1\n",
    "next line": "x = [\n    *eval(a)\n]\n",
    "text": "x = f'{*eval(a), 1}'\n",
    "beside products": "x = [2 * y, *eval(a), 3 * len(y)]\n",
    "after a text like a comment": "x = ['* #', *eval(a),\n (1)]\n",
    "after a comment of stars": "x = [  # * [\n    # *\n    *eval(a)]\n",
    "group": "try: pass\nexcept *eval(a): pass\n",
    "several": "x = [*f(1), *g.h(2), *eval(a)]\n",
}


@pytest.mark.parametrize("kind", CODES)
def test_a_call_behind_a_star_is_found(kind: str) -> None:
    """Python takes the star last; the call is found where it stands."""
    code = CODES[kind]
    compile(code, "", "exec")
    report = judge('forbid: {files: "a.py", pattern: eval(...)}', {"a.py": code})
    before, _, line = code[: code.index("eval")].rpartition("\n")
    number = before.count("\n") + 1 + ("\n" in code[: code.index("eval")])
    assert places(report) == [f"a.py:{number}:{len(line) + 1 - (kind == 'parenthesized')}"]


@pytest.mark.parametrize("call", ['"x".eval(a)', "m.eval(a)", "[1].eval(a)", 'f"{x}".eval(a)', "m[0].eval(a)"])
def test_a_method_behind_a_star_is_found(call: str) -> None:
    """Whatever it is a method of."""
    report = judge('forbid: {files: "a.py", pattern: "$_.eval(...)"}', {"a.py": f"x = [*{call}]\n"})
    assert len(report.findings) == 1


def test_a_star_alone_stays_a_star() -> None:
    """What is called nowhere is spread as before."""
    report = judge(
        'require: {files: "a.py", code: "(list (list_splat (identifier) @what))"}', {"a.py": "x = [*a, *b]\n"}
    )
    assert report.verdict == "pass"


def test_a_snippet_with_a_star_means_what_it_says() -> None:
    """The star of a snippet binds as that of the code does."""
    body = 'forbid: {files: "a.py", pattern: "[*eval(...), ...]"}'
    assert len(judge(body, {"a.py": "x = [*eval(a), 1]\n"}).findings) == 1
    assert judge(body, {"a.py": "x = [eval(a), 1]\n"}).verdict == "pass"
