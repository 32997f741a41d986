"""The fixes as a review of a pull request on GitHub: a comment with a suggestion each, which people apply by a click.

It is the body of `POST /repos/{owner}/{repo}/pulls/{number}/reviews`. GitHub takes comments on lines that the pull
request shows, so that it goes together with `--since`.
"""

from __future__ import annotations

import re
from typing import Any

from polcheck.findings.finding import Finding, Hunk
from polcheck.findings.report import Report
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import markdown
from polcheck.render.json import dumps
from polcheck.render.wording import pluralize

_MOST = 50  # comments of one review


def render(report: Report, options: Options) -> str:
    """Return the review: a suggestion for each finding whose fix changes lines of one place of one file."""
    comments = [comment for finding in report.failing if (comment := _comment(finding)) is not None]
    body = f"polcheck has {pluralize(len(comments), 'suggestion')}."
    if len(comments) > _MOST:
        body = f"polcheck has {pluralize(len(comments), 'suggestion')}, and shows {_MOST} of them."
    return dumps({"event": "COMMENT", "body": body, "comments": comments[:_MOST]})


def _comment(finding: Finding) -> dict[str, Any] | None:
    """Return the comment with a finding's fix; None where a suggestion can't make it."""
    if finding.fix is None or len(finding.fix.hunks) != 1:
        return None
    hunk = _trimmed(finding.fix.hunks[0])
    if not hunk.line or not hunk.before:
        return None
    last = hunk.line + len(hunk.before) - 1
    ticks = "`" * max(3, 1 + max((len(run) for line in hunk.after for run in re.findall("`+", line)), default=0))
    lines = [f"**{markdown(finding.ref)}**: {markdown(finding.message)}", ""]
    lines += [f"{ticks}suggestion", *hunk.after, ticks]
    start = {"start_line": hunk.line, "start_side": "RIGHT"} if last > hunk.line else {}
    return {"path": hunk.path, **start, "line": last, "side": "RIGHT", "body": "\n".join(lines)}


def _trimmed(hunk: Hunk) -> Hunk:
    """Return the hunk without lines that stay at its beginning; of an insertion one is left, which it is beside."""
    first = 0
    while first < len(hunk.before) - 1 and first < len(hunk.after) - 1 and hunk.before[first] == hunk.after[first]:
        first += 1
    return Hunk(hunk.path, hunk.line + first if hunk.line else 0, hunk.before[first:], hunk.after[first:])


FORMAT = OutputFormat(render, with_digest=False, paths_from="repository")
