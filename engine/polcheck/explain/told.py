"""What is told of a policy: values that texts and JSON are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from polcheck.documents.config import Json
from polcheck.records import record
from polcheck.report import Finding, Location, Miss


@record(frozen=True)
class Document:
    """A file that a selector looked at. `note` says what kept it from being searched; `open`, that it matters."""

    path: str
    matches: int
    note: str = ""
    open: bool = False


@record(frozen=True)
class LeftOut:
    """The files that a selector did not look at for one reason."""

    reason: str
    paths: tuple[str, ...]


@record(frozen=True)
class Match:
    """A row: the places of its matches, and what its names stand for. Not `certain`: a `not` left it open."""

    places: tuple[Location, ...]
    bindings: Mapping[str, Json]
    certain: bool = True


@record(frozen=True)
class Lost:
    """A row that a step did not let through, and what would have come closest."""

    row: Match
    nearest: Miss | None = None


@record(frozen=True)
class Sample:
    """The first of many: `total` counts all of them."""

    total: int = 0
    matches: tuple[Match, ...] = ()


@record(frozen=True)
class Selected:
    """What a selector finds by itself, before anything is joined.

    `queries` are the tree-sitter queries that a pattern became; `nearest` is what comes closest where nothing matches.
    """

    documents: tuple[Document, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    queries: tuple[str, ...] = ()
    found: Sample = field(default_factory=Sample)
    nearest: Miss | None = None


@record(frozen=True)
class Step:
    """One step of a conjunction: what it is, what it looked at, and which rows it let through.

    `at` is where it is written in the policy (`require[0].any[1]`), `place` that with file and line. `words` are its
    kind and text. `joins` are the names on which it was joined. `reached` is false where nothing was left to extend.
    """

    at: str
    place: str
    kind: str
    words: tuple[tuple[str, str], ...]
    selected: Selected | None = None
    joins: tuple[str, ...] = ()
    note: str = ""
    reached: bool = True
    before: int = 0
    after: int = 0
    lost: tuple[Lost, ...] = ()
    lost_total: int = 0
    below: tuple[Branch, ...] = ()


@record(frozen=True)
class Branch:
    """Steps inside of a step: a branch of `any`, what `not` looks for, the conditions of a selector."""

    name: str
    steps: tuple[Step, ...]


@record(frozen=True)
class Part:
    """`when`, `for`, `require` or `forbid`: its steps, and the rows that came out of it.

    `said` is what came of it, in words. `failed` are the subjects for which the policy fails, `failed_total` of them.
    """

    keyword: str
    steps: tuple[Step, ...]
    result: Sample
    said: str
    failed: tuple[Lost, ...] = ()
    failed_total: int = 0


@record(frozen=True)
class Explanation:
    """A policy step by step, and how that made its outcome; `because` are sentences."""

    pack: str
    id: str
    title: str
    severity: str
    requirement: str
    place: str
    submission: str
    outcome: str
    because: tuple[str, ...]
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]
    unsearched: tuple[tuple[str, str], ...]
