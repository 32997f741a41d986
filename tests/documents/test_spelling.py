"""Names as Python reads them."""

from __future__ import annotations

import re
import sys
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Parser, Query, QueryCursor

from polcheck.base.spans import Source
from polcheck.languages.grammars import grammar
from polcheck.languages.supported.python import as_meant, tree_of

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
    found = QueryCursor(IDENTIFIERS).captures(tree_of(source, PARSER).root_node)
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
)


@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=30))
def test_what_is_parsed_again_is_what_it_would_be_from_the_start(parts: list[str]) -> None:
    """The tree is that of the code as it is meant, though only what is around the changes is parsed again."""
    code = "".join(parts).encode()
    tree = tree_of(Source("a.py", code), PARSER)
    meant = tree.root_node.text or b""
    assert len(meant) == len(code)
    assert meant == code or any(part in SNIPPETS[:5] for part in parts)
    assert str(tree.root_node) == str(PARSER.parse(meant).root_node)
