r"""The values of string literals in each language: escapes, raw strings, continued lines, and `{}` for what is put in.

Of each row the value is what the language's own specification gives; those of Python, JavaScript and bash are compared
with the languages themselves by test_string_values.py.
"""

from __future__ import annotations

import pytest
from tree_sitter import Query, QueryCursor

from polcheck.base.spans import Source
from polcheck.languages.grammars import grammar, parse
from polcheck.languages.language import Literal
from polcheck.languages.registry import languages

# language, code around `@`, and literals with their values
ROWS: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        "rust",
        "let x = @;",
        [
            (r'"a\n\t\\\"\x41\u{1F600}\0"', 'a\n\t\\"A\U0001f600\0'),
            ('"a \\\n    b"', "a b"),
            ('"a\n b"', "a\n b"),
            (r'r"\n"', r"\n"),
            ('r#"a "b""#', 'a "b"'),
            (r'b"\xff"', "ÿ"),
            (r'br"\n"', r"\n"),
            (r'"\q{}"', r"\q{}"),
        ],
    ),
    (
        "java",
        "class A { String x = @; }",
        [
            (r'"a\n\t\"\\\s\0\101"', 'a\n\t"\\ \0A'),
            (r'"\u0041\u0042"', "AB"),
            (r'"\477"', "'7"),
            ('"""\n    a\n      b\n    """', "a\n  b\n"),
            ('"""\n    a \\\n    b   \n    c\\n"""', "a b\nc\n"),
            ('"""\n  "x"\n  """', '"x"\n'),
            (r'"${x}"', "${x}"),
        ],
    ),
    (
        "csharp",
        "var x = @;",
        [
            (r'"a\n\"\\\x41\u00e9\U0001F600\0"', 'a\n"\\Aé\U0001f600\0'),
            (r'@"a\n""b"""', r'a\n"b"'),
            (r'$"a {x} {{y}}\n"', "a {} {y}\n"),
            (r'$@"a\{x}"', "a\\{}"),
            (r'"""a "b" \n"""', r'a "b" \n'),
            ('"""\n    a\n      b\n    """', "a\n  b"),
        ],
    ),
    (
        "ruby",
        "x = @\n",
        [
            (r'"a\n\t\s\e\x41\u00e9\u{1F600 41}\101\q"', "a\n\t \x1bAé\U0001f600AAq"),
            (r"'a\n\'\\'", r"a\n'" + "\\"),
            ('"a #{x} b"', "a {} b"),
            (r"%q(a\n)", r"a\n"),
            (r"%Q(a\n#{x})", "a\n{}"),
            (r"%(a\n)", "a\n"),
            ('"a" "b"', "ab"),
            ('"a\\\nb"', "ab"),
        ],
    ),
    (
        "php",
        "<?php $x = @;",
        [
            (r'"a\n\t\$\"\x41\u{e9}\101\q"', 'a\n\t$"AéA\\q'),
            (r"'a\n\'\\'", r"a\n'" + "\\"),
            ('"a $x {$y->z} b"', "a {} {} b"),
            ("'$x'", "$x"),
            ("<<<EOT\n  a\\n\n  b $x\n  EOT", "a\n\nb {}"),
            ("<<<'EOT'\na\\n $x\nEOT", "a\\n $x"),
        ],
    ),
    (
        "c",
        "char *x = @;",
        [
            (r'"a\n\t\"\\\x41\101\?\0"', 'a\n\t"\\AA?\0'),
            (r'"a\n" "b"', "a\nb"),
            (r'L"a"', "a"),
            ('"a\\\nb"', "ab"),
            (r'u8"\u00e9"', "é"),
        ],
    ),
    ("cpp", "auto x = @;", [(r'R"(a\n"b")"', r'a\n"b"'), ('R"x(a)")x"', 'a)"'), (r'"a\n" "b"', "a\nb")]),
    (
        "kotlin",
        "val x = @\n",
        [
            (r'"a\n\"\$\u0041"', 'a\n"$A'),
            (r'"a $x ${y.z} b"', "a {} {} b"),
            ('"""a\\n\n b $x"""', "a\\n\n b {}"),
            (r'"costs $5"', "costs $5"),
        ],
    ),
    (
        "scala",
        "val x = @\n",
        [
            (r'"a\n\"\\\u0041"', 'a\n"\\A'),
            (r'"""a\n"""', r"a\n"),
            (r's"a $x ${y.z}\n$$"', "a {} {}\n$"),
            (r'raw"a\n$x"', r"a\n{}"),
        ],
    ),
    (
        "swift",
        "let x = @\n",
        [
            (r'"a\n\t\"\\\u{e9}\0"', 'a\n\t"\\é\0'),
            (r'"a \(x.y(1)) b"', "a {} b"),
            (r'#"a\n"#', r"a\n"),
            ('"""\n    a\n      b\n    """', "a\n  b"),
        ],
    ),
    (
        "lua",
        "x = @\n",
        [
            (r'"a\n\"\x41\065\u{e9}\z   b"', 'a\n"AAéb'),
            (r"'a\'b'", "a'b"),
            ("[[\na\\n]]", "a\\n"),
            ("[==[a]]b]==]", "a]]b"),
            ('"a\\\nb"', "a\nb"),
        ],
    ),
    (
        "elixir",
        "x = @\n",
        [
            (r'"a\n\"\x41\u00e9\u{1F600}\q"', 'a\n"Aé\U0001f600q'),
            ('"a #{x} b"', "a {} b"),
            ("'a'", "a"),
            ('"""\n  a\n    b\n  """', "a\n  b\n"),
        ],
    ),
    (
        "haskell",
        "x = @\n",
        [
            (r'"a\n\t\"\\\x41\65\o101\NUL\^A\&b"', 'a\n\t"\\AAA\0\x01b'),
            ('"a\\\n   \\b"', "ab"),
            (r'"\SOH"', "\x01"),
        ],
    ),
    (
        "nix",
        "{ x = @; }",
        [
            (r'"a\n\"\${b}\q"', 'a\n"${b}q'),
            ('"a ${b} c"', "a {} c"),
            ("''\n    a\n      b\n  ''", "  a\n    b\n".replace("  a\n    b", "a\n  b")),
            ("''a ''${b} ''' ''\\n''", "a ${b} '' \n"),
        ],
    ),
    (
        "solidity",
        "contract A { string x = @; }",
        [(r'"a\n\x41\u00e9"', "a\nAé"), (r"'a'", "a"), ('"a" "b"', "ab"), ('unicode"é"', "é")],
    ),
    ("html", "<a b=@></a>", [('"a &amp; b"', "a & b"), ("'x'", "x"), ("x", "x")]),
    ("css", "a { content: @ }", [(r'"a\"b"', 'a"b'), (r'"\26 B"', "&B"), ("'x'", "x")]),
    (
        "hcl",
        "x = @\n",
        [
            (r'"a\n\t\"\\\u00e9"', 'a\n\t"\\é'),
            ('"a ${b} c"', "a {} c"),
            ('"a $${b} %%{c}"', "a ${b} %{c}"),
            ("<<EOT\n  a\n  b\nEOT", "  a\n  b\n"),
            ("<<-EOT\n    a\n      b ${c}\n  EOT", "a\n  b {}\n"),
        ],
    ),
    (
        "sql",
        "SELECT @ FROM a",
        [("'it''s'", "it's"), ("E'a\\n'", "a\n"), ("$$a'b$$", "a'b"), ("$t$a$t$", "a")],
    ),
    ("dockerfile", "CMD [@]", [(r'"a\n\"b"', 'a\n"b')]),
    ("yaml", "a: @\n", [(r'"a\n\x41"', "a\nA"), ("'it''s'", "it's"), ("plain text", "plain text")]),
    ("json", "[@]", [(r'"a\n\u0041"', "a\nA")]),
    ("toml", "a = @\n", [(r'"a\n\u0041"', "a\nA"), ("'a\\n'", "a\\n")]),
]


