"""Messages, help and documentation use the words that other tools have taught polcheck's users."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from polcheck.cli.commands import _group

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine" / "polcheck"

# a private word -> the word to use
WORDS = {
    r"judg(e|es|ed|ing|ements?)": "check, evaluate; result",
    r"mend(s|ed|ing)?": "fix",
    r"fault in polcheck": "internal error",
    r"go on here": "unexpected token",
    r"is no (python|typescript|javascript|regular|version specifier|dotted)": "is not (valid) …",
    r"(small|capital) letters": "lowercase, uppercase",
    r"waives nothing|it can go\b": "unused waiver: remove it",
    r"told|tells": "reported, matched, shown",
    r"prov(e|es|ed|ing)": "verify",
    r"else by now|as they are now": "outdated; update",
    r"strangers?'?": "untrusted",
    r"licences?": "license",
    r"ways": "branches",
    r"in force": "effective",
    r"(is|was|what is|nothing) kept between|keeps nothing": "cached",
    r"speaks? (of|for)": "be about, refer to, use",
    r"each counts its own": "checked 8 files; 51 policies passed",
    r"texts|a text|the text": "string, strings",
    r"submissions?": "project, path",
    r"colours?|behaviours?|honour(s|ed)?": "American spelling",
}
PATTERN = re.compile(r"\b(?:" + "|".join(WORDS) + r")\b", re.IGNORECASE)

# (where, the words around the hit, why it stays)
ALLOWED = [
    ("policy/checks.py", "has no place in a text", "the text of a file, not a value"),
    ("selectors/syntax/compile.py", "predicates see the text of a node", "tree-sitter's word for the source of a node"),
    ("selectors/syntax/build.py", "a name in the text of an f-string", "the source between the quotes, not the value"),
    ("docs/airas-base-code.md", "not part of the submission", "quotes the rubric of a pack, whose word it is"),
    ("docs/airas-base-code.md", "described outside the submission", "quotes the rubric of a pack, whose word it is"),
    ("docs/airas-base-code.md", "the better choice is a judgement", "a person's, about a program"),
    ("docs/airas-base-code.md", "whether a text describes an experiment", "prose that a person reads"),
    ("docs/airas-base-code.md", "bytes written to a text stream", "Python's word for a stream of characters"),
    ("docs/airas-base-code.md", "where not even the text mentions them", "the text of a file, not a value"),
    ("authoring/migration.py", "`licence` -> `license`", "the old spelling, which is rewritten"),
    ("docs/design.md", "submission → scan", "the class `Submission`"),
    ("docs/design.md", "**Submission.**", "the class `Submission`"),
    ("docs/explain.md", "then the text of leaves", "tree-sitter's word for the source of a node"),
    ("docs/language.md", "matches in a text, or alone", "the text of a file, not a value"),
    ("docs/limits.md", "linear in the text", "the text that is searched"),
    ("docs/testing.md", "or policies contain the text", "the option's TEXT"),
    ("tables.py", "Judge({}, field={}", "the class `Judge`, which users import"),
    ("tables.py", "the Judge was made", "the class `Judge`, which users import"),
    ("tables.py", "a Judge takes an Arrow table", "the class `Judge`, which users import"),
    ("docs/testing.md", "be told apart by any project", "an ordinary phrase: distinguished"),
]

# a file name in several packages -> why it is clear in each
SAME_NAME = {
    "archive": "a pack in an archive, a submission in one",
    "baseline": "what a command does, and the command",
    "batch": "what a command does, and the command",
    "cache": "of a scan, and the command",
    "compile": "policies to a plan, snippets to queries",
    "config": "polcheck.yaml, and the command that shows it",
    "csv": "a format, and how its files are edited",
    "dockerfile": "a format, a language",
    "edit": "of a rewritten file, of polcheck.yaml",
    "expressions": "of JMESPath, in the checks and in the mutants",
    "git": "packs from git, submissions from git",
    "hcl": "a format, a language, and how its files are edited",
    "html": "a language, an output",
    "ini": "a format, and how its files are rewritten",
    "json": "a format, a language, an output, how its files are rewritten, and how they are edited",
    "limits": "of everything, of a document, of a submission",
    "markdown": "a format, a language, an output, and how its files are edited",
    "model": "of policies, of the configuration, of an explanation",
    "names": "the checks of them, and how they are followed through imports",
    "make": "a language, and the making of findings",
    "nearest": "near misses of code, of expressions",
    "pack": "compiled, checked, and the command",
    "paths": "of the file system, and the mutants of path patterns",
    "places": "of findings, and the checks of them",
    "python": "a language, and how its files are rewritten",
    "query": "of tree-sitter, and the command",
    "regexes": "in expressions, and the mutants of them",
    "relations": "between rows, and the mutants of them",
    "rows": "of a scan, of a join, and how files of rows are edited",
    "run": "of cases, and the command",
    "runner": "of cases, of mutants",
    "selectors": "the checks of them, the mutants of them",
    "steps": "evaluated, explained",
    "store": "of packs, of values",
    "text": "an output in each package but selectors, where it is the selector `text`",
    "toml": "a format, a language, how its files are rewritten, and how they are edited",
    "values": "of documents, of expressions",
    "xml": "a format, and how its files are edited",
    "yaml": "a format, how its files are rewritten, and how they are edited",
    "server": "for editors, for agents",
}


class Hit(NamedTuple):
    """A private word, and where it stands."""

    where: str
    line: int
    text: str


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that may be shown: all but docstrings, with `{}` for each replacement field."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(map(str, parts))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def messages() -> Iterator[Hit]:
    """The strings of several words in the engine."""
    for path in sorted(ENGINE.rglob("*.py")):
        where = path.relative_to(ENGINE).as_posix()
        yield from (Hit(where, line, text) for line, text in _literals(path) if " " in text.strip())


def help_pages() -> Iterator[Hit]:
    """The help of every command, without the names of its arguments."""

    def pages(command: click.Command, name: str) -> Iterator[Hit]:
        context = click.Context(command, info_name=name)
        yield from (
            Hit(f"{name} --help", line, text)
            for line, text in enumerate(re.sub(r"[ \n]+", " ", command.get_help(context)).split(". "), 1)
        )
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                assert found is not None
                yield from pages(found, f"{name} {child}")

    yield from pages(_group, "polcheck")


def pages() -> Iterator[Hit]:
    """The prose of the documentation: what is neither a code block nor code in a line."""
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted(ROOT.glob("docs/*.md"))]:
        fenced = False
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif not fenced:
                yield Hit(path.relative_to(ROOT).as_posix(), number, re.sub(r"`[^`]*`", "``", line))


def descriptions() -> Iterator[Hit]:
    """The descriptions in the schemas, which editors show."""
    for path in sorted(ROOT.glob("schemas/*.schema.json")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if '"description":' in line:
                yield Hit(path.relative_to(ROOT).as_posix(), number, re.sub(r"`[^`]*`", "``", line))


SOURCES = {"messages": messages, "help": help_pages, "documentation": pages, "schemas": descriptions}


def _reason(hit: Hit) -> tuple[str, str, str] | None:
    return next((entry for entry in ALLOWED if entry[0] == hit.where and entry[1] in hit.text), None)


@pytest.mark.parametrize("source", SOURCES)
def test_no_private_word_is_shown(source: str) -> None:
    """A word that only polcheck's authors know stands in nothing that a user reads, but for the hits with a reason."""
    hits = [hit for hit in SOURCES[source]() if PATTERN.search(hit.text) and not _reason(hit)]
    assert not hits, "\n".join(f"{hit.where}:{hit.line}: {hit.text.strip()[:150]}" for hit in hits)


def test_each_exception_is_needed() -> None:
    """An entry of the list of exceptions stands for a hit that is there."""
    used = {_reason(hit) for source in SOURCES.values() for hit in source() if PATTERN.search(hit.text)}
    assert set(ALLOWED) <= used


@pytest.mark.parametrize(
    "text", ["nothing to mend", "the snippet is no python", "judged by 3 packs", "unused: it can go", "two texts"]
)
def test_a_private_word_is_found(text: str) -> None:
    """The pattern finds the words that it is made for."""
    assert PATTERN.search(text)


def test_a_file_name_stands_in_one_package() -> None:
    """Two packages have a file of the same name only where the packages make clear which is which."""
    folders = defaultdict(set)
    for path in ENGINE.rglob("*.py"):
        if path.stem != "__init__":
            folders[path.stem].add(path.parent)
    twice = {name for name, found in folders.items() if len(found) > 1}
    assert twice == set(SAME_NAME)
