"""The operations on a value of a configuration file: replace, insert, append, delete, rename.

Each returns edits of the file's bytes, none where the file says what is wanted already. Before that the edited file is
read by the reader of its format: it has to say exactly what was wanted, and what it said before in every other place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from polcheck.base.spans import Source, Unreadable
from polcheck.edits.document import Change, Document, Member, in_bytes, pointer_text, same_value
from polcheck.edits.edit import Edit, EditRefused, apply
from polcheck.edits.editor import Editor, Position, editors
from polcheck.formats import dialect
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable, kind_of

_BOM = b"\xef\xbb\xbf"


def replace(source: Source, format: str, pointer: Pointer, value: Json, *, index: int = 0) -> tuple[Edit, ...]:
    """Return the edits that put `value` in the place of the value at `pointer` in document `index` of a file.

    `format` is the name of a configuration format. Raises EditRefused, also where `pointer` doesn't resolve.
    """
    document, editor = _document(source, format, index)
    editor.require("replace", document)
    _check(value)
    value = editor.normal(value, len(pointer))
    if same_value(document.at(pointer), value):
        return ()
    return _verified(document, editor, pointer, value, editor.replace(document, pointer, value))


def insert(
    source: Source,
    format: str,
    pointer: Pointer,
    key: str,
    value: Json,
    *,
    position: Position = "last",
    overwrite: bool = False,
    index: int = 0,
) -> tuple[Edit, ...]:
    """Return the edits that add `key` with `value` to the mapping at `pointer` in document `index` of a file.

    A key that is there with another value is refused, or with `overwrite` given the new value. Raises EditRefused.
    """
    document, editor = _document(source, format, index)
    editor.require("insert", document)
    found = document.at(pointer)
    mapping = editor.mapping(found)
    if mapping is None:
        raise EditRefused(f"`{pointer_text(pointer)}` is {kind_of(found)}, not a mapping")
    _check(value)
    _check(key)
    value = editor.entry(key, value, len(pointer) + 1)
    if key in mapping:
        if same_value(mapping[key], value):
            return ()
        if not overwrite:
            raise EditRefused(f"`{pointer_text((*pointer, key))}` is there already, with another value")
        return replace(source, format, (*pointer, key), value, index=index)
    changes = editor.insert(document, pointer, key, value, position)
    return _verified(document, editor, pointer, {**mapping, key: value}, changes)


def append(
    source: Source, format: str, pointer: Pointer, value: Json, *, position: Position = "last", index: int = 0
) -> tuple[Edit, ...]:
    """Return the edits that add an item to the list at `pointer` in document `index` of a file.

    None where the list has an item with that value. `position` is `sorted` among strings. Raises EditRefused.
    """
    document, editor = _document(source, format, index)
    editor.require("append", document)
    items = document.at(pointer)
    if items is not None and not isinstance(items, list):
        raise EditRefused(f"`{pointer_text(pointer)}` is {kind_of(items)}, not a list")
    _check(value)
    value = editor.normal(value, len(pointer) + 1)
    items = items or []
    if any(editor.says(item, value) for item in items):
        return ()
    at = item_position(items, value, position)
    changes = editor.append(document, pointer, value, position)
    return _verified(document, editor, pointer, [*items[:at], value, *items[at:]], changes)


def delete(source: Source, format: str, pointer: Pointer, *, index: int = 0) -> tuple[Edit, ...]:
    """Return the edits that take the entry at `pointer` out of document `index` of a file, none where there is none.

    Its line goes with it, its own comments and what sets it off from its neighbors; so do containers that are there
    only as long as something is in them, as tables of TOML without a header. Raises EditRefused.
    """
    document, editor = _document(source, format, index)
    editor.require("delete", document)
    if not pointer:
        raise EditRefused("a whole document can't be deleted")
    try:
        document.at(pointer)
    except EditRefused:
        return ()
    *outer, step = pointer
    container = document.at(tuple(outer))
    rest = _without(container, step)
    changes = editor.delete(document, pointer)
    while not rest and outer and editor.vanishes(document, tuple(outer)):
        *outer, step = outer
        rest = _without(document.at(tuple(outer)), step)
    return _verified(document, editor, tuple(outer), rest, changes)


def rename(source: Source, format: str, pointer: Pointer, key: str, *, index: int = 0) -> tuple[Edit, ...]:
    """Return the edits that give the entry at `pointer` in document `index` of a file another key.

    None where the new key is there and the old one isn't. Raises EditRefused.
    """
    document, editor = _document(source, format, index)
    editor.require("rename", document)
    if not pointer or not isinstance(pointer[-1], str):
        raise EditRefused("only an entry of a mapping has a key")
    outer, old = pointer[:-1], pointer[-1]
    mapping = document.at(outer)
    if not isinstance(mapping, dict):
        raise EditRefused(f"`{pointer_text(outer)}` is {kind_of(mapping)}, not a mapping")
    _check(key)
    if old == key or (old not in mapping and key in mapping):
        return ()
    document.at(pointer)
    if key in mapping:
        raise EditRefused(f"`{pointer_text((*outer, key))}` is there already")
    wanted = {key if name == old else name: value for name, value in mapping.items()}
    return _verified(document, editor, outer, wanted, editor.rename(document, pointer, key))


def item_position(items: Sequence[Json], value: Json, position: Position) -> int:
    """Return the index that a new item of a list has."""
    if position == "first":
        return 0
    if position == "last" or not isinstance(value, str):
        return len(items)
    return next((at for at, item in enumerate(items) if isinstance(item, str) and item > value), len(items))


def entry_position(members: Sequence[Member], key: str, position: Position) -> int:
    """Return how many entries of a mapping stand before a new one with this key."""
    if position == "first":
        return 0
    if position == "last":
        return len(members)
    return next((at for at, entry in enumerate(members) if str(entry.step) > key), len(members))


def read(source: Source, format: str, index: int = 0) -> Document:
    """Return document `index` of a file for editing. Raises EditRefused for what can't be read or isn't in UTF-8."""
    return _document(source, format, index)[0]


@lru_cache(maxsize=4)  # NOTE: a file may have many edits, each of which begins with it as it is
def _read(source: Source, name: str) -> tuple[Format, Config]:
    """Return the dialect of the format `name` that a file is in, and what the file says. Raises as that does."""
    format = dialect(source, name)
    return format, format.parse(source)


def _document(source: Source, name: str, index: int) -> tuple[Document, Editor]:
    try:
        format, config = _read(source, name)
        if source.utf8 != source.data.removeprefix(_BOM):
            raise EditRefused("the file is not in UTF-8: only such files are edited")
    except (Unparsable, Unreadable) as error:
        raise EditRefused(f"the file can't be read: {error}") from error
    if index and index >= len(config.values):
        raise EditRefused(f"the file has no document {index + 1}")
    document = Document(source, format, config, index)
    editor = editors().get(format.name)
    if editor is None:
        raise EditRefused(f"polcheck doesn't edit files in {format.title}")
    return document, editor


def _check(value: Json) -> None:
    """Raises EditRefused for a value that is too deep or large, or that isn't one of JSON."""
    try:
        DEFAULT_DOCUMENT_LIMITS.measure(value)
    except LimitExceeded as error:
        raise EditRefused(f"the new value is {error.reason}") from error
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += item.values()
            waiting += item
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, float) and not math.isfinite(item):
            raise EditRefused(f"{item} is not a value of JSON")
        elif isinstance(item, str) and any("\ud800" <= character <= "\udfff" for character in item):
            raise EditRefused("the new string has half of a surrogate pair, which can't be written")
        elif not isinstance(item, str | int | float | None):
            raise EditRefused(f"{kind_of(item)} is not a value of JSON")


