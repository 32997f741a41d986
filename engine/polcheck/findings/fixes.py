"""The fixes of findings: what a policy's `fix` says, as edits of bytes at exact places.

For whoever shows or applies them: `Finding.fix` is a `Fix` (`findings/finding.py`), or None where the policy has none.
`fix.edits` are made together or not at all; each is a `FileEdit` with the path, the offsets in the file's bytes, the
text that comes there and the same stretch in lines and columns (`place`, in characters from 1; None for a new file).
They are of the files exactly as they were checked: what has changed since is checked again first. `fix.safe` is whether
it may be applied without being looked at, `fix.problem` why there are no edits. `edited` applies edits to bytes.
Whether the finding is really gone then is for `project.fixing` to try, which is also what writes files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.base.errors import SubmissionError
from polcheck.base.limits import Clock
from polcheck.base.spans import Source, Span, Unreadable
from polcheck.edits import operations
from polcheck.edits.code_lists import whole_lines
from polcheck.edits.edit import Edit, EditRefused, apply
from polcheck.evaluate.outcome import Failure
from polcheck.evaluate.rows import BoundValue, Row, SourceRef, place_of
from polcheck.findings.finding import FileEdit, Fix, Hunk
from polcheck.findings.fix_text import FixRefused, FixWorker, Hole, Template, delete, fill, fix_worker
from polcheck.findings.places import Entry, Locator
from polcheck.formats import format_of, parse_config
from polcheck.formats.values import Json, Unparsable
from polcheck.languages.registry import language_of_file
from polcheck.policy.fix import OWN_FILES
from polcheck.policy.plan import CompiledPolicy, FixEdit
from polcheck.policy.templates import Beside, TemplateFault, pieces, render
from polcheck.selectors.jmespath.values import EvaluationError, truth
from polcheck.sources.submission import Submission, check_path
from polcheck.sources.trees import is_base

_MOST_TEXT = 1_000_000  # characters of what one edit writes
_MOST_LINES = 5_000  # of a file in which the edits of one fix are told apart line by line
_MOST_PLACES = 1_000  # of one finding
_MOST_SHOWN = 200  # lines of the hunks of one fix
_LOOKUP = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[A-Za-z_]\w*\])*")
_LOOKUP_PART = re.compile(r"(?:^|\.)(\w+)|\[(\w+)\]")
_BOM = b"\xef\xbb\xbf"


class FixMaker(Struct, frozen=True, dict=True):
    """Makes the fixes of one run's findings. `safe_packs` are the packs whose word that a fix is safe counts.

    Their time is their own (as much as each other stage has), so that large files which take long to edit cost no
    finding its place or its text.
    """

    locator: Locator
    beside: Beside
    safe_packs: frozenset[str] = frozenset()
    parsing: FixWorker = field(default_factory=fix_worker)
    _clocks: dict[str, Clock] = field(default_factory=dict)  # by policy

    @cached_property
    def _clock(self) -> Clock:
        """The clock of all fixes of the run, which begins with the first."""
        return self.locator.limits.of_run(len(self.locator.submission.paths))

    def of(self, policy: CompiledPolicy, failure: Failure, scope: Mapping[str, Any], remedy: str) -> Fix | None:
        """Return the fix of a failure; None where its policy has none, or none of its edits is to be made here.

        `scope` is what its templates read, `remedy` what people are told to do.
        """
        if policy.fix is None:
            return None
        safe = policy.fix.safe and policy.pack in self.safe_packs
        if policy.ref not in self._clocks:
            self._clocks[policy.ref] = self._clock.within(self.locator.limits.seconds)
        try:
            if self._clocks[policy.ref].over:
                raise FixRefused("there was no time left to work it out")
            if len(failure.others) >= _MOST_PLACES:
                raise FixRefused(f"the finding has more than {_MOST_PLACES:,} places")
            changes = _Changes(self.locator.submission)
            for row, names in ((failure.row, scope), *((row, {**scope, **own}) for row, own in failure.others)):
                for edit in policy.fix.edits:
                    if _is_due(edit, names):
                        changes.add(self._change(edit, row, names))
            if not changes.by_path:
                return None
            edits = changes.edits()
        except (FixRefused, EditRefused, TemplateFault) as refusal:
            return Fix(_title(policy, remedy, ()), safe=safe, problem=str(refusal))
        if not edits:
            problem = "the file says already what the fix asks for"
            return Fix(_title(policy, remedy, ()), safe=safe, problem=problem)
        return Fix(_title(policy, remedy, edits), edits, safe, hunks=hunks_of(self.locator.submission, edits))

    def _change(self, edit: FixEdit, row: Row, scope: Mapping[str, Any]) -> _Change:
        if edit.kind == "create":
            return self._creation(edit, row, scope)
        if edit.is_path:
            path = self._path(edit, scope)
            source = _source(self.locator.submission, path)
            document = Entry(source, format_of(path) or "", 0, (), None)
            return _EntryChange(edit, _below(document, edit), self._value(edit.value, scope))
        bound = row.names.get(edit.target) or (row.shown.get("value") if edit.target == "value" else None)
        place = _place_of_bound(bound) if bound is not None else place_of(row, edit.target)
        if place is None or not place.path:
            raise FixRefused(f"`{edit.target}` has no place here")
        if is_base(place.path):
            raise FixRefused(f"`{edit.target}` is of the base, which no fix changes")
        check_target(self.locator.submission, place.path)
        if bound is None:
            bound = BoundValue(None, place.path, place.span, place.ref, place.inner, place.ref)
        entry = self.locator.entry(bound)
        if entry is not None:
            return _EntryChange(edit, _below(entry, edit), self._value(edit.value, scope))
        if edit.kind in ("insert", "set", "rename") or edit.keys:
            raise FixRefused(f"`{edit.target}` is no entry of a configuration here, but computed from some")
        return self._stretch(edit, place, row, scope)

    def _path(self, edit: FixEdit, scope: Mapping[str, Any]) -> str:
        path = self._rendered(edit.target, scope)
        check_target(self.locator.submission, path, creates=edit.kind == "create")
        return path

    def _creation(self, edit: FixEdit, row: Row, scope: Mapping[str, Any]) -> _Change:
        path = self._path(edit, scope)
        text = self._text(str(edit.value), row, scope, Source(path, b""), Span(0, 0))
        return _Creation(path, text)

    def _stretch(self, edit: FixEdit, place: SourceRef, row: Row, scope: Mapping[str, Any]) -> _Change:
        """Return the change of a stretch of a text, which is no entry of a configuration."""
        source = _source(self.locator.submission, place.path)
        span = self.locator.span(place, exact=True, literal=True)
        if span is None or (place.ref is not None and place.inner is None):
            raise FixRefused(f"`{edit.target}` was computed, and stands nowhere as it is")
        if edit.kind == "delete":
            if place.inner is not None:
                return _Replacement(source, whole_lines(source, span), "")
            return _Deletion(source, span, self.parsing)
        if not isinstance(edit.value, str):
            raise FixRefused(f"`{edit.target}` is code here, which a value of a configuration can't replace")
        text = self._text(edit.value, row, scope, source, span, tame=_is_code_in_string(self.locator, place))
        return _Replacement(source, span, text)

    def _text(
        self,
        template: str,
        row: Row,
        scope: Mapping[str, Any],
        source: Source,
        span: Span,
        *,
        tame: bool = False,
    ) -> str:
        """Return the text of a template that comes to a place of a file."""
        parts: list[str | int] = []
        holes: list[Hole] = []
        line_break = _line_break(source, span)
        for piece in pieces(template):
            if not piece.is_expression:
                parts.append(piece.text.replace("\n", line_break))
                continue
            parts.append(len(holes))
            name = piece.text
            known = name.isidentifier() and name in scope
            value = scope[name] if known else self._rendered("{{ " + name + " }}", scope)
            holes.append(Hole(value, self._written(name, row, source) if known else None))
        text = source.text
        template_text = Template(source.path, text, span, tuple(parts), tuple(holes), tame=tame)
        filled = fill(template_text, self.parsing)
        if len(filled) > _MOST_TEXT:
            raise FixRefused(f"the new text has more than {_MOST_TEXT:,} characters")
        return filled

    def _written(self, name: str, row: Row, target: Source) -> str | None:
        """Return how a bound name is written where it was captured, if that is code in the language of a file."""
        place = place_of(row, name)
        if place is None or not place.path or place.span is None or place.inner is not None or is_base(place.path):
            return None
        source = _source(self.locator.submission, place.path)
        mine, other = _language(target), _language(source)
        if mine is None or mine != other or format_of(source.path) is not None:
            return None
        return source.text[place.span.start : place.span.end]

    def _value(self, value: Json, scope: Mapping[str, Any]) -> Json:
        """Return a value with the strings in it rendered; one that is `{{ name }}` is the bound value itself."""
        if isinstance(value, str):
            parts = pieces(value)
            if len(parts) == 1 and parts[0].is_expression and _LOOKUP.fullmatch(parts[0].text):
                return _looked_up(parts[0].text, scope)
            return self._rendered(value, scope)
        if isinstance(value, dict):
            return {self._rendered(key, scope): self._value(entry, scope) for key, entry in value.items()}
        if isinstance(value, list):
            return [self._value(entry, scope) for entry in value]
        return value

    def _rendered(self, text: str, scope: Mapping[str, Any]) -> str:
        return render(text, scope, beside=self.beside) if "{{" in text else text


def _is_due(edit: FixEdit, scope: Mapping[str, Any]) -> bool:
    """Return whether the condition of an edit holds. Raises FixRefused where it can't be evaluated."""
    if edit.when is None:
        return True
    values = dict(scope)
    try:
        return truth(edit.when.evaluate(values, values))
    except EvaluationError as error:
        raise FixRefused(f"`{edit.when.text}` can't be evaluated: {error}") from error


