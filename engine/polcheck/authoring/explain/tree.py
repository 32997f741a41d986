"""A file as selectors see it: its syntax tree, or the tree of its data, node by node in order of place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from polcheck.authoring.explain.display import DisplayOptions, value_text
from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Place, Source, Span, Unreadable
from polcheck.formats import format_of, formats, parse_config
from polcheck.formats.values import Config, Json, Pointer, Unparsable
from polcheck.languages import grammars as syntax
from polcheck.languages.registry import UnknownLanguage, language_of_file, languages
from polcheck.render.escape import terminal

if TYPE_CHECKING:
    from tree_sitter import Node as Found


_KINDS: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}


class Branch(Struct, frozen=True):
    """One node of a syntax tree. `field` is the name by which its parent calls it, `text` what a leaf says.

    `fault` is `error` where the parser could not go on, `missing` where it put in what wasn't there.
    """

    depth: int
    kind: str
    place: Place
    field: str = ""
    text: str = ""
    named: bool = True
    fault: str = ""


class Entry(Struct, frozen=True):
    """One value of a data tree: the number of its document, its RFC 6901 pointer, its place where it has one."""

    document: int
    depth: int
    pointer: str
    kind: str
    value: Json
    place: Place | None


def kind_of_tree(source: Source, language: str, *, syntax_tree: bool = False) -> tuple[str, bool]:
    """Return the language or format to read a file in, and whether that gives a data tree.

    Raises PolcheckError when neither the path nor the first line tells and `language` is empty.
    """

    name = language or ("" if syntax_tree else format_of(source.path)) or language_of_file(source.path, source.data)
    if not name:
        known = "by its name or first line"
        raise PolcheckError(f"`{source.path}` is of no known language {known}: say which with `--language`")
    return name, not syntax_tree and (name in formats() or name not in languages())


def branches(source: Source, language: str, depth: int | None, *, anonymous: bool) -> Iterator[Branch]:
    """Yield the nodes of the syntax tree down to `depth`; the tokens without a name too if `anonymous`.

    Raises PolcheckError for a language without a grammar and a file that is no text.
    """
    try:
        tree = syntax.parse(source, language)
    except UnknownLanguage as error:
        raise PolcheckError(f"{error.message}\nhelp: {error.help}") from error
    except Unreadable as error:
        raise PolcheckError(f"`{source.path}`: {error}") from error
    cursor = tree.tree.walk()
    level = 0
    while True:
        node = cursor.node
        if node is not None and (node.is_named or anonymous or node.is_missing or node.is_error):
            yield _branch(source, node, cursor.field_name or "", level)
        if (depth is None or level < depth) and cursor.goto_first_child():
            level += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            level -= 1


def _branch(source: Source, node: Found, field: str, level: int) -> Branch:
    place = source.place(source.span_of_bytes(node.start_byte, node.end_byte))
    text = (node.text or b"").decode("utf-8", "replace") if node.child_count == 0 and node.is_named else ""
    fault = "error" if node.is_error else "missing" if node.is_missing else ""
    return Branch(level, node.type, place, field, text, node.is_named, fault)


def entries(source: Source, name: str, depth: int | None) -> Iterator[Entry]:
    """Yield the values of a config file down to `depth`, each document's in order.

    Raises PolcheckError for a format that doesn't exist and a file that isn't in it.
    """
    config = _config(source, name)
    for number, value in enumerate(config.values):
        stack: list[tuple[Pointer, Json]] = [((), value)]
        while stack:
            at, current = stack.pop()
            kind = _KINDS.get(type(current), "null")
            yield Entry(number, len(at), pointer_text(at), kind, current, _place(source, config, number, at))
            if depth is None or len(at) < depth:
                stack += [((*at, step), inner) for step, inner in reversed(_members(current))]


def pointer_text(at: Pointer) -> str:
    """Return the pointer as RFC 6901 writes it; the root is the empty text."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in at)


