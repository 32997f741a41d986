"""Findings: one failure each, at a place, with what shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from polcheck.documents.config import Json
from polcheck.records import record
from polcheck.source import Place


@record(frozen=True)
class Excerpt:
    """The source around a place: the number of its first line, and the lines as they stand."""

    first: int
    lines: tuple[str, ...]


@record(frozen=True)
class Location:
    """A path of the submission and, where something in the file is meant, the place in it."""

    path: str
    place: Place | None = None
    excerpt: Excerpt | None = None

    @property
    def line(self) -> int | None:
        """The line, from 1; None for the file as a whole."""
        return self.place.line if self.place else None

    @property
    def column(self) -> int | None:
        """The column in characters, from 1; None for the file as a whole."""
        return self.place.column if self.place else None

    def __str__(self) -> str:
        return f"{self.path}:{self.place.line}:{self.place.column}" if self.place else self.path


@record(frozen=True)
class Miss:
    """What comes nearest to a thing that is missing: a sentence, and its place where it has one."""

    text: str
    location: Location | None = None


@record(frozen=True)
class Waived:
    """Why a finding is accepted: `kind` is `inline`, `config` or `baseline`."""

    kind: str
    reason: str
    owner: str = ""
    expires: str = ""
    location: Location | None = None


@record(frozen=True)
class Finding:
    """One failure of one policy.

    `location` is None when something is missing and there is nowhere to point. For a missing thing, `looked_in` are the
    documents that were searched, and `nearest` what came closest. `fingerprint` stays the same when lines move.
    """

    pack: str
    policy: str
    requirement: str
    severity: str
    title: str
    message: str
    remedy: str
    location: Location | None
    related: tuple[Location, ...] = ()
    bindings: Mapping[str, Json] = field(default_factory=dict)
    looked_in: tuple[str, ...] = ()
    nearest: Miss | None = None
    see: str = ""
    fingerprint: str = ""
    waived: Waived | None = None

    @property
    def ref(self) -> str:
        """The policy's name in the run: `pack:id`."""
        return f"{self.pack}:{self.policy}"
