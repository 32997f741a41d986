"""Test cases as written in a pack's `tests/`: a small project, and the expected results of policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.errors import PolicyError, SubmissionError
from polcheck.formats.values import Json, Pointer
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import AS_WRITTEN, Settings
from polcheck.policy.schema import shape
from polcheck.sources.submission import Base, Submission, check_path, of_files

FOLDER = "tests"
EQUIVALENT = "tests/equivalent.yaml"
OUTCOMES = ("pass", "fail", "not-applicable", "undecided", "off")
NOWHERE = "nowhere"  # the place of a finding that points at nothing


class Expected(Struct, frozen=True):
    """The expectation of one policy. `at`, `message` and `nearest` are None where the case doesn't check them."""

    policy: str
    outcome: str
    at: tuple[str, ...] | None = None
    message: tuple[str, ...] | None = None
    nearest: tuple[str, ...] | None = None
    line: int = 0

    @property
    def looks_at_findings(self) -> bool:
        """Whether more than the outcome is expected."""
        return (self.at, self.message, self.nearest) != (None, None, None)


class Differs(Struct, frozen=True):
    """A rewrite under which a policy of a case may say something else, and why; `*` is wild in both."""

    rewrite: str
    reason: str
    policy: str = "*"

    def means(self, rewrite: str, policy: str) -> bool:
        """Return whether the entry speaks of this rewrite and this policy."""
        return fnmatchcase(rewrite, self.rewrite) and fnmatchcase(policy, self.policy)


class Case(Struct, frozen=True):
    """One case. `path` is its file in the pack, `where` that file as people find it, `document` its number in it.

    `files` are those of the project, `base` those of the tree that its changes are compared with; None: there is none.
    `today` is the day of the run (YYYY-MM-DD), this one where it is empty. `fixed` are the files that all fixes of the
    policies it names change, as they are then; None where the case doesn't check that.
    """

    name: str
    path: str
    where: str
    line: int
    document: int
    files: Mapping[str, bytes]
    expect: tuple[Expected, ...] = ()
    params: Mapping[str, Json] = field(default_factory=dict)
    profile: str = ""
    verdict: str = ""
    fields: Mapping[str, Json] = field(default_factory=dict)
    differs: tuple[Differs, ...] = ()
    base: Mapping[str, bytes] | None = None
    today: str = ""
    fixed: Mapping[str, bytes] | None = None

    def settings(self, pack: str) -> Settings:
        """Return the settings of the case for the pack of this name; without a profile, it is as it is written."""
        profiles = {pack: self.profile} if self.profile else AS_WRITTEN.profiles
        return Settings(params={pack: self.params} if self.params else {}, profiles=profiles, today=self.today)

    @property
    def setting(self) -> str:
        """What is equal for two cases exactly when their settings are."""
        return json.dumps((self.params, self.profile, self.today), sort_keys=True)

    @property
    def submission(self) -> Submission:
        """The project, with the base that it is compared with where the case gives one."""
        files = of_files(self.files, self.name)
        if self.base is None:
            return files
        return replace(files, base=Base(Submission("base", "files", self.base), "the base of the case"))

    @property
    def policies(self) -> frozenset[str]:
        """The policies that the case names."""
        return frozenset(expected.policy for expected in self.expect)

    @property
    def whole(self) -> bool:
        """Whether the case speaks of the whole report, so that every policy counts."""
        return bool(self.verdict or self.fields)

    def mentions(self, text: str) -> bool:
        """Return whether `text` is part of the case's name, of its place, or of the id of a policy that it names."""
        wanted = text.lower()
        return any(wanted in provided.lower() for provided in (self.name, f"{self.where}:{self.line}", *self.policies))


class Equivalent(Struct, frozen=True):
    """A mutant that no submission can tell from its policy, and why."""

    policy: str
    mutant: str
    reason: str
    where: str


def read_cases(pack: PackFiles, schema: str) -> tuple[Case, ...]:
    """Return every case of the pack, by file and place in it. Raises PolicyError that names every problem of every
    file.

    Case files lie right in `tests/`; folders below it are submissions.
    """
    problems = Problems()
    cases: list[Case] = []
    for path in pack.below(FOLDER, (".yaml", ".yml")):
        if path.count("/") == 1 and path != EQUIVALENT:
            for origin in read(pack.source_of(path), problems):
                if _shaped(origin, schema, "case"):
                    cases.append(_case(pack, path, origin))
    if problems.errors:
        raise PolicyError(problems.errors)
    return tuple(cases)