def _line_break(source: Source, span: Span) -> str:
    """Return what ends a line of a new text: as the file ends its lines, and in code with the indent of its place."""
    text = source.text
    end = text.find("\n")
    line_break = "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
    before = text[source.line_starts[source.line_of(span.start) - 1] : span.start]
    is_indented = before.isspace() and _language(source) is not None and format_of(source.path) is None
    return line_break + before if is_indented else line_break


def _looked_up(text: str, scope: Mapping[str, Any]) -> Json:
    """Return the value of `name`, `name.key` or `name[other]`. Raises FixRefused where it isn't there."""
    name, *rest = _LOOKUP_PART.findall(text)
    value: Any = scope.get(name[0])
    for dotted, indexed in rest:
        key = dotted or scope.get(indexed)
        if not isinstance(value, dict) or key not in value:
            raise FixRefused(f"there is no `{text}`")
        value = value[key]
    result: Json = value
    return result


def _below(entry: Entry, edit: FixEdit) -> Entry:
    """Return the entry to which an edit's keys lead. Raises FixRefused where one of them isn't there."""
    if not edit.keys:
        return entry
    document = operations.read(entry.source, entry.format, entry.number)
    value = document.value if not entry.pointer else document.at(entry.pointer)
    for number, key in enumerate(edit.keys):
        if not isinstance(value, dict) or key not in value:
            keys = ".".join(edit.keys[: number + 1])
            raise FixRefused(f"there is no `{edit.target}{'#' if edit.is_path else '.'}{keys}`")
        value = value[key]
    return Entry(entry.source, entry.format, entry.number, (*entry.pointer, *edit.keys), value)


