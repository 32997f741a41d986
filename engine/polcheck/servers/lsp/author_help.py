"""Help for authors of packs at a place in a file of a pack: completion, definitions, and what a selector matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from lsprotocol import types
from msgspec import Struct
from msgspec.structs import replace

from polcheck.authoring.explain.query import Answer, Match, matched, matches_of
from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Span
from polcheck.base.today import today
from polcheck.formats.values import Json, Pointer
from polcheck.policy import model as written
from polcheck.policy.conjunction import Compiler, Scope
from polcheck.policy.exports import builtin_selectors
from polcheck.policy.origin import Problems, SourceMap
from polcheck.policy.pack import OpenedPack
from polcheck.policy.probes import Probes, Selectors
from polcheck.render.escape import code, markdown
from polcheck.render.wording import pluralize
from polcheck.selectors.jmespath.functions import FUNCTIONS
from polcheck.servers.lsp.authored import HEAD, AuthoredPack
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.completion import PackWords, completions
from polcheck.servers.lsp.cursor import cursor_at
from polcheck.servers.lsp.written_schemas import schema_of
from polcheck.sources.submission import Submission

_MOST_MATCHES = 5
_ITEMS = frozenset({"when", "for", "require", "forbid", "any", "not"})
_SELECTORS = frozenset({"files", "pattern", "code", "data", "text", "values", "use", "any", "in", "not"})


class Found(Struct, frozen=True):
    """A place in a file: its path, and the range of what is meant there."""

    path: Path
    range: types.Range


def words_of(pack: AuthoredPack | None) -> PackWords:
    """Return the words that a pack gives, as far as it can be read."""
    if pack is None:
        return PackWords()
    head = next(pack.origins(HEAD), None)
    document = head.document if head is not None and isinstance(head.document, dict) else {}
    own = document.get("selectors")
    builtin = next(iter(builtin_selectors(Problems()).values())).origin.document
    theirs = builtin.get("selectors") if isinstance(builtin, dict) else None
    selectors: dict[str, Json] = {
        **(own if isinstance(own, dict) else {}),
        **(theirs if isinstance(theirs, dict) else {}),
    }
    policies = [str(one.document["id"]) for _, one in _policies(pack)]
    tables = [Path(path).stem for path in pack.files.below("tables", (".yaml", ".yml"))]
    return PackWords(document, selectors, tuple(policies), tuple(tables))


def complete(lines: Lines, position: types.Position, kind: str, words: PackWords) -> types.CompletionList:
    """Return what may be written at a position of a document of a kind."""
    offset = lines.offset(position)
    cursor = cursor_at(lines.text, offset)
    if cursor is None:
        return types.CompletionList(is_incomplete=False, items=[])
    span, found = completions(cursor, kind, words)
    start = offset - (len(cursor.before) - span.start)
    target = lines.range_of(Span(max(start, 0), offset))
    items = [
        types.CompletionItem(
            label=word.label,
            kind=word.kind,
            detail=word.detail or None,
            documentation=types.MarkupContent(types.MarkupKind.PlainText, word.documentation)
            if word.documentation
            else None,
            sort_text=f"{word.rank}{index:05}",
            filter_text=word.label,
            text_edit=types.TextEdit(target, word.text or word.label),
        )
        for index, word in enumerate({word.label: word for word in reversed(found)}.values())
    ]
    items.sort(key=lambda item: item.label)
    return types.CompletionList(is_incomplete=False, items=items)


def definition(pack: AuthoredPack, name: str, offset: int) -> Found | None:
    """Return where the selector, requirement or policy is defined whose name stands at an offset of a file."""
    at = place_at(pack, name, offset)
    if at is None:
        return None
    origin, pointer, is_key = at
    key = str(pointer[-1]) if pointer else ""
    value = _value(origin.document, pointer)
    if key == "use" and isinstance(value, str):
        return _in_head(pack, ("selectors", value)) or _builtin(value, pack.encoding)
    if key == "requirement" and isinstance(value, str):
        return _in_head(pack, ("requirements", value))
    if pointer[:1] == ("expect",) and len(pointer) > 1:
        return _policy(pack, str(pointer[1]))
    if key in ("deprecated", "policy") and isinstance(value, str) and not is_key:
        return _policy(pack, value)
    return None


def hover(pack: AuthoredPack, name: str, offset: int, kind: str, project: Callable[[], Submission]) -> str:
    """Return what is to be said of the key, the function or the selector at an offset, in Markdown; empty for nothing.

    `project` reads the files in which a selector is tried.
    """
    at = place_at(pack, name, offset)
    if at is None:
        return ""
    origin, pointer, is_key = at
    parts: list[str] = []
    function = None if is_key else _function(origin.source.text, offset)
    if function:
        parts.append(function)
    key = schema_of(kind).key(pointer) if is_key else None
    if key is not None and key.description:
        parts.append(f"**{markdown(key.name)}**: {markdown(key.description)}")
    if kind in ("policy", "pack") and not function and pointer:
        parts += _preview(pack, origin, pointer, project)
    return "\n\n".join(parts)


def place_at(pack: AuthoredPack, name: str, offset: int) -> tuple[SourceMap, Pointer, bool] | None:
    """Return the document at an offset of a file, the pointer of the innermost value there, and whether it is in its
    key; None where there is nothing.
    """
    for origin in pack.origins(name):
        at: Pointer = ()
        while True:
            inner = _inner(origin, at, offset)
            if inner is None:
                break
            at, is_key = inner
            if is_key:
                return origin, at, True
        if at:
            return origin, at, False
    return None


def _inner(origin: SourceMap, at: Pointer, offset: int) -> tuple[Pointer, bool] | None:
    value = _value(origin.document, at)
    steps: list[str | int] = list(value) if isinstance(value, dict) else []
    steps += range(len(value)) if isinstance(value, list) else []
    for step in steps:
        try:
            where = origin.config.locate(origin.index, (*at, step))
        except KeyError:
            continue
        if where.key is not None and where.key.start <= offset <= where.key.end:
            return (*at, step), True
        if where.value.start <= offset <= where.value.end:
            return (*at, step), False
    return None


def _value(document: Json, at: Pointer) -> Any:
    value: Any = document
    for step in at:
        value = value[step]
    return value


def _policies(pack: AuthoredPack) -> Iterator[tuple[str, Any]]:
    for path in pack.files.below("policies", (".yaml", ".yml")):
        for origin in pack.origins(path):
            if isinstance(origin.document, dict) and "id" in origin.document:
                yield path, origin


def _policy(pack: AuthoredPack, name: str) -> Found | None:
    for path, origin in _policies(pack):
        if origin.document["id"] == name:
            return _located(pack.folder / path, origin, ("id",), pack.encoding)
    return None


def _in_head(pack: AuthoredPack, at: Pointer) -> Found | None:
    head = next(pack.origins(HEAD), None)
    return _located(pack.folder / HEAD, head, at, pack.encoding) if head is not None else None


def _builtin(name: str, encoding: str) -> Found | None:
    path = Path(str(resources.files("polcheck.policy").joinpath("builtin.yaml")))
    found = builtin_selectors(Problems()).get(name)
    return _located(path, found.origin, ("selectors", name), encoding) if found else None


def _located(path: Path, origin: SourceMap, at: Pointer, encoding: str) -> Found | None:
    try:
        where = origin.config.locate(origin.index, at)
    except KeyError:
        return None
    return Found(path, Lines(origin.source.text, encoding).range_of(where.key or where.value))


def _function(text: str, offset: int) -> str:
    """Return the description of the function of expressions whose name stands at an offset; empty for none."""
    start = end = offset
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    function = FUNCTIONS.get(text[start:end])
    if function is None or text[end : end + 1] != "(":
        return ""
    return f"{code(function.signature)}\n\n{markdown(function.summary)}"


def _preview(
    pack: AuthoredPack, origin: SourceMap, pointer: Pointer, project: Callable[[], Submission]
) -> Iterator[str]:
    """Yield how often the selector at a pointer matches in the project, and the first places."""
    at = _item(origin.document, pointer)
    opened = pack.opened() if at is not None else None
    if at is None or opened is None:
        return
    compiled = _compiled(opened, origin, at)
    if compiled is None:
        yield "*This item says something of the rows of others: it can't be tried by itself.*"
        return
    try:
        answer = matches_of(*compiled, project(), opened.compiled.params, opened.compiled.tables)
    except PolcheckError as error:
        yield f"*{markdown(str(error))}*"
        return
    yield "\n".join(_matches(answer, pack))


def _item(document: Json, pointer: Pointer) -> Pointer | None:
    """Return the pointer of the item with a selector that a pointer leads into; None where it leads into none."""
    for length in range(len(pointer), 0, -1):
        at = pointer[:length]
        value = _value(document, at)
        holder = next((step for step in reversed(at) if isinstance(step, str)), "")
        named = at[0] == "selectors" and len(at) > 1 and all(isinstance(step, int) for step in at[2:])
        if isinstance(value, dict) and (holder in _ITEMS or named) and _SELECTORS & value.keys():
            return at
    return None


def _compiled(opened: OpenedPack, origin: SourceMap, at: Pointer) -> tuple[Any, Probes] | None:
    """Return an item compiled: by itself or, where it needs their names, with the items before it; None if neither."""
    before = [(*at[:-1], index) for index in range(at[-1])] if isinstance(at[-1], int) else []
    subjects = _items_of(origin.document, ("for",)) if at[0] not in ("for", "when", "selectors") else []
    for pointers in ([at], [*before, at], [*subjects, *before, at]):
        problems = Problems()
        here = replace(origin, problems=problems)
        usable = {
            name: replace(selector, origin=replace(selector.origin, problems=problems))
            for name, selector in opened.usable.known.items()
        }
        probes = Probes(today().isoformat())
        compiled = opened.compiled
        compiler = Compiler(probes, Selectors(usable, opened.usable.exports), compiled.params, compiled.tables, here)
        try:
            items = tuple(item for one in pointers for item in written.items(_value(origin.document, one), one))
        except (AssertionError, TypeError):
            return None  # NOTE: it hasn't the shape of an item, which `validate` says
        steps, _ = compiler.conjunction(items, Scope())
        if steps and not problems.errors:
            return steps, probes
    return None


def _items_of(document: Json, at: Pointer) -> list[Pointer]:
    value = _value(document, at) if isinstance(document, dict) and at[0] in document else []
    return [(*at, index) for index in range(len(value))] if isinstance(value, list) else [at]


def _matches(answer: Answer, pack: AuthoredPack) -> Iterator[str]:
    files = len({match.location.path for match in answer.matches})
    where = f" in {pluralize(files, 'file')}" if answer.matches else ""
    searched = f"; searched {pluralize(len(answer.documents), 'file')}" if answer.documents else ""
    yield f"**{pluralize(len(answer.matches), 'match', 'matches')}**{where}{searched}"
    yield ""
    for match in answer.matches[:_MOST_MATCHES]:
        yield f"- {_match(match)}"
    if len(answer.matches) > _MOST_MATCHES:
        yield f"- … and {len(answer.matches) - _MOST_MATCHES:,} more"
    for path, reason in answer.reasons[:_MOST_MATCHES]:
        yield f"- {markdown(path)}: {markdown(reason)}: matches may be missing"


def _match(match: Match) -> str:
    line = (matched(match) or "").strip()
    bound = ", ".join(f"{name} = {value}" for name, value in match.bindings.items())
    parts = [markdown(str(match.location)), code(line[:120]) if line else "", markdown(bound[:200])]
    return " · ".join(part for part in parts if part)
