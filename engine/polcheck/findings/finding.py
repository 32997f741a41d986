"""Findings: one failure each, at a place, with what shows it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.spans import Place
from polcheck.sources.trees import BASE, is_base, plain_path

if TYPE_CHECKING:
    from polcheck.formats.values import Json
else:
    Json = Any  # NOTE: msgspec reads the annotations when a report is read, and knows no type that holds itself

_LONGEST = 2_000  # characters of one text
_MOST = 1_000  # values, and characters in hundreds, of all bindings of a finding together


_UPWARD = "\0"  # INVARIANT: no path holds it


def upward(folder: str) -> str:
    """Return what stands for the folder of a submission as seen from `folder`, which lies in the submission."""
    return f"{_UPWARD}{folder}"


def joined(folder: str, path: str) -> str:
    """Return a path of the submission as seen from the folder in which the submission lies under `folder`.

    With `upward(folder)` it is as seen from a folder of the submission: `../web/b.py` for `web/b.py` and `backend`.
    """
    if folder.startswith(_UPWARD):
        # NOTE: as absolute paths, so that nothing asks for the working directory
        return posixpath.relpath(f"/{path}", f"/{folder[1:]}") if path else path
    return posixpath.normpath(posixpath.join(folder, path)) if path else path


@lru_cache(maxsize=64)
def _all_joined(folder: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths as seen from the folder. NOTE: the findings of a policy mostly share them."""
    return tuple(joined(folder, path) for path in paths)


