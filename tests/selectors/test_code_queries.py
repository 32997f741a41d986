"""Tree-sitter queries: what is refused, what the predicates mean, what a match binds and spans."""

from __future__ import annotations

from typing import Any

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.results import SearchResult
from polcheck.selectors.syntax.compile import compile_code
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query_set import QuerySet


def search(query: str, code: str, language: str = "python", path: str = "src/main.py") -> SearchResult:
    tree = parse(Source(path, code.encode()), language)
    return QuerySet([compile_code([query], language)]).search(tree)[0]


def bound(query: str, code: str, language: str = "python") -> list[dict[str, Any]]:
    found = search(query, code, language)
    assert found.incomplete == ""
    return [{name: value.value for name, value in hit.bindings} for hit in found.matches]


def spanned(query: str, code: str) -> list[str]:
    return [code[hit.span.start : hit.span.end] for hit in search(query, code).matches if hit.span]


REFUSED = [
    ('((call) @c (#eqq? @c "a"))', "unknown predicate `#eqq?`", "(#eqq", "`#eq?`"),
    ('((call) @c (#set! @c "a"))', "`#set!` has no meaning in a policy", "(#set", "leave it out"),
    ('(call) @c (#eq? @c "a")', "outside its pattern's parentheses", "(#eq?", "one pair of parentheses"),
    ('(#eq? @c "a") (call) @c', "outside its pattern's parentheses", "(#eq?", ""),
    ('[(call) @c (#eq? @c "a")]', "among alternatives", "(#eq?", ""),
    ('((call) @call (#eq? @cal "a"))', "`@cal` is not captured in this pattern", "@cal ", "`call`"),
    ('((call) @a (#eq? @b "x")) ((call) @b)', "`@b` is not captured in this pattern", "@b ", ""),
    ("(call function: (_) @a @b @c @d)", "keeps 3 captures of a node, here are 4", "@d", ""),
    ("[(call) @a @b @c] @d", "keeps 3 captures of a node, here are 4", "@c", ""),
    ('((call) @c (#eq? @c "a" "b"))', "`#eq?` takes a capture and a string", "(#eq?", ""),
    ("((call) @c (#eq? @c))", "`#eq?` takes", "(#eq?", ""),
    ("((call) @c (#any-of? @c))", "`#any-of?` takes", "(#any-of?", ""),
    ('((call) @c (#eq? "a" @c))', "needs a capture first", "(#eq?", ""),
    ('((call) @c (#match? @c "("))', "is not a regular expression", '"("', "RE2"),
    ('((call) @c (#match? @c "a(?=b)"))', "is not a regular expression", '"a(?=b)"', "RE2"),
    ('((call) @c (#resolves-to? @c "a b"))', "`a b` is not a dotted name", '"a b"', ""),
    ("(cal) @c", "python has no node `cal`", "cal)", "`call`"),
    ("(call functon: (_))", "python has no field `functon`", "functon", "`function`"),
    ("(module (identifier))", "no python tree has this structure", "(identifier", "polcheck parse"),
    ("(call", "`(` is not closed", "(call", "add `)`"),
    ("(call]", "`(` is not closed", "]", ""),
    ("(call) @c)", "`)` is out of place", ")", ""),
    ('(call "a', "the string is not closed", '"a', ""),
    ("(call) @", "a capture needs a name", "@", ""),
    ("@c (call)", "`@c` follows no node", "@c", ""),
    ("call", "`call` stands alone", "call", "`(call)`"),
    (" ; nothing\n", "the query is empty", " ", ""),
    ("(call) @line", "`line` is set by polcheck", "@line", "`the_line`"),
    ("(call function: (_) @a.b) @a-b", "both bind `a_b`", "(call", ""),
]


@pytest.mark.parametrize(("query", "message", "at", "help"), REFUSED)
def test_a_query_that_would_be_silently_wrong_is_refused(query: str, message: str, at: str, help: str) -> None:
    """A bad query raises, with what is wrong, where, and what would be right."""
    with pytest.raises(SyntaxProblem) as caught:
        compile_code([query], "python")
    assert message in caught.value.message
    assert query[caught.value.offset :].startswith(at)
    assert help in caught.value.help


