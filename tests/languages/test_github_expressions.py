"""Expressions of GitHub's workflows: read as actions/runner reads them, or not at all, each at its place."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tree_sitter import Node

from pack_files import check, judge, one, outcome, pack, places, schemas, warnings_of
from polcheck.base.errors import PolicyError
from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.languages.registry import language
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings

LANGUAGE = "github-expression"
Meaning = Any  # an expression as nested tuples: what GitHub's own parser makes of it


def read(text: str) -> list[Meaning] | str:
    """What the expressions of a text mean, or why it isn't read."""
    tree = parse(Source("", text.encode()), LANGUAGE)
    if tree.misread or tree.tree.root_node.has_error:
        return tree.misread or "an error"
    return [meaning(node) for node in tree.tree.root_node.named_children if node.type != "text"]


def meaning(node: Node) -> Meaning:
    """What a node means."""

    def part(name: str) -> Node:
        found = node.child_by_field_name(name)
        assert found is not None
        return found

    text = (node.text or b"").decode()
    match node.type:
        case "parenthesized_expression":
            return meaning(node.named_children[0])
        case "identifier":
            return ("name", text.lower())
        case "string":
            literal = language(LANGUAGE).literal(node)
            assert literal is not None
            return ("text", literal.value)
        case "dereference_expression":
            key = node.child_by_field_name("property")
            index = ("star",) if key is None or key.type == "*" else ("text", (key.text or b"").decode().lower())
            return ("index", meaning(part("object")), index)
        case "subscript_expression":
            return ("index", meaning(part("argument")), meaning(part("index")))
        case "function_call":
            called = (part("name").text or b"").decode().lower()
            return ("call", called, tuple(map(meaning, part("arguments").named_children)))
        case "unary_expression":
            return ("not", meaning(part("operand")))
        case "binary_expression":
            operator = next((child.text or b"").decode() for child in node.children if not child.is_named)
            return (operator, meaning(part("left")), meaning(part("right")))
        case _:
            return ("value", text)


