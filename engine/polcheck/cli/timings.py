"""`polcheck run --timings`: where the time of a run went, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from polcheck.policy.plan import Find, Join, Plan
from polcheck.policy.steps import every_step
from polcheck.selectors.jmes import Expression
from polcheck.selectors.text import TextSearch
from polcheck.timings import Timings

_MOST = 20
_LONGEST = 60


def as_json(timings: Timings, plan: Plan) -> str:
    """All that was measured."""
    return json.dumps(timings.plain(_names(plan)), indent=2) + "\n"


def as_table(timings: Timings, plan: Plan) -> str:
    """What was measured, for people: stages, files, and the slowest selectors and policies."""
    files = timings.files
    lines = ["", f"where the time went: {sum(timings.stages.values()):.3f} s", ""]
    lines += [f"  {seconds:8.3f} s  {name}" for name, seconds in timings.stages.items()]
    lines += [
        "",
        f"  {files['listed']:,} files listed, {files['asked']:,} asked for by some policy; of these",
        f"  {files['known']:,} known from an earlier run, {files['skipped']:,} without the words that a match needs,",
        f"  {files['parsed']:,} parsed ({timings.parsing:.3f} s)",
    ]
    names = _names(plan)
    rows = [
        (f"{seconds:8.3f} s", f"{count:,} files", f"{found:,} matches", names.get(probe, "?"))
        for probe, (seconds, count, found) in timings.slowest()[:_MOST]
    ]
    lines += _titled("selectors, searched for one by one to be timed", rows)
    slowest = sorted(timings.policies.items(), key=lambda item: item[1], reverse=True)
    lines += _titled("policies, once all is searched", [(f"{took:8.3f} s", name) for name, took in slowest[:_MOST]])
    return "\n".join(lines) + "\n"


def _titled(title: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        lines.append("  ".join((*cells, row[-1])))
    return ["", title, *(f"  {line}" for line in lines)]


def _names(plan: Plan) -> Mapping[int, str]:
    """The selectors by their probes: the text that is looked for, and the first policy that does."""
    names: dict[int, str] = {}
    for policy in plan.policies:
        for step in every_step(policy):
            if isinstance(step, Join) and isinstance(step.source, Find):
                probe = step.source.probe
                names.setdefault(probe, f"{policy.ref}  {_text(plan, probe)}")
    return names


def _text(plan: Plan, number: int) -> str:
    probe = plan.probes[number]
    what = probe.what
    if isinstance(what, Expression):
        text = what.text
    elif isinstance(what, TextSearch):
        text = what.regex
    else:
        text = " | ".join(what.texts)
    short = " ".join(text.split())
    return f"{probe.kind}: {short if len(short) <= _LONGEST else short[: _LONGEST - 1] + '…'}"
