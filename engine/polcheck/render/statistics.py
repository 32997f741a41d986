"""The number of findings of each policy, the most frequent first."""

from __future__ import annotations

from collections import Counter

from polcheck.findings.report import SEVERITIES, Report
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import terminal
from polcheck.render.style import Style
from polcheck.render.text import closing


def render(report: Report, options: Options) -> str:
    """Return a line for each policy with findings that nothing accepts: their number, severity, policy and title."""
    style = Style(options.color)
    tally = Counter((finding.severity, finding.ref, finding.title) for finding in report.failing)
    ordered = sorted(tally.items(), key=lambda entry: (-entry[1], SEVERITIES.index(entry[0][0]), entry[0][1]))
    digits = max((len(f"{number:,}") for _, number in ordered), default=0)
    wide = max((len(ref) for (_, ref, _), _ in ordered), default=0)
    lines = [
        f"{number:>{digits},}  {style.name(severity, 7)}  {terminal(ref):<{wide}}  {terminal(title)}\n"
        for (severity, ref, title), number in ordered
    ]
    lines += [
        f"{len(policy.dynamic):>{digits},}  dynamic  {terminal(policy.ref):<{wide}}  places that are not a constant\n"
        for policy in report.policies
        if policy.dynamic
    ]
    return "".join(lines) + ("\n" if lines else "") + closing(report, style) + "\n"


FORMAT = OutputFormat(render, with_digest=False, paths_from="working directory")
