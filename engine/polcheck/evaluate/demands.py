"""The demands of a plan on each file: which probes to run, and whether its facts or lines are wanted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from polcheck.languages import kind_of
from polcheck.languages.registry import may_be_script
from polcheck.policy.plan import Plan, every_step
from polcheck.sources.path_patterns import FilePatterns


class Demand(Struct, frozen=True):
    """One probe over some files; `files` None is every file that the probe can read."""

    probe: int
    files: FilePatterns | None


class Demands(Struct, frozen=True):
    """Everything that the policies of a plan ask of files."""

    probes: tuple[Demand, ...]
    facts: bool
    lines: bool

    @classmethod
    def of(cls, plan: Plan) -> Demands:
        """Return the demands of every policy of a plan."""
        steps = [step for policy in plan.policies for step in every_step(policy)]
        wanted = {name for step in steps for name in step.reads}
        for policy in plan.policies:
            wanted |= policy.message.names | policy.remedy.names
        demands: dict[tuple[int, tuple[str, ...]], Demand] = {}
        for step in steps:
            if step.search is not None:
                key = (step.search.probe, step.search.files.texts if step.search.files else ())
                demands.setdefault(key, Demand(step.search.probe, step.search.files))
        modifiers = [step.item_modifiers for step in steps]
        lines = bool(wanted & {"line", "column", "subject"}) or any(given and given.needs_lines for given in modifiers)
        return cls(tuple(demands.values()), "file" in wanted, lines)

    def wanted(self, paths: Sequence[str], plan: Plan) -> dict[str, tuple[int, ...]]:
        """For each path, the probes to run in the file there; paths that nothing asks for are left out."""
        groups: dict[tuple[str, ...], list[Demand]] = {}
        for demand in self.probes:
            groups.setdefault(demand.files.texts if demand.files else (), []).append(demand)
        asked: dict[str, list[int]] = {}
        for number, demands in enumerate(groups.values()):
            files = demands[0].files
            for path in paths if files is None else dict.fromkeys(path for path, _ in files.among(paths)):
                asked.setdefault(path, []).append(number)
        members = list(groups.values())
        known: dict[tuple[tuple[int, ...], str, bool], tuple[int, ...]] = {}
        by_path: dict[str, tuple[int, ...]] = {}
        for path, numbers in asked.items():
            key = (tuple(numbers), kind_of(path), may_be_script(path))
            if key not in known:
                every = {demand.probe for number in numbers for demand in members[number]}
                known[key] = tuple(sorted(probe for probe in every if plan.probes[probe].reads(path)))
            if known[key]:
                by_path[path] = known[key]
        return by_path
