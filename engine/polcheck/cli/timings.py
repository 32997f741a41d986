"""`polcheck run --timings`: where the time of a run went, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polcheck.policy.plan import Find, Join, Plan
from polcheck.policy.steps import every_step
from polcheck.render.json import dumps
from polcheck.selectors.syntax.predicates import shortened
from polcheck.timings import Timings, slowest

_MOST = 20


def as_json(timings: Timings, plan: Plan) -> str:
    """All that was measured."""
    return dumps(timings.plain(_names(plan)))


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
        for probe, (seconds, count, found) in slowest(timings.selectors)[:_MOST]
    ]
    lines += _titled("selectors, searched for one by one to be timed", rows)
    policies = [(f"{took:8.3f} s", name) for name, took in slowest(timings.policies)[:_MOST]]
    lines += _titled("policies, once all is searched", policies)
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
                looked = plan.probes[probe]
                names.setdefault(probe, f"{policy.ref}  {looked.kind}: {shortened(' | '.join(looked.texts))}")
    return names
