"""The fields of a pack's verdict, against what a report holds."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from polcheck.lint.view import View
from polcheck.report import Report, SubmissionUsed
from polcheck.report.plain import to_plain


def check(view: View) -> None:
    """Notes expressions that read what no report has: null, whatever the run came to."""
    for field in view.pack.compiled.verdict:
        if field.expression is not None:
            for name in sorted(field.expression.names - known()):
                close = get_close_matches(name, sorted(known()), n=1)
                listed = ", ".join(f"`{key}`" for key in sorted(known()))
                help = f"did you mean `{close[0]}`?" if close else f"a report has {listed}"
                offset = field.expression.text.find(name)
                view.head.error(("verdict", field.name), f"a report has no `{name}`", help, offset)


@cache
def known() -> frozenset[str]:
    """The keys of a report."""
    return frozenset(to_plain(Report("none", "error", SubmissionUsed("", "", "", 0), (), (), (), ())))
