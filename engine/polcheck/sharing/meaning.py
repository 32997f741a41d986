"""What a policy means, apart from how it is written: to tell a change of meaning from a change of wording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from polcheck.documents.config import Json
from polcheck.policy import written
from polcheck.policy.pack import OpenedPack
from polcheck.policy.plan import CompiledPack, CompiledPolicy
from polcheck.records import record

SELECTING = ("when", "for", "require", "forbid")
WORDING = ("title", "message", "remedy", "description", "see", "tags")
_FIELDS = {"for": "subjects"}
_READS = re.compile(r'\b(params|tables)\b(?:\s*\.\s*(?:"([^"]*)"|([A-Za-z_][A-Za-z0-9_]*)))?')


@record(frozen=True)
class Meaning:
    """One policy of a pack, with the severity that it has there, and all that its selectors lean on.

    `selects` and `words` are by key of the policy; `leans` are the pack's selectors, parameters and tables that it
    uses, as `selector x`, with their values.
    """

    policy: CompiledPolicy
    selects: Mapping[str, Json]
    words: Mapping[str, Json]
    shown: Mapping[str, Json]
    leans: Mapping[str, Json]


def meanings(pack: OpenedPack) -> Iterator[Meaning]:
    """What each chosen policy of a pack means."""
    chosen = {policy.id: policy for policy in pack.compiled.policies}
    head: Any = pack.head.document
    selectors = {name: _plain(written.items(value, ())) for name, value in head.get("selectors", {}).items()}
    for origin, _ in pack.policies:
        document: Any = origin.document
        policy = chosen.get(document["id"])
        if policy is None:
            continue
        as_written = written.policy(document)
        selects = {key: _plain(getattr(as_written, _FIELDS.get(key, key))) for key in SELECTING if key in document}
        words = {key: document.get(key) for key in WORDING if key in document}
        shown = {key: document[key] for key in SELECTING if key in document}
        leans = dict(_leans(selects, words, selectors, pack.compiled))
        yield Meaning(policy, selects, words, shown, leans)


def _leans(
    selects: Mapping[str, Json], words: Mapping[str, Json], selectors: Mapping[str, Json], pack: CompiledPack
) -> Iterator[tuple[str, Json]]:
    """The selectors, parameters and tables that some selectors and messages use, directly and through selectors."""
    seen: set[str] = set()
    waiting: list[Json] = [*selects.values(), *words.values()]
    while waiting:
        value = waiting.pop()
        for name in _used(value):
            if name in selectors and name not in seen:
                seen.add(name)
                waiting.append(selectors[name])
                yield f"selector {name}", selectors[name]
        for kind, name in _read(value):
            table = pack.params if kind == "params" else pack.tables
            for own in (name,) if name else tuple(table):
                if own in table:
                    yield f"{'parameter' if kind == 'params' else 'table'} {own}", table[own]


def _used(value: Json) -> Iterator[str]:
    for one in _mappings(value):
        used = one.get("use")
        if isinstance(used, str) and used:
            yield used


def _mappings(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _mappings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _mappings(one)


def _read(value: Json) -> Iterator[tuple[str, str]]:
    """The parameters and tables that texts name; an empty name stands for all of them."""
    for text in _texts(value):
        for match in _READS.finditer(text):
            yield match[1], match[2] or match[3] or ""


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _plain(value: Any) -> Json:
    """Items as written, as plain data: without their places, without what is not given, one way of writing for each."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: getattr(value, field.name) for field in fields(value) if field.name != "at"}
        given = {name: _plain(one) for name, one in found.items() if one not in ("", (), None) and one != {}}
        given.pop("resolve", None) if found.get("resolve", True) is True else None
        return given
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, str):
        return value.strip()
    plain: Json = value
    return plain
