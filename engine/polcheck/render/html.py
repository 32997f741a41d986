"""The report as one HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import PurePosixPath
from urllib.parse import quote

from polcheck.base.spans import Place
from polcheck.findings.finding import Finding, Fix, Location
from polcheck.findings.report import SEVERITIES, PolicyOutcome, Report, named_by
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import html, pieces, visible, web
from polcheck.render.verdict import reason
from polcheck.render.wording import VERDICTS, extent, hunk_lines, hunk_title, outcomes, severities

_EMPTY = frozenset({"meta", "input", "br"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | bool | None) -> Markup:
    """Return one element. Children that are None are left out, as are attributes that are None or False.

    An attribute's `_` stands for `-`, one at its end for nothing: `class_`, `data_line`.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str | None) -> Markup:
    """Return the children one after another, texts escaped."""
    return Markup("".join(c if isinstance(c, Markup) else html(c) for c in children if c is not None))


def prose(text: str) -> Markup:
    """Return a message or a remedy: its `code` as code, its line breaks kept."""
    parts = []
    for index, piece in enumerate(pieces(text)):
        if index % 2:
            parts.append(tag("code", piece))
        else:
            parts += [Markup(html(line) + "<br>") for line in piece.split("\n")[:-1]]
            parts.append(Markup(html(piece.split("\n")[-1])))
    return join(*parts)