def shortened(text: str, most: int = _LONGEST) -> str:
    """Return the text; of a long one the beginning, and how much is left."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} characters more)"


def cut(values: Mapping[str, Json]) -> dict[str, Json]:
    """Return the values by name, long texts and large containers shortened.

    NOTE: a policy may bind a file's whole text for each of its findings.
    """
    return {name: _cut(value, [_MOST]) for name, value in values.items()}


def _cut(value: Json, left: list[int]) -> Json:
    """Return as much of `value` as the entries that are `left` allow, an ellipsis for the rest."""
    if isinstance(value, str):
        left[0] -= 1 + min(len(value), _LONGEST) // 100
        return shortened(value)
    left[0] -= 1
    if isinstance(value, dict):
        entries: dict[str, Json] = {}
        for key, entry in value.items():
            if left[0] <= 0:
                entries["…"] = f"{len(value) - len(entries):,} more"
                break
            entries[shortened(key)] = _cut(entry, left)
        return entries
    if isinstance(value, list):
        items: list[Json] = []
        for entry in value:
            if left[0] <= 0:
                items.append(f"… ({len(value) - len(items):,} more)")
                break
            items.append(_cut(entry, left))
        return items
    return value


class Excerpt(Struct, frozen=True):
    """The source around a place: the number of its first line, and the lines as they stand."""

    first: int
    lines: tuple[str, ...]


class Location(Struct, frozen=True):
    """A path of the submission and, where something in the file is meant, the place in it.

    With `revision: base` it is the file as it was at the base. INVARIANT: then there is no place, so that nobody takes
    a line of that file for one of the file as it is.
    """

    path: str
    place: Place | None = None
    excerpt: Excerpt | None = None
    revision: str = ""

    @classmethod
    def of_file(cls, path: str) -> Location:
        """Return the location of a file as a whole, by the path at which it is known: of the project or its base."""
        return cls(plain_path(path), revision=BASE if is_base(path) else "")

    @property
    def line(self) -> int | None:
        """Return the line, from 1; None for the file as a whole."""
        return self.place.line if self.place else None

    @property
    def column(self) -> int | None:
        """Return the column in characters, from 1; None for the file as a whole."""
        return self.place.column if self.place else None

    @property
    def order(self) -> tuple[str, int, int]:
        """Return what places are sorted by: path, line and column, with 0 for the file as a whole."""
        return self.path, self.line or 0, self.column or 0

    def seen_from(self, folder: str) -> Location:
        """Return the place with its path behind `folder`."""
        if not folder:
            return self
        path = joined(folder, self.path)
        return replace(self, path=path, place=self.place and self.place._replace(path=path))

    def __str__(self) -> str:
        if self.revision:
            return f"{self.path} ({self.revision})"
        return f"{self.path}:{self.place.line}:{self.place.column}" if self.place else self.path


class NearMiss(Struct, frozen=True):
    """What comes nearest to a thing that is missing: a sentence, and its place where it has one.

    `closest`: it names something that may have been meant, and doesn't only say how far a search got.
    """

    text: str
    location: Location | None = None
    closest: bool = True


class Waived(Struct, frozen=True):
    """Why a finding is accepted: `kind` is `inline`, `config` or `baseline`; `since`: a revision had it already."""

    kind: str
    reason: str
    owner: str = ""
    expires: str = ""
    location: Location | None = None
    since: bool = False

    @property
    def by(self) -> str:
        """What accepts the finding: `waiver`, `baseline` or `since`."""
        if self.kind != "baseline":
            return "waiver"
        return "since" if self.since else "baseline"


class FileEdit(Struct, frozen=True):
    """The replacement of a stretch of a file by a text.

    `start` and `end` (exclusive) are offsets in the file's bytes, as it was when it was checked; `text` is written in
    UTF-8. `place` is the same stretch in lines and columns, counted in characters from 1; None for a file that the edit
    `creates`, of which `text` is all. `utf16_columns` are both columns counted in UTF-16 units, as editors do. Edits of
    one file don't overlap.
    """

    path: str
    start: int
    end: int
    text: str
    place: Place | None = None
    creates: bool = False
    utf16_columns: tuple[int, int] | None = None

    def seen_from(self, folder: str) -> FileEdit:
        """Return the edit with its path behind `folder`."""
        path = joined(folder, self.path)
        return replace(self, path=path, place=self.place and self.place._replace(path=path))


class Hunk(Struct, frozen=True):
    """Whole lines of a file that change: those from `line` on, `before` and `after`, without their line breaks.

    Of a new file `line` is 0. Lines at the beginning or the end may be the same in both.
    """

    path: str
    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    def seen_from(self, folder: str) -> Hunk:
        """Return the hunk with its path behind `folder`."""
        return replace(self, path=joined(folder, self.path))


class Fix(Struct, frozen=True):
    """What to change so that a finding is gone: edits that are made together, or not at all.

    `safe`: what the files mean stays the same, so that it may be made without being looked at. Where it can't be made
    here there are no edits, and `problem` says why, as a clause without an end. `title` is what it does, in a line.
    `hunks` are the same edits as lines for people, none where they are too many.
    NOTE: whether the finding is gone then, and nothing else got worse, is known only when `project.fixing` has tried.
    """

    title: str
    edits: tuple[FileEdit, ...] = ()
    safe: bool = False
    problem: str = ""
    hunks: tuple[Hunk, ...] = ()

    def seen_from(self, folder: str) -> Fix:
        """Return the fix with its paths behind `folder`."""
        edits = tuple(edit.seen_from(folder) for edit in self.edits)
        return replace(self, edits=edits, hunks=tuple(hunk.seen_from(folder) for hunk in self.hunks))


class Finding(Struct, frozen=True):
    """One failure of one policy.

    `location` is None when something is missing and there is nowhere to point. For a missing thing, `looked_in` are the
    documents that were searched, `looked_in_more` how many there are beside these, and `nearest` what came closest.
    `fingerprint` stays the same when lines move; `former_fingerprint` is the one that version 1 of baselines recorded,
    where that is another one. `fix` is None where the policy has none.
    """

    pack: str
    policy: str
    requirement: str
    severity: str
    title: str
    message: str
    remedy: str
    location: Location | None
    bindings: Mapping[str, Json] = field(default_factory=dict)
    related: tuple[Location, ...] = ()
    looked_in: tuple[str, ...] = ()
    looked_in_more: int = 0
    nearest: NearMiss | None = None
    see: str = ""
    fingerprint: str = ""
    former_fingerprint: str = ""
    waived: Waived | None = None
    fix: Fix | None = None

    @property
    def is_fixable(self) -> bool:
        """Return whether there is a fix that can be made here, safe or not."""
        return self.fix is not None and bool(self.fix.edits)

    @property
    def ref(self) -> str:
        """Return the policy's name in the run: `pack:id`."""
        return f"{self.pack}:{self.policy}"

    def seen_from(self, folder: str) -> Finding:
        """Return the finding with its paths behind `folder`; its fingerprint and bindings stay."""
        if not folder:
            return self
        nearest, waived = self.nearest, self.waived
        return replace(
            self,
            location=self.location and self.location.seen_from(folder),
            related=tuple(location.seen_from(folder) for location in self.related),
            looked_in=_all_joined(folder, self.looked_in),
            nearest=nearest and replace(nearest, location=nearest.location and nearest.location.seen_from(folder)),
            waived=waived and replace(waived, location=waived.location and waived.location.seen_from(folder)),
            fix=self.fix and self.fix.seen_from(folder),
        )
