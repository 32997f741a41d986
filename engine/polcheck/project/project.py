"""A project: its polcheck.yaml and the command line, and the packs, checker and submission that follow from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base import limits
from polcheck.base.cached import cached_property
from polcheck.base.errors import ConfigError, PolicyError, Problem, SubmissionError
from polcheck.base.paths import below, display_path, exists, is_folder, seen_from_here
from polcheck.base.reader import is_file
from polcheck.base.similar_names import did_you_mean
from polcheck.findings.accepted import Accept, Accepted, in_turn
from polcheck.findings.report import Notice, Report
from polcheck.packs.shipped import pack_at_hand
from polcheck.pipeline import Checker, Progress, folder_of
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.project.config import find_config, read_config, read_own
from polcheck.project.effective import CommandLineOptions, EffectiveConfig
from polcheck.project.library import checker, known_names
from polcheck.project.packs import PackRequest, ProjectPacks, trust_of, write_lock
from polcheck.project.plan_cache import load_rows, store_rows
from polcheck.project.waivers import Waivers
from polcheck.scan.cache import ScanCache
from polcheck.sources.exclude import beyond
from polcheck.sources.git import BaseRevision, base_revision, repository_of
from polcheck.sources.limits import ReadLimits
from polcheck.sources.path_patterns import folders_of
from polcheck.sources.submission import Base, Submission
from polcheck.sources.target import read_submission

if TYPE_CHECKING:  # NOTE: what few runs need is imported where it is used, so that the others start sooner
    from polcheck.evaluate.outcome import PolicyResult
    from polcheck.findings.finding import Finding
    from polcheck.project.baseline import Baseline
    from polcheck.project.comparison import Comparison
    from polcheck.project.model import ConfigFile, PackEntry
    from polcheck.project.trusted import TrustedTree

ISOLATED = "if it is yours, run without --isolated, or with --trusted REV for a revision that you trust"
PACKED = "if it is yours, unpack it and check the folder"
_Limits = TypeVar("_Limits", bound=Any)


class Project(Struct, frozen=True, dict=True):
    """The configuration in force for one submission, its packs, and the root of its paths."""

    target: str
    effective: EffectiveConfig
    opened: tuple[PackFiles, ...] | None = None  # the packs, where they are opened already
    own: bool = True  # whether the caller takes the submission for their own: see sources/trust.py
    remedy: str = ISOLATED  # what a notice says of how waivers in an untrusted submission would count
    tree: TrustedTree | None = None  # the revision that is trusted in the submission's place

    @classmethod
    def at(
        cls,
        target: str,
        options: CommandLineOptions,
        config: str | None = None,
        *,
        isolated: bool = False,
        trusted: str | None = None,
    ) -> Project:
        """Return the project of a submission: its configuration found by walking up, or the file `config`, or none.

        `isolated`: the submission is somebody else's, and only what the caller names counts. `trusted`: what it could
        say of itself comes from that revision of its repository. Raises ConfigError for a configuration that can't be
        used, and SubmissionError where there is no such revision.
        """
        if trusted is not None:
            return cls._trusting(target, options, config, trusted)
        own = not isolated
        if config is None:
            return cls(target, EffectiveConfig(options, None if isolated else find_config(target)), own=own)
        config_file = read_config(config)
        if config_file is None:
            raise ConfigError([Problem(f"`{config}` has no table [tool.polcheck]")])
        return cls(target, EffectiveConfig(options, config_file), own=own)

    @classmethod
    def _trusting(cls, target: str, options: CommandLineOptions, config: str | None, rev: str) -> Project:
        """Return the project by what is said of it at a revision."""
        from polcheck.project.trusted import TrustedTree

        tree = TrustedTree.of(target, rev)
        config_file = read_config(config) if config is not None else tree.config(target)
        if config is not None and config_file is None:
            raise ConfigError([Problem(f"`{config}` has no table [tool.polcheck]")])
        packs = tuple(_there(tree, text) for text in options.packs)
        return cls(target, EffectiveConfig(replace(options, packs=packs), config_file), own=False, tree=tree)

    @cached_property
    def packs(self) -> tuple[PackFiles, ...]:
        """The packs to judge by, in the order in which they are named. Raises PolicyError that names every bad one."""
        if self.opened is not None:
            return self.opened
        results: list[PackFiles] = []
        problems: list[Problem] = []
        for entry in self.effective.packs:
            try:
                files = self._at_hand(entry.source) or self._opened.open(entry.source)
                problems += self._repeated(entry, files.rooted(entry.root), results)
                results.append(files.rooted(entry.root))
            except PolicyError as error:
                problems += [self._placed(problem, entry.at) for problem in error.problems]
        if problems:
            raise PolicyError(problems)
        return tuple(results)

    def _repeated(self, entry: PackEntry, files: PackFiles, earlier: Sequence[PackFiles]) -> Iterator[Problem]:
        """Yield the problem that an earlier entry names the same pack about the same folder.

        NOTE: it would have the settings of both, whatever the one leaves out and the other selects.
        """
        if any((each.digest, each.scope) == (files.digest, files.scope) for each in earlier):
            where = f" about `{entry.root}`" if entry.root else ""
            help = "remove one of the entries, or give each a `root` of its own" if entry.at else "give it once"
            problem = Problem(f"the pack `{files.name}` is named twice{where}", "" if entry.at else "--pack", help=help)
            yield self._placed(problem, entry.at)

    def _at_hand(self, source: str) -> PackFiles | None:
        """Return the pack that a text names, where nothing is locked, signed, installed or extended that could
        change it.
        """
        return None if self.effective.config_file else pack_at_hand(source)

    @cached_property
    def _opened(self) -> ProjectPacks:
        config_file, options = self.effective.config_file, self.effective.options
        return ProjectPacks.of(
            PackRequest(
                folder=config_file.folder if config_file else None,
                strict=options.locked,
                fetch=options.fetch,
                own=self.effective.own_packs,
                trust=trust_of(config_file, self.effective.today),
            )
        )

    def keep_lock(self) -> str:
        """Locks packs that were taken as they are now; what it has to say of that, empty when nothing changed.

        Raises LockError when polcheck.lock would have to change and must not.
        """
        _ = self.packs
        if not self.effective.config_file or self.tree:
            return ""
        lock = self._opened.changed()
        if lock is None:
            return ""
        return f"{write_lock(self.folder, lock)} now says which packs these are: commit it"

    def _placed(self, problem: Problem, at: tuple[str | int, ...]) -> Problem:
        """Return a problem with finding a pack, at the place in the file that names it."""
        config_file = self.effective.config_file
        if problem.path or not at or config_file is None:
            return problem
        return config_file.problem(at, problem.message, problem.help)

    @property
    def folder(self) -> str:
        """The folder at which the configuration's relative paths begin; empty for the working directory."""
        return self.effective.config_file.folder if self.effective.config_file else ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the packs in the run, in order."""
        return tuple(pack.label for pack in self.packs)

    @cached_property
    def settings(self) -> Settings:
        """The settings from outside the packs."""
        # NOTE: only a file sets anything by the packs' names, for which each pack.yaml is parsed
        return self.effective.settings(self.names if self.effective.config_file else ("",) * len(self.packs))

    @cached_property
    def checker(self) -> Checker:
        """The checker for the packs. Raises PolicyError for unusable packs, ConfigError for a file that doesn't fit."""
        options = self.effective.options
        result = replace(
            checker(self.packs, self.settings, kept=options.cache),
            jobs=options.jobs,
            limits=self._set(limits.DEFAULT_RUN_LIMITS),
            allow_empty=self.effective.allow_empty,
            prefix=self.prefix,
            safe_packs=self._safe_packs(),
        )
        if self.effective.asks_by_name:
            from polcheck.project.config import check_agreement

            check_agreement(self.effective, result.plan.packs)
        return result

    def _safe_packs(self) -> frozenset[str]:
        """Return the packs that the configuration trusts to know which of their fixes are safe."""
        entries = self.effective.packs
        if not any(entry.fixes for entry in entries):
            return frozenset()
        return frozenset(name for name, entry in zip(self.names, entries, strict=True) if entry.fixes == "safe")

    @property
    def protected(self) -> tuple[str, ...]:
        """The files and folders of the project that no fix may touch, by their paths from its root.

        They are its configuration, its baseline and the packs that lie in it.
        """
        config_file = self.effective.config_file
        named = [self._config_path()] if config_file and not config_file.base else []  # NOTE: of pyproject.toml a part
        places = [self.baseline_path, *(pack.root for pack in self.packs if not pack.shipped)]
        named += [below(self.target, place) or "" for place in places if place and is_folder(self.target)]
        return tuple(path.rstrip("/") for path in named if path and not path.startswith("../"))

    def _set(self, default: _Limits) -> _Limits:
        """Limits of one kind, with those that the configuration sets."""
        own = set(default.__struct_fields__)
        limits = {name: value for name, value in self.effective.limits.items() if name in own}
        result: _Limits = replace(default, **limits)
        return result

    @contextmanager
    def memory(self) -> Iterator[ScanCache | None]:
        """Open the scan cache of the folder and save what is new afterwards; None where nothing is to be cached."""
        if not self.effective.options.cache or not is_folder(self.target):
            yield None
            return
        memory = ScanCache(load_rows(self.target))
        yield memory
        if memory.updated is not None:
            store_rows(self.target, memory.updated)

    @cached_property
    def prefix(self) -> str:
        """The submission's path as seen from the configuration's folder, with a final `/`; empty where they are one.

        NOTE: path patterns of a polcheck.yaml begin at its own folder, so that `polcheck run src` leaves out and waives
        what `polcheck run` does.
        """
        if not self.folder or not is_folder(self.target):
            return ""
        folder = self.tree.here(self.folder) if self.tree else self.folder
        return below(folder, self.target) or ""

    def read(
        self,
        rev: str | None = None,
        stdin: BinaryIO | None = None,
        progress: Callable[[int], None] | None = None,
        *,
        earlier: bool = False,
        may_be_empty: bool = False,
    ) -> Submission:
        """Return the submission. `earlier`: it is compared with another one, and may lack folders of packs.

        Raises SubmissionError when it can't be read, and ConfigError for a pack about a folder that isn't there.
        """
        config_file, options = self.effective.config_file, self.effective.options
        theirs = beyond(config_file.exclude, self.prefix) if config_file else ()
        folder = rev is None and is_folder(self.target)
        submission = read_submission(
            self.target,
            rev=rev,
            stdin=stdin,
            project=self.own,
            gitignore=self.effective.gitignore,
            tracked=bool(options.tracked) or (folder and self.effective.tracked),
            exclude=(*theirs, *_below((*options.exclude, *self._own()), self.prefix)),
            prefix=self.prefix,
            progress=progress,
            limits=self.read_limits,
            keep=self.effective.options.cache,
            ignores=self.tree.ignore_file if self.tree else None,
            may_be_empty=may_be_empty,
        )
        if not earlier:
            self._check_roots(submission)
        return submission

    def _check_roots(self, submission: Submission) -> None:
        """Raise ConfigError that names every pack of the configuration about a folder that holds no file.

        NOTE: a folder that can't be read is left to the run, which is undecided about it.
        """
        config_file = self.effective.config_file
        entries = self.effective.packs if config_file else ()
        folders = [(entry, folder_of(entry.root, self.prefix)) for entry in entries if entry.root]
        missing = [entry for entry, folder in folders if folder and not submission.may_hold(folder)]
        if missing and config_file is not None:
            known = [self.prefix + path.rstrip("/") for path in folders_of(submission.listed)]
            raise ConfigError([_no_folder(config_file, entry, known) for entry in missing])

    @property
    def read_limits(self) -> ReadLimits:
        """The limits for reading the submission."""
        return self._set(ReadLimits())

    @cached_property
    def baseline_path(self) -> str:
        """The path of the baseline; empty for none."""
        path = self.effective.baseline
        if not path or self.effective.options.baseline is not None:
            return path
        return display_path(str(Path(self.folder, path)))

    def _own(self) -> tuple[str, ...]:
        """Path patterns, from the submission's root, of what polcheck itself wrote there and doesn't judge.

        NOTE: a baseline quotes the findings; judged, it would be a finding itself for whoever looks for such a text.
        """
        if not self.baseline_path or not is_folder(self.target):
            return ()
        place = self.tree.here(os.path.realpath(self.baseline_path)) if self.tree else self.baseline_path
        path = below(self.target, place)
        return (_literal(path.rstrip("/")),) if path else ()

    def acceptance(self, *, use_baseline: bool = True) -> Accept:
        """Return the functions that accept findings: waivers by the day of the run, then the baseline.

        Raises ConfigError for an unusable baseline.
        """
        waivers = Waivers(
            self.effective,
            self.effective.today,
            self.policies,
            self.prefix,
            self._config_path(),
            project=self.own,
            quiet=self.tree is not None,
            ignoring=self._ignoring(),
            remedy=self.remedy if is_folder(self.target) else PACKED,
            limits=self._set(limits.DEFAULT_RUN_LIMITS),
        )
        accepts: list[Accept] = [waivers]
        if self.tree is not None:
            from polcheck.project.trusted import waived_at

            before, report = self._at(self.tree.rev, replace(waivers, project=True))
            accepts += (waived_at(report, before, self.tree.rev), self._not_trusted(before, self.tree))
        if use_baseline and self.baseline_path:
            from polcheck.project.baseline import recorded_in

            recorded, notices = self.baseline()
            name = self.baseline_path
            if self.tree is not None and below(self.tree.root, name) is not None:
                name = self.tree.called(os.path.realpath(name))
            accepts.append(recorded_in(recorded, name, notices))
        return in_turn(*accepts) if len(accepts) > 1 else waivers

    def _ignoring(self) -> bool:
        """Return whether .gitignore files have an effect, or aren't asked for."""
        requested = self.own and self.effective.gitignore and is_folder(self.target)
        return not requested or repository_of(os.fsencode(self.target)) is not None

    def _at(
        self, rev: str, accept: Accept | None = None, progress: Progress | None = None
    ) -> tuple[Submission, Report]:
        """Return the submission as it is at a git revision, and the report on it by the same packs."""
        before = self.checker.place(self.read(rev, earlier=True))
        return before, self.checker.check(before, progress=progress, accept=accept)

    def baseline(self) -> tuple[Baseline, tuple[Notice, ...]]:
        """Return the baseline, and what is to be said of it. Raises ConfigError when there is none that can be used."""
        from polcheck.project.baseline import read_for

        source = read_own(self.baseline_path, "`polcheck baseline` records one")
        return read_for(source, self.checker.plan.packs)

    @property
    def policies(self) -> frozenset[str]:
        """The names (`id` and `pack:id`) of the packs' policies, whether they are selected or not."""
        return known_names(self.checker.plan.packs)

    def with_baseline(self, path: str) -> Project:
        """Return the same with the baseline at `path`."""
        return replace(self, effective=replace(self.effective, options=replace(self.effective.options, baseline=path)))

    def from_config(self, path: str) -> str | None:
        """Return the path as the configuration would say it; None when there is none or it doesn't lie above it."""
        result = below(self.folder, path) if self.effective.config_file else None
        return result.rstrip("/") if result else None

    def pattern(self, file: str) -> str:
        """Return the path pattern of the configuration for a file or folder that is there; any other text as it is."""
        result = self.from_config(file) if exists(file) else None
        return _literal(result) + ("/**" if is_folder(file) else "") if result else file

    def since(self, rev: str, progress: Progress | None = None, *, head: str = "HEAD") -> Comparison:
        """Return the comparison with the merge base of the revision `rev` and `head`, checked by the same packs.

        Raises SubmissionError when there is no such revision or merge base, or it can't be read.
        """
        from polcheck.project.baseline import Baseline, there_at
        from polcheck.project.comparison import Comparison, base_of, compared, in_submodules

        revision = base_revision(self._folder(), rev, head)
        before = self.checker.place(self.read(revision.commit, earlier=True, may_be_empty=True))
        # NOTE: without a base of its own, so that policies about changes find nothing there: what they find is new
        known = ScanCache(load_rows(self.target)) if self.effective.options.cache else None
        report = self.checker.check(before, progress=progress, cache=known)  # NOTE: of what is as it was, and not kept
        base = base_of(self._folder(), revision, before)
        accept = in_turn(
            compared(base),
            there_at(Baseline.of(report, before), base.name),
            in_submodules(base),
            self._newly_accepted(before, revision),
        )
        return Comparison(base, accept)

    def _folder(self) -> str:
        """Return the folder that is checked. Raises SubmissionError for anything but a folder."""
        if not is_folder(self.target):
            what = f"`{self.target}` is not a folder"
            raise SubmissionError(f"changes since a revision are known of a folder in a git repository, and {what}")
        return self.target

    def _newly_accepted(self, before: Submission, base: BaseRevision) -> Accept:
        """Return the function that lists waivers, exclusions and baseline entries that are new since a revision."""
        from polcheck.project.trusted import Exemptions, TrustedTree

        tree = TrustedTree.of(self.target, base.commit)
        config_file = tree.config(self.target)
        run_limits = self._set(limits.DEFAULT_RUN_LIMITS)
        earlier = Exemptions.of(config_file, before, run_limits, self._baseline_at(tree, config_file))

        def accept(findings: Sequence[Finding], now: Submission, _: Sequence[PolicyResult]) -> Accepted:
            recorded = self.baseline()[0] if self.baseline_path else None
            later = Exemptions.of(self.effective.config_file, now, run_limits, recorded, self._config_path())
            return Accepted(tuple(findings), tuple(later.beyond(earlier, base.name)))

        return accept

    def _not_trusted(self, before: Submission, tree: TrustedTree) -> Accept:
        """Return the function that lists the submission's waivers and exclusions beyond those at the trusted
        revision.
        """
        from polcheck.project.trusted import Exemptions

        run_limits = self._set(limits.DEFAULT_RUN_LIMITS)
        earlier = Exemptions.of(tree.config(self.target), before, run_limits)

        def accept(findings: Sequence[Finding], now: Submission, _: Sequence[PolicyResult]) -> Accepted:
            try:
                own = find_config(self.target)
            except ConfigError:
                own = None  # NOTE: it has no effect, so what is wrong with it is nobody's concern here
            later = Exemptions.of(own, now, run_limits)
            return Accepted(tuple(findings), tuple(later.beyond(earlier, tree.rev, ", so without effect")))

        return accept

    def _baseline_at(self, tree: TrustedTree, config_file: ConfigFile | None) -> Baseline | None:
        """Return the baseline at a revision: the one that the configuration there names, else the one in force."""
        from polcheck.project.baseline import read

        named = Path(config_file.folder, config_file.baseline) if config_file and config_file.baseline else None
        path = str(named) if named else tree.there(self.baseline_path) if self.baseline_path else None
        return read(read_own(path))[0] if path and is_file(path) else None

    def located(self, report: Report) -> Report:
        """Return the report with the place of its root, from here and in the repository."""
        if not is_folder(self.target):
            return report
        root = seen_from_here(self.target)
        repository = repository_of(os.fsencode(self.target))
        prefix = repository.folder.relative_to(repository.root).as_posix() if repository else root
        outside = prefix == "." or prefix.startswith(("../", "/")) or prefix == ".."
        here = (below(self.target, ".") or "").rstrip("/") if root.startswith(("/", "..")) else ""
        if here:
            root = "/".join(".." for _ in here.split("/"))
        return replace(report, root=root, prefix="" if outside else prefix, here=here)

    def _config_path(self) -> str:
        """Return the configuration's path as seen from the submission."""
        config_file = self.effective.config_file
        if config_file is None:
            return ""
        if not is_folder(self.target):
            return config_file.path
        real = os.path.realpath(config_file.path), os.path.realpath(self.target)
        return os.path.relpath(*real).replace(os.sep, "/")