def _place_of_bound(bound: BoundValue) -> SourceRef:
    return SourceRef(bound.path, bound.span, None, bound.ref, bound.inner, 0, bound.core)


def edited(data: bytes, edits: Iterable[FileEdit]) -> bytes:
    """Return the bytes of a file after some edits of it. Raises EditRefused for edits that overlap."""
    return apply(data, (Edit(edit.start, edit.end, edit.text) for edit in edits))


def check_target(submission: Submission, path: str, *, creates: bool = False) -> None:
    """Raises FixRefused for a path that no fix may touch, or that isn't a file of the submission.

    With `creates`, for one that there is already.
    """
    try:
        check_path(path)
    except SubmissionError as error:
        raise FixRefused(f"`{path}` is not a path below the project's root") from error
    parts = path.split("/")
    if "\\" in path or any(ord(character) < 32 or ord(character) == 127 for character in path):
        raise FixRefused(f"`{path}` has characters that no path of a fix has")
    if any(_is_git(part) for part in parts) or parts[-1].casefold() in OWN_FILES:
        raise FixRefused(f"no fix may touch `{path}`: it says what is checked, or belongs to git")
    if creates:
        folders = {"/".join(parts[:number]) for number in range(1, len(parts))}
        if path in submission.paths or path in submission.folders or not folders.isdisjoint(submission.paths):
            raise FixRefused(f"`{path}` is there already, and no fix overwrites a file")
        if any(other.startswith(f"{path}/") for other in submission.paths):
            raise FixRefused(f"`{path}` is a folder")
    elif path in submission.links:
        raise FixRefused(f"`{path}` is a link")
    elif path not in submission.files:
        raise FixRefused(f"there is no file `{path}` that is checked")