_DATA = frozenset({".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".xml", ".env", ".lock"})
_SHOWN = 6  # related places
_WIDE = 400  # characters of one line


def shown_path(location: Location, source: str) -> Markup:
    """Return the path and line of a place, as a link where `source` says at which address files are shown."""
    if not source or location.revision:
        return tag("span", str(location), class_="path")
    line = str(location.line or 1)
    address = source.replace("{line}", line).replace("{path}", quote(location.path, errors="surrogateescape"))
    return tag("a", str(location), href=address, class_="path", rel="noreferrer noopener")


def evidence(finding: Finding, source: str) -> Markup:
    """Return all places of a finding. Where code and configuration meet, code is left and configuration right."""
    figures: list[tuple[Location, Markup]] = []
    if finding.location and (finding.related or finding.nearest):
        figures.append((finding.location, figure(finding.location, "here", source)))
    elif finding.location:
        return tag("figure", _source(finding.location), class_="here")
    near = finding.nearest.location if finding.nearest else None
    related = [place for place in finding.related if near is None or place.place is None or place.place != near.place]
    figures += [(place, figure(place, "related", source)) for place in related[:_SHOWN]]
    if finding.nearest and finding.nearest.location:
        figures.append(
            (finding.nearest.location, figure(finding.nearest.location, "nearest", source, finding.nearest.text))
        )
    columns = _columns(figures)
    rest = len(related) - _SHOWN
    more = tag("p", f"and {rest:,} more places", class_="more") if rest > 0 else None
    sides = [tag("div", *column, class_="side") for column in columns if column]
    return join(tag("div", *sides, class_="evidence pair" if len(sides) == 2 else "evidence"), more)


def _columns(figures: list[tuple[Location, Markup]]) -> list[list[Markup]]:
    code = [visible for place, visible in figures if not _is_data(place)]
    data = [visible for place, visible in figures if _is_data(place)]
    if code and data:
        return [code, data]
    every = [visible for _, visible in figures]
    return [every[:1], every[1:]]


def _is_data(location: Location) -> bool:
    return PurePosixPath(location.path).suffix.lower() in _DATA


def figure(location: Location, role: str, source: str, note: str = "") -> Markup:
    """Return one place: where it is, what is said of it, and its excerpt where there is one."""
    label = {"here": None, "related": "also", "nearest": "nearest miss"}.get(role, role)
    caption = tag(
        "figcaption",
        tag("span", label, class_="role") if label else None,
        shown_path(location, source),
        tag("span", prose(note), class_="note") if note else None,
    )
    return tag("figure", caption, _source(location), class_=role)


def _source(location: Location) -> Markup | None:
    excerpt, place = location.excerpt, location.place
    if excerpt is None or not excerpt.lines or place is None:
        return None
    lines = [_line(number, text, place) for number, text in enumerate(excerpt.lines, excerpt.first)]
    name = f"{location.path}, lines {excerpt.first} to {excerpt.first + len(lines) - 1}"
    return tag("pre", tag("code", *lines), tabindex=0, role="region", aria_label=name)


def _line(number: int, text: str, place: Place) -> Markup:
    if not place.line <= number <= place.end_line:
        cut = "…\n" if len(text) > _WIDE else "\n"
        return tag("span", tag("span", _plain(text[:_WIDE]) + cut), data_line=number)
    start = place.column - 1 if number == place.line else len(text) - len(text.lstrip())
    end = place.end_column - 1 if number == place.end_line else len(text)
    start = min(start, len(text))
    end = max(end, start + 1)
    first = max(0, start - _WIDE // 2) if len(text) > _WIDE else 0
    last = max(end, first + _WIDE) if end - start < _WIDE else start + _WIDE
    marked = _plain(text[start : min(end, last)]) or (" " if number == place.line else "")
    visible = tag(
        "span",
        "…" if first else None,
        _plain(text[first:start]),
        tag("mark", marked) if marked else None,
        _plain(text[end:last]),
        "…\n" if last < len(text) else "\n",
    )
    return tag("span", visible, data_line=number, class_="hit")


def _plain(text: str) -> str:
    """Return the text with tabs as they are; a line break within a line (a lone carriage return) is spelled out."""
    return "".join(char if char == "\t" else visible(char) for char in text)


_LOOKED_IN = 10
_TITLES = {
    "findings": "Findings",
    "not-judged": "Not checked",
    "requirements": "Requirements",
    "waived": "Accepted",
    "notices": "Notices",
    "fields": "Verdict fields",
    "policies": "Policies",
    "packs": "Packs",
}
_MEANINGS = {
    "error": "is wrong, or breaks what must hold",
    "warning": "is probably wrong, or may have good reasons",
    "note": "is worth knowing, often a matter of habit",
}
_LISTED = 8  # policies whose links are shown unfolded


def by_policy(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return the findings of each policy, the most severe policies first."""
    ordered = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.pack, f.policy))
    return [list(group) for _, group in groupby(ordered, key=lambda finding: finding.ref)]


def anchors(report: Report) -> dict[str, str]:
    """Return the id of the first finding of each policy that has one, by the policy's reference."""
    return {group[0].ref: f"policy-{number}" for number, group in enumerate(by_policy(report.failing), 1)}


def article(finding: Finding, source: str, anchor: str | None = None) -> Markup:
    """Return the finding, with what the page filters and groups by as `data-` attributes; `anchor` is its id."""
    where = shown_path(finding.location, source) if finding.location else None
    return tag(
        "article",
        tag(
            "p",
            tag("span", finding.severity, class_=f"badge {finding.severity}"),
            where or tag("span", "the project as a whole", class_="path"),
            tag("span", finding.ref, class_="ref"),
            class_="where",
        ),
        tag("p", prose(finding.message or finding.title), class_="message"),
        evidence(finding, source),
        _looked_in(finding),
        tag("p", tag("b", "Help "), prose(finding.remedy), class_="help") if finding.remedy else None,
        _fix(finding.fix) if finding.fix is not None and finding.fix.hunks else None,
        _see(finding.see),
        data_policy=finding.ref,
        data_title=finding.title,
        data_file=finding.location.path if finding.location else "",
        data_severity=finding.severity,
        id=anchor,
    )


def _fix(fix: Fix) -> Markup:
    """Return what a fix changes, as a diff that is unfolded on request."""
    lines: list[Markup | str] = []
    for hunk in fix.hunks:
        lines += [tag("b", hunk_title(hunk)), "\n"]
        for line in hunk_lines(hunk):
            kind = {"+": "ins", "-": "del"}.get(line[0])
            lines += [tag(kind, line) if kind else line, "\n"]
    name = "What the fix changes"
    summary = tag("summary", f"Fix ({'safe' if fix.safe else 'not safe by itself'})")
    code = tag("pre", tag("code", *lines), tabindex=0, role="region", aria_label=name)
    return tag("details", summary, code, class_="fix")


def _looked_in(finding: Finding) -> Markup | None:
    """Where a missing thing was sought, and the nearest miss if it has no place of its own."""
    parts: list[Markup] = []
    if finding.looked_in:
        visible = [join(" ", tag("code", path)) for path in finding.looked_in[:_LOOKED_IN]]
        rest = max(len(finding.looked_in) - _LOOKED_IN, 0) + finding.looked_in_more
        parts.append(tag("p", tag("b", "Looked in"), *visible, f" and {rest:,} more" if rest else None))
    if finding.nearest and not finding.nearest.location:
        parts.append(tag("p", tag("b", "Nearest miss "), prose(finding.nearest.text)))
    return tag("div", *parts, class_="sought") if parts else None


def _see(address: str) -> Markup | None:
    if not address:
        return None
    link = tag("a", address, href=address, rel="noreferrer noopener") if web(address) else tag("span", address)
    return tag("p", tag("b", "See "), link, class_="see")


def requirements(report: Report) -> Markup | None:
    """Return the requirements with their outcomes and the policies that answer to them; those that are met are
    folded.
    """
    own: dict[tuple[str, str], list[PolicyOutcome]] = {}
    for policy in report.policies:
        own.setdefault((policy.pack, policy.requirement), []).append(policy)
    targets = anchors(report)
    rows: dict[bool, list[tuple[Markup, ...]]] = {False: [], True: []}
    for requirement in report.requirements:
        name = f"{requirement.pack}:{requirement.id}" if len(report.packs) > 1 else requirement.id
        row = (
            _badge(requirement.shown_outcome),
            join(tag("b", name), " ", prose(requirement.title)),
            _policies_of(own.get((requirement.pack, requirement.id), []), targets),
        )
        rows[requirement.shown_outcome in ("pass", "not-applicable")].append(row)
    heads = ("Outcome", "Requirement", "Policies")
    open_ = _table(heads, rows[False]) if rows[False] else None
    met = tag("summary", f"Met or not applicable ({len(rows[True]):,})")
    folded = tag("details", met, _table(heads, rows[True]), open=not open_) if rows[True] else None
    return _section("requirements", len(report.requirements), open_, folded) if open_ or folded else None


def _policies_of(policies: Sequence[PolicyOutcome], targets: Mapping[str, str]) -> Markup:
    """Return the policies with their outcomes; one that has findings leads to the first."""
    names = (
        tag("a", policy.id, href=f"#{targets[policy.ref]}") if policy.ref in targets else tag("span", policy.id)
        for policy in policies
    )
    items = [tag("li", name, " ", _outcome(policy)) for name, policy in zip(names, policies, strict=True)]
    return tag("ul", *items, class_="policies") if items else Markup("")


def _outcome(policy: PolicyOutcome) -> Markup:
    """Return the outcome in its colour; a failure in that of its severity."""
    return tag(
        "span",
        policy.shown_outcome,
        class_=f"badge {policy.severity if policy.outcome == 'fail' else policy.shown_outcome}",
    )


def not_judged(report: Report) -> Markup | None:
    """What is undecided and why, what is left to people, and what had nothing to look at."""
    parts: list[Markup] = []
    if report.verdict == "none":
        parts.append(tag("pre", reason(report), class_="reason", tabindex=0))
    for policy in report.policies:
        if policy.outcome == "undecided":
            reasons = [join(tag("code", path), ": ", why) if path else join(why) for path, why in policy.reasons]
            parts.append(_entry("undecided", f"{policy.pack}:{policy.id}", policy.title, _list(reasons)))
    for requirement in report.requirements:
        if requirement.outcome == "review":
            because = tag("p", prose(requirement.because)) if requirement.because else None
            parts.append(_entry("review", f"{requirement.pack}:{requirement.id}", requirement.title, because))
    nothing = [policy for policy in report.policies if policy.outcome == "not-applicable"]
    if nothing:
        listed = _list([join(tag("b", policy.ref), " ", prose(policy.title)) for policy in nothing])
        summary = tag("summary", f"Not applicable: nothing to examine ({len(nothing):,})")
        parts.append(tag("details", summary, listed))
    number = sum(p.outcome == "undecided" for p in report.policies)
    number += sum(r.outcome == "review" for r in report.requirements)
    return _section("not-judged", number, *parts) if parts else None


def _entry(outcome: str, name: str, title: str, more: Markup | None) -> Markup:
    return tag("div", tag("p", _badge(outcome), " ", tag("b", name), " ", prose(title)), more, class_="entry")


def waived(report: Report, source: str) -> Markup | None:
    """Return the accepted findings: why, by whom, until when."""
    rows = []
    for finding in report.findings:
        if finding.waived:
            where = shown_path(finding.location, source) if finding.location else None
            accepted = finding.waived
            by = " · ".join(part for part in (accepted.owner, accepted.expires and f"until {accepted.expires}") if part)
            from_ = shown_path(accepted.location, source) if accepted.location else None
            rows.append(
                (
                    join(tag("b", finding.ref), " ", where),
                    prose(finding.message),
                    join(tag("i", accepted.kind), f" {accepted.reason} ", from_),
                    by,
                )
            )
    heads = ("Finding", "Message", "Why it is accepted", "By whom, until when")
    return _section("waived", len(rows), _table(heads, rows)) if rows else None


def notices(report: Report, source: str) -> Markup | None:
    """What a reader should know that is no finding."""
    lines = []
    for notice in report.notices:
        where = join(shown_path(notice.location, source), " ") if notice.location else None
        whom = tag("span", f" ({', '.join(notice.policies)})", class_="more") if notice.policies else None
        lines.append(join(tag("i", notice.kind), " ", where, prose(notice.message), whom))
    return _section("notices", len(lines), _list(lines)) if lines else None


def fields(report: Report) -> Markup | None:
    """What the packs make of the report, for those who read it here."""
    rows = [
        (tag("b", name), tag("pre", value if isinstance(value, str) else _json(value), tabindex=0))
        for name, value in report.fields.items()
    ]
    fault = tag("p", report.fields_fault, class_="fault") if report.fields_fault else None
    return _section("fields", len(rows), fault, _table(("Field", "Value"), rows)) if rows or fault else None


def policies(report: Report) -> Markup | None:
    """Return every policy with its outcome and how much it looked at."""
    rows = [
        (
            _outcome(policy),
            join(tag("b", policy.ref), " ", prose(policy.title)),
            policy.severity,
            f"{policy.subjects:,} subjects, {policy.documents:,} documents",
        )
        for policy in report.policies
    ]
    table = _table(("Outcome", "Policy", "Severity", "Examined"), rows)
    folded = tag("details", tag("summary", "All policies and what they examined"), table)
    return _section("policies", len(rows), folded) if rows else None


def packs(report: Report) -> Markup | None:
    """Exactly which packs were used, and with which parameters."""
    rows = [
        (
            join(tag("b", f"{pack.name} {pack.version}"), " ", pack.source),
            tag("code", pack.digest, class_="digest"),
            _list([join(tag("code", f"{name} = {_json(value)}")) for name, value in pack.params.items()]),
        )
        for pack in report.packs
    ]
    return _section("packs", len(rows), _table(("Pack", "Digest", "Parameters"), rows)) if rows else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _section(name: str, number: int, *parts: Markup | None) -> Markup:
    return tag("section", tag("h2", _TITLES[name], " ", tag("span", f"{number:,}", class_="count")), *parts, id=name)


def _badge(outcome: str) -> Markup:
    return tag("span", outcome, class_=f"badge {outcome}")


def _list(lines: Iterable[Markup]) -> Markup:
    return tag("ul", *(tag("li", line) for line in lines))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    top = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    body = [
        tag("tr", *(tag("td", cell, data_head=head) for head, cell in zip(heads, row, strict=True))) for row in rows
    ]
    return tag("table", top, tag("tbody", *body))


def render(report: Report, options: Options) -> str:
    """Return the page. INVARIANT: texts of the report are only ever element content or attribute values, never
    script.
    """
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
    # NOTE: only files of a folder are those of the repository at whose address they are shown
    known = report.submission.kind == "folder" and web(options.source.replace("{path}", "").replace("{line}", ""))
    source = options.source if known else ""
    sections = {name: part for name, part in _sections(report, source) if part}
    body = tag("body", _masthead(report, sections), tag("main", *sections.values()), tag("script", Markup(script)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


@cache
def _asset(name: str) -> str:
    """Return a file that ships beside this module. INVARIANT: it holds no `</`, so that it can't end its own
    element.
    """
    return files("polcheck.render").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _masthead(report: Report, sections: Iterable[str]) -> Markup:
    """Return the head of the page: the verdict, what was checked, and links to the sections."""
    links = [tag("li", tag("a", _TITLES[name], href=f"#{name}")) for name in sections]
    return tag(
        "header",
        tag("a", "Skip to the findings", href="#findings", class_="skip"),
        tag("p", f"polcheck {report.polcheck} · fails on {report.fail_on}", class_="tool"),
        tag(
            "h1",
            tag("span", VERDICTS[report.verdict], class_=f"badge {report.verdict}"),
            tag("span", report.submission.name),
        ),
        tag("p", f"{severities(report)} · {extent(report)}", class_="lead"),
        tag("p", outcomes(report)),
        tag("p", f"{report.submission.kind} ", tag("code", report.submission.digest), class_="digest"),
        tag("nav", tag("ul", *links), aria_label="Sections", class_="jump"),
        class_=f"masthead {report.verdict}",
    )


def _sections(report: Report, source: str) -> Iterator[tuple[str, Markup | None]]:
    """Yield the sections by name, what a reader has to act on first."""
    yield "findings", _findings(report, source)
    yield "not-judged", not_judged(report)
    yield "requirements", requirements(report)
    yield "waived", waived(report, source)
    yield "notices", notices(report, source)
    yield "fields", fields(report)
    yield "policies", policies(report)
    yield "packs", packs(report)


def _findings(report: Report, source: str) -> Markup:
    failing = report.failing
    if not failing:
        return tag("section", tag("h2", _TITLES["findings"]), tag("p", "None.", class_="none"), id="findings")
    targets = anchors(report)
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
            article(group[0], source, targets[group[0].ref]),
            *(article(finding, source) for finding in group[1:]),
            class_="group",
        )
        for group in by_policy(failing)
    ]
    return _section(
        "findings",
        len(failing),
        _severities(report),
        _jump(report, targets),
        _filters(report),
        tag("div", *groups, id="list"),
    )


def _severities(report: Report) -> Markup:
    """Return what the severities of the findings mean, and which of them fail this run."""
    counting = named_by(report.fail_on)
    rows = [
        tag(
            "li",
            tag("span", severity, class_=f"badge {severity}"),
            f" {_MEANINGS[severity]}; ",
            "fails this run" if severity in counting else "doesn't fail this run",
        )
        for severity in SEVERITIES
        if any(finding.severity == severity for finding in report.failing)
    ]
    return tag("ul", *rows, class_="severities")


def _jump(report: Report, targets: Mapping[str, str]) -> Markup | None:
    """Return links to the first finding of each policy; folded where there are many, None where there is one."""
    if len(targets) < 2:
        return None
    counts = Counter(finding.ref for finding in report.failing)
    links = [
        tag("li", tag("a", ref, href=f"#{target}"), " ", tag("span", f"{counts[ref]:,}", class_="count"))
        for ref, target in targets.items()
    ]
    summary = tag("summary", f"Policies with findings ({len(links):,})")
    unfolded = len(links) <= _LISTED
    return tag("nav", tag("details", summary, tag("ul", *links), open=unfolded), aria_label="Policies", class_="jump")


def _filters(report: Report) -> Markup:
    """Return the controls, which the script shows, unfolded where there is room: without it they would do nothing."""
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
    form = tag(
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
    )
    return tag("details", tag("summary", "Filter and group"), form, id="filtering", hidden=True)


def _select(name: str, every: str, counts: Counter[str]) -> Markup:
    options = [
        tag("option", f"{key or '(no file)'} ({number:,})", value=f"={key}") for key, number in sorted(counts.items())
    ]
    return tag("select", tag("option", every, value=""), join(*options), name=name)


FORMAT = OutputFormat(render, paths_from="repository")
