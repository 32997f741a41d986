"""What the HTML page says beside the findings: requirements, what wasn't judged, waivers, notices, policies, packs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from polcheck.render.markup import Markup, join, prose, tag
from polcheck.render.verdict import reason
from polcheck.report import PolicyOutcome, Report


def requirements(report: Report) -> Markup | None:
    """The requirements with their outcomes and the policies that answer to them; those that are met are folded."""
    own: dict[tuple[str, str], list[PolicyOutcome]] = {}
    for policy in report.policies:
        own.setdefault((policy.pack, policy.requirement), []).append(policy)
    rows: dict[bool, list[tuple[Markup, ...]]] = {False: [], True: []}
    for requirement in report.requirements:
        name = f"{requirement.pack}:{requirement.id}" if len(report.packs) > 1 else requirement.id
        row = (
            _badge(requirement.outcome),
            join(tag("b", name), " ", prose(requirement.title)),
            _policies_of(own.get((requirement.pack, requirement.id), [])),
        )
        rows[requirement.outcome in ("pass", "not-applicable")].append(row)
    heads = ("Outcome", "Requirement", "Policies")
    open_ = _table(heads, rows[False]) if rows[False] else None
    met = tag("summary", f"Met or not applicable ({len(rows[True]):,})")
    folded = tag("details", met, _table(heads, rows[True]), open=not open_) if rows[True] else None
    return (
        _section("requirements", "Requirements", len(report.requirements), open_, folded) if open_ or folded else None
    )


def _policies_of(policies: Sequence[PolicyOutcome]) -> Markup:
    items = [tag("li", tag("span", policy.id), " ", _outcome(policy)) for policy in policies]
    return tag("ul", *items, class_="policies") if items else Markup("")


def _outcome(policy: PolicyOutcome) -> Markup:
    """The outcome in its colour; a failure in that of its severity."""
    return tag(
        "span", policy.outcome, class_=f"badge {policy.severity if policy.outcome == 'fail' else policy.outcome}"
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
        summary = tag("summary", f"Not applicable: nothing to look at ({len(nothing):,})")
        parts.append(tag("details", summary, listed))
    number = sum(p.outcome == "undecided" for p in report.policies)
    number += sum(r.outcome == "review" for r in report.requirements)
    return _section("not-judged", "Not judged", number, *parts) if parts else None


def _entry(outcome: str, name: str, title: str, more: Markup | None) -> Markup:
    return tag("div", tag("p", _badge(outcome), " ", tag("b", name), " ", prose(title)), more, class_="entry")


def waived(report: Report) -> Markup | None:
    """The accepted findings: why, by whom, until when."""
    rows = []
    for finding in report.findings:
        if finding.waived:
            where = tag("span", str(finding.location), class_="path") if finding.location else None
            accepted = finding.waived
            by = " · ".join(part for part in (accepted.owner, accepted.expires and f"until {accepted.expires}") if part)
            from_ = tag("span", str(accepted.location), class_="path") if accepted.location else None
            rows.append(
                (
                    join(tag("b", finding.ref), " ", where),
                    prose(finding.message),
                    join(tag("i", accepted.kind), f" {accepted.reason} ", from_),
                    by,
                )
            )
    heads = ("Finding", "Message", "Why it is accepted", "By whom, until when")
    return _section("waived", "Waived", len(rows), _table(heads, rows)) if rows else None


def notices(report: Report) -> Markup | None:
    """What a reader should know that is no finding."""
    lines = []
    for notice in report.notices:
        where = join(tag("span", str(notice.location), class_="path"), " ") if notice.location else None
        whom = tag("span", f" ({', '.join(notice.policies)})", class_="more") if notice.policies else None
        lines.append(join(tag("i", notice.kind), " ", where, prose(notice.message), whom))
    return _section("notices", "Notices", len(lines), _list(lines)) if lines else None


def fields(report: Report) -> Markup | None:
    """What the packs make of the report, for those who read it here."""
    rows = [
        (tag("b", name), tag("pre", value if isinstance(value, str) else _json(value), tabindex=0))
        for name, value in report.fields.items()
    ]
    fault = tag("p", report.fields_fault, class_="fault") if report.fields_fault else None
    return (
        _section("fields", "Verdict fields", len(rows), fault, _table(("Field", "Value"), rows))
        if rows or fault
        else None
    )


def policies(report: Report) -> Markup | None:
    """Every policy with its outcome and how much it looked at."""
    rows = [
        (
            _outcome(policy),
            join(tag("b", policy.ref), " ", prose(policy.title)),
            policy.severity,
            f"{policy.subjects:,} subjects, {policy.documents:,} documents",
        )
        for policy in report.policies
    ]
    table = _table(("Outcome", "Policy", "Severity", "Looked at"), rows)
    folded = tag("details", tag("summary", "All policies and what they looked at"), table)
    return _section("policies", "Policies", len(rows), folded) if rows else None


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
    return _section("packs", "Packs", len(rows), _table(("Pack", "Digest", "Parameters"), rows)) if rows else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _section(name: str, title: str, number: int, *parts: Markup | None) -> Markup:
    return tag("section", tag("h2", title, " ", tag("span", f"{number:,}", class_="count")), *parts, id=name)


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
