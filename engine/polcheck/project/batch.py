"""Checking one submission of a batch in a sandboxed process: an entry in, rows of its outcome out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from msgspec import Struct
from msgspec import field as attribute
from msgspec.structs import replace

from polcheck.base.codec import Codec
from polcheck.base.errors import PolcheckError, SubmissionError
from polcheck.base.similar_names import did_you_mean
from polcheck.findings.finding import Finding
from polcheck.findings.report import PolicyOutcome
from polcheck.formats.values import Json
from polcheck.pipeline import Checker, Summary
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.project.library import checker
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.bundle import decoded, parse_json, read_bundle
from polcheck.sources.limits import DEFAULT_READ_LIMITS
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_bundle_or_archive, read_submission

SECONDS = 60.0  # for one submission
_PATH_BYTES = 50_000  # about as many as a submission has whose size nobody has looked up

_FIXED: dict[str, type] = {"submission": str, "digest": str, "verdict": str, "pack": str, "requirement": str}
_COUNTED: dict[str, type] = {"outcome": str, "findings": int, "reason": str}
_PLACED: dict[str, type] = {
    "outcome": str,
    "path": str,
    "line": int,
    "column": int,
    "end_line": int,
    "end_column": int,
    "message": str,
    "remedy": str,
    "fingerprint": str,
    "reason": str,
}
COLUMNS: dict[str, dict[str, type]] = {
    "requirements": {**_FIXED, **_COUNTED},
    "policies": {**_FIXED, "policy": str, "severity": str, **_COUNTED},
    "findings": {**_FIXED, "policy": str, "severity": str, **_PLACED},
}
"""The columns of rows and their types, by what a row is about."""

Row = dict[str, Json]


def arrow_schema(rows: str) -> Any:
    """Return the Arrow schema of rows of one kind. Raises PolcheckError when pyarrow isn't installed."""
    try:
        import pyarrow
    except ImportError as error:
        raise PolcheckError("tables need pyarrow: pip install 'polcheck[parquet]'") from error
    kinds = {str: pyarrow.string(), int: pyarrow.int64()}
    return pyarrow.schema([(name, kinds[kind]) for name, kind in COLUMNS[rows].items()])


class BatchEntry(NamedTuple):
    """One submission of a batch: its name, and what holds its files.

    That is a `bundle` (its JSON text; or the bytes of one, or of an archive), a `row` (the JSON text of an object that
    has the bundle in one of its fields), or the `path` at which it lies. `columns` are what else comes with a bundle.
    `fault` is why there is nothing to check.
    """

    name: str
    bundle: str | bytes | None = None
    row: bytes | None = None
    path: str = ""
    columns: Mapping[str, Json] = {}
    fault: str = ""


class BatchTask(NamedTuple):
    """An entry of a batch with its place among the others, and about how many bytes it has."""

    number: int
    size: int
    entry: BatchEntry

    @classmethod
    def of(cls, number: int, entry: BatchEntry) -> BatchTask:
        """Return the task of checking an entry."""
        content = entry.bundle if entry.bundle is not None else entry.row
        return cls(number, len(content) if content is not None else _PATH_BYTES, entry)


class BatchResult(Struct, frozen=True):
    """The rows of one submission; `number` is its place among the entries."""

    number: int
    rows: tuple[Row, ...]


class ResultCodec(Codec[Any]):
    """The encoding of the rows of one submission."""

    def __init__(self) -> None:
        super().__init__(tuple[int, tuple[dict[str, Any], ...]])

    def encode(self, value: BatchResult) -> bytes:
        """Return the bytes of a result."""
        return super().encode((value.number, value.rows))

    def decode(self, data: bytes | memoryview) -> BatchResult:
        """Return the result of these bytes. Raises NotDecoded for any others than `encode` gives."""
        return BatchResult(*super().decode(data))