def _is_git(name: str) -> bool:
    """Return whether some file system takes a name for `.git` (as git itself protects against)."""
    plain = name.casefold().rstrip(". ").partition(":")[0]
    kept = "".join(character for character in plain if character.isprintable())
    return kept == ".git" or plain.startswith("git~")


class _Change(Struct, frozen=True):
    """One edit of a fix at a place, before it is known what the others of the fix do."""

    @property
    def path(self) -> str:
        """The path of the file."""
        raise NotImplementedError


class _Creation(_Change, frozen=True):
    """A new file."""

    new_path: str
    text: str

    @property
    def path(self) -> str:
        """The path of the new file."""
        return self.new_path


class _SpanChange(_Change, frozen=True):
    """A change of a span of a text."""

    source: Source
    span: Span

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.source.path

    @property
    def start(self) -> int:
        """The offset at which the span begins, in bytes."""
        return _offset(self.source, self.span.start)


class _Replacement(_SpanChange, frozen=True):
    """A span of a text that another text replaces."""

    text: str

    def made(self, source: Source) -> tuple[Edit, ...]:
        """Return the edits of the file, in which nothing has changed up to the end of the span."""
        edit = Edit(self.start, _offset(self.source, self.span.end), self.text)
        return (edit,) if source.data[edit.start : edit.end] != self.text.encode("utf-8", "surrogatepass") else ()


class _Deletion(_SpanChange, frozen=True):
    """A span of a text that goes, with what held it to its neighbors."""

    parsing: FixWorker

    def made(self, source: Source, *, whole: bool) -> tuple[Edit, ...]:
        """Return the edits of the file, in which nothing has changed up to the end of the span.

        `whole` is whether nothing else of it changes.
        """
        return delete(source, self.span, self.parsing, whole=whole)


class _EntryChange(_Change, frozen=True):
    """A change of an entry of a configuration."""

    edit: FixEdit
    entry: Entry
    value: Json

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.entry.source.path

    @property
    def start(self) -> int:
        """The offset at which the entry begins, in bytes; 0 for a document as a whole."""
        if not self.entry.pointer:
            return 0
        document = operations.read(self.entry.source, self.entry.format, self.entry.number)
        where = document.where(self.entry.pointer)
        span = where.key if where.key is not None else where.value
        return _offset(self.entry.source, span.start)

    def steps(self) -> list[_Step]:
        """Return the operations on the file, one after the other."""
        edit, entry = self.edit, self.entry
        match edit.kind:
            case "delete":
                return [lambda source: operations.delete(source, entry.format, entry.pointer, index=entry.number)]
            case "rename":
                return [self._renaming(str(self.value))]
            case "replace" if entry.is_key:
                if not isinstance(self.value, str):
                    raise FixRefused(f"`{edit.target}` is a key here, which only a string can replace")
                return [self._renaming(self.value)]
            case "replace":
                return [
                    lambda source: operations.replace(
                        source, entry.format, entry.pointer, self.value, index=entry.number
                    )
                ]
            case _:
                return self._insertions()

    def _renaming(self, key: str) -> _Step:
        entry = self.entry
        return lambda source: operations.rename(source, entry.format, entry.pointer, key, index=entry.number)

    def _insertions(self) -> list[_Step]:
        """Return what adds the entries that aren't there: mappings and lists that are there get what they lack."""
        entry = self.entry
        document = operations.read(entry.source, entry.format, entry.number)
        there = document.value if not entry.pointer else document.at(entry.pointer)
        return list(self._into(entry.pointer, there, self.value))

    def _into(self, pointer: Any, there: Json, value: Json) -> Iterable[_Step]:
        entry, position, overwrites = self.entry, self.edit.position, self.edit.kind == "set"
        if isinstance(value, list):
            for element in reversed(value) if position == "first" else value:
                yield lambda source, element=element: operations.append(
                    source, entry.format, pointer, element, position=position, index=entry.number
                )
            return
        assert isinstance(value, dict), "the schema allows mappings and lists"
        known = there if isinstance(there, dict) else {}
        for key, new in reversed(value.items()) if position == "first" else value.items():
            old = known.get(key)
            merged = dict if overwrites else dict | list
            if isinstance(new, merged) and new and isinstance(old, merged) and type(old) is type(new):
                yield from self._into((*pointer, key), old, new)
                continue
            yield lambda source, key=key, new=new: operations.insert(
                source,
                entry.format,
                pointer,
                key,
                new,
                position=position,
                overwrite=overwrites,
                index=entry.number,
            )