def _verified(
    document: Document, editor: Editor, pointer: Pointer, value: Json, changes: Sequence[Change]
) -> tuple[Edit, ...]:
    """Return changes as edits of bytes, if they do nothing but give `value` to what is at `pointer`."""
    source = document.source
    edits = in_bytes(source, changes)
    edited = Source(source.path, apply(source.data, edits))
    try:
        format = dialect(edited, document.format.dialect_of or document.format.name)
        config = format.parse(edited)
    except (Unparsable, Unreadable) as error:
        raise EditRefused(f"the file couldn't be read after the edit: {error}") from error
    old, new, index = list(document.config.values or (None,)), list(config.values), document.index
    others = same_value([*old[:index], *old[index + 1 :]], [*new[:index], *new[index + 1 :]])
    if format is not document.format or len(old) != len(new) or not others:
        raise EditRefused(_difference(document, pointer))
    if not editor.agrees(document, Document(edited, format, config, index), pointer, value, changes):
        raise EditRefused(_difference(document, pointer))
    if len(config.repeated) > len(document.config.repeated):
        raise EditRefused("the file would have a key twice after the edit")
    if remark := _new_remark(document.config, config):
        raise EditRefused(f"after the edit readers would differ: {remark}")
    return edits


def _difference(document: Document, pointer: Pointer) -> str:
    """Return the reason for which an edit said something else than what was wanted, as far as that can be told."""
    where = pointer_text(pointer)
    if document.config.repeated:
        return f"the edit at `{where}` would change something else, too: the file has a key twice"
    if document.format.name in ("yaml", "cloudformation") and "*" in document.text:
        return f"the edit at `{where}` would change something else, too: an alias may stand for the same value"
    return f"`{where}` is laid out in a way in which it can't be edited exactly"


def _new_remark(old: Config, new: Config) -> str:
    """Return what is remarked upon a file after an edit that wasn't before; empty where nothing is."""
    before = [remark.message for remark in old.remarks]
    for remark in new.remarks:
        if remark.message not in before:
            return remark.message
        before.remove(remark.message)
    return ""


def _without(container: Json, step: str | int) -> Json:
    """Return a container without one of its members."""
    if isinstance(container, dict):
        return {key: value for key, value in container.items() if key != step}
    assert isinstance(container, list)
    return [value for number, value in enumerate(container) if number != step]
