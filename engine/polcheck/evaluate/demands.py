"""The demands of a plan on each file: which probes to run, and whether its facts or lines are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from polcheck.languages import kind_of
from polcheck.languages.registry import language_of, may_be_script
from polcheck.policy.gates import Files, hosts_of
from polcheck.policy.name_usage import TOLD_BY_PATH, builtin_message, members
from polcheck.policy.plan import CompiledPolicy, Plan, Probe, every_step, tables_of
from polcheck.sources.path_patterns import FilePatterns, PathListing
from polcheck.sources.trees import BASE, path_in, plain_path

_Area = tuple[tuple[str, ...], str, Files]


class Demand(Struct, frozen=True):
    """One probe over some files of a tree; `files` None is every file that the probe can read.

    `hosts` are those of these files in which a match matters; None is all of them. The others are asked for, as the
    policy says, and not searched.
    """

    probe: int
    files: FilePatterns | None
    revision: str = ""
    hosts: Files = None

    @property
    def area(self) -> _Area:
        """The patterns of its files, their tree, and the hosts."""
        return (self.files.texts if self.files else (), self.revision, self.hosts)


class Demands(Struct, frozen=True):
    """Everything that the policies of a plan ask of files.

    `everything`: some policy asks about files as such, so that all of them are asked for. `facts`: it asks for more
    than paths tell, of the files that one of `fact_files` lets in (None: of all).
    """

    probes: tuple[Demand, ...]
    everything: bool
    facts: bool
    fact_files: Files
    lines: bool
    changed: tuple[FilePatterns, ...] = ()  # of which files it is asked whether they have changed
    looks_at_base: bool = False

    @classmethod
    def of(cls, plan: Plan) -> Demands:
        """Return the demands of every policy of a plan."""
        steps = [step for policy in plan.policies for step in every_step(policy)]
        hosts = hosts_of(plan)
        wanted = {name for step in steps for name in step.reads}
        for policy in plan.policies:
            wanted |= policy.shown_names
        demands: dict[tuple[int, _Area], Demand] = {}
        changed: dict[tuple[str, ...], FilePatterns] = {}
        for step in steps:
            modifiers = step.item_modifiers
            if step.search is not None:
                revision = modifiers.revision if modifiers else ""
                within = hosts.get(step.join.number) if step.search.files is None and step.join is not None else None
                demand = Demand(step.search.probe, step.search.files, revision, within)
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
        facts = [_files_of(policy, hosts) for policy in plan.policies if _reads_facts(plan, policy)]
        return cls(
            tuple(demands.values()),
            "file" in wanted,
            bool(facts),
            frozenset[FilePatterns]().union(*(files for files in facts if files)) if None not in facts else None,
            lines,
            tuple(changed.values()),
            any(policy.needs_base for policy in plan.policies),
        )

    def with_facts(self) -> Callable[[str], bool]:
        """Return the test of a path whether the facts of its file are wanted."""
        files = self.fact_files
        if not self.facts or files is None:
            return lambda path: self.facts
        return lambda path: any(patterns.match(path) for patterns in files)

    def asks_whether_changed(self, path: str) -> bool:
        """Return whether some policy wants to know if the file at `path` has changed."""
        return any(files.match(path) for files in self.changed)

    def wanted(self, now: PathListing, plan: Plan, base: Sequence[str] = ()) -> dict[str, tuple[int, ...]]:
        """Return for each path, among those of a project (`now`) and of its base, the probes to run in the file there.

        Paths that nothing asks for are left out; where nothing that is found can matter, there are no probes to run.
        """
        groups: dict[_Area, list[Demand]] = {}
        for demand in self.probes:
            groups.setdefault(demand.area, []).append(demand)
        then = PathListing([plain_path(path) for path in base])
        asked: dict[str, list[int]] = {}
        for number, demands in enumerate(groups.values()):
            files, revision = demands[0].files, demands[0].revision
            listing = then if revision == BASE else now
            hosts = demands[0].hosts
            searched = None if hosts is None else {path for host in hosts for path, _ in listing.among(host)}
            reads = _may_be_read(plan.probes[demand.probe] for demand in demands)
            listed = filter(reads, listing.paths) if files is None else (path for path, _ in listing.among(files))
            for path in dict.fromkeys(listed):
                idle = searched is not None and path not in searched
                asked.setdefault(path_in(path, revision), []).append(~number if idle else number)
        grouped = list(groups.values())
        manifests = {name for probe in plan.probes for name in probe.manifests}
        known: dict[tuple[tuple[int, ...], str, bool, str], tuple[int, ...] | None] = {}
        by_path: dict[str, tuple[int, ...]] = {}
        for path, numbers in asked.items():
            name = path.rpartition("/")[2]
            key = (tuple(numbers), kind_of(path), may_be_script(path), name if name in manifests else "")
            if key not in known:
                others = {demand.probe for number in numbers if number < 0 for demand in grouped[~number]}
                every = {demand.probe for number in numbers if number >= 0 for demand in grouped[number]}
                probes = tuple(sorted(probe for probe in every if plan.probes[probe].reads(path)))
                known[key] = probes if probes or any(plan.probes[probe].reads(path) for probe in others) else None
            wanted = known[key]
            if wanted is not None:
                by_path[path] = wanted
        return by_path


def _may_be_read(probes: Iterable[Probe]) -> Callable[[str], bool] | None:
    """Return the test whether one of some probes may look in the file at a path; None where each path passes."""
    languages: set[str] = set()
    for probe in probes:
        if probe.forced or not probe.syntaxes:
            return None
        languages.update(probe.languages)
    return lambda path: language_of(path) in languages or may_be_script(path)


def _reads_facts(plan: Plan, policy: CompiledPolicy) -> bool:
    """Return whether a policy reads more of `file` than its path tells."""
    texts = [policy.message, policy.remedy]
    shown = frozenset[str]().union(*(builtin_message(each.text, "file") for each in texts if "file" in each.names))
    if not shown <= TOLD_BY_PATH or (policy.fix is not None and "file" in policy.fix.names):
        return True
    for step in every_step(policy):
        expressions = [expression for _, expression in step.expressions if "file" in expression.reads]
        if step.value_search is not None and "file" in step.reads:
            expressions.append(plan.probes[step.value_search.probe].what)  # type: ignore[arg-type]
        if not all(members(expression.text, "file") <= TOLD_BY_PATH for expression in expressions):
            return True
    return False


def _files_of(policy: CompiledPolicy, hosts: dict[int, Files]) -> Files:
    """Return the files in which there are places of the rows of a policy; None where that may be any."""
    files: set[FilePatterns] = set()
    for step in every_step(policy):
        join = step.join if step.join is step else None
        if join is None or (join.source.search is None and join.source.file_patterns is None):
            continue
        patterns = join.source.file_patterns
        own = frozenset({patterns}) if patterns is not None else hosts.get(join.number)
        if own is None or join.modifiers.needs_base:
            return None
        files |= own
    return frozenset(files)