def test_the_place_of_an_error_survives_predicates_and_wide_characters() -> None:
    """An offset counts characters of the query as written, whatever was cut out before it."""
    query = '; é\n((call) @c\n (#eq? @c "éé"))\n(functiondefinition)'
    with pytest.raises(SyntaxProblem) as caught:
        compile_code(["(call)", query], "python")
    assert query[caught.value.offset :].startswith("functiondefinition")
    assert "`function_definition`" in caught.value.help
    assert caught.value.index == 1


def test_imports_are_followed_in_python_only() -> None:
    """`#resolves-to?` is refused for a language whose imports aren't followed."""
    with pytest.raises(SyntaxProblem, match="follows the imports of Python"):
        compile_code(['((command_name) @c (#resolves-to? @c "a"))'], "bash")


CALL = "(call function: (identifier) @f) "
PREDICATES = [
    ('(#eq? @f "a")', "a(); b()", ["a"]),
    ('(#not-eq? @f "a")', "a(); b()", ["b"]),
    ('(#match? @f "^a+$")', "aa(); ba()", ["aa"]),
    ('(#match? @f "a")', "aa(); ba(); c()", ["aa", "ba"]),
    ('(#not-match? @f "\\\\d")', "a(); b2()", ["a"]),
    ('(#not-match? @f "\\d")', "a(); b2()", ["a"]),
    ('(#any-of? @f "a" "b")', "a(); b(); c()", ["a", "b"]),
    ('(#not-any-of? @f "a" "b")', "a(); b(); c()", ["c"]),
    ('(#eq? @f "a") (#not-eq? @f "a")', "a(); b()", []),
    ('(#match? @f "a") (#match? @f "b")', "ab(); a(); b()", ["ab"]),
]


@pytest.mark.parametrize(("predicate", "code", "wanted"), PREDICATES)
def test_a_predicate_filters_its_pattern(predicate: str, code: str, wanted: list[str]) -> None:
    """Each predicate keeps the matches that tree-sitter's documentation says it keeps."""
    assert [row["f"] for row in bound(f"({CALL} {predicate})", code)] == wanted


PARTS = "(concatenated_string (string)+ @x) @_all"
QUANTIFIED = [
    ("(#eq? @x \"'1'\")", ["'1' '1'"]),
    ("(#any-eq? @x \"'1'\")", ["'1' '1'", "'1' '2'"]),
    ("(#not-eq? @x \"'1'\")", ["'2' '3'"]),
    ("(#any-not-eq? @x \"'1'\")", ["'1' '2'", "'2' '3'"]),
    ('(#match? @x "[12]")', ["'1' '1'", "'1' '2'"]),
    ('(#any-match? @x "[13]")', ["'1' '1'", "'1' '2'", "'2' '3'"]),
    ('(#any-not-match? @x "[12]")', ["'2' '3'"]),
    ("(#any-of? @x \"'1'\" \"'2'\")", ["'1' '1'", "'1' '2'"]),
    ("(#not-any-of? @x \"'2'\" \"'3'\")", ["'1' '1'"]),
]


@pytest.mark.parametrize(("predicate", "wanted"), QUANTIFIED)
def test_over_several_nodes_a_predicate_asks_all_or_any(predicate: str, wanted: list[str]) -> None:
    """`any-` asks for one of the nodes that a capture holds, the others for all of them."""
    places = spanned(f"({PARTS} {predicate})", "f('1' '1'); f('1' '2'); f('2' '3')")
    assert sorted(set(places)) == sorted(wanted)


@pytest.mark.parametrize("predicate", ["eq?", "not-eq?", "any-eq?", "match?", "any-of?"])
def test_a_predicate_over_no_node_is_true(predicate: str) -> None:
    """A capture that a match doesn't hold satisfies every predicate, as in tree-sitter."""
    query = f'((return_statement (integer)? @x) @_r (#{predicate} @x "7"))'
    assert "return" in spanned(query, "def f():\n  return\n")


