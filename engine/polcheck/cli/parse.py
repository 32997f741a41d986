"""`polcheck parse`: the tree of a file, as selectors see it."""

from __future__ import annotations

import sys

import click

from polcheck.authoring.explain.tree import (
    branches,
    data_lines,
    data_plain,
    entries,
    kind_of_tree,
    syntax_lines,
    syntax_plain,
)
from polcheck.cli.options import look_of
from polcheck.cli.outputs import color_option
from polcheck.sources.target import read_file


@click.command(short_help="Show the tree of a file, as selectors see it.")
@click.argument("file")
@click.option("--language", "-l", default="", metavar="NAME", help="Read the file as this language or format.")
@click.option("--syntax", "syntax_tree", is_flag=True, help="The syntax tree of JSON and TOML, too.")
@click.option("--depth", "-d", type=click.IntRange(0), metavar="N", help="Not deeper than N levels below the root.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "show_all", is_flag=True, help="Every line, however many.")
@color_option
@click.option("--verbose", "-v", is_flag=True, help="Also the tokens that have no name, as `(`.")
def parse(
    file: str,
    language: str,
    syntax_tree: bool,
    depth: int | None,
    form: str,
    show_all: bool,
    color: str,
    verbose: bool,
) -> int:
    """Show the syntax tree of FILE (or of -, standard input): each node with its field name and its location.

    For a configuration format, the data tree: each value with its JSON pointer (RFC 6901) and its location. Lines and
    columns count from 1, columns in characters. Exit status: 0, or 2 when the file can't be read.
    """
    from polcheck.render.json import dumps

    source = read_file(file, sys.stdin.buffer)
    name, data = kind_of_tree(source, language, syntax_tree=syntax_tree)
    look = look_of(color, show_all=show_all, verbose=verbose)
    if data:
        nodes = entries(source, name, depth)
        if form == "json":
            sys.stdout.write(dumps(data_plain(nodes)))
        else:
            sys.stdout.writelines(f"{line}\n" for line in data_lines(nodes, look))
        return 0
    tree = branches(source, name, depth, anonymous=verbose)
    if form == "json":
        sys.stdout.write(dumps(syntax_plain(tree)))
    else:
        sys.stdout.writelines(f"{line}\n" for line in syntax_lines(tree, look))
    return 0
