"""Mutation operators on selectors: `files`, `pattern`, `code`, `data`, `text`, `values`, `where`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from polcheck.authoring.mutants.edits import DROPPED, Variant, edited, short
from polcheck.authoring.mutants.expressions import expression_variants, negated
from polcheck.authoring.mutants.mutant import Change
from polcheck.authoring.mutants.paths import capture_variants, path_variants
from polcheck.authoring.mutants.regexes import name_variants, regex_variants
from polcheck.authoring.mutants.snippets import (
    captures,
    code_variants,
    holes,
    pattern_variants,
    without_capture,
    without_hole,
)
from polcheck.authoring.mutants.walk import Site
from polcheck.formats.values import Json, Pointer

Variants = Callable[[str], Iterable[Variant]]


def files(site: Site) -> Iterator[Change]:
    """`files`: an exclude or a path dropped, a capture made a wildcard."""
    value = site.item.get("files")
    if isinstance(value, list):
        for index, text in enumerate(value):
            excluded = str(text).startswith("!")
            if excluded or sum(not str(entry).startswith("!") for entry in value) > 1:
                name = "drop-exclude" if excluded else "drop-path"
                yield _edit(site, name, ("files", index), DROPPED, str(text))
    yield from _each(site, "files", capture_variants)


def shared_files(every: Sequence[Site]) -> Iterator[Change]:
    """`files`, each text changed wherever the owner writes it: widened, or without one choice of its braces."""
    places: dict[str, list[Pointer]] = {}
    for site in every:
        value = site.item.get("files")
        for index, text in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(text, str):
                at: Pointer = ("files", index) if isinstance(value, list) else ("files",)
                places.setdefault(text, []).append((*site.at, *at))
    for text, pointers in places.items():
        for variant in path_variants(text):
            document = every[0].document
            for pointer in pointers:
                document = edited(document, pointer, variant.text)
            yield Change(variant.operator, pointers[0], document, variant.before, variant.after)


def pattern(site: Site) -> Iterator[Change]:
    """`pattern`: an alternative or an argument dropped, a string loosened, a capture unnamed."""
    yield from _alternatives(site, "pattern")
    yield from _each(site, "pattern", pattern_variants)
    yield from _unjoined(site, "pattern", holes, without_hole, "$")


def code(site: Site) -> Iterator[Change]:
    """`code`: an alternative, a predicate or an anchor dropped, a predicate negated or loosened, a capture unnamed."""
    yield from _alternatives(site, "code")
    yield from _each(site, "code", code_variants)
    yield from _unjoined(site, "code", captures, without_capture, "@")


def data(site: Site) -> Iterator[Change]:
    """`data`: a filter or a condition dropped, a comparison flipped, a function left out."""
    yield from _each(site, "data", expression_variants)


def text(site: Site) -> Iterator[Change]:
    """`text`: the regular expression loosened, a named group unnamed."""
    yield from _each(site, "text", regex_variants)
    yield from _each(site, "text", name_variants)


def values(site: Site) -> Iterator[Change]:
    """`values`: a row dropped; of rows that an expression gives, all but the first, or the first."""
    value = site.item.get("values")
    if isinstance(value, list) and len(value) > 1:
        for index, row in enumerate(value):
            yield _edit(site, "drop-row", ("values", index), DROPPED, short(row))
    if isinstance(value, str):
        yield _edit(site, "first-row-only", ("values",), f"({value})[:1]", value)
        yield _edit(site, "drop-row", ("values",), f"({value})[1:]", value)
        yield from _each(site, "values", expression_variants)


def where(site: Site) -> Iterator[Change]:
    """`where`: dropped, negated, a part of it dropped, a comparison flipped, a regular expression loosened."""
    value = site.item.get("where")
    if isinstance(value, str):
        if len(site.item) > 1:
            yield _edit(site, "drop-where", ("where",), DROPPED, value)
        other = negated(value)
        if other is not None:
            yield _edit(site, "negate-where", ("where",), other, value)
        yield from _each(site, "where", expression_variants)


def let(site: Site) -> Iterator[Change]:
    """`let`: a name dropped or given another name, a function left out of its expression."""
    value = site.item.get("let")
    if not isinstance(value, dict):
        return
    for name, expression in value.items():
        if len(value) > 1:
            yield _edit(site, "drop-let", ("let", name), DROPPED, f"{name}: {expression}")
        elif len(site.item) > 1:
            yield _edit(site, "drop-let", ("let",), DROPPED, f"{name}: {expression}")
        others = {(f"{key}_unjoined" if key == name else key): entry for key, entry in value.items()}
        document = edited(site.document, (*site.at, "let"), others)
        yield Change("drop-join", (*site.at, "let", name), document, name, f"{name}_unjoined")
        for variant in expression_variants(str(expression)):
            yield _varied(site, ("let", name), variant)


def _alternatives(site: Site, key: str) -> Iterator[Change]:
    value = site.item.get(key)
    if isinstance(value, list) and len(value) > 1:
        for index, entry in enumerate(value):
            yield _edit(site, "drop-alternative", (key, index), DROPPED, str(entry))


def _unjoined(
    site: Site, key: str, names: Callable[[str], list[str]], without: Callable[[str, str], str], sign: str
) -> Iterator[Change]:
    """Yield the item in which a name is bound by none of its alternatives."""
    value = site.item.get(key)
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    for name in dict.fromkeys(name for text in texts for name in names(text)):
        left: list[Json] = [without(text, name) for text in texts]
        document = edited(site.document, (*site.at, key), left if isinstance(value, list) else left[0])
        yield Change("drop-join", (*site.at, key), document, sign + name, f"no {sign}{name}")


def _each(site: Site, key: str, variants: Variants) -> Iterator[Change]:
    """Yield the variants of the key's text, or of each text of its list."""
    value = site.item.get(key)
    if isinstance(value, str):
        for variant in variants(value):
            yield _varied(site, (key,), variant)
    for index, entry in enumerate(value if isinstance(value, list) else []):
        for variant in variants(entry) if isinstance(entry, str) else ():
            yield _varied(site, (key, index), variant)


def _varied(site: Site, at: Pointer, variant: Variant) -> Change:
    document = edited(site.document, (*site.at, *at), variant.text)
    return Change(variant.operator, (*site.at, *at), document, variant.before, variant.after)


def _edit(site: Site, operator: str, at: Pointer, new: Any, before: str) -> Change:
    after = "nothing" if new is DROPPED else short(new)
    return Change(operator, (*site.at, *at), edited(site.document, (*site.at, *at), new), before, after)
