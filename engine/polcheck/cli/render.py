"""`polcheck render`: a saved report in other formats."""

from __future__ import annotations

import json
import sys

import click

from polcheck.cli.outputs import Outputs, output_options
from polcheck.sources.target import read_file


@click.command(short_help="Turn a saved report into other formats.")
@click.argument("report", metavar="REPORT.json")
@output_options
def render(report: str, outputs: Outputs) -> int:
    """Turn a report that `polcheck run -f json` wrote (- is standard input) into other formats.

    Exit status: that of the run that wrote the report.
    """
    from polcheck.base.errors import PolcheckError
    from polcheck.base.spans import Unreadable
    from polcheck.findings.report_json import InvalidReport, report_from_json

    try:
        saved = report_from_json(json.loads(read_file(report, sys.stdin.buffer).text))
    except (InvalidReport, Unreadable, ValueError, RecursionError) as error:
        raise PolcheckError(f"`{report}` is not a report of `polcheck run -f json`: {error}") from error
    return outputs.write(saved)
