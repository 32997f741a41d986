"""`polcheck render`: a saved report in other formats."""

from __future__ import annotations

import json
import sys

import click

from polcheck.cli.outputs import Outputs


@click.command(short_help="Turn a saved report into other formats.")
@click.argument("report", metavar="REPORT.json")
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="text (the default), json, verdict, sarif, junit, github, gitlab, markdown, html or template:FILE; "
    "repeatable, each but one with its file.",
)
@click.option("--output", "-o", metavar="FILE", help="Where the format without a file goes.")
@click.option("--all", "show_all", is_flag=True, help="Show every finding in text, however many.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("--quiet", "-q", is_flag=True, help="A line a finding, and nothing else.")
@click.option("--verbose", "-v", is_flag=True, help="Also what passed, and what was looked at.")
def render(
    report: str,
    formats: tuple[str, ...],
    output: str | None,
    show_all: bool,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Turn a report that `polcheck run -f json` wrote (- is standard input) into other formats.

    Exit status: that of the run which the report is of.
    """
    from polcheck import disk
    from polcheck.errors import PolcheckError
    from polcheck.report import NotAReport, from_plain
    from polcheck.source import Unreadable

    outputs = Outputs.of(formats, output, color=color, show_all=show_all, verbosity=verbose - quiet)
    try:
        saved = from_plain(json.loads(disk.read_file(report, sys.stdin.buffer).text))
    except (NotAReport, Unreadable, ValueError, RecursionError) as error:
        raise PolcheckError(f"`{report}` is no report that `polcheck run -f json` wrote: {error}") from error
    return outputs.write(saved)