_Step = Any  # of a source: the edits of an operation on it


class _Changes(Struct):
    """The changes of one fix, by the file."""

    submission: Submission
    by_path: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, change: _Change) -> None:
        """Take one more change, unless it is there: rows of one finding may ask for the same."""
        own = self.by_path.setdefault(change.path, [])
        if change not in own:
            own.append(change)

    def edits(self) -> tuple[FileEdit, ...]:
        """Return the edits of all files. Raises FixRefused or EditRefused where they can't be made together."""
        result: list[FileEdit] = []
        for path, changes in self.by_path.items():
            if isinstance(changes[0], _Creation):
                if len(changes) > 1:
                    raise FixRefused(f"the fix changes `{path}`, and creates it")
                result.append(FileEdit(path, 0, 0, changes[0].text, creates=True))
                continue
            source = _source(self.submission, path)
            if source.utf8 != source.data.removeprefix(_BOM):
                raise FixRefused(f"`{path}` is not in UTF-8: only such files are edited")
            edits = tuple(_together(source, changes))
            if path.rpartition("/")[2] == "pyproject.toml" and _own_table(source) != _own_table(
                Source(path, apply(source.data, edits))
            ):
                raise FixRefused(f"no fix may touch [tool.polcheck] of `{path}`: it says what is checked")
            result += [_placed(source, edit) for edit in edits]
        return tuple(result)


def _together(source: Source, changes: list[Any]) -> Iterable[Edit]:
    """Return the edits of one file that make some changes together.

    They are made from the file's end to its beginning, so that none moves what the next one is about.
    """
    data, lowest = source.data, len(source.data)
    made: list[tuple[Edit, ...]] = []
    for change in sorted(changes, key=lambda change: change.start, reverse=True):
        if isinstance(change, _Replacement | _Deletion):
            if _offset(change.source, change.span.end) > lowest:
                raise FixRefused("its edits overlap")
            steps: list[_Step] = [change.made]
            if isinstance(change, _Deletion):
                steps = [partial(change.made, whole=len(changes) == 1)]
        else:
            steps = change.steps()
        for step in steps:
            edits = step(Source(source.path, data))
            if edits:
                lowest = min(lowest, edits[0].start)
                data = apply(data, edits)
                made.append(edits)
    return made[0] if len(made) == 1 else _differences(source.data, data)


def _own_table(source: Source) -> Json:
    """Return what a pyproject.toml sets of polcheck; None where it can't be read."""
    try:
        value: Any = parse_config(source, "toml").values[0]
        return value.get("tool", {}).get("polcheck")  # type: ignore[no-any-return]
    except (Unparsable, Unreadable, LookupError, AttributeError):
        return None