class Written:
    """Writes random expressions, and what they mean: by the precedence that GitHub's documentation gives."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def blank(self, text: str) -> str:
        """The text, at times with white space around it."""
        return text if self.rng.random() < 0.6 else self.rng.choice([" ", "  ", "\n", "\t"]) + text + " "

    def expression(self, depth: int, level: int = 0) -> tuple[str, Meaning]:
        """An expression whose operators bind as strongly as `level`, or more strongly."""
        rng = self.rng
        levels = [["||"], ["&&"], ["==", "!="], ["<", "<=", ">", ">="]]
        if level < len(levels):
            text, means = self.expression(depth, level + 1)
            for _ in range(rng.choice([0, 0, 0, 1, 2]) if depth > 0 else 0):
                operator = rng.choice(levels[level])
                right, also = self.expression(depth - 1, level + 1)
                text, means = text + self.blank(operator) + right, (operator, means, also)
            return text, means
        if depth > 0 and rng.random() < 0.15:
            text, means = self.expression(depth - 1, level)
            return self.blank("!") + text, ("not", means)
        return self.primary(depth)

    def primary(self, depth: int) -> tuple[str, Meaning]:
        """A literal, a context with what is looked up in it, a call, or an expression in parentheses."""
        rng = self.rng
        kind = rng.random()
        if depth <= 0 or kind < 0.25:
            value = rng.choice(["", "a", "it's", "}}", "é", "${{"])
            return rng.choice(
                [
                    ("'" + value.replace("'", "''") + "'", ("text", value)),
                    *((text, ("value", text)) for text in ["1", "-1.5", "0x1F", "0o17", "1e3", "null", "true", ".5"]),
                    *((text, ("value", text)) for text in ["-Infinity", "+2"]),
                ]
            )
        if kind < 0.4:
            inner, means = self.expression(depth - 1)
            return self.blank("(") + inner + self.blank(")"), means
        if kind < 0.55:
            arguments = [self.expression(depth - 1) for _ in range(rng.randint(0, 3))]
            text = self.blank("(") + self.blank(",").join(text for text, _ in arguments) + self.blank(")")
            return f"Contains{text}", ("call", "contains", tuple(means for _, means in arguments))
        name = rng.choice(["github", "Env", "steps", "_x-1"])
        text, means = name, ("name", name.lower())
        for _ in range(rng.randint(0, 4)):
            key = rng.choice(["event", "b-c", "_x"])
            star, dot = ("index", means, ("star",)), ("index", means, ("text", key))
            inner, index = self.expression(depth - 1)
            if index[0] == "text":
                index = ("text", index[1].lower())
            computed = [(self.blank("[") + inner + self.blank("]"), ("index", means, index))]
            more, means = rng.choice(
                [
                    (self.blank(".") + key, dot),
                    (self.blank("[") + f"'{key}'" + self.blank("]"), dot),
                    (self.blank(".") + "*", star),
                    (self.blank("[") + "*" + self.blank("]"), star),
                    (self.blank("[") + "'b c'" + self.blank("]"), ("index", means, ("text", "b c"))),
                    *(computed if "'" not in inner else []),
                ]
            )
            text += more
        return text, means


@pytest.mark.parametrize("seed", range(8))
def test_an_expression_means_what_github_s_documentation_says(seed: int) -> None:
    """Precedence, indices in each of their forms, strings, white space: of 250 random expressions a seed."""
    written = Written(seed)
    for _ in range(250):
        text, means = written.expression(3)
        assert read(f"echo ${{{{{text}}}}} ${{{{ {text} }}}}") == [means, means], text


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("no expression, }} and $ {{ x }}", []),
        ("${{ a }}${{b}}", ["a", "b"]),
        ("${{ '}}' }} }}", ["'}}'"]),
        ("$${{ a }}} 'quoted' ${{ 'it''s' }}", ["a", "'it''s'"]),
        ("it's ${{ a }} and it's ${{ b }}", ["a", "b"]),
        ("é ${{ 'é' }} ü", ["'é'"]),
        ("${{ '${{' }}", ["'${{'"]),
        ("${{ a\n  || b }}\r\n${{ c }}", ["a\n  || b", "c"]),
        ("$x ${y} $(z) ${${{ a }}}$", ["a"]),
        ("{{ a }} }} ${{ b }} {{", ["b"]),
    ],
)
def test_an_expression_ends_at_the_braces_outside_of_quotes(text: str, expressions: list[str]) -> None:
    """A text holds any number of them; quotes outside of them mean nothing."""
    tree = parse(Source("", text.encode()), LANGUAGE)
    nodes = [node for node in tree.tree.root_node.named_children if node.type != "text"]
    assert not tree.misread and [(node.text or b"").decode() for node in nodes] == expressions


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n${{ a", "the expression in line 2 is not closed by `}}`"),
        ("${{ 'a }}", "is not closed"),
        ("${{ }}", "there is no expression in `${{ }}`"),
        ("${{ a b }}", "`${{ a b }}` is no expression"),
        ("${{ ok }} ${{ f( }}", "`${{ f( }}` is no expression"),
        ('${{ "a" }}', "is no expression"),
        ("${{ a ? b : c }}", "is no expression"),
        ("${{ a..b }}", "is no expression"),
        ("${{ a.1 }}", "is no expression"),
        ("${{ a = b }}", "is no expression"),
        ("${{ a, b }}", "is no expression"),
        ("${{ a[] }}", "is no expression"),
        ("${{ -0xFF }}", "`-0xFF` is no number"),
        ("${{ 0xFZ }}", "`0xFZ` is no number"),
        ("${{ 'a'.b }}", "`'a'` is a string"),
    ],
)
def test_what_is_no_expression_is_undecided_with_the_reason(text: str, reason: str) -> None:
    """GitHub refuses the workflow; what else the text holds is found all the same."""
    report = judge(
        """
        forbid:
          - {files: w.json, data: run, as: run}
          - {in: run, language: github-expression, pattern: secrets.$name}
        """,
        {"w.json": json.dumps({"run": text})},
    )
    assert outcome(report) == "undecided"
    assert reason in report.policies[0].reasons[0][1]


WORKFLOW = """\
jobs:
  a:
    if: contains('a b', github.ref) && GitHub.Actor == 'dependabot[bot]'
    steps:
      - run: echo "${{ github.event.issue.title }}"
      - run: |
          # the title
          echo ${{ github.sha }} ${{ github['event'].Pull_Request['title'] }}
      - run: 'echo ''${{ secrets[format(''A_{0}'', matrix.x)] }}'''
  b:
    if: ${{ github.actor == 'me' || !cancelled() }}
    steps: [{run: "echo ${{ fromJSON(needs.x.outputs.y).*.z }}"}]