@pytest.mark.parametrize(
    ("language", "code", "text", "value"),
    [(language, code, text, value) for language, code, rows in ROWS for text, value in rows],
)
def test_a_string_has_the_value_that_its_language_gives_it(language: str, code: str, text: str, value: str) -> None:
    """Of the outermost literal."""
    one = languages()[language]
    tree = parse(Source("a", code.replace("@", text).encode()), language)
    assert not tree.tree.root_node.has_error, str(tree.tree.root_node)
    query = Query(grammar(language), "[" + " ".join(f"({kind})" for kind in sorted(one.strings)) + "] @x")
    nodes = [
        node
        for node in QueryCursor(query).captures(tree.tree.root_node).get("x", ())
        if (node.text or b"").decode() == text.strip() and node.parent and node.parent.type not in one.strings
    ]
    plain = "{}" not in value or "{}" in text
    assert [one.literal(node) for node in nodes[:1]] == [Literal(value, plain)]


def test_every_language_with_strings_is_in_the_table() -> None:
    """But those whose values are compared with the language itself, and texts without quotes."""
    compared = {"python", "javascript", "typescript", "tsx", "bash", "go"}
    texts = {one.name for one in languages().values() if one.strings <= one.texts | {"code_fence_content"}}
    named = {row[0] for row in ROWS}
    assert {name for name in languages() if not name.startswith("github-")} - compared - texts == named