def check_project(
    target: str,
    packs: tuple[PackFiles, ...],
    settings: Settings,
    fail_on: str | None,
    progress: Progress | None,
    since: str | None = None,
    base: Submission | None = None,
) -> Report:
    """Return the report on a folder of the caller's own by packs that are opened, as `polcheck run --pack` gives it.

    It is compared with the merge base of the revision `since`, or with `base`, where one of them is given.

    Raises ConfigError, PolicyError and SubmissionError as `Project` does.
    """
    options = CommandLineOptions(
        packs=tuple(pack.root for pack in packs),
        params=settings.params,
        select=settings.select,
        ignore=settings.ignore,
        fail_on=fail_on,
        cache=False,
    )
    project = replace(Project.at(target, options), opened=packs)
    accept, submission = project.acceptance(), project.read()
    if since is not None:
        compared = project.since(since)
        accept, submission = in_turn(accept, compared.accept), replace(submission, base=compared.base)
    elif base is not None:
        submission = replace(submission, base=Base(project.checker.place(base)))
    return project.located(project.checker.check(submission, project.effective.fail_on, progress, accept))


def _no_folder(config_file: ConfigFile, entry: PackEntry, known: Sequence[str]) -> Problem:
    """Return the problem with a pack's folder that holds no file of the project."""
    place = os.path.join(config_file.folder, entry.root)  # noqa: PTH118
    if is_file(place):
        parent = entry.root.rstrip("/").rpartition("/")[0]
        help = f"a pack is rooted at a folder, as `root: {parent or 'backend'}`"
        return config_file.problem((*entry.at, "root"), f"`{entry.root}` is a file, not a folder", help)
    there = is_folder(place)
    message = f"there is no folder `{entry.root}` in the project"
    if there:
        message = f"the folder `{entry.root}` holds no file that is checked"
    help = (
        "git ignores its files, or `exclude` leaves them out" if there else "a path begins at the folder of this file"
    )
    return config_file.problem((*entry.at, "root"), message, did_you_mean(entry.root, known, help))


def _below(patterns: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """Patterns that begin at the submission, as they are from where the configuration's begin."""
    plain = _literal(prefix)
    return tuple(f"!{plain}{text[1:]}" if text.startswith("!") else plain + text for text in patterns)


def _there(tree: TrustedTree, text: str) -> str:
    """Return a pack that the command line names, as it is at the revision that is trusted if it lies in the
    repository.
    """
    place = tree.there(text) if is_folder(text) else None
    return text if place is None else place


def _literal(path: str) -> str:
    """Return the path pattern that lets in this path only."""
    return "".join(f"\\{char}" if char in "{}*?\\!" else char for char in path)
