"""Completion for authors of packs: keys, selectors, names in scope, functions, node kinds and fields, and what else has
a known set of words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lsprotocol import types
from msgspec import Struct

from polcheck.authoring.testing.cases import OUTCOMES
from polcheck.base.spans import Span
from polcheck.formats import formats
from polcheck.formats.values import Json, Pointer
from polcheck.languages.grammars import grammar
from polcheck.languages.registry import DEFAULT_LANGUAGE, UnknownLanguage, languages
from polcheck.packs.shipped import shipped_packs
from polcheck.policy.name_usage import FILE
from polcheck.policy.plan import RELATIONS
from polcheck.policy.probes import languages_of
from polcheck.policy.versions import FUNCTIONS as NEWER_FUNCTIONS
from polcheck.policy.versions import KEYS, LANGUAGE_VERSION
from polcheck.selectors.jmespath.functions import FUNCTIONS
from polcheck.selectors.syntax.predicates import KNOWN as PREDICATES
from polcheck.servers.lsp.cursor import Cursor
from polcheck.servers.lsp.written_names import ROW, match_names, names_bound
from polcheck.servers.lsp.written_schemas import Key, Schema, schema_of
from polcheck.sources.changes import KINDS as KINDS_OF_CHANGE
from polcheck.sources.path_patterns import FilesProblem, compile_files

_KIND = types.CompletionItemKind
_NESTED = ("when", "for", "require", "forbid")
_ITEM = ("pattern", "code", "text", "data", "values", "use", "any", "not", "files")


class PackWords(Struct, frozen=True):
    """The words that a pack gives its authors; all of them are empty outside of a pack.

    `selectors` are the pack's own and polcheck's, by name; `head` is what pack.yaml holds.
    """

    head: Mapping[str, Any] = {}
    selectors: Mapping[str, Json] = {}
    policies: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def named(self, key: str) -> tuple[str, ...]:
        """Return the names under a key of pack.yaml."""
        value = self.head.get(key)
        return tuple(map(str, value)) if isinstance(value, dict) else ()

    @property
    def version(self) -> int:
        """The version of the policy language that the pack is written in."""
        version = self.head.get("language")
        return version if isinstance(version, int) else LANGUAGE_VERSION


class Word(Struct, frozen=True):
    """One word that can be completed: what it is, and what is written for it."""

    label: str
    kind: types.CompletionItemKind
    detail: str = ""
    documentation: str = ""
    text: str = ""
    rank: int = 1


def completions(cursor: Cursor, kind: str, pack: PackWords) -> tuple[Span, list[Word]]:
    """Return the words for a cursor in a document of a kind (`policy`, `pack`, `case`, `config`), and which stretch of
    `cursor.before` they take the place of.
    """
    schema = schema_of(kind)
    signs, words = ("_-.", _keys(cursor, schema, kind, pack)) if cursor.is_key else _values(cursor, schema, kind, pack)
    start = len(cursor.before)
    while start and (cursor.before[start - 1].isalnum() or cursor.before[start - 1] in signs):
        start -= 1
    return Span(start, len(cursor.before)), list(words)


def _keys(cursor: Cursor, schema: Schema, kind: str, pack: PackWords) -> Iterator[Word]:
    present = cursor.value(cursor.at)
    known = set(present) if isinstance(present, dict) else set()
    for key in schema.keys(cursor.at).values():
        if key.name not in known and KEYS.get((key.owner, key.name), 1) <= pack.version:
            rank = 0 if key.required or key.name in _ITEM else 1
            yield Word(key.name, _KIND.Property, key.owner, key.description, f"{key.name}: ", rank)
    last = cursor.at[-1] if cursor.at else ""
    if kind == "case" and last in ("expect",):
        yield from _plain(pack.policies, _KIND.Reference, "policy", ending=": ")
    if last in ("params",):
        yield from _plain(pack.named("params"), _KIND.Variable, "parameter", ending=": ")
    if any(isinstance(step, str) and step in _NESTED for step in cursor.at[-2:]) and kind == "policy":
        yield Word("subject", _KIND.Keyword, "item", "The match of `for` itself")


def _values(cursor: Cursor, schema: Schema, kind: str, pack: PackWords) -> tuple[str, Iterable[Word]]:
    """Return the characters that are parts of a word beside letters and digits, and the words for a value."""
    names = [step for step in cursor.at if isinstance(step, str)]
    name = names[-1] if names else ""
    table = _OF_KIND.get(kind, _OF_POLICIES)
    if cursor.at[-2:-1] == ("let",):
        name = "let"
    if kind == "case" and names[:1] == ["expect"]:
        name = "expect"
    if name in table and names != ["language"]:
        signs, words = table[name]
        return signs, words(cursor, pack)
    return "_-", _allowed(schema.key(cursor.at))


def _allowed(key: Key | None) -> Iterator[Word]:
    if key is None:
        return
    rule = key.rule
    for allowed in rule.get("allowed", rule.get("schema", {}).get("allowed", ())):
        yield Word(str(allowed), _KIND.EnumMember, key.name)
    if rule.get("type") == "boolean":
        yield from _plain(("true", "false"), _KIND.Value, key.name)


def _plain(names: Iterable[str], kind: types.CompletionItemKind, detail: str, *, ending: str = "") -> Iterator[Word]:
    for name in names:
        yield Word(name, kind, detail, text=name + ending)


def _selectors(_cursor: Cursor, pack: PackWords) -> Iterator[Word]:
    own = pack.named("selectors")
    for name in pack.selectors:
        yield Word(name, _KIND.Function, "selector of the pack" if name in own else "selector of polcheck")


def _captures(cursor: Cursor, pack: PackWords) -> Iterator[Word]:
    if cursor.before.rpartition("{")[2] == cursor.word and "{" in cursor.before:
        yield from (Word(one, _KIND.Variable, "bound") for one in _bound(cursor, pack))


def _names(cursor: Cursor, pack: PackWords) -> Iterator[Word]:
    for name in sorted(_without_mark(match_names(cursor.document))):
        yield Word(name, _KIND.Variable, "match")
    yield from (Word(one, _KIND.Variable, "bound") for one in _bound(cursor, pack))


def _subject(_cursor: Cursor, _pack: PackWords) -> Iterator[Word]:
    yield Word("subject", _KIND.Keyword, "item", "The match of `for` itself")


def _packs(_cursor: Cursor, _pack: PackWords) -> Iterator[Word]:
    return _plain(shipped_packs(), _KIND.Module, "pack that ships with polcheck")


def _policies(_cursor: Cursor, pack: PackWords) -> Iterator[Word]:
    return _plain(pack.policies, _KIND.Reference, "policy")


def _languages(cursor: Cursor, _pack: PackWords) -> Iterator[Word]:
    item = cursor.value(cursor.at[:-1])
    keys = item if isinstance(item, dict) else {}
    if "data" not in keys:
        for one in languages().values():
            yield Word(one.name, _KIND.EnumMember, f"language: {one.title}")
    if "data" in keys or not {"code", "pattern"} & set(keys):
        for name in formats():
            yield Word(name, _KIND.EnumMember, "format")


def _bound(cursor: Cursor, pack: PackWords) -> list[str]:
    """Return the names that the policy, or the selector, of a cursor binds, the one that is being typed left out."""
    whole = cursor.document
    if cursor.at[:1] == ("selectors",):
        whole = cursor.value(cursor.at[:2])
        return sorted(_without_mark(names_bound(whole, pack.selectors)))
    return sorted(_without_mark(names_bound(whole, pack.selectors)))


def _without_mark(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if "polcheckcursor" not in name)


def _in_template(cursor: Cursor, pack: PackWords) -> Iterator[Word]:
    opened = cursor.before.rpartition("{{")[2]
    if "{{" not in cursor.before or "}}" in opened:
        return
    yield from _members(opened, pack)
    for name in _bound(cursor, pack):
        yield Word(name, _KIND.Variable, "bound")
    for name in (*ROW, "value"):
        yield Word(name, _KIND.Constant, "set by polcheck", rank=2)
    for name in sorted(_without_mark(match_names(cursor.document))):
        yield Word(name, _KIND.Variable, "match")


def _members(text: str, pack: PackWords) -> Iterator[Word]:
    """Yield the members of what polcheck sets, after its name."""
    for name in pack.named("params"):
        yield Word(f"params.{name}", _KIND.Field, "parameter", rank=2)
    for name in sorted(FILE):
        yield Word(f"file.{name}", _KIND.Field, "of the file", rank=3)


def _in_expression(cursor: Cursor, pack: PackWords) -> Iterator[Word]:
    name = next((step for step in reversed(cursor.at) if isinstance(step, str)), "")
    if name == "in" and cursor.before == cursor.word:
        yield from (Word(one, _KIND.Variable, "bound") for one in _bound(cursor, pack))
        return
    for function in FUNCTIONS.values():
        if NEWER_FUNCTIONS.get(function.name, 1) <= pack.version:
            yield Word(function.name, _KIND.Function, function.signature, function.summary, f"{function.name}(", rank=2)
    reads_row = name not in ("data", "values") or _is_in_value(cursor)
    if reads_row:
        for one in _bound(cursor, pack):
            yield Word(one, _KIND.Variable, "bound")
            if pack.version >= 2:
                yield Word(f"${one}", _KIND.Variable, "bound: the name of the row, also inside `[…]`")
        yield from (Word(one, _KIND.Constant, "set by polcheck", rank=3) for one in ROW)
        yield from _members(cursor.before, pack)
    if name == "values":
        yield from (Word(f"tables.{one}", _KIND.Field, "table", rank=2) for one in pack.tables)
        yield from (Word(f"params.{one}", _KIND.Field, "parameter", rank=2) for one in pack.named("params"))


def _is_in_value(cursor: Cursor) -> bool:
    item = cursor.value(cursor.at[:-1])
    return isinstance(item, dict) and "in" in item


def _in_query(cursor: Cursor, _pack: PackWords) -> Iterator[Word]:
    """Yield the node kinds, fields and predicates of the languages that a query is searched in."""
    before = cursor.before[: len(cursor.before) - len(cursor.word)].rstrip(" \n\t")
    if before.endswith("#") or cursor.before.rstrip(cursor.word or " ").endswith("#"):
        yield from (Word(name.removeprefix("#"), _KIND.Operator, "predicate") for name in PREDICATES)
        return
    for language in _languages_of_item(cursor):
        try:
            tongue = grammar(language)
        except UnknownLanguage:
            continue
        if before.endswith("("):
            for kind in _node_kinds(tongue):
                yield Word(kind, _KIND.Class, f"node of {language}")
        else:
            for index in range(1, tongue.field_count + 1):
                field = tongue.field_name_for_id(index)
                if field:
                    yield Word(field, _KIND.Field, f"field of {language}", text=f"{field}: ")
            yield from (Word(f"({kind})", _KIND.Class, f"node of {language}", rank=3) for kind in _node_kinds(tongue))


def _node_kinds(tongue: Any) -> list[str]:
    kinds = {
        tongue.node_kind_for_id(index)
        for index in range(tongue.node_kind_count)
        if tongue.node_kind_is_named(index) and tongue.node_kind_is_visible(index)
    }
    return sorted(kind for kind in kinds if kind and kind.replace("_", "").isalnum())


def _languages_of_item(cursor: Cursor) -> tuple[str, ...]:
    """Return the languages that the item of a cursor reads its files in, as far as it is written."""
    for depth in range(len(cursor.at), 0, -1):
        item = cursor.value(cursor.at[: depth - 1])
        if isinstance(item, dict) and ("files" in item or "language" in item):
            language = item.get("language")
            if isinstance(language, str) and language in languages():
                return (language,)
            return _by_files(item.get("files")) or (DEFAULT_LANGUAGE,)
    subjects = cursor.value(("for",))
    first: Pointer = ("for", 0) if isinstance(subjects, list) else ("for",)
    item = cursor.value(first) if cursor.at[:1] != ("for",) else None
    return (_by_files(item.get("files")) if isinstance(item, dict) else ()) or (DEFAULT_LANGUAGE,)


def _by_files(files: Json) -> tuple[str, ...]:
    texts = [str(text) for text in files] if isinstance(files, list) else [str(files)] if files else []
    try:
        return languages_of(compile_files(texts))[:3] if texts else ()
    except FilesProblem:
        return ()


_Words = Callable[[Cursor, PackWords], Iterable[Word]]
# the key of a value -> what else than letters and digits is part of a word of it, and the words
_OF_POLICIES: Mapping[str, tuple[str, _Words]] = {
    **dict.fromkeys(("message", "remedy"), ("_.", _in_template)),
    **dict.fromkeys(("where", "let", "data", "values", "in"), ("_$.", _in_expression)),
    **dict.fromkeys(("of", "at", "per", "constant", "closure", *RELATIONS), ("_-.", _names)),
    **dict.fromkeys((*_NESTED, "any", "not"), ("_", _subject)),
    **dict.fromkeys(("extends", "pack"), ("_-./", _packs)),
    "code": ("_-?", _in_query),
    "pattern": ("_$", lambda cursor, pack: (Word(f"${one}", _KIND.Variable, "bound") for one in _bound(cursor, pack))),
    "use": ("_-./", _selectors),
    "language": ("_-", _languages),
    "files": ("_", _captures),
    "changed": ("_", lambda _cursor, _pack: _plain(KINDS_OF_CHANGE, _KIND.EnumMember, "kind of change")),
    "requirement": (
        "_-.",
        lambda _cursor, pack: _plain(pack.named("requirements"), _KIND.Reference, "requirement"),
    ),
    "deprecated": ("_-.", _policies),
}
_OF_KIND: Mapping[str, Mapping[str, tuple[str, _Words]]] = {
    "case": {"expect": ("_-", lambda _cursor, _pack: _plain(OUTCOMES, _KIND.EnumMember, "outcome"))},
    "config": {
        **dict.fromkeys(("policy", "ignore", "select"), ("_-.:", _policies)),
        **dict.fromkeys(("packs", "source"), ("_-./", _packs)),
    },
    "equivalent": {"policy": ("_-.", _policies)},
}