def test_two_captures_can_be_compared() -> None:
    """`#eq?` with two captures compares their texts."""
    query = "((assignment left: (identifier) @a right: (identifier) @b) (#eq? @a @b))"
    assert bound(query, "x = x\ny = z\n") == [{"a": "x", "b": "x"}]


def test_predicates_belong_to_their_own_pattern() -> None:
    """In a query of several patterns each has its own predicates."""
    query = '((call function: (_) @f) (#eq? @f "a")) ; one\n((integer) @f (#eq? @f "2"))'
    assert [row["f"] for row in bound(query, "a(1); b(2)")] == ["a", "2"]


def test_a_predicate_sees_the_text_of_a_string_with_its_quotes() -> None:
    """A predicate compares a node's text, while the capture binds the literal's value."""
    assert bound('((string) @s (#eq? @s "\\"a\\""))', "\"a\"; 'a'") == [{"s": "a"}]


def test_an_optional_capture_binds_only_where_it_is() -> None:
    """A capture under `?` is left out of a row that hasn't it, and counts as bound by some only."""
    query = "(return_statement (_)? @x) @r"
    assert bound(query, "def f():\n  return\n  return 1\n") == [{"r": "return"}, {"x": "1", "r": "return 1"}]
    syntax = compile_code([query], "python")
    assert (set(syntax.binds), set(syntax.some)) == ({"r"}, {"x"})


def test_alternatives_bind_surely_what_each_binds() -> None:
    """`binds` holds the names that every alternative binds, `some` the others."""
    syntax = compile_code(["(call function: (_) @f) @c", "[(string) @s (integer) @n] @c"], "python")
    assert (set(syntax.binds), set(syntax.some)) == ({"c"}, {"f", "s", "n"})


def test_private_captures_bind_nothing_and_names_are_made_plain() -> None:
    """`_x` and `here` bind nothing; a hyphen or a dot becomes an underscore."""
    query = "(call function: (_) @_f arguments: (_ (_) @first-arg) @all.args) @here"
    assert bound(query, "f(1)") == [{"first_arg": "1", "all_args": "(1)"}]


def test_a_capture_of_several_nodes_gives_a_match_for_each() -> None:
    """A quantified capture is one row a node, for two of them every pair."""
    assert bound("(concatenated_string (string)+ @x)", "'a' 'b'") == [{"x": "a"}, {"x": "b"}]


SPANS = [
    ("(call function: (identifier) @f)", ["f(1)"]),
    ("((call function: (identifier) @f))", ["f(1)"]),
    ("(call) @c", ["f(1)"]),
    ("(call) @a @b @c", ["f(1)"]),
    ("[(call) (integer)]", ["f(1)", "1"]),
    ("((expression_statement) . (expression_statement (integer) @x))", ["f(1)\n2"]),
    ("((expression_statement (call)) @_a . (expression_statement))", ["f(1)\n2"]),
    ('((call function: (_) @f) (#eq? @f "f"))', ["f(1)"]),
]


@pytest.mark.parametrize(("query", "wanted"), SPANS)
def test_a_match_spans_its_outermost_node(query: str, wanted: list[str]) -> None:
    """The outermost node is spanned, captured or not; siblings from the first to the last."""
    assert [place for place in spanned(query, "f(1)\n2\n") if place != "2"] == wanted


def test_here_moves_the_point_and_not_the_span() -> None:
    """`@here` says where the finding points; the match keeps its span."""
    code = "x = f(1)"
    (hit,) = search("(assignment right: (call function: (_) @here))", code).matches
    assert hit.span is not None and hit.point is not None
    assert (code[slice(*hit.span)], code[slice(*hit.point)]) == (code, "f")


