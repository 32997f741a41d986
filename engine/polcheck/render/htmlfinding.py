"""One finding in HTML: what is wrong, where, what shows it, and what would put it right."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from polcheck.render.escape import web
from polcheck.render.htmlsource import evidence
from polcheck.render.markup import Markup, join, prose, tag
from polcheck.report import SEVERITIES, Finding

_LOOKED_IN = 10


def by_policy(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings of each policy, the most severe policies first."""
    ordered = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.pack, f.policy))
    return [list(group) for _, group in groupby(ordered, key=lambda finding: finding.ref)]


def article(finding: Finding) -> Markup:
    """The finding, with what the page filters and groups by as `data-` attributes."""
    place = str(finding.location) if finding.location else "the submission as a whole"
    return tag(
        "article",
        tag(
            "p",
            tag("span", finding.severity, class_=f"badge {finding.severity}"),
            tag("span", place, class_="path"),
            tag("span", finding.ref, class_="ref"),
            class_="where",
        ),
        tag("p", prose(finding.message or finding.title), class_="message"),
        evidence(finding),
        _looked_in(finding),
        tag("p", tag("b", "Help "), prose(finding.remedy), class_="help") if finding.remedy else None,
        _see(finding.see),
        data_policy=finding.ref,
        data_title=finding.title,
        data_file=finding.location.path if finding.location else "",
        data_severity=finding.severity,
    )


def _looked_in(finding: Finding) -> Markup | None:
    """Where a missing thing was sought, and the nearest miss if it has no place of its own."""
    parts: list[Markup] = []
    if finding.looked_in:
        shown = [join(" ", tag("code", path)) for path in finding.looked_in[:_LOOKED_IN]]
        rest = len(finding.looked_in) - _LOOKED_IN
        parts.append(tag("p", tag("b", "Looked in"), *shown, f" and {rest:,} more" if rest > 0 else None))
    if finding.nearest and not finding.nearest.location:
        parts.append(tag("p", tag("b", "Nearest miss "), prose(finding.nearest.text)))
    return tag("div", *parts, class_="sought") if parts else None


def _see(address: str) -> Markup | None:
    if not address:
        return None
    link = tag("a", address, href=address, rel="noreferrer noopener") if web(address) else tag("span", address)
    return tag("p", tag("b", "See "), link, class_="see")
