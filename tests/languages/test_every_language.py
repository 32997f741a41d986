"""What holds of every language in the registry: comments, waivers, and values of strings that are no strings."""

from __future__ import annotations

import random

import pytest
from tree_sitter import Query, QueryCursor

from language_samples import CODE
from polcheck.base.spans import Source
from polcheck.languages.comments import comments_of
from polcheck.languages.grammars import grammar, parse
from polcheck.languages.registry import languages
from polcheck.selectors.syntax.compile import compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.query_set import QuerySet

# a comment of each language that has some, as a line of its own
COMMENTS = {
    "rust": ["// {}", "/* {} */", "/// {}"],
    "java": ["// {}", "/* {} */", "/** {} */"],
    "csharp": ["// {}", "/* {} */"],
    "ruby": ["# {}"],
    "php": ["<?php // {}", "<?php # {}", "<?php /* {} */"],
    "c": ["// {}", "/* {} */"],
    "cpp": ["// {}", "/* {} */"],
    "kotlin": ["// {}", "/* {} */"],
    "scala": ["// {}", "/* {} */"],
    "swift": ["// {}", "/* {} */"],
    "lua": ["-- {}", "--[[ {} ]]"],
    "elixir": ["# {}"],
    "haskell": ["-- {}", "{{- {} -}}"],
    "nix": ["# {}", "/* {} */"],
    "solidity": ["// {}", "/* {} */"],
    "html": ["<!-- {} -->"],
    "css": ["/* {} */"],
    "hcl": ["# {}", "// {}", "/* {} */"],
    "sql": ["-- {}", "/* {} */"],
    "dockerfile": ["# {}"],
    "make": ["# {}"],
    "markdown": ["<!-- {} -->"],
    "yaml": ["# {}"],
}


def name_of(language: str) -> str:
    """The name of a file in a language."""
    one = languages()[language]
    return f"a{one.suffixes[0]}"


@pytest.mark.parametrize(("language", "comment"), [(name, one) for name, some in COMMENTS.items() for one in some])
def test_comments_are_read_in_every_language(language: str, comment: str) -> None:
    """Those of a file, and no others: a waiver may stand in each."""
    text = comment.format("polcheck: ignore[x]") + "\n"
    source = Source(name_of(language), text.encode())
    (span,) = comments_of(source).spans
    assert "polcheck: ignore[x]" in source.text[span.start : span.end]


def test_every_language_with_comments_is_tried() -> None:
    """But those that other tests try."""
    older = {"python", "bash", "javascript", "typescript", "tsx", "go", "json", "toml"}
    assert {name for name in languages() if not name.startswith("github-")} - older == COMMENTS.keys() == CODE.keys()


@pytest.mark.parametrize("language", sorted(CODE))
def test_a_string_that_is_broken_has_no_value_or_some(language: str) -> None:
    """Whatever stands between the quotes, and wherever they end: no decoder fails, and its value can be written."""
    one = languages()[language]
    chance = random.Random(language)
    pieces = [
        "\\", '"', "'", "`", "${", "#{", "\\(", "{", "}", "$x", "\\u", "\\x", "\\u{", "\\777", "\n", "\r\n", "a", "é",
        "EOT", '"""', "\\\n", "''", "[[", "]]", "$$", "u8", "R(", "@", "%q(", "<<~", "\\N", "\\^", "\\&",
    ]  # fmt: skip
    query = Query(grammar(language), "[" + " ".join(f"({kind})" for kind in sorted(one.strings)) + "] @x")
    sample = CODE[language]
    seen = 0
    for _ in range(150):
        at = chance.randrange(len(sample))
        text = sample[:at] + "".join(chance.choices(pieces, k=chance.randint(1, 6))) + sample[at:]
        tree = parse(Source("a", text.encode()), language)
        for node in QueryCursor(query).captures(tree.tree.root_node).get("x", ()):
            literal = one.literal(node)
            seen += literal is not None
            assert literal is None or literal.value.encode("utf-8") is not None
    assert seen > 100


@pytest.mark.heavy
@pytest.mark.parametrize("language", sorted(CODE))
def test_a_broken_snippet_is_refused_or_means_something(language: str) -> None:
    """Parts of programs, with names and `...` anywhere: compiled or refused with a reason, in bounded time."""
    chance = random.Random(language)
    sample = CODE[language]
    compiled = 0
    for _ in range(40):
        start = chance.randrange(len(sample))
        words = sample[start : start + chance.randint(5, 60)].split(" ")
        words[chance.randrange(len(words))] = chance.choice(["$x", "...", "$_", "$$x"])
        try:
            syntax = compile_pattern([" ".join(words)], language)
        except SyntaxProblem as problem:
            assert problem.message
            continue
        compiled += 1
        QuerySet([syntax]).search(parse(Source("a", sample.encode()), language))
    assert compiled < 40


@pytest.mark.parametrize("language", sorted(CODE))
def test_a_file_without_a_last_line_end_is_read(language: str) -> None:
    """The sample without its last line end has a tree without errors, and matches as before."""
    tree = parse(Source("a", CODE[language].rstrip("\n").encode()), language)
    assert not tree.tree.root_node.has_error
