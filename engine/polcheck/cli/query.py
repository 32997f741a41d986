"""`polcheck query`: one selector by itself."""

from __future__ import annotations

import re
import sys

import click

from polcheck.authoring.explain.query import plain
from polcheck.authoring.explain.query import text as answer_text
from polcheck.cli.options import look_of
from polcheck.cli.outputs import color_option

_SURROGATE = re.compile(r"[\ud800-\udfff]")  # what the system makes of such bytes
_KINDS = ("pattern", "code", "data", "text")


@click.command(short_help="Run one selector and underline what it matches.")
@click.argument("target", default=".", metavar="[FILE|FOLDER]")
@click.option("--pattern", multiple=True, metavar="SNIPPET", help="A snippet of the language; several are a union.")
@click.option("--code", multiple=True, metavar="QUERY", help="A tree-sitter query; several are a union.")
@click.option("--data", multiple=True, metavar="JMESPATH", help="A JMESPath expression; several are a union.")
@click.option("--text", multiple=True, metavar="REGEX", help="A regular expression (RE2); several are a union.")
@click.option("--language", "-l", default="", metavar="NAME", help="Read every file as this language or format.")
@click.option("--as", "rename", default="", metavar="NAME", help="The name that a value binds.")
@click.option("--where", default="", metavar="JMESPATH", help="A condition over the bindings.")
@click.option("--no-resolve", is_flag=True, help="Don't follow names of a pattern through imports.")
@click.option("--no-gitignore", is_flag=True, help="Search files that .gitignore excludes, too.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "show_all", is_flag=True, help="Show every match, however many.")
@color_option
@click.option("--verbose", "-v", is_flag=True, help="Also the tree-sitter query that a pattern became.")
def query(
    target: str,
    pattern: tuple[str, ...],
    code: tuple[str, ...],
    data: tuple[str, ...],
    text: tuple[str, ...],
    language: str,
    rename: str,
    where: str,
    no_resolve: bool,
    no_gitignore: bool,
    form: str,
    show_all: bool,
    color: str,
    verbose: bool,
) -> int:
    """Run one selector over FILE, the files of FOLDER (the current one by default), or - (standard input).

    What it matches is underlined.

    Exit status: 0 something matched, 1 nothing did, 2 an error, or nothing matched and a file could not be searched.
    """
    from polcheck.authoring.explain.query import Question, ask, submission_at
    from polcheck.render.json import dumps

    provided = {name: texts for name, texts in zip(_KINDS, (pattern, code, data, text), strict=True) if texts}
    if len(provided) != 1:
        raise click.UsageError("give one kind of selector: --pattern, --code, --data or --text")
    ((kind, texts),) = provided.items()
    if not all(text.strip() for text in texts):
        raise click.UsageError(f"--{kind} is empty")
    if any(map(_SURROGATE.search, (*texts, where, rename))):
        raise click.UsageError("an option holds bytes that are not UTF-8, which no selector can look for")
    if kind == "text" and language:
        raise click.UsageError("--text looks at characters, so --language has no effect")
    question = Question(kind, texts, language, rename, where, not no_resolve)
    answer = ask(question, submission_at(target, gitignore=not no_gitignore))
    for warning in answer.warnings:
        click.echo(f"warning: {warning}", err=True)
    look = look_of(color, show_all=show_all, verbose=verbose)
    sys.stdout.write(dumps(plain(answer)) if form == "json" else answer_text(answer, look))
    return 0 if answer.matches else 2 if answer.reasons else 1
