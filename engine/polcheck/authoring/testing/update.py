"""Updating expectations to actual results: only their values change, every other character of the file stays."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from polcheck.authoring.mutants.edits import edited, value_at
from polcheck.authoring.testing.cases import NOWHERE, OUTCOMES, Case, Expected
from polcheck.authoring.testing.mismatches import ActualResult, mismatch_of
from polcheck.authoring.testing.runner import Result
from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Source
from polcheck.formats.values import Json, Pointer
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles

_PLACE = re.compile(r"[A-Za-z.][\w./-]*\.\w+:\d+(:\d+)?", re.ASCII)


class Rewritten(Struct, frozen=True):
    """One case file as it should be: its path in the pack, how people find it, and its text before and after."""

    path: str
    where: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        before, after = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        return "".join(difflib.unified_diff(before, after, self.where, self.where))


class _Edit(Struct, frozen=True):
    document: int
    at: Pointer
    value: Json


def rewritten(pack: PackFiles, results: Iterable[tuple[Case, Result]]) -> tuple[Rewritten, ...]:
    """Return the case files whose expectations differ from what was said, as they should be, by path.

    Raises PolcheckError for a file in which a value can't be replaced by itself.
    """
    edits: dict[str, list[_Edit]] = {}
    for case, result in results:
        edits.setdefault(case.path, []).extend(_edits(pack, case, result))
    return tuple(_file(pack, path, entry) for path, entry in sorted(edits.items()) if entry)


def _edits(pack: PackFiles, case: Case, result: Result) -> Iterator[_Edit]:
    document = _origins(pack, case.path)[case.document].document
    for expected in case.expect:
        actual = result.actual.get(expected.policy, ActualResult("off"))
        if mismatch_of(expected, actual) is not None:
            at: Pointer = ("expect", expected.policy)
            old = value_at(document, at)
            if isinstance(old, dict) and actual.outcome == "fail":
                for key, value in _changed(expected, actual).items():
                    yield _Edit(case.document, (*at, key), value)
            else:
                yield _Edit(case.document, at, actual.outcome)
    if case.verdict and result.verdict != case.verdict:
        yield _Edit(case.document, ("verdict",), result.verdict)
    for name, wanted in case.fields.items():
        if not isinstance(wanted, list) and name in result.fields and result.fields[name] != wanted:
            yield _Edit(case.document, ("fields", name), result.fields[name])
    if case.fixed is not None and result.fixed is not None and dict(case.fixed) != dict(result.fixed.files):
        files: dict[str, Json] = {path: data.decode("utf-8", "replace") for path, data in result.fixed.files.items()}
        yield _Edit(case.document, ("fixed",), files)


def _changed(expected: Expected, actual: ActualResult) -> Mapping[str, Json]:
    """Return the keys to update in the expectation of a policy that fails."""
    new: dict[str, Json] = {}
    if expected.outcome != actual.outcome:
        new["outcome"] = actual.outcome
    texts = {
        "at": (expected.at, [_as_fine(visible.place, expected.at or ()) for visible in actual.findings]),
        "message": (expected.message, [visible.message for visible in actual.findings]),
        "nearest": (expected.nearest, [visible.nearest for visible in actual.findings]),
    }
    for key, (wanted, result) in texts.items():
        distinct: list[Json] = list(dict.fromkeys(result))
        if wanted is not None and set(wanted) != set(result):
            new[key] = distinct[0] if len(distinct) == 1 else distinct
    return new


def _as_fine(place: str, written: Iterable[str]) -> str:
    """Return the place, with line and column only where the case writes them."""
    path, *numbers = _parts(place)
    fine = max((len(_parts(text)) - 1 for text in written), default=2)
    return ":".join([path, *numbers[:fine]])


def _parts(place: str) -> list[str]:
    path = place
    numbers: list[str] = []
    while len(numbers) < 2:
        head, colon, number = path.rpartition(":")
        if not colon or not number.isdigit():
            break
        path, numbers = head, [number, *numbers]
    return [path, *numbers]


def _file(pack: PackFiles, path: str, edits: list[_Edit]) -> Rewritten:
    source = pack.source_of(path)
    origins = _origins(pack, path)
    text = source.text
    stretches = ((*_stretch(origins[edit.document], edit), edit) for edit in edits)
    wanted = {index: origin.document for index, origin in origins.items()}
    for start, end, new, edit in sorted(stretches, key=lambda stretch: stretch[0], reverse=True):
        text = text[:start] + new + text[end:]
        wanted[edit.document] = edited(wanted[edit.document], edit.at, edit.value)
    after = Source(source.path, text.encode("utf-8", "surrogatepass"))
    if {origin.index: origin.document for origin in read(after, Problems())} != wanted:
        raise PolcheckError(f"{source.path}: an expectation there can't be rewritten by itself; write it by hand")
    return Rewritten(path, source.path, source.text, text)


def _origins(pack: PackFiles, path: str) -> dict[int, SourceMap]:
    return {origin.index: origin for origin in read(pack.source_of(path), Problems())}


def _stretch(origin: SourceMap, edit: _Edit) -> tuple[int, int, str]:
    """Return the span of the file to replace, and its replacement."""
    where = origin.config.locate(origin.index, edit.at)
    new = _yaml(edit.value)
    if where.key is not None and isinstance(value_at(origin.document, edit.at), dict | list):
        return where.key.end, where.value.end, f": {new}"
    return where.value.start, where.value.end, new


def _yaml(value: Json) -> str:
    """Return the value in YAML, on one line; outcomes, verdicts and places bare."""
    if isinstance(value, str) and (value in (*OUTCOMES, "none", NOWHERE) or _PLACE.fullmatch(value)):
        return value
    if isinstance(value, list) and all(isinstance(item, str) and _PLACE.fullmatch(item) for item in value):
        return f"[{', '.join(str(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)