class BatchChecker(Struct, frozen=True):
    """The function that checks one entry, as a value that can be sent to processes.

    `field` is the field of a row that holds its bundle (empty: the row itself is one), `id` the one that holds its
    name. `params_from` are parameters that an entry's columns give: parameter to column. `rows` is what a row is
    about, a key of `COLUMNS`. A submission that takes more than `seconds` is undecided.
    """

    packs: tuple[PackFiles, ...]
    settings: Settings
    field: str = ""
    id: str = ""
    params_from: Mapping[str, str] = attribute(default_factory=dict)
    fail_on: str = "error"
    rows: str = "requirements"
    seconds: float = SECONDS

    def __call__(self, task: BatchTask) -> BatchResult:
        """Return the rows of one entry; one that can't be read or has bad parameters is undecided, with the reason."""
        entry = task.entry
        try:
            if entry.fault:
                raise SubmissionError(entry.fault)
            if entry.row is not None:
                entry = self._opened(entry, entry.row)
            checked = checker(self.packs, self._settings(entry))
            rows = self._rows(entry.name, checked, _submission(entry))
        except PolcheckError as error:
            return self.undecided(task, str(error))
        return BatchResult(task.number, tuple({name: _printable(row[name]) for name in row} for row in rows))

    def undecided(self, task: BatchTask, reason: str) -> BatchResult:
        """Return the row of a submission that could not be checked."""
        values = {"submission": task.entry.name, "verdict": "none", "outcome": "undecided", "reason": reason}
        row = {**self.empty, **values}
        return BatchResult(task.number, ({name: _printable(row[name]) for name in row},))

    @property
    def empty(self) -> Row:
        """A row with nothing in it."""
        return {name: kind() for name, kind in COLUMNS[self.rows].items()}

    def _opened(self, entry: BatchEntry, row: bytes) -> BatchEntry:
        """Return the entry of a row, with the bundle in it. Raises SubmissionError when there is none."""
        most = DEFAULT_READ_LIMITS.total_bytes
        if len(row) > most:
            raise SubmissionError(f"the bundle `{entry.name}` is over the limit `total_bytes` of {most}")
        text = decoded(row, entry.name)
        if not self.field and not self.id:
            return entry._replace(bundle=text)
        values = parse_json(text, entry.name)
        if not isinstance(values, dict):
            raise SubmissionError(f"`{entry.name}` is not an object with fields")
        if self.id and self.id not in values:
            raise SubmissionError(f"there is no field `{self.id}` to name the project by{_meant(self.id, values)}")
        if not self.field:
            return entry._replace(bundle=bundle_text({key: value for key, value in values.items() if key != self.id}))
        if self.field not in values:
            raise SubmissionError(f"there is no field `{self.field}`{_meant(self.field, values)}")
        columns = {key: value for key, value in values.items() if key != self.field}
        return entry._replace(bundle=bundle_text(values[self.field]), columns=columns)

    def _settings(self, entry: BatchEntry) -> Settings:
        if not self.params_from:
            return self.settings
        for name, column in self.params_from.items():
            if column not in entry.columns:
                close = _meant(column, entry.columns)
                raise SubmissionError(f"there is no field `{column}` to take the parameter `{name}` from{close}")
        own = {name: entry.columns[column] for name, column in self.params_from.items()}
        loose = {**self.settings.params.get("", {}), **own}
        return replace(self.settings, params={**self.settings.params, "": loose})

    def _rows(self, name: str, checked: Checker, submission: Submission) -> Iterator[Row]:
        if self.rows == "findings":
            report = checked.check(submission, self.fail_on)
            fixed = {**self.empty, "submission": name, "digest": report.submission.digest, "verdict": report.verdict}
            return _by_finding(fixed, report.policies, report.findings)
        summary = checked.summary(submission, self.fail_on)
        fixed = {**self.empty, "submission": name, "digest": summary.digest, "verdict": summary.verdict}
        return (_by_policy if self.rows == "policies" else _by_requirement)(fixed, summary)


def _meant(field: str, known: Iterable[str]) -> str:
    """Return the question whether a field that is spelled alike is meant, to go on a message; empty for none."""
    close = did_you_mean(field, known)
    return f": {close}" if close else ""


def entry_of(work: BatchChecker, place: str, row: Mapping[str, Any]) -> BatchEntry:
    """Return the entry of one row of a table, by its columns."""
    name = name_of(row[work.id], place) if work.id else place
    content = row[work.field] if work.field else {key: value for key, value in row.items() if key != work.id}
    columns = {column: row[column] for column in work.params_from.values()}
    try:
        return BatchEntry(name, bundle_text(content), columns=columns)
    except SubmissionError as error:
        return BatchEntry(name, columns=columns, fault=str(error))


def name_of(value: Any, place: str) -> str:
    """Return the name of a project that has `value` for an id; its place where that is null."""
    if value is None:
        return place
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return json.dumps(value, default=str)


