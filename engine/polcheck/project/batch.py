"""Checking thousands of projects: compiled once, in several processes, in order, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.codec import Codec
from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.worker import WorkerPool
from polcheck.findings.report import PolicyOutcome
from polcheck.formats.values import Json
from polcheck.pipeline import Summary
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.project.library import checker
from polcheck.scan.workers import chunks, cores
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.bundle import read_bundle
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission

SECONDS = 60.0  # for one submission


class BatchEntry(NamedTuple):
    """One submission of a batch: its name, its bundle or the path at which it lies, and what else comes with it."""

    name: str
    bundle: str | None = None
    path: str = ""
    columns: Mapping[str, Json] = {}
    fault: str = ""


class BatchTask(NamedTuple):
    """An entry of a batch with its place among the others, and about how many bytes it has."""

    number: int
    size: int
    entry: BatchEntry


class BatchResult(Struct, frozen=True):
    """The rows of one submission, one a requirement; `number` is its place among the entries."""

    number: int
    rows: tuple[dict[str, Json], ...]


class _ResultCodec(Codec[Any]):
    """The encoding of the rows of one submission."""

    def __init__(self) -> None:
        super().__init__(tuple[int, tuple[dict[str, Any], ...]])

    def encode(self, value: BatchResult) -> bytes:
        return super().encode((value.number, value.rows))

    def decode(self, data: bytes | memoryview) -> BatchResult:
        return BatchResult(*super().decode(data))


class BatchChecker(Struct, frozen=True):
    """The function that checks one entry, as a value that can be sent to processes.

    `params_from` are parameters that an entry's columns say: parameter to column.
    """

    packs: tuple[PackFiles, ...]
    settings: Settings
    fail_on: str = "error"
    params_from: Mapping[str, str] = field(default_factory=dict)
    seconds: float = SECONDS

    def __call__(self, task: BatchTask) -> BatchResult:
        """The rows of one entry; one that can't be read or has bad parameters is undecided, with the reason."""
        entry = task.entry
        try:
            submission = _submission(entry)
            result = replace(checker(self.packs, self._settings(entry)), jobs=1)
            summary = result.summary(submission, self.fail_on)
        except PolcheckError as error:
            return undecided(task, str(error))
        return BatchResult(task.number, tuple(_rows(entry.name, summary)))

    def _settings(self, entry: BatchEntry) -> Settings:
        if not self.params_from:
            return self.settings
        for name, column in self.params_from.items():
            if column not in entry.columns:
                raise SubmissionError(f"there is no field `{column}` to take the parameter `{name}` from")
        own = {name: entry.columns[column] for name, column in self.params_from.items()}
        loose = {**self.settings.params.get("", {}), **own}
        return replace(self.settings, params={**self.settings.params, "": loose})


def undecided(task: BatchTask, reason: str) -> BatchResult:
    """Return the row of a submission that could not be judged."""
    entry = task.entry
    return BatchResult(task.number, ({**_EMPTY, "submission": entry.name, "reason": reason},))


_EMPTY: dict[str, Json] = {
    "submission": "",
    "digest": "",
    "verdict": "none",
    "pack": "",
    "requirement": "",
    "outcome": "undecided",
    "findings": 0,
    "reason": "",
}


def checked(entries: Iterable[BatchEntry], judge: BatchChecker, jobs: int = 0) -> Iterator[BatchResult | None]:
    """Yield the rows of every entry, in the order of the entries; None now and then, while there is nothing new.

    Only as many submissions are held as are being worked on, and those that wait for an earlier one.
    """
    ready: dict[int, BatchResult] = {}
    due = 0
    # NOTE: two entries may have the same name, so each goes by its number
    tasks = (BatchTask(number, _size(entry), entry) for number, entry in enumerate(entries))
    with WorkerPool(judge, _ResultCodec(), undecided, jobs or cores(), judge.seconds, "the check") as pool:
        for result in pool.run(chunks(tasks)):
            if result is None:
                yield None
                continue
            ready[result.number] = result
            while due in ready:
                yield ready.pop(due)
                due += 1


def _size(entry: BatchEntry) -> int:
    return len(entry.bundle) if entry.bundle is not None else 50_000


def _submission(entry: BatchEntry) -> Submission:
    if entry.fault:
        raise SubmissionError(entry.fault)
    if entry.bundle is None:
        return replace(read_submission(entry.path, project=False), name=entry.name)
    data = entry.bundle.encode("utf-8", "surrogateescape")
    return read_bundle(data, SubmissionBuilder(entry.name))


def _rows(name: str, summary: Summary) -> Iterator[dict[str, Json]]:
    """Yield one row a requirement, then one for each policy that answers to none; at least one."""
    fixed = {**_EMPTY, "submission": name, "digest": summary.digest, "verdict": summary.verdict}
    by_requirement: dict[tuple[str, str], list[PolicyOutcome]] = {}
    for policy in summary.policies:
        by_requirement.setdefault((policy.pack, policy.requirement), []).append(policy)
    for requirement in summary.requirements:
        key = (requirement.pack, requirement.id)
        policies = by_requirement.get(key, [])
        number = sum(summary.findings[policy.ref] for policy in policies)
        yield {**fixed, **_own(*key, requirement.outcome, number, policies)}
    loose = [policy for policy in summary.policies if not policy.requirement]
    for policy in loose:
        yield {**fixed, **_own(policy.pack, policy.id, policy.outcome, summary.findings[policy.ref], [policy])}
    if not summary.requirements and not loose:
        yield {**fixed, "reason": "no policy was selected"}


def _own(pack: str, id: str, outcome: str, number: int, policies: Iterable[PolicyOutcome]) -> dict[str, Json]:
    reason = "; ".join(f"{path}: {why}" for policy in policies for path, why in policy.reasons[:1])
    return {"pack": pack, "requirement": id, "outcome": outcome, "findings": number, "reason": reason}


class Tally(Struct):
    """The number of submissions by requirement and outcome, and by verdict."""

    submissions: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Counts the rows of one submission."""
        self.submissions += 1
        if rows:
            verdict = str(rows[0]["verdict"])
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        for row in rows:
            name = f"{row['pack']}:{row['requirement']}" if row["pack"] else "(not checked)"
            counts = self.outcomes.setdefault(name, {})
            counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1

    def table(self) -> str:
        """Return the counts as a table for people."""
        kinds = ["pass", "fail", "undecided", "not-applicable", "review"]
        kinds = [kind for kind in kinds if any(kind in counts for counts in self.outcomes.values())]
        width = max((len(name) for name in self.outcomes), default=0)
        lines = [" ".join([" " * width, *(f"{kind:>14}" for kind in kinds)])]
        for name, counts in self.outcomes.items():
            lines.append(" ".join([f"{name:<{width}}", *(f"{counts.get(kind, 0):>14,}" for kind in kinds)]))
        verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in sorted(self.verdicts.items()))
        return "\n".join([*lines, "", f"{self.submissions:,} projects: {verdicts}"])
