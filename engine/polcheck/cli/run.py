"""`polcheck run`: judge a submission by packs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from polcheck.cli.outputs import Outputs
from polcheck.cli.progress import Bar
from polcheck.policy.params import Settings


@click.command(short_help="Judge a submission by packs of policies.")
@click.argument("submission", default=".")
@click.option("--pack", "-p", "packs", multiple=True, metavar="NAME|PATH", help="A pack to judge by; repeatable.")
@click.option("--rev", metavar="REV", help="Judge a git revision of SUBMISSION instead of its files.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter (PACK:NAME=VALUE for one pack).",
)
@click.option("--select", "select", multiple=True, metavar="POLICY", help="Only these policies, requirements or tags.")
@click.option("--ignore", "ignore", multiple=True, metavar="POLICY", help="Not these policies, requirements or tags.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="error",
    show_default=True,
    help="The least severity that fails the run.",
)
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="text (the default), json, verdict, sarif, …; repeatable with files.",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="Where the format without a file goes; standard output if not given.",
)
@click.option("--no-gitignore", is_flag=True, help="Judge files that .gitignore leaves out, too.")
@click.option("--all", "show_all", is_flag=True, help="Show every finding in text, however many.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour in text; NO_COLOR is honoured.",
)
@click.option("--quiet", "-q", is_flag=True, help="Findings and the summary only.")
@click.option("--verbose", "-v", is_flag=True, help="Also what passed, and what was looked at.")
def run(
    submission: str,
    packs: tuple[str, ...],
    rev: str | None,
    params: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    formats: tuple[str, ...],
    output: str | None,
    no_gitignore: bool,
    show_all: bool,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Judge SUBMISSION by packs of policies.

    SUBMISSION is a folder (the default is the current one), a JSON bundle, a .zip or .tar.* archive, or - for a bundle
    or an archive on standard input.

    Exit status: 0 pass, 1 fail, 2 no verdict.
    """
    from polcheck import disk
    from polcheck.library import checker

    outputs = Outputs.of(formats, output, color=color, show_all=show_all, verbosity=verbose - quiet)
    if not packs:
        raise click.UsageError("no pack to judge by: give --pack, or write a polcheck.yaml (`polcheck init`)")
    judge = checker(packs, Settings(params=params_of(params), select=select, ignore=ignore))
    with Bar("reading") as bar:
        read = disk.read_submission(
            submission, rev=rev, stdin=sys.stdin.buffer, gitignore=not no_gitignore, progress=bar.count
        )
    with Bar("judging") as bar:
        report = judge.check(read, fail_on, bar.update)
    return outputs.write(report)


def params_of(texts: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
    """Parameters by pack from `name=value` and `pack:name=value`. Raises UsageError for anything else."""
    params: dict[str, dict[str, Any]] = {"": {}}
    for text in texts:
        name, equals, value = text.partition("=")
        pack, _, own = name.rpartition(":")
        if not equals or not own:
            raise click.UsageError(f"`{text}` is not NAME=VALUE")
        params.setdefault(pack, {})[own] = value
    return params
