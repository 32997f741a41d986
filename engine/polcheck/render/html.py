"""The report as one HTML file that works offline: nothing is loaded, and only its own style and script may run."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from polcheck.render import Options
from polcheck.render.htmlfinding import article, by_policy
from polcheck.render.htmlsections import fields, not_judged, notices, packs, policies, requirements, waived
from polcheck.render.markup import Markup, join, prose, tag
from polcheck.render.words import VERDICTS, counted, examined, outcomes, severities
from polcheck.report import SEVERITIES, Report


def render(report: Report, options: Options) -> str:
    """The page. INVARIANT: texts of the report are only ever element content or attribute values, never script."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{VERDICTS[report.verdict]}: {report.submission.name}"),
        tag("style", Markup(style)),
    )
    parts = [part for part in _sections(report) if part]
    body = tag("body", _masthead(report), tag("main", *parts), tag("script", Markup(script)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


@cache
def _asset(name: str) -> str:
    """A file that ships beside this module. INVARIANT: it holds no `</`, so that it can't end its own element."""
    return files("polcheck.render").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _masthead(report: Report) -> Markup:
    return tag(
        "header",
        tag("a", "Skip to the findings", href="#findings", class_="skip"),
        tag("p", f"polcheck {report.polcheck} · fails on {report.fail_on}", class_="tool"),
        tag(
            "h1",
            tag("span", VERDICTS[report.verdict], class_=f"badge {report.verdict}"),
            tag("span", report.submission.name),
        ),
        tag("p", f"{severities(report)} in {counted(report.submission.files, 'file')}", class_="lead"),
        tag("p", outcomes(report)),
        tag("p", examined(report)) if examined(report) else None,
        tag("p", f"{report.submission.kind} ", tag("code", report.submission.digest), class_="digest"),
        class_=f"masthead {report.verdict}",
    )


def _sections(report: Report) -> Iterator[Markup | None]:
    yield requirements(report)
    yield _findings(report)
    yield not_judged(report)
    yield waived(report)
    yield notices(report)
    yield fields(report)
    yield policies(report)
    yield packs(report)


def _findings(report: Report) -> Markup:
    failing = report.failing
    if not failing:
        return tag("section", tag("h2", "Findings"), tag("p", "None.", class_="none"), id="findings")
    groups = [
        tag(
            "section",
            tag(
                "h3",
                tag("span", group[0].ref),
                " ",
                prose(group[0].title),
                " ",
                tag("span", f"{len(group):,}", class_="count"),
            ),
            *(article(finding) for finding in group),
            class_="group",
        )
        for group in by_policy(failing)
    ]
    return tag(
        "section",
        tag("h2", "Findings ", tag("span", f"{len(failing):,}", class_="count")),
        _filters(report),
        tag("div", *groups, id="list"),
        id="findings",
    )


def _filters(report: Report) -> Markup:
    """The controls, which the script shows: without it they would do nothing."""
    refs = Counter(finding.ref for finding in report.failing)
    paths = Counter(finding.location.path if finding.location else "" for finding in report.failing)
    tally = Counter(finding.severity for finding in report.failing)
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name="severity", value=severity, checked=True),
            f" {severity} ({tally[severity]:,})",
            class_=severity,
        )
        for severity in SEVERITIES
        if tally[severity]
    ]
    groupings = [tag("option", name, value=name) for name in ("policy", "file", "severity")]
    return tag(
        "form",
        tag("label", "Search ", tag("input", type="search", name="search", autocomplete="off"), class_="wide"),
        tag("label", "Policy ", _select("policy", "every policy", refs)),
        tag("label", "File ", _select("file", "every file", paths)),
        tag("label", "Group by ", tag("select", *groupings, name="group")),
        tag("fieldset", tag("legend", "Severity"), *boxes),
        tag("button", "Show all", type="reset"),
        tag("output", "", aria_live="polite"),
        id="filters",
        role="search",
        aria_label="Filter the findings",
        hidden=True,
    )


def _select(name: str, every: str, counts: Counter[str]) -> Markup:
    options = [
        tag("option", f"{key or '(no file)'} ({number:,})", value=f"={key}") for key, number in sorted(counts.items())
    ]
    return tag("select", tag("option", every, value=""), join(*options), name=name)