"""
RUN = "- {files: w.yml, data: 'values(jobs)[].steps[].run', as: run}"
IF = "- {files: w.yml, data: 'values(jobs)[].if', as: condition}"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("github.event.issue.title", ["w.yml:5:24"]),
        ("github.event.pull_request.$field", ["w.yml:8:38"]),
        ("GITHUB.EVENT", ["w.yml:5:24", "w.yml:8:38"]),
        ("github.$_", ["w.yml:5:24", "w.yml:8:20", "w.yml:8:38"]),
        ("secrets[$_]", ["w.yml:9:26"]),
        ("format('A_{0}', ...)", ["w.yml:9:34"]),
        ("format(...)", ["w.yml:9:34"]),
        ("fromjson($x)", ["w.yml:12:29"]),
        ("matrix.x", ["w.yml:9:52"]),
        ("nothing", []),
    ],
)
def test_a_pattern_finds_expressions_at_their_place(pattern: str, found: list[str]) -> None:
    """Names ignore case, an index by a name is a member; also in block scalars and behind quotes of YAML."""
    body = f"forbid:\n  {RUN}\n  - {{in: run, language: github-expression, pattern: {json.dumps(pattern)}}}\n"
    assert places(judge(body, {"w.yml": WORKFLOW})) == found


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ('pattern: "github.actor == $who"', ["w.yml:3:40", "w.yml:11:13"]),
        ("pattern: contains(...)", ["w.yml:3:9"]),
        ("pattern: cancelled()", ["w.yml:11:38"]),
        ("code: '(function_call arguments: (argument_list . (string) @text)) @here'", ["w.yml:3:9"]),
        ("code: '(unary_expression) @_'", ["w.yml:11:37"]),
    ],
)
def test_a_condition_is_an_expression_without_braces_or_with_them(selector: str, found: list[str]) -> None:
    """As the value of `if` may be either."""
    body = f"forbid:\n  {IF}\n  - {{in: condition, language: github-condition, {selector}}}\n"
    assert places(judge(body, {"w.yml": WORKFLOW})) == found


def test_a_capture_binds_what_it_stands_for() -> None:
    """A string its value, with its quotes decoded; anything else its text."""
    body = """
    forbid:
      - {files: w.json, data: if, as: condition}
      - {in: condition, language: github-condition, pattern: "$left == $right"}
    """
    (finding,) = judge(body, {"w.json": "{\"if\": \"github.actor == 'it''s me'\"}"}).findings
    assert (finding.bindings["left"], finding.bindings["right"]) == ("github.actor", "it's me")


def test_members_are_the_same_however_they_are_written() -> None:
    """What is bound is written with dots, so that a condition on it holds for each."""
    body = """
    forbid:
      - {files: w.json, data: run, as: run}
      - {in: run, language: github-expression, code: "(argument_list (dereference_expression) @name)"}
      - {where: "name == 'github.event.*.title'"}
    """
    for name in ("github.event.*.title", "github['event'].*['title']", "github [ 'event' ] [*] . title"):
        assert outcome(judge(body, {"w.json": json.dumps({"run": f"${{{{ f({name}) }}}}"})})) == "fail", name


def test_a_condition_without_braces_is_read_from_a_value_only() -> None:
    """A file has no place to put them around; one that holds expressions is a text with expressions."""
    body = "forbid: {files: a.txt, language: github-condition, pattern: github.actor}"
    assert outcome(judge(body, {"a.txt": "github.actor"})) == "undecided"
    assert places(judge(body, {"a.txt": "${{ github.actor }}"})) == ["a.txt:1:5"]


def test_a_script_without_expressions_has_none() -> None:
    """It isn't code of GitHub's, whatever it holds, and the policy is decided."""
    body = f"forbid:\n  {RUN}\n  - {{in: run, language: github-expression, pattern: github.ref}}\n"
    workflow = {"w.yml": "jobs: {a: {steps: [{run: 'echo github.ref }} $x'}]}}\n"}
    assert outcome(judge(body, workflow)) == "pass"


def test_both_languages_need_version_2() -> None:
    """A pack of version 1 that names one is refused with that hint."""
    body = one("forbid: [{files: a.yml, data: run, as: run}, {in: run, language: github-expression, pattern: x}]")
    with pytest.raises(PolicyError, match="`github-expression` needs version 2"):
        compile_packs([pack(body, "language: 1\n")], Settings(), schemas())
    assert not warnings_of(body.split("\n", 2)[2].rsplit("\n", 2)[0])


def test_many_expressions_are_read_in_linear_time() -> None:
    """Also where quotes and braces are as bad as can be."""
    for text in ("${{ a }}" * 20_000, "${{ '" + "''" * 100_000, "'" * 200_000 + "${{ a }}", "}}" * 100_000):
        assert check(
            one("forbid: {files: a.txt, language: github-expression, pattern: secrets.x}"), {"a.txt": text}
        ).policies
