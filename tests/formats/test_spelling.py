"""Names as Python reads them."""

from __future__ import annotations

import ast
import re
import sys
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Parser, Query, QueryCursor

from polcheck.base.spans import Source
from polcheck.languages import python_tree, respelling
from polcheck.languages.grammars import grammar, parse
from polcheck.languages.python_tree import as_meant, tree_of

IDENTIFIERS = Query(grammar("python"), "(identifier) @x")
PARSER = Parser(grammar("python"))
WORD = re.compile(r"(?a:\b\w+\b)")


@pytest.mark.parametrize("text", ["{}b(1)\n", "a{}b(1)\n"])
def test_every_name_of_the_tree_stands_in_the_text_as_it_is_meant(text: str) -> None:
    """Of all characters with another normal form none makes a name that the text doesn't hold as a word."""
    for code in range(0x80, sys.maxunicode + 1):
        char = chr(code)
        if 0xD800 <= code < 0xE000 or normalize("NFKC", char) == char:
            continue
        source = Source("a.py", text.format(char).encode())
        meant = as_meant(source)
        assert names(source) <= {*WORD.findall((meant or b"").decode()), *WORD.findall(source.text)}, hex(code)


def names(source: Source) -> set[str]:
    """The names in a tree that are plain words."""
    found = QueryCursor(IDENTIFIERS).captures(tree_of(source, PARSER).tree.root_node)
    texts = [(node.text or b"").decode() for node in found.get("x", ())]
    return {text.strip() for text in texts if text.isascii()}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("eval(größe)", None),
        ("x = '…'", None),
        ("ｅval(x)", "eval(x)"),
        ("“ｅval” ½ ㎏ ﬁx", "“eval” ½ ㎏ fix"),
        ("ａ½ｂ", "a½b"),
    ],
)
def test_names_are_written_as_they_mean(text: str, meant: str | None) -> None:
    """What is no part of a name stays; a text that means what it says is none."""
    assert as_meant(Source("a.py", text.encode())) == (None if meant is None else meant.encode())


SNIPPETS = (
    "x = [*eval(a).b(), *b.c(1)]\n",
    "def f():\n    return *g(1), 2 * h(3)\n",
    "ｆｏｏ = [*ｅval(a).ｂ[0]]\n",
    "class A:\n    ａ: int = 1\n    b = ａ, *(c)[0]\n",
    "f'{*eval(a).c, 1}'\n",
    "if x:\n    pass\n",
    "x = (\n",
    "größe = '…'\n",
    "type(x).y = eval(z)\n",
    "print >> f, a(*b)\n",
    "class A[T = int, *Ts = *tuple[int]]: pass\n",
    "a, *(b, c) = d\n",
    'f"{msg:=^80}{n:={w}}"\n',
    "x = [*a | b]\n",
)


@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=30))
def test_what_is_parsed_again_is_what_it_would_be_from_the_start(parts: list[str]) -> None:
    """The tree is that of the code as it is meant, though only what is around the changes is parsed again."""
    code = "".join(parts).encode()
    tree = tree_of(Source("a.py", code), PARSER).tree
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(respelling, "_FEW", -1)
        whole = tree_of(Source("a.py", code), PARSER).tree
    assert str(tree.root_node) == str(whole.root_node)


@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=30))
def test_nodes_have_the_text_of_the_file(parts: list[str]) -> None:
    """What is spelled otherwise while it is parsed is put back; only names stay as they mean."""
    code = "".join(parts)
    text = tree_of(Source("a.py", code.encode()), PARSER).tree.root_node.text or b""
    assert len(text) == len(code.encode())
    assert [*text.decode()] == [*"".join(parts)] or any(part in SNIPPETS[2:4] for part in parts)