def _members(value: Json) -> list[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _config(source: Source, name: str) -> Config:
    if name not in formats():
        known = ", ".join(sorted({*formats(), *languages()}))
        raise PolcheckError(f"unknown language `{name}`\nhelp: one of {known}")
    try:
        return parse_config(source, name)
    except Unparsable as error:
        place = source.place(error.span or Span(0, 0))
        where = f"{source.path}:{place.line}:{place.column}"
        raise PolcheckError(f"{where}: not {formats()[name].title}: {error.reason}") from error
    except Unreadable as error:
        raise PolcheckError(f"`{source.path}`: {error}") from error


def _place(source: Source, config: Config, number: int, at: Pointer) -> Place | None:
    try:
        return source.place(config.locate(number, at).value)
    except KeyError:
        return None


_MOST = 1_000  # lines
_INDENT = "  "
_DEEP = 60  # levels beyond which lines are no longer moved to the right
_MOST_TEXT = 60


def syntax_lines(branches: Iterable[Branch], look: DisplayOptions) -> Iterator[str]:
    """Return the syntax tree: field, kind, place, and the text of a leaf."""
    return _limited((_syntax_line(branch, look) for branch in branches), look)


def data_lines(entries: Iterable[Entry], look: DisplayOptions) -> Iterator[str]:
    """Return the data tree: pointer, value or size, and place."""
    return _limited(_with_documents(entries, look), look)


def syntax_plain(branches: Iterable[Branch]) -> list[dict[str, Any]]:
    """Return the nodes as JSON values, `depth` telling which holds which."""
    return [
        {
            "depth": branch.depth,
            "kind": branch.kind,
            "named": branch.named,
            "field": branch.field or None,
            "fault": branch.fault or None,
            **_place_plain(branch.place),
            "text": branch.text or None,
        }
        for branch in branches
    ]


def data_plain(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the values as JSON values: scalars as they are, of objects and arrays the size."""
    return [
        {
            "document": entry.document,
            "pointer": entry.pointer,
            "kind": entry.kind,
            **({"size": len(entry.value)} if isinstance(entry.value, dict | list) else {"value": entry.value}),
            **_place_plain(entry.place),
        }
        for entry in entries
    ]


def _limited(lines: Iterable[str], look: DisplayOptions) -> Iterator[str]:
    if look.all:
        yield from lines
        return
    left = iter(lines)
    yield from islice(left, _MOST)
    if next(left, None) is not None:
        yield look.style.dim(f"… and more than {_MOST:,} lines; use --depth to see less of each, or --all")


def _syntax_line(branch: Branch, look: DisplayOptions) -> str:
    style = look.style
    indent = _INDENT * min(branch.depth, _DEEP) + (f"[{branch.depth}] " if branch.depth > _DEEP else "")
    field = style.margin(f"{branch.field}: ") if branch.field else ""
    text = f" {_short(branch.text)}" if branch.text else ""
    return f"{indent}{field}{_kind(branch, look)} {style.dim(_span(branch.place))}{text}"


def _kind(branch: Branch, look: DisplayOptions) -> str:
    if branch.fault == "missing":
        kind = branch.kind if branch.named else f'"{branch.kind}"'
        return look.style.name("error", text=f"MISSING {terminal(kind)}")
    if branch.fault:
        return look.style.name("error", text=terminal(branch.kind))
    return look.style.bold(terminal(branch.kind)) if branch.named else f'"{terminal(branch.kind)}"'


def _with_documents(entries: Iterable[Entry], look: DisplayOptions) -> Iterator[str]:
    for entry in entries:
        if entry.document and not entry.depth:
            yield look.style.dim(f"--- document {entry.document + 1}")
        place = look.style.dim(_start(entry.place)) if entry.place else ""
        yield f"{look.style.bold(terminal(entry.pointer)) or '(root)'} {_value(entry.value)} {place}".rstrip()


def _value(value: Json) -> str:
    if isinstance(value, dict):
        return f"object of {len(value):,}"
    if isinstance(value, list):
        return f"array of {len(value):,}"
    return f'"{_cut(value)}"' if isinstance(value, str) else value_text(value).strip("`")


def _short(text: str) -> str:
    return f"`{_cut(text)}`"


def _cut(text: str) -> str:
    return terminal(text[:_MOST_TEXT]) + ("…" if len(text) > _MOST_TEXT else "")


def _span(place: Place) -> str:
    return f"{place.line}:{place.column}-{place.end_line}:{place.end_column}"


def _start(place: Place) -> str:
    return f"{place.line}:{place.column}"


def _place_plain(place: Place | None) -> dict[str, Any]:
    return {
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
    }