def read_equivalents(pack: PackFiles, schema: str) -> tuple[Equivalent, ...]:
    """Return the entries of `tests/equivalent.yaml`; none without that file. Raises PolicyError."""
    problems = Problems()
    results: list[Equivalent] = []
    if EQUIVALENT in pack.files:
        for origin in read(pack.source_of(EQUIVALENT), problems):
            results += _equivalents(origin, schema)
    if problems.errors:
        raise PolicyError(problems.errors)
    return tuple(results)


def _shaped(origin: SourceMap, schema: str, name: str) -> bool:
    result = shape(schema, name).problems(origin.document)
    for at, message, help in result:
        origin.error(at, message, help)
    return not result


def _equivalents(origin: SourceMap, schema: str) -> Iterable[Equivalent]:
    document = origin.document
    if not isinstance(document, list):
        origin.error((), "the equivalent mutants are a list of `policy`, `mutant` and `reason`")
        return
    for index, entry in enumerate(document):
        result = shape(schema, "equivalent").problems(entry)
        for at, message, help in result:
            origin.error((index, *at), message, help)
        if not result and isinstance(entry, dict):
            fields = {key: str(value) for key, value in entry.items()}
            yield Equivalent(**fields, where=f"{origin.source.path}:{line_of(origin, (index,))}")


def line_of(origin: SourceMap, at: Pointer) -> int:
    """Return the line of the key at `at` or, where there is no key, of the value; that of the document when it
    isn't there.
    """
    try:
        where = origin.config.locate(origin.index, at)
    except KeyError:
        return origin.line
    return origin.source.line_of((where.key or where.value).start)


def _case(pack: PackFiles, path: str, origin: SourceMap) -> Case:
    document: dict[str, Any] = origin.document  # type: ignore[assignment]  # the schema lets only mappings through
    if not any(key in document for key in ("expect", "verdict", "fields")):
        origin.error((), "the case expects nothing", "write `expect` with a policy and its outcome")
    return Case(
        name=document["case"],
        path=path,
        where=origin.source.path,
        line=origin.line,
        document=origin.index,
        files=_files(pack, origin, document),
        base=_texts_by_path(origin, document, "base") if "base" in document else None,
        fixed=_texts_by_path(origin, document, "fixed") if "fixed" in document else None,
        expect=tuple(_expected(origin, policy, value) for policy, value in document.get("expect", {}).items()),
        params=document.get("params", {}),
        profile=document.get("profile", ""),
        verdict=document.get("verdict", ""),
        fields=document.get("fields", {}),
        today=_today(origin, document),
        differs=tuple(
            Differs(rewrite, entry["reason"], entry.get("policy", "*"))
            for entry in document.get("differs", ())
            for rewrite in _texts(entry["rewrite"]) or ()
        ),
    )


def _today(origin: SourceMap, document: Mapping[str, Any]) -> str:
    """Return the day of a case; what is wrong with it is noted."""
    text: str = document.get("today", "")
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        origin.error(("today",), f"`{text}` is not a date", "a date is written 2026-01-31")
        return ""


def _files(pack: PackFiles, origin: SourceMap, document: Mapping[str, Any]) -> dict[str, bytes]:
    if ("files" in document) == ("folder" in document):
        have = "both" if "files" in document else "neither"
        origin.error((), f"a case has exactly one of `files` and `folder`; this one has {have}")
        return {}
    if "files" in document:
        return _texts_by_path(origin, document, "files")
    prefix = f"{FOLDER}/{document['folder'].strip('/')}/"
    files = {path.removeprefix(prefix): data for path, data in pack.files.items() if path.startswith(prefix)}
    if not files:
        origin.error(("folder",), f"the pack has no file in `{prefix}`", "folders are named from the pack's tests/")
    return files


def _texts_by_path(origin: SourceMap, document: Mapping[str, Any], key: str) -> dict[str, bytes]:
    """Return the files that are written under a key of a case."""
    for path in document[key]:
        try:
            check_path(path)
        except SubmissionError as error:
            origin.error((key, path), str(error))
    return {path: text.encode("utf-8", "surrogatepass") for path, text in document[key].items()}


def _expected(origin: SourceMap, policy: str, value: Any) -> Expected:
    at = ("expect", policy)
    fields = {"outcome": value} if isinstance(value, str) else value
    outcome = fields["outcome"]
    if outcome not in OUTCOMES:
        known = ", ".join(f"`{known}`" for known in OUTCOMES)
        origin.error(at, f"`{outcome}` is not an outcome", f"one of {known}")
    expected = Expected(
        policy,
        outcome,
        at=_texts(fields.get("at")),
        message=_texts(fields.get("message")),
        nearest=_texts(fields.get("nearest")),
        line=line_of(origin, at),
    )
    if outcome != "fail" and expected.looks_at_findings:
        origin.error(at, f"only a policy that fails has places and messages, and this one is to be `{outcome}`")
    return expected


def _texts(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(value) if isinstance(value, list) else (value,)