def bundle_text(value: Any) -> str | bytes:
    """Return what a field holds as the text of a bundle: a string as it is, else the JSON text of the value.

    Bytes stay bytes; pairs keep each of their keys, so that a repeated one is refused as in any other text. Raises
    SubmissionError for null and for what JSON has no text for.
    """
    if value is None:
        raise SubmissionError("there is no bundle but null")
    if isinstance(value, str | bytes):
        return value
    try:
        if isinstance(value, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
            members = (f"{json.dumps(_key(key))}: {json.dumps(text, default=_no_text)}" for key, text in value)
            return "{" + ", ".join(members) + "}"
        return json.dumps(value, default=_no_text)
    except (TypeError, ValueError, RecursionError) as error:
        raise SubmissionError(f"the bundle is not an object of strings: {error}") from error


def _no_text(value: object) -> NoReturn:
    if isinstance(value, bytes):
        raise TypeError("a file's content is bytes: make it a column of strings, or the bytes of an archive")
    raise TypeError(f"there is a value of the type {type(value).__name__}")


def _key(value: object) -> str:
    if not isinstance(value, str):
        raise SubmissionError("the bundle is not an object of strings: a key is not a string")
    return value


def _submission(entry: BatchEntry) -> Submission:
    if entry.bundle is None:
        return replace(read_submission(entry.path, project=False), name=entry.name)
    builder = SubmissionBuilder(entry.name)
    if isinstance(entry.bundle, bytes):
        return read_bundle_or_archive(entry.bundle, builder)
    # NOTE: half a surrogate pair is no UTF-8, and is refused as such
    return read_bundle(entry.bundle.encode("utf-8", "surrogatepass"), builder)


def _by_requirement(fixed: Row, summary: Summary) -> Iterator[Row]:
    """Yield one row a requirement, then one for each policy that answers to none; at least one."""
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
        yield _unselected(fixed)


def _by_policy(fixed: Row, summary: Summary) -> Iterator[Row]:
    """Yield one row a policy; at least one."""
    for policy in summary.policies:
        own = _own(policy.pack, policy.requirement, policy.outcome, summary.findings[policy.ref], [policy])
        yield {**fixed, **own, "policy": policy.id, "severity": policy.severity}
    if not summary.policies:
        yield _unselected(fixed)


def _by_finding(fixed: Row, policies: Sequence[PolicyOutcome], findings: Iterable[Finding]) -> Iterator[Row]:
    """Yield one row a finding, then one for each undecided policy; one without a policy where there is neither."""
    number = 0
    for finding in findings:
        number += 1
        location, place = finding.location, finding.location.place if finding.location else None
        yield {
            **fixed,
            **_named(finding.pack, finding.policy, finding.requirement, finding.severity),
            "outcome": "fail",
            "path": location.path if location else "",
            "line": place.line if place else 0,
            "column": place.column if place else 0,
            "end_line": place.end_line if place else 0,
            "end_column": place.end_column if place else 0,
            "message": finding.message,
            "remedy": finding.remedy,
            "fingerprint": finding.fingerprint,
        }
    for policy in policies:
        if policy.outcome == "undecided":
            number += 1
            named = _named(policy.pack, policy.id, policy.requirement, policy.severity)
            yield {**fixed, **named, "outcome": "undecided", "reason": _reason([policy])}
    if not policies:
        yield _unselected(fixed)
    elif not number:
        decided = any(policy.outcome == "pass" for policy in policies)
        yield {**fixed, "outcome": "pass" if decided else "not-applicable"}


def _unselected(fixed: Row) -> Row:
    return {**fixed, "outcome": "undecided", "reason": "no policy was selected"}


def _own(pack: str, id: str, outcome: str, number: int, policies: Iterable[PolicyOutcome]) -> Row:
    return {"pack": pack, "requirement": id, "outcome": outcome, "findings": number, "reason": _reason(policies)}


def _named(pack: str, policy: str, requirement: str, severity: str) -> Row:
    return {"pack": pack, "policy": policy, "requirement": requirement, "severity": severity}


def _reason(policies: Iterable[PolicyOutcome]) -> str:
    return "; ".join(f"{path}: {why}" for policy in policies for path, why in policy.reasons[:1])


def _printable(value: Json) -> Json:
    """Return the value; a string with halves of surrogate pairs, which no table holds, with their escapes."""
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode()


class Tally(Struct):
    """The number of submissions by verdict, and of rows by what they are about and outcome."""

    submissions: int = 0
    verdicts: dict[str, int] = attribute(default_factory=dict)
    outcomes: dict[str, dict[str, int]] = attribute(default_factory=dict)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Count the rows of one submission."""
        self.submissions += 1
        if rows:
            verdict = str(rows[0]["verdict"])
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        for row in rows:
            if not row["pack"] and row["outcome"] != "undecided":
                continue  # the row of a submission without findings
            name = f"{row['pack']}:{row.get('policy') or row['requirement']}" if row["pack"] else "(not checked)"
            outcome = "findings" if row.get("fingerprint") else row["outcome"]
            counts = self.outcomes.setdefault(name, {})
            counts[outcome] = counts.get(outcome, 0) + 1

    def numbers(self) -> dict[str, Json]:
        """Return the counts as JSON: every verdict has its number."""
        verdicts = {verdict: self.verdicts.get(verdict, 0) for verdict in ("pass", "fail", "none")}
        outcomes: dict[str, Json] = {name: {**counts} for name, counts in self.outcomes.items()}
        return {"projects": self.submissions, "verdicts": {**verdicts}, "outcomes": outcomes}

    def table(self) -> str:
        """Return the counts as a table for people."""
        kinds = ["pass", "fail", "findings", "undecided", "not-applicable", "review"]
        kinds = [kind for kind in kinds if any(kind in counts for counts in self.outcomes.values())]
        width = max((len(name) for name in self.outcomes), default=0)
        lines = [" ".join([" " * width, *(f"{kind:>14}" for kind in kinds)])] if kinds else []
        for name, counts in self.outcomes.items():
            lines.append(" ".join([f"{name:<{width}}", *(f"{counts.get(kind, 0):>14,}" for kind in kinds)]))
        verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in sorted(self.verdicts.items()))
        projects = "1 project" if self.submissions == 1 else f"{self.submissions:,} projects"
        return "\n".join([*lines, *[""] * bool(lines), f"{projects}: {verdicts or 'none'}"])
