"""Migration of packs to the newest version of the policy language, as edits of their text: comments and layout stay.

Each edit is checked: a file that would then hold anything else than what was meant is left as it is, and what is to be
changed by hand is said instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.spans import Source
from polcheck.formats import parse_config
from polcheck.formats.values import Config, Json, Pointer, Unparsable
from polcheck.policy.origin import Problems, read
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.plan import GROUP
from polcheck.policy.versions import LANGUAGE_VERSION
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.nodes import Call, Listing
from polcheck.selectors.jmespath.values import ExpressionError

_HEAD = "pack.yaml"
_CONJUNCTIONS = ("when", "for", "require", "forbid")
_MOST_EDITS = 10_000  # of one file


class Migration(Struct, frozen=True):
    """The migration of one file of a pack: its path there, its new text, and what is changed, each with its line.

    `by_hand` are changes that its layout doesn't let polcheck make.
    """

    path: str
    text: str
    changes: tuple[tuple[int, str], ...]
    by_hand: tuple[tuple[int, str], ...] = ()


class _Edit(NamedTuple):
    """An edit of a document: where, what it does, the document after it, and how the text of the file changes."""

    at: Pointer
    message: str
    document: Json
    text: str


class _Document(NamedTuple):
    """One YAML document of a file."""

    text: str
    config: Config
    number: int

    @property
    def value(self) -> Any:
        """The document's value."""
        return self.config.values[self.number]

    def start(self, at: Pointer) -> int:
        """Return where the key of a value begins, or the value where it has none."""
        where = self.config.locate(self.number, at)
        return (where.key or where.value).start

    def span(self, at: Pointer) -> tuple[int, int]:
        """Return where a value begins and ends."""
        where = self.config.locate(self.number, at).value
        return where.start, where.end


def migrate(pack: PackFiles) -> list[Migration]:
    """Return the migrations of the files of a pack that change; none where it is written in the newest version."""
    result: list[Migration] = []
    policies = pack.below("policies", (".yaml", ".yml"))
    kept = any(True for path in policies for _ in _other_meanings(pack.source_of(path))) if _is_of_1(pack) else False
    for path in [_HEAD, *policies]:
        if path in pack.files:
            migration = _migrate(path, pack.source_of(path), keeps_version=kept)
            if _is_of_1(pack) and path != _HEAD:
                meanings = tuple(_other_meanings(pack.source_of(path)))
                migration = replace(migration, by_hand=(*meanings, *migration.by_hand))
            if migration.changes or migration.by_hand:
                result.append(migration)
    return result


def _is_of_1(pack: PackFiles) -> bool:
    document = pack.head.document if pack.head else None
    return isinstance(document, dict) and document.get("language") == 1


