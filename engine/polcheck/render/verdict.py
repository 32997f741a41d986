"""The pack's own output fields as one JSON object, for programs."""

from __future__ import annotations

from polcheck.base.errors import PolcheckError
from polcheck.findings.report import PolicyOutcome, Report, named_by
from polcheck.render import Options, OutputFormat
from polcheck.render.escape import terminal

_NAMED = 5


class NoVerdict(PolcheckError):
    """There is no verdict to give; the text says which policies are undecided and why."""


def render(report: Report, options: Options) -> str:
    """Return the fields that the packs define, `{"verdict": …}` if none. Raises NoVerdict without a verdict."""
    if report.verdict == "none":
        raise NoVerdict(reason(report))
    if report.fields_fault:
        raise NoVerdict(f"the verdict's fields can't be made: {terminal(report.fields_fault)}")
    from polcheck.render.json import dumps

    return dumps(dict(report.fields) or {"verdict": report.verdict})


def reason(report: Report) -> str:
    """Return why a report has no verdict: what is undecided and why, or that nothing passed."""
    severities = named_by(report.fail_on)
    open_ = [p for p in report.policies if p.outcome == "undecided" and p.severity in severities]
    if not open_:
        empty = all(policy.outcome == "not-applicable" for policy in report.policies)
        hint = " (--allow-empty makes a pass of that)" if empty else ""
        return f"no verdict: no policy passed, so nothing was verified{hint}"
    lines = [f"no verdict: {len(open_)} {'policy is' if len(open_) == 1 else 'policies are'} undecided"]
    lines += [f"  {terminal(policy.ref)}: {_why(policy)}" for policy in open_[:_NAMED]]
    if len(open_) > _NAMED:
        lines.append(f"  and {len(open_) - _NAMED} more")
    return "\n".join(lines)


def _why(policy: PolicyOutcome) -> str:
    if not policy.reasons:
        return "what it examines could not be searched to the end"
    path, why = policy.reasons[0]
    rest = f" (and {len(policy.reasons) - 1} more)" if len(policy.reasons) > 1 else ""
    return terminal(f"{path}: {why}" if path else why) + rest


FORMAT = OutputFormat(render, with_digest=False)
