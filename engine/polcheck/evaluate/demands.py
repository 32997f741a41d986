"""The demands of a plan on each file: which probes to run, and whether its facts or lines are wanted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from polcheck.languages import kind_of
from polcheck.languages.registry import may_be_script
from polcheck.policy.plan import Plan, every_step, tables_of
from polcheck.sources.path_patterns import FilePatterns
from polcheck.sources.trees import BASE, path_in, plain_path

_Area = tuple[tuple[str, ...], str]


class Demand(Struct, frozen=True):
    """One probe over some files of a tree; `files` None is every file that the probe can read."""

    probe: int
    files: FilePatterns | None
    revision: str = ""

    @property
    def area(self) -> _Area:
        """The patterns of its files and their tree."""
        return (self.files.texts if self.files else (), self.revision)


class Demands(Struct, frozen=True):
    """Everything that the policies of a plan ask of files."""

    probes: tuple[Demand, ...]
    facts: bool
    lines: bool
    changed: tuple[FilePatterns, ...] = ()  # of which files it is asked whether they have changed
    looks_at_base: bool = False

    @classmethod
    def of(cls, plan: Plan) -> Demands:
        """Return the demands of every policy of a plan."""
        steps = [step for policy in plan.policies for step in every_step(policy)]
        wanted = {name for step in steps for name in step.reads}
        for policy in plan.policies:
            wanted |= policy.shown_names
        demands: dict[tuple[int, _Area], Demand] = {}
        changed: dict[tuple[str, ...], FilePatterns] = {}
        for step in steps:
            modifiers = step.item_modifiers
            if step.search is not None:
                revision = modifiers.revision if modifiers else ""
                demand = Demand(step.search.probe, step.search.files, revision)
                demands.setdefault((demand.probe, demand.area), demand)
                for table in tables_of(plan.probes, step.search.probe):
                    demand = Demand(table, None, revision)
                    demands.setdefault((table, demand.area), demand)
            join = step.join if modifiers and modifiers.changed else None
            if join is not None and join.source.file_patterns is not None:
                changed[join.source.file_patterns.texts] = join.source.file_patterns
        lines = bool(wanted & {"line", "column", "subject"}) or any(
            step.item_modifiers is not None and (step.item_modifiers.needs_lines or step.item_modifiers.constant)
            for step in steps
        )
        facts, base = "file" in wanted, any(policy.needs_base for policy in plan.policies)
        return cls(tuple(demands.values()), facts, lines, tuple(changed.values()), base)

    def asks_whether_changed(self, path: str) -> bool:
        """Return whether some policy wants to know if the file at `path` has changed."""
        return any(files.match(path) for files in self.changed)

    def wanted(self, paths: Sequence[str], plan: Plan, base: Sequence[str] = ()) -> dict[str, tuple[int, ...]]:
        """Return for each path, among those of a project and of its base, the probes to run in the file there.

        Paths that nothing asks for are left out.
        """
        groups: dict[_Area, list[Demand]] = {}
        for demand in self.probes:
            groups.setdefault(demand.area, []).append(demand)
        then = [plain_path(path) for path in base]
        asked: dict[str, list[int]] = {}
        for number, demands in enumerate(groups.values()):
            files, revision = demands[0].files, demands[0].revision
            listed = then if revision == BASE else paths
            for path in listed if files is None else dict.fromkeys(path for path, _ in files.among(listed)):
                asked.setdefault(path_in(path, revision), []).append(number)
        members = list(groups.values())
        manifests = {name for probe in plan.probes for name in probe.manifests}
        known: dict[tuple[tuple[int, ...], str, bool, str], tuple[int, ...]] = {}
        by_path: dict[str, tuple[int, ...]] = {}
        for path, numbers in asked.items():
            name = path.rpartition("/")[2]
            key = (tuple(numbers), kind_of(path), may_be_script(path), name if name in manifests else "")
            if key not in known:
                every = {demand.probe for number in numbers for demand in members[number]}
                known[key] = tuple(sorted(probe for probe in every if plan.probes[probe].reads(path)))
            if known[key]:
                by_path[path] = known[key]
        return by_path