def test_places_count_characters() -> None:
    """Spans count characters although tree-sitter counts bytes."""
    code = "é = 'ü'; f('ß')"
    (hit,) = search('((call function: (_) @_f (_ (_) @x)) (#eq? @_f "f"))', code).matches
    assert hit.span is not None
    assert code[slice(*hit.span)] == "f('ß')"
    assert hit.bindings[0][1].span == (11, 14)


VALUES = [
    ("python", "(string) @s", "'a'", "a"),
    ("python", "(string) @s", "rb'\\n'", "\\n"),
    ("python", "(string) @s", "'\\n\\x41\\u00e9\\N{BULLET}\\101'", "\nAé•A"),
    ("python", "(string) @s", "'''a\\\nb'''", "ab"),
    ("python", "(string) @s", "b'\\u0041'", "\\u0041"),
    ("python", "(string) @s", "f'a{b!r:>3}{{c}}'", "a{}{c}"),
    ("python", "(concatenated_string) @s", "'a' \"b\" f'{c}'", "ab{}"),
    ("python", "(string) @s", "'\\ud800'", "\ufffd"),
    ("json", "(string) @s", '"a\\n\\u00e9"', "a\né"),
    ("toml", "(pair (string) @s)", "a = 'b\\n'", "b\\n"),
    ("toml", "(pair (string) @s)", 'a = """\nb\\n"""', "b\n"),
    ("bash", "(raw_string) @s", "echo 'a$b'", "a$b"),
    ("bash", "(string) @s", 'echo "a\\"b $c"', 'a"b {}'),
]


@pytest.mark.parametrize(("language", "query", "code", "wanted"), VALUES)
def test_a_captured_string_binds_its_value(language: str, query: str, code: str, wanted: str) -> None:
    """A literal binds what the program would see, each interpolated part as `{}`."""
    assert bound(query, code, language)[0] == {"s": wanted}


LITERALS = [
    ('((call function: (_) @f) (#eq? @f "os.system"))', [{"system"}]),
    ('((call function: (_) @f) (#any-of? @f "a" "b"))', [{"a", "b"}]),
    ('((call function: (_) @f) (#resolves-to? @f "torch.load" "torch.jit.load"))', [{"load"}, {"torch"}]),
    ('((call function: (_) @f) (#resolves-to? @f "torch.*"))', [{"torch"}]),
    ('((call function: (_) @f) (#not-eq? @f "a"))', []),
    ('((call function: (_) @f) (#match? @f "a"))', []),
    ('((return_statement (_)? @x) (#eq? @x "a"))', []),
    ('((call function: (_) @f) (#eq? @f "a")) ((call function: (_) @f) (#eq? @f "b"))', [{"a", "b"}]),
    ('((call function: (_) @f) (#eq? @f "a")) (integer)', []),
    ('((call function: (_) @f (_ (_) @x)) (#eq? @f "a") (#eq? @x "b"))', [{"a"}, {"b"}]),
    ('((escape_sequence) @e (#eq? @e "\\n"))', []),
]


@pytest.mark.parametrize(("query", "wanted"), LITERALS)
def test_the_words_without_which_a_query_cannot_match(query: str, wanted: list[set[str]]) -> None:
    """`literals` are words that a file, or its path, must hold; nothing is claimed that isn't sure."""
    assert list(compile_code([query], "python").literals) == wanted


def test_a_string_compared_without_quotes_is_warned_of() -> None:
    """A predicate that compares a `string` node with a text without quotes can't be true."""
    (warning,) = compile_code(['((string) @s (#eq? @s "a"))'], "python").warnings
    assert "no quotes" in warning[0]


def test_a_syntax_error_makes_a_search_incomplete_and_keeps_its_hits() -> None:
    """What was found around an error is given, and that there may be more."""
    found = search("(call) @c", "f(1)\n\ndef (:\n")
    assert len(found.matches) == 1
    assert found.incomplete == "syntax error at line 3"


def test_a_null_byte_is_a_syntax_error() -> None:
    """No grammar takes a NUL: what stands beyond it is not searched in silence."""
    assert search("(string) @s", "'a\0b'\n").incomplete == "syntax error at line 1"
