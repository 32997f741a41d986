"""What a plan asks of each file: which probes to run, and whether its facts or lines are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from polcheck.policy.plan import Find, Join, Plan
from polcheck.policy.steps import every_step, reads
from polcheck.policy.template import names as template_names
from polcheck.selectors.files import FilePatterns


@dataclass(frozen=True)
class Demand:
    """One probe over some files; `files` None is every file that the probe can read."""

    probe: int
    files: FilePatterns | None


@dataclass(frozen=True)
class Demands:
    """Everything that the policies of a plan ask of files."""

    probes: tuple[Demand, ...]
    facts: bool
    lines: bool

    @classmethod
    def of(cls, plan: Plan) -> Demands:
        """The demands of every policy of a plan."""
        steps = [step for policy in plan.policies for step in every_step(policy)]
        wanted = {name for step in steps for name in reads(step)}
        for policy in plan.policies:
            wanted |= template_names(policy.message.text) | template_names(policy.remedy.text)
        found: dict[tuple[int, tuple[str, ...]], Demand] = {}
        for step in steps:
            if isinstance(step, Join) and isinstance(step.source, Find):
                source = step.source
                key = (source.probe, source.files.texts if source.files else ())
                found.setdefault(key, Demand(source.probe, source.files))
        lines = bool(wanted & {"line", "column", "subject"}) or any(
            isinstance(step, Join) and (step.near is not None or step.name) for step in steps
        )
        return cls(tuple(found.values()), "file" in wanted, lines)

    def of_path(self, path: str, plan: Plan) -> list[int]:
        """The probes to run in the file at `path`."""
        return sorted(
            {
                demand.probe
                for demand in self.probes
                if plan.probes[demand.probe].reads(path) and (demand.files is None or demand.files.match(path))
            }
        )