def _differences(old: bytes, new: bytes) -> list[Edit]:
    """Return the edits that make `new` of `old`, of whole lines and what differs in them."""
    if old == new:
        return []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if len(before) > _MOST_LINES or len(after) > _MOST_LINES:
        return [_trimmed(old, new, 0, len(old), 0, len(new))]
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    ends = [0]
    for line in after:
        ends.append(ends[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        _trimmed(old, new, starts[first], starts[last], ends[start], ends[end])
        for tag, first, last, start, end in matcher.get_opcodes()
        if tag != "equal"
    ]


def _trimmed(old: bytes, new: bytes, first: int, last: int, start: int, end: int) -> Edit:
    """Return the edit of a stretch without what both have in common at its beginning and its end."""
    while first < last and start < end and old[first] == new[start]:
        first, start = first + 1, start + 1
    while first < last and start < end and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
    # NOTE: a stretch may not begin or end within a character
    while first > 0 and (_continues(old, first) or _continues(new, start)):
        first, start = first - 1, start - 1
    while last < len(old) and (_continues(old, last) or _continues(new, end)):
        last, end = last + 1, end + 1
    return Edit(first, last, new[start:end].decode("utf-8", "surrogatepass"))


def _continues(data: bytes, at: int) -> bool:
    """Return whether the byte at an offset continues a character of UTF-8."""
    return at < len(data) and data[at] & 0xC0 == 0x80


def _placed(source: Source, edit: Edit) -> FileEdit:
    """Return an edit with its place in lines and columns."""
    mark = len(_BOM) if source.data.startswith(_BOM) else 0
    span = source.span_of_bytes(max(edit.start - mark, 0), max(edit.end - mark, 0))
    place = source.place(span)
    columns = (_units(source, place.line, place.column), _units(source, place.end_line, place.end_column))
    return FileEdit(source.path, edit.start, edit.end, edit.text, place, utf16_columns=columns)


def _units(source: Source, line: int, column: int) -> int:
    """Return a column in UTF-16 units."""
    return column + sum(character > "\uffff" for character in source.line(line)[: column - 1])


def hunks_of(submission: Submission, edits: Iterable[FileEdit]) -> tuple[Hunk, ...]:
    """Return the lines that edits change; none where they are too many to be shown."""
    by_path: dict[str, list[FileEdit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    hunks: list[Hunk] = []
    for path, own in by_path.items():
        if own[0].creates:
            hunks.append(Hunk(path, 0, (), _lines(own[0].text)))
        else:
            hunks += _hunks(submission.source(path), own)
    return tuple(hunks) if sum(len(hunk.before) + len(hunk.after) for hunk in hunks) <= _MOST_SHOWN else ()


def _hunks(source: Source, edits: Iterable[FileEdit]) -> Iterable[Hunk]:
    """Yield the lines of a file that edits change, those that are side by side together."""
    stretches: list[tuple[int, int, list[FileEdit]]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        assert edit.place is not None, "only a new file has no place"
        first, last = edit.place.line, edit.place.end_line
        whole = edit.place.column == 1 and edit.place.end_column == 1 and (not edit.text or edit.text[-1] == "\n")
        if whole and last > first:
            last -= 1  # NOTE: whole lines, and nothing of the one after them
        elif whole and first > 1:
            first = last = first - 1  # NOTE: an insertion between lines is shown with the one before it
        if stretches and first <= stretches[-1][1] + 1:
            before, end, together = stretches.pop()
            stretches.append((before, max(end, last), [*together, edit]))
        else:
            stretches.append((first, last, [edit]))
    mark = len(_BOM) if source.data.startswith(_BOM) else 0
    starts = source.line_starts
    for first, last, together in stretches:
        start = source.byte_of(starts[first - 1]) + mark
        end = source.byte_of(starts[last]) + mark if last < len(starts) else len(source.data)
        old = source.data[start:end]
        new = apply(old, (Edit(edit.start - start, edit.end - start, edit.text) for edit in together))
        yield Hunk(source.path, first, _lines(old.decode("utf-8", "replace")), _lines(new.decode("utf-8", "replace")))


def _lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text without what ends them."""
    return tuple(line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")) if text else ()


def _offset(source: Source, at: int) -> int:
    """Return the offset in a file's bytes of a character of its text."""
    return source.byte_of(at) + (len(_BOM) if source.data.startswith(_BOM) else 0)


def _source(submission: Submission, path: str) -> Source:
    try:
        source = submission.source(path)
        _ = source.text
    except (KeyError, OSError, Unreadable) as error:
        raise FixRefused(f"`{path}` can't be read: {error}") from error
    return source


def _language(source: Source) -> str | None:
    try:
        return language_of_file(source.path, source.data)
    except Unreadable:
        return None


def _is_code_in_string(locator: Locator, place: SourceRef) -> bool:
    """Return whether a place is code in a string of a file."""
    return place.inner is not None and bool(locator.extractor.probes[place.inner.probe].syntaxes)


def _title(policy: CompiledPolicy, remedy: str, edits: Iterable[FileEdit]) -> str:
    """Return what a fix does, in a line: the remedy where that is one, else which files it edits."""
    if remedy and "\n" not in remedy:
        return remedy
    paths = sorted({edit.path for edit in edits})
    created = {edit.path for edit in edits if edit.creates}
    if not paths:
        return policy.title
    words = [f"create {path}" if path in created else f"edit {path}" for path in paths[:3]]
    rest = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    text = ", ".join(words) + rest
    return f"{policy.title}: {text}"