MEANT = [
    ("type(x).y = v", "(assignment left: (attribute object: (call) attribute: (identifier)))"),
    ("type(x)['k'] = v", "(assignment left: (subscript value: (call)))"),
    ("type[x] = v", "(assignment left: (subscript))"),
    ("if a: type(x).y = v", "(assignment left: (attribute))"),
    ("type X = v", "(type_alias_statement)"),
    ("type X[T] = v", "(type_alias_statement)"),
    ("print >> f, x", "(expression_statement (binary_operator))"),
    ("class A[T = int]: pass", "(class_definition name: (identifier) body: (block))"),
    ("def f[T: int = str](x): pass", "(function_definition name: (identifier) body: (block))"),
    ("type X[**P = [int]] = v", "(type_alias_statement)"),
    ("a, *(b, c) = d", "(assignment left: (pattern_list))"),
    ("for a, *(b, c) in d: pass", "(for_statement left: (pattern_list))"),
    ("f'{msg:=^80}'", "(interpolation expression: (identifier) (format_specifier))"),
    ("f'{a if b else c:=^8}'", "(interpolation expression: (conditional_expression) (format_specifier))"),
    ("f'{n:={w}}'", "(interpolation expression: (identifier) (format_specifier))"),
    ("f'{(n:=10)}'", "(named_expression)"),
    ("f'{x[n:=1]}'", "(named_expression)"),
    ("{1: f'{(a, {2:3}):=9}'}", "(format_specifier)"),
    ("'{n:=10}', (n := 1)", "(named_expression)"),
    ("[*a | b]", "(list (binary_operator left: (identifier)))"),
]


@pytest.mark.parametrize(("code", "query"), MEANT)
def test_what_the_grammar_takes_for_something_else_is_read_as_python_reads_it(code: str, query: str) -> None:
    """Code of which the grammar's own tree is another, or none, has the tree of what Python's reference says it is."""
    tree = parse(Source("a.py", code.encode()), "python")
    assert not tree.tree.root_node.has_error
    assert QueryCursor(Query(grammar("python"), f"{query} @x")).captures(tree.tree.root_node), str(tree.tree.root_node)


@pytest.mark.parametrize("code", ["a & b ^ c", "a ^ b & c", "await a ** b", "ⅷ(1)"])
def test_what_has_no_other_spelling_is_told(code: str) -> None:
    """Where the tree can't be right, the file is told to be misread, with the line."""
    assert parse(Source("a.py", f"\n{code}\n".encode()), "python").misread.startswith("line 2: ")
    assert not parse(Source("a.py", b"(a & b) ^ c, a | b ^ c, (await a) ** b"), "python").misread


VALUES = [
    "x",
    "x ",
    "x.y",
    "f(x)",
    "(x)",
    "a if b else c",
    "a, b",
    "x!r",
    "({1: 2})[1]",
    "not x",
    "a and b",
    "(z := x)",
    "d[(y)]",
]


@pytest.mark.parametrize("before", ["", "if (n := 1): pass\n", "while n := 1: pass\n", "f(n := 1)\n", "[n := 1]\n"])
@pytest.mark.parametrize("value", VALUES)
def test_a_format_is_read_as_one_whatever_is_formatted_and_assigned(before: str, value: str) -> None:
    """A format that begins with `=` is no assignment, beside assignments within expressions as well."""
    code = f"{before}f'{{{value}:=5}}'\n"
    ast.parse(code)
    query = Query(grammar("python"), "(format_specifier) @format (named_expression) @assigns")
    found = QueryCursor(query).captures(parse(Source("a.py", code.encode()), "python").tree.root_node)
    assert len(found["format"]) == 1
    assert len(found.get("assigns", ())) == before.count(":=") + value.count(":=")


@pytest.mark.parametrize("code", ["f(**x)\nawait a ** b", "f(a, **x, c=await a**b)", "{**x, 1: await a\\\n**b}"])
def test_a_power_is_seen_beside_what_is_unpacked(code: str) -> None:
    """Two stars that unpack don't hide those that the grammar misreads after `await`."""
    assert "precedence" in parse(Source("a.py", code.encode()), "python").misread


@given(st.text(st.sampled_from("f\"'{}:=\\\n (x)[*,]#N"), max_size=60))
def test_the_scanner_reads_anything(text: str) -> None:
    """Whatever the text, the scanner ends, and gives places that are in it."""
    data = text.encode()
    assert all(data[place : place + 1] in (b"=", b"*") for _, place in python_tree._Scanner(data).places())