def _other_meanings(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file whose meaning is another one in version 2, and what to do before the pack is of it."""
    for origin in read(source, Problems()):
        document = _Document(source.text, origin.config, origin.index)
        for at, item in _items(document.value, ()):
            lets = item.get("let")
            texts = [item.get("where"), *(lets.values() if isinstance(lets, dict) else ())]
            if "per" in item and any(GROUP in _words(text) for text in texts if isinstance(text, str)):
                line = source.text.count("\n", 0, document.start(at)) + 1
                yield (
                    line,
                    f"beside `per`, `{GROUP}` is the list of rows in version 2: call the name something else first",
                )


def _items(value: Json, at: Pointer) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield every mapping in a value, with where it is."""
    if isinstance(value, dict):
        yield at, value
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _items(entry, (*at, key))


def _migrate(path: str, source: Source, *, keeps_version: bool) -> Migration:
    problems = Problems()
    documents = list(read(source, problems))
    if problems.errors or not documents:
        return Migration(path, "", ())
    text = source.text
    changes: list[tuple[int, str]] = []
    by_hand: dict[tuple[int, str], None] = {}
    refused: set[tuple[int, Pointer]] = set()
    for _ in range(_MOST_EDITS):
        edit = _next(path, text, refused, by_hand, keeps_version=keeps_version)
        if edit is None:
            break
        changes.append((_line(text, edit), edit.message))
        text = edit.text
    return Migration(path, text, tuple(changes), tuple(by_hand))


def _line(text: str, edit: _Edit) -> int:
    """Return the line at which an edit changes a text."""
    same = next((n for n, (one, other) in enumerate(zip(text, edit.text, strict=False)) if one != other), len(text))
    return text.count("\n", 0, same) + 1


def _next(
    path: str,
    text: str,
    refused: set[tuple[int, Pointer]],
    by_hand: dict[tuple[int, str], None],
    *,
    keeps_version: bool,
) -> _Edit | None:
    """Return the next edit of a file that gives what was meant; the others go to `by_hand`, and are tried once."""
    config = _parsed(text)
    if config is None:
        return None
    for index in range(len(config.values)):
        document = _Document(text, config, index)
        if not isinstance(document.value, dict):
            continue
        for edit in _of_pack(document) if path == _HEAD else _of_policy(document):
            if (index, edit.at) in refused or (keeps_version and edit.at == ("language",)):
                continue
            after = _parsed(edit.text)
            wanted = (*config.values[:index], edit.document, *config.values[index + 1 :])
            keeps_comments = edit.text.count("#") == text.count("#")
            if after is not None and not after.repeated and after.values == wanted and keeps_comments:
                return edit
            refused.add((index, edit.at))
            by_hand[(text.count("\n", 0, document.start(edit.at)) + 1, edit.message)] = None
    return None


def _parsed(text: str) -> Config | None:
    try:
        return parse_config(Source("", text.encode()), "yaml")
    except Unparsable:
        return None


def _of_pack(document: _Document) -> Iterator[_Edit]:
    """Yield the edits of pack.yaml: its version, the spelling of its keys, and its selectors."""
    value: dict[str, Json] = document.value
    language = value.get("language")
    if language is None and "version" in value:
        end = _line_end(document.text, document.span(("version",))[1])
        text = f"{document.text[:end]}\nlanguage: {LANGUAGE_VERSION}{document.text[end:]}"
        edited: dict[str, Json] = {**value, "language": LANGUAGE_VERSION}
        yield _Edit((), f"language: {LANGUAGE_VERSION}", edited, text)
    elif isinstance(language, int) and language < LANGUAGE_VERSION:
        text = _replaced(document.text, *document.span(("language",)), str(LANGUAGE_VERSION))
        message = f"language: {language} -> {LANGUAGE_VERSION}"
        yield _Edit(("language",), message, {**value, "language": LANGUAGE_VERSION}, text)
    if "licence" in value and "license" not in value:
        start = document.start(("licence",))
        text = _replaced(document.text, start, start + len("licence"), "license")
        edited = {("license" if key == "licence" else key): entry for key, entry in value.items()}
        yield _Edit(("licence",), "`licence` -> `license`", edited, text)
    selectors = value.get("selectors")
    for name in selectors if isinstance(selectors, dict) else ():
        yield from _of_items(document, ("selectors", name))


def _of_policy(document: _Document) -> Iterator[_Edit]:
    """Yield the edits of a policy."""
    for key in _CONJUNCTIONS:
        if key in document.value:
            yield from _of_items(document, (key,))


def _of_items(document: _Document, at: Pointer) -> Iterator[_Edit]:
    """Yield the edits of the items of a conjunction, and of those below it."""
    value = _value(document.value, at)
    if isinstance(value, list):
        yield from _same_places(document, at, value)
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        place: Pointer = (*at, index) if isinstance(value, list) else at
        if isinstance(item, dict):
            if "not" in item:
                yield from _of_items(document, (*place, "not"))
            branches = item.get("any")
            for number in range(len(branches)) if isinstance(branches, list) else ():
                yield from _of_items(document, (*place, "any", number))


def _same_places(document: _Document, at: Pointer, items: list[Json]) -> Iterator[_Edit]:
    """Yield the edits of calls that are compared by line and column: `is` says that they are the same.

    `[{pattern: f(...), let: {at: PLACE}}, {not: {scope: file, pattern: "f(..., k=$_, ...)", let: {at: PLACE}}}]`
    """
    for number, item in enumerate(items):
        other = item.get("not") if isinstance(item, dict) and set(item) == {"not"} else None
        before = items[number - 1] if number else None
        if not (isinstance(other, dict) and isinstance(before, dict) and other.get("scope") == "file"):
            continue
        name = _shared_place(before, other)
        if name is None or not _is_same_call(before.get("pattern"), other.get("pattern")):
            continue
        if _words(json.dumps(document.value, ensure_ascii=False)).count(name) != 2:
            continue  # NOTE: something else may read it
        target = {key: entry for key, entry in other.items() if key not in ("scope", "let", "files")}
        if not set(target) <= {"pattern", "language", "resolve", "where", "as"}:
            continue
        yield _edit_of_same(document, (*at, number - 1), (*at, number), name, target)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split()


def _shared_place(one: Mapping[str, Json], other: Mapping[str, Json]) -> str | None:
    """Return the name under which two items compute their line and column alike."""
    mine, theirs = one.get("let"), other.get("let")
    if not (isinstance(mine, dict) and isinstance(theirs, dict) and len(theirs) == 1):
        return None
    ((name, text),) = theirs.items()
    if mine.get(name) != text or not isinstance(text, str):
        return None
    try:
        expression = compile_expression(text)
    except ExpressionError:
        return None
    node = expression.node
    joins = isinstance(node, Call) and node.name == "join"
    return name if expression.names == {"line", "column"} and (joins or isinstance(node, Listing)) else None


def _is_same_call(one: Json, other: Json) -> bool:
    """Return whether two patterns are each one call of the same name."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    names = [text.partition("(")[0].strip() for text in (one, other)]
    return names[0] == names[1] != "" and all(_is_one_call(text.strip()) for text in (one, other))


def _is_one_call(text: str) -> bool:
    """Return whether the first parenthesis of a snippet is closed by its last character."""
    depth = 0
    for number, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and not depth:
            return number == len(text) - 1
    return False


def _edit_of_same(document: _Document, first: Pointer, second: Pointer, name: str, target: dict[str, Json]) -> _Edit:
    """Return the edit that says `not: {is: target}`, and takes the name that both items computed out of the first."""
    start, end = document.span((*second, "not"))
    if document.text[start] == "{":
        spans = [(document.start((*second, "not", key)), document.span((*second, "not", key))[1]) for key in target]
        text = _replaced(document.text, start, end, "{is: {" + ", ".join(document.text[a:b] for a, b in spans) + "}}")
    else:
        end = _line_end(document.text, end)
        text = _replaced(document.text, start, end, _nested_block(document, (*second, "not"), target, end))
    value: Any = document.value
    item = dict(_value(value, first))
    lets = {key: entry for key, entry in item["let"].items() if key != name}
    at = (*first, "let", name) if lets else (*first, "let")
    text = _without(document, text, at)
    item = {**item, "let": lets} if lets else {key: entry for key, entry in item.items() if key != "let"}
    edited = _with(_with(value, first, item), second, {"not": {"is": target}})
    return _Edit(second, "a comparison of line and column -> `is`", edited, text)


def _nested_block(document: _Document, at: Pointer, kept: Mapping[str, Json], end: int) -> str:
    """Return a block mapping that ends at `end` below `is`, with the entries that are kept and every comment."""
    text = document.text
    starts = sorted((document.start((*at, key)), key) for key in _value(document.value, at))
    indent = " " * (starts[0][0] - (text.rfind("\n", 0, starts[0][0]) + 1) + 2)
    lines: list[str] = []
    for (start, key), (following, _) in zip(starts, [*starts[1:], (end, "")], strict=True):
        own = text[start:following] if key in kept else text[document.span((*at, key))[1] : following].strip(" ,")
        lines += [f"  {line}" if number else f"{indent}{line}" for number, line in enumerate(own.rstrip().split("\n"))]
    return "is:\n" + "\n".join(line for line in lines if line.strip())


def _without(document: _Document, text: str, at: Pointer) -> str:
    """Return a text without an entry of a mapping, which stands before what has been edited; its comments stay."""
    start, end = document.start(at), document.span(at)[1]
    keys = sorted((document.start((*at[:-1], key)), key) for key in _value(document.value, at[:-1]))
    place = next(number for number, (_, key) in enumerate(keys) if key == at[-1])
    before = text.rfind("\n", 0, start) + 1
    if not text[before:start].strip():  # an entry of a block mapping, on lines of its own
        rest = text[end : _line_end(text, end)].strip()
        return (
            text[:start] + rest + text[_line_end(text, end) :]
            if rest
            else text[:before] + text[_line_end(text, end) + 1 :]
        )
    if place + 1 < len(keys):
        return text[:start] + text[keys[place + 1][0] :]
    previous = document.span((*at[:-1], keys[place - 1][1]))[1] if place else start
    return text[:previous] + text[end:]


def _replaced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _value(document: Any, at: Pointer) -> Any:
    for step in at:
        document = document[step]
    return document


def _with(document: Any, at: Pointer, new: Json) -> Any:
    """Return a copy of a document with another value at a pointer."""
    if not at:
        return new
    copy: Any = list(document) if isinstance(document, list) else dict(document)
    copy[at[0]] = _with(copy[at[0]], at[1:], new)
    return copy
