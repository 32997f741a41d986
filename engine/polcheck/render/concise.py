"""The report in one line a finding, as linters print it, for editors and `grep`."""

from __future__ import annotations

from msgspec.structs import replace

from polcheck.findings.report import Report
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import terminal
from polcheck.render.style import Style
from polcheck.render.text import closing
from polcheck.render.text import render as render_text


def render(report: Report, options: Options) -> str:
    """Return `path:line:column: severity[pack:policy] message` for each finding, and a line that sums up."""
    lines = render_text(report, replace(options, verbosity=-1))
    if options.verbosity < 0:
        return lines
    for notice in report.notices:
        if notice.kind == "dynamic":  # NOTE: what was not examined is never left out
            where = f"{terminal(str(notice.location))}: " if notice.location else ""
            lines += f"{where}notice[{terminal(', '.join(notice.policies))}] {terminal(notice.message)}\n"
    return f"{lines}{closing(report, Style(options.color), fixing=options.fixing)}\n"


FORMAT = OutputFormat(render, with_digest=False, paths_from="working directory")
